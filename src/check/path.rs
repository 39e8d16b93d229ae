//! How the parts of a path are joined: `config.models[3].limits`, `config.fallbacks["a-b"][1]`.

use super::show;

/// The path of a field of an object. A parent that ends with `: `, such as a file's name, is joined without a dot.
#[must_use]
pub fn field(parent: &str, name: &str) -> String {
    if parent.is_empty() || parent.ends_with(": ") { format!("{parent}{name}") } else { format!("{parent}.{name}") }
}

/// The path of an element of an array.
#[must_use]
pub fn index(parent: &str, index: usize) -> String {
    format!("{parent}[{index}]")
}

/// The path of an entry whose key is data: as a field where the key is a plain identifier, else in brackets.
#[must_use]
pub fn key(parent: &str, key: &str) -> String {
    let mut characters = key.chars();
    let plain = characters.next().is_some_and(|first| first.is_ascii_alphabetic() || matches!(first, '_' | '$'))
        && characters.all(|other| other.is_ascii_alphanumeric() || matches!(other, '_' | '$'))
        && key.len() <= show::LONGEST;
    if plain { field(parent, key) } else { format!("{parent}[{}]", show::text(key)) }
}
