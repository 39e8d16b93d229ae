//! Cells of one model cut into requests.

/// One request of a slate before it is priced: the positions that it asks one model about.
pub type Cut = Vec<usize>;

/// Cuts positions, which keep their order, into requests of at most `most`; `fitting` says of a run of them how many the model
/// answers in one.
#[must_use]
pub fn cut(positions: &[usize], most: usize, mut fitting: impl FnMut(&[usize]) -> usize) -> Vec<Cut> {
    let mut cuts = Vec::new();
    let mut rest = positions;
    while !rest.is_empty() {
        let window = &rest[..most.clamp(1, rest.len())];
        let (request, others) = rest.split_at(fitting(window).clamp(1, window.len()));
        cuts.push(request.to_vec());
        rest = others;
    }
    cuts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn requests_are_as_large_as_fits_and_never_empty() {
        assert_eq!(cut(&[4, 2, 0, 1, 3], 2, <[usize]>::len), [vec![4, 2], vec![0, 1], vec![3]]);
        assert_eq!(cut(&[0, 1, 2], 20, |_| 0), [vec![0], vec![1], vec![2]], "one is asked for, be it too much");
        assert_eq!(cut(&[], 20, |_| 1), Vec::<Cut>::new());
        assert_eq!(cut(&[7], 0, |_| 9), [vec![7]]);
    }

    proptest! {
        #[test]
        fn every_position_is_in_exactly_one_request(count in 0..300_usize, most in 0..30_usize, fitting in 0..30_usize) {
            let positions: Vec<usize> = (0..count).collect();
            let cuts = cut(&positions, most, |window| fitting.min(window.len()));
            prop_assert!(cuts.iter().all(|cut| !cut.is_empty() && cut.len() <= most.max(1)));
            prop_assert_eq!(cuts.concat(), positions);
        }
    }
}
