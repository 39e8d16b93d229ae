//! How durations are spread, in so many numbers whatever their count: four to each doubling.

use std::time::Duration;

/// One for what is below a millisecond, and four for each doubling up to 262 s; the last takes what is longer.
const BINS: usize = 1 + 18 * 4;

/// A histogram of durations that tells which part of them is below which, to about a tenth.
#[derive(Clone, Debug)]
pub(super) struct Spread([u32; BINS]);

impl Default for Spread {
    fn default() -> Self {
        Self([0; BINS])
    }
}

/// Where a duration counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bin(usize);

impl Bin {
    pub(super) fn of(duration: Duration) -> Self {
        Self(bin_of(duration))
    }
}

impl Spread {
    pub(super) fn add(&mut self, Bin(bin): Bin) {
        if let Some(count) = self.0.get_mut(bin) {
            *count = count.saturating_add(1);
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (sum, count) in self.0.iter_mut().zip(&other.0) {
            *sum = sum.saturating_add(*count);
        }
    }

    /// The durations that so many of a hundred do not exceed, of each share, in ascending order; `None` if there are none.
    pub(super) fn reached_by<const SHARES: usize>(&self, percents: [u64; SHARES]) -> [Option<Duration>; SHARES] {
        let all: u64 = self.0.iter().map(|&count| u64::from(count)).sum();
        let mut bins = self.0.iter().map(|&count| u64::from(count)).enumerate();
        let (mut below, mut bin, mut count) = (0, 0, 0);
        percents.map(|percent| {
            let rank = (all * percent).div_ceil(100).max(1);
            while below + count < rank {
                below += count;
                (bin, count) = bins.next()?;
            }
            let (from, to) = (begin_of(bin), begin_of(bin + 1));
            // As if those of a bin lay at equal distances.
            let steps = (rank - below) * 1000 / (count + 1);
            Some(Duration::from_micros(from) + Duration::from_nanos((to - from) * steps))
        })
    }
}

fn bin_of(duration: Duration) -> usize {
    let microseconds = duration.as_micros();
    // Of whole milliseconds only the doublings are whole: 1.9 ms are in the last quarter of the first one.
    let Some(doublings) = (microseconds / 1000).checked_ilog2() else { return 0 };
    let quarter = (microseconds * 4 / (1000 << doublings)) & 3;
    (1 + doublings as usize * 4 + usize::try_from(quarter).unwrap_or_default()).min(BINS - 1)
}

/// Where a bin begins, in microseconds.
fn begin_of(bin: usize) -> u64 {
    let Some(above) = bin.checked_sub(1) else { return 0 };
    let (doublings, quarter) = (above / 4, above % 4);
    (1000 << doublings) * (4 + quarter as u64) / 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bin_begins_where_the_one_before_ends() {
        for bin in 4 * 2 + 2..BINS {
            let begin = Duration::from_micros(begin_of(bin));
            assert_eq!(bin_of(begin), bin, "{begin:?}");
            assert_eq!(bin_of(begin.saturating_sub(Duration::from_millis(1))), bin - 1, "{begin:?}");
        }
        assert_eq!(
            (bin_of(Duration::ZERO), bin_of(Duration::from_micros(999)), bin_of(Duration::MAX)),
            (0, 0, BINS - 1)
        );
    }

    #[test]
    fn parts_of_a_millisecond_count_where_a_bin_is_less_than_one() {
        for bin in 2..BINS {
            let begin = Duration::from_micros(begin_of(bin));
            let before = begin.saturating_sub(Duration::from_micros(1));
            assert_eq!((bin_of(begin), bin_of(before)), (bin, bin - 1), "{begin:?}");
        }
        assert_eq!(bin_of(Duration::from_micros(1942)), bin_of(Duration::from_micros(1750)));
    }

    #[test]
    fn of_equal_durations_every_part_is_that_duration() {
        for milliseconds in [1_u32, 3, 80, 999, 25_000, 120_000] {
            let mut spread = Spread::default();
            (0..100).for_each(|_| spread.add(Bin::of(Duration::from_millis(milliseconds.into()))));
            for percent in [1, 50, 95, 100] {
                let found = spread.reached_by([percent])[0].unwrap().as_secs_f64() * 1e3 / f64::from(milliseconds);
                assert!((0.75..=1.25).contains(&found) || milliseconds < 4, "{found} of {milliseconds} ms");
            }
        }
        assert_eq!(Spread::default().reached_by([50, 95]), [None, None]);
    }
}
