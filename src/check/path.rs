//! How the parts of a path are joined: `config.models[3].limits`, `config.fallbacks["a-b"][1]`; and what stands where
//! nothing is shown.

use super::show;

/// The most letters of a word, which no key is.
const LONGEST_WORD: usize = 16;

/// Fields in which a secret may stand, in its place or in a wrong one.
const SECRETS: &[&str] = &["providers", "apiKey", "apiKeyEnv", "headers", "userAgent", "caCertificates", "fleet"];

/// Whether nothing that stands at a path is shown: a secret may stand there, or a prompt of the caller's own. A snapshot
/// holds neither.
#[must_use]
pub fn is_private(path: &str) -> bool {
    // The name of a file comes before what is in it.
    let (_, inside) = path.rsplit_once(": ").unwrap_or_default();
    let inside = if inside.is_empty() { path } else { inside };
    let is_secret = inside.split(|c: char| !c.is_alphanumeric()).any(|name| SECRETS.contains(&name));
    let is_prompt = path == "request.prompt" || path.starts_with("request.prompt.");
    is_secret && !path.starts_with("snapshot.") || is_prompt
}

/// The path of a field of an object. A parent that ends with `: `, such as a file's name, is joined without a dot.
#[must_use]
pub fn field(parent: &str, name: &str) -> String {
    if parent.is_empty() || parent.ends_with(": ") { format!("{parent}{name}") } else { format!("{parent}.{name}") }
}

/// Whether a path is `outer` or leads further from there.
pub(super) fn is_within(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// The path of an element of an array.
#[must_use]
pub fn index(parent: &str, index: usize) -> String {
    format!("{parent}[{index}]")
}

/// The path of an entry whose key is data: as a field where the key is a plain identifier, else in brackets. Where
/// nothing is shown, it is an ellipsis unless it is a word.
#[must_use]
pub fn key(parent: &str, key: &str) -> String {
    let is_word = (1..=LONGEST_WORD).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_alphabetic());
    if is_private(parent) && !is_word { format!("{parent}[…]") } else { shown_key(parent, key) }
}

/// The path of an entry whose key is no secret.
pub(super) fn shown_key(parent: &str, key: &str) -> String {
    let mut characters = key.chars();
    let plain = characters.next().is_some_and(|first| first.is_ascii_alphabetic() || matches!(first, '_' | '$'))
        && characters.all(|other| other.is_ascii_alphanumeric() || matches!(other, '_' | '$'))
        && key.len() <= show::LONGEST;
    if plain { field(parent, key) } else { format!("{parent}[{}]", show::key(key)) }
}
