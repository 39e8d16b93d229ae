//! The headers that a provider wants besides the usual ones.

use std::fmt;
use std::ops::Deref;

use crate::check::{Object, Violation};

/// Headers that the client sets itself.
const RESERVED: &[&str] = &[
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The names and values of headers, in the user's order; `Debug` shows the names only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// Reads the field `headers`. Neither names nor values are shown, for a key may stand in the place of either.
    pub(super) fn read(fields: &mut Object<'_, '_>, has_key: bool) -> Self {
        let mut headers: Vec<(String, String)> = Vec::new();
        for (index, (path, name, value)) in fields.record("headers").into_iter().enumerate() {
            let number = index + 1;
            let lower = name.to_ascii_lowercase();
            if name.is_empty() || !name.bytes().all(is_token_byte) {
                fields.faults().push(&path, format!("the name of header {number} is none"));
            } else if RESERVED.contains(&lower.as_str()) {
                fields.faults().push(&path, format!("{lower} is set by the client and cannot be given"));
            } else if lower == "authorization" && has_key {
                fields.faults().push(&path, format!("{lower} cannot be given beside apiKey or apiKeyEnv"));
            } else if headers.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)) {
                fields.faults().push(&path, format!("header {number} is the same as another"));
            }
            let checked = fields.faults().check(value, &path, |value| {
                let text =
                    value.as_str().filter(|text| text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()));
                text.map(str::to_owned).ok_or_else(|| {
                    Violation::secret(format!(
                        "header {number} must be a string of visible ASCII characters and spaces"
                    ))
                })
            });
            headers.extend(checked.map(|value| (name.to_owned(), value)));
        }
        Self(headers)
    }
}

impl Deref for Headers {
    type Target = [(String, String)];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter().map(|(name, _)| (name, "[redacted]"))).finish()
    }
}

/// A character of a token of RFC 9110.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
