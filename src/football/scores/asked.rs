//! The matches that were asked for.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};
use std::collections::HashMap;

use icu_normalizer::ComposingNormalizerBorrowed;

use super::fields::Field;
use super::teams::Team;
use crate::football::Match;

/// How much longer than an asked id one that is the same may be written.
const LONGEST_WRITING: usize = 12;

/// Finds the index of an asked id.
pub(super) struct Asked<'q> {
    exact: HashMap<&'q str, usize>,
    /// Trimmed, in lower case and composed; `None` where several ids fold to the same.
    folded: HashMap<Cow<'q, str>, Option<usize>>,
    longest: usize,
    /// The lengths of the folded ids, a bit each, those from 63 on together.
    lengths: u64,
    /// Whether one of them reads like the name of a field.
    is_like_a_field: bool,
    matches: Vec<&'q Match>,
    /// Whether the ids are positions, which are no names of fields.
    is_by_position: bool,
    /// Whether an asked id was found, and whether one that is not asked was met.
    met: Cell<(bool, bool)>,
    /// The home and the away side of each match, for a reply that names them.
    teams: OnceCell<Vec<[Team; 2]>>,
}

impl<'q> Asked<'q> {
    pub(super) fn new(matches: &[&'q Match]) -> Self {
        let mut asked = Self {
            exact: HashMap::new(),
            folded: HashMap::new(),
            lengths: 0,
            longest: 0,
            is_like_a_field: matches.iter().any(|asked| Field::of(&asked.id) != Field::Other),
            matches: matches.to_vec(),
            is_by_position: false,
            met: Cell::default(),
            teams: OnceCell::new(),
        };
        for (index, id) in matches.iter().map(|asked| asked.id.as_str()).enumerate() {
            asked.exact.entry(id).or_insert(index);
            let folded = fold(id);
            asked.lengths |= bit(folded.len());
            asked.folded.entry(folded).and_modify(|other| *other = None).or_insert(Some(index));
            asked.longest = asked.longest.max(id.trim().len());
        }
        asked
    }

    /// The same for matches whose ids are their positions.
    pub(super) fn by_position(matches: &[&'q Match]) -> Self {
        Self { is_by_position: true, ..Self::new(matches) }
    }

    /// The index of the asked id that `id` is exactly, else of the only one that it is but for case, white space and
    /// the ways in which Unicode writes one character.
    pub(super) fn find(&self, id: &str) -> Option<usize> {
        let found = self.look_up(id);
        if found.is_some() {
            self.met.set((true, self.met.get().1));
        }
        found
    }

    fn look_up(&self, id: &str) -> Option<usize> {
        // Most keys are names of fields. Folding leaves the length of ASCII alone, but for the space around it.
        if id.is_ascii() && self.lengths & bit(id.trim().len()) == 0 {
            return None;
        }
        if let Some(&index) = self.exact.get(id) {
            return Some(index);
        }
        // Neither lower case nor composing makes a text so much shorter.
        if id.trim().len() > self.longest.saturating_mul(LONGEST_WRITING) {
            return None;
        }
        self.folded.get(&fold(id)).copied().flatten()
    }
}

impl Asked<'_> {
    /// The index of the asked id that the name of a field is.
    pub(super) fn find_key(&self, key: &str) -> Option<usize> {
        if self.is_by_position { None } else { self.find(key) }
    }

    /// Takes note of an id that is not asked.
    pub(super) fn miss(&self) {
        self.met.set((self.met.get().0, true));
    }

    /// Whether an asked id was found.
    pub(super) fn has_found(&self) -> bool {
        self.met.get().0
    }

    /// Whether an id was met that is not asked.
    pub(super) fn has_missed(&self) -> bool {
        self.met.get().1
    }

    /// Whether the name of a field is an asked id, such as `final`.
    pub(super) fn is_id_like_a_field(&self, key: &str) -> bool {
        self.is_like_a_field && self.find(key).is_some()
    }

    /// The home and the away side of the match with this index.
    pub(super) fn teams(&self, index: usize) -> Option<&[Team; 2]> {
        let sides = |asked: &&Match| [Team::new(&asked.home_team), Team::new(&asked.away_team)];
        self.teams.get_or_init(|| self.matches.iter().map(sides).collect()).get(index)
    }
}

fn bit(length: usize) -> u64 {
    1 << length.min(63)
}

/// An id trimmed, in lower case and composed. Compatibility forms such as `²` remain what they are: to Unicode they
/// are other texts.
fn fold(id: &str) -> Cow<'_, str> {
    let id = id.trim();
    if id.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        Cow::Borrowed(id)
    } else {
        let composer = const { ComposingNormalizerBorrowed::new_nfc() };
        let lower = composer.normalize(id).to_lowercase();
        Cow::Owned(composer.normalize(&lower).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_found_exactly_then_folded_where_that_is_unambiguous() {
        let ids = ["m1", "M2", "A", "a", " padded ", "Ünal", "e\u{301}", "é", "m²"];
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
            ("U\u{308}NAL", Some(5)),
            ("e\u{301}", Some(6)),
            ("é", Some(7)),
            ("É", None),
            ("m2", Some(1)),
            ("M²", Some(8)),
            ("m3", None),
            ("", None),
        ];
        for (id, expected) in table {
            assert_eq!(asked.find(id), expected, "{id:?}");
        }
    }
}
