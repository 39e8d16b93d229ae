//! Names that are not known, and which known name a mistyped one was probably meant to be.

use super::{Faults, path};

/// The names compared are no longer than this, so that the search stays cheap whatever the input.
const LONGEST: usize = 40;

/// The most edits between a mistyped name and the one that was meant.
const MOST_EDITS: usize = 2;

/// Adds a fault for each field of the object at `parent` that is not known. Its value is not shown: it may be a secret whose
/// name was mistyped.
pub fn refuse_unknown<'n>(
    names: impl IntoIterator<Item = &'n str>,
    known: &[&'static str],
    parent: &str,
    faults: &mut Faults,
) {
    for name in names.into_iter().filter(|name| !known.contains(name)) {
        let (path, problem) = match nearest(name, known) {
            // A name that is all but known is no secret.
            Some(known) => (path::shown_key(parent, name), format!("unknown field, did you mean {known}?")),
            None => (path::key(parent, name), "unknown field".to_owned()),
        };
        faults.push(&path, problem);
    }
}

/// The known name that is nearest to `name`, if one is near enough.
pub(super) fn nearest(name: &str, known: &[&'static str]) -> Option<&'static str> {
    if name.len() > LONGEST {
        return None;
    }
    let name = name.to_lowercase();
    let allowed = MOST_EDITS.min(name.chars().count() / 2);
    known
        .iter()
        .map(|known| (edits(&name, &known.to_lowercase()), *known))
        .filter(|(edits, _)| *edits <= allowed)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, known)| known)
}

/// How many characters must be inserted, deleted or replaced to turn one name into the other (Levenshtein).
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, have) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, want) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(have != *want);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row.last().copied().unwrap_or(0)
}
