//! The matches that were asked for.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::request::Match;

/// Finds the index of an asked id.
pub(super) struct Asked<'q> {
    exact: HashMap<&'q str, usize>,
    /// Trimmed and in lower case; `None` where several ids fold to the same.
    folded: HashMap<Cow<'q, str>, Option<usize>>,
    longest: usize,
}

impl<'q> Asked<'q> {
    pub(super) fn new(matches: &[&'q Match]) -> Self {
        let mut asked = Self { exact: HashMap::new(), folded: HashMap::new(), longest: 0 };
        for (index, id) in matches.iter().map(|asked| asked.id.as_str()).enumerate() {
            asked.exact.entry(id).or_insert(index);
            asked.folded.entry(fold(id)).and_modify(|other| *other = None).or_insert(Some(index));
            asked.longest = asked.longest.max(id.trim().len());
        }
        asked
    }

    /// The index of the asked id that `id` is exactly, else of the only one that it is but for case and white space.
    pub(super) fn find(&self, id: &str) -> Option<usize> {
        if let Some(&index) = self.exact.get(id) {
            return Some(index);
        }
        // Lower case is at most three times as long or as short.
        if id.trim().len() > self.longest.saturating_mul(3) {
            return None;
        }
        self.folded.get(&fold(id)).copied().flatten()
    }
}

/// An id trimmed and in lower case.
fn fold(id: &str) -> Cow<'_, str> {
    let id = id.trim();
    if id.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        Cow::Borrowed(id)
    } else {
        Cow::Owned(id.to_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_found_exactly_then_folded_where_that_is_unambiguous() {
        let ids = ["m1", "M2", "A", "a", " padded ", "Ünal"];
        let matches = ids.map(|id| Match { id: id.to_owned(), ..Match::default() });
        let asked = Asked::new(&matches.each_ref());
        let table = [
            ("m1", Some(0)),
            (" M1 ", Some(0)),
            ("m2", Some(1)),
            ("A", Some(2)),
            ("a", Some(3)),
            (" a", None),
            (" padded ", Some(4)),
            ("PADDED", Some(4)),
            ("ünal", Some(5)),
            ("m3", None),
            ("", None),
        ];
        for (id, expected) in table {
            assert_eq!(asked.find(id), expected, "{id:?}");
        }
    }
}
