//! Which known name a mistyped one was probably meant to be.

/// The names compared are no longer than this, so that the search stays cheap whatever the input.
const LONGEST: usize = 40;

/// The most edits between a mistyped name and the one that was meant.
const MOST_EDITS: usize = 2;

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
