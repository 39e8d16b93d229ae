//! JavaScript strings as text, which has no half of a surrogate pair: two ids that differ in such a half would be one.

use napi::bindgen_prelude::FromNapiValue;
use napi::{JsString, Unknown};

/// What stands for each half of a surrogate pair when a string is read.
const REPLACEMENT: char = '\u{fffd}';

/// A string whole; `None` if a half of a surrogate pair is in it.
pub(super) fn whole(value: Unknown<'_>) -> napi::Result<Option<String>> {
    let text = String::from_unknown(value)?;
    Ok(if is_whole(&text, JsString::from_unknown(value)?)? { Some(text) } else { None })
}

/// Whether `text` is all that is in the string that it was read from.
pub(super) fn is_whole(text: &str, string: JsString<'_>) -> napi::Result<bool> {
    // The string itself may hold the character.
    Ok(!text.contains(REPLACEMENT) || String::from_utf16(string.into_utf16()?.as_slice()).is_ok())
}
