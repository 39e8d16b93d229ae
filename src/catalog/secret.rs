//! A string that is never shown: an API key, or the value of a header.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::line;

/// A string that `Debug` redacts and that is wiped from memory when dropped.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Hides a string.
    #[must_use]
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(SecretString::new(text.into()))
    }

    /// The string, for the request that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The string, still hidden.
    #[must_use]
    pub fn as_secret_string(&self) -> &SecretString {
        &self.0
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Shorter ones are taken for words: to replace them would garble a message.
const SHORTEST: usize = 6;

/// The text without the keys and the values of headers that the providers of a configuration have, and without those that
/// stand in the environment, be it read before the configuration is found good.
pub fn without_any(text: &str, config: &Value, variable: impl Fn(&str) -> Option<String>) -> String {
    let providers = || config.get("providers").and_then(Value::as_array).into_iter().flatten();
    let named = |name: &'static str| providers().filter_map(move |provider| provider.get(name));
    let keys = named("apiKey").filter_map(Value::as_str).map(str::to_owned);
    let of_environment = named("apiKeyEnv").filter_map(Value::as_str).filter_map(variable);
    let values = named("headers").filter_map(Value::as_object).flatten().filter_map(|(_, value)| value.as_str());
    let secrets = keys.chain(of_environment).chain(values.map(str::to_owned));
    secrets.fold(text.to_owned(), |text, secret| without(&text, &secret).unwrap_or(text))
}

/// Characters that HTML writes by name.
const NAMED: [(&str, char); 6] =
    [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>'), ("&quot;", '"'), ("&apos;", '\''), ("&nbsp;", ' ')];

/// The text with `[key]` for every place where the secret stands, as it is or escaped as in a URL, in JSON or in HTML,
/// whatever white space, control or invisible characters are within it, and for the beginning of it at the end of the
/// text, where a message was cut. `None` if it is nowhere.
pub(super) fn without(text: &str, secret: &str) -> Option<String> {
    let wanted: Vec<char> = secret.chars().filter(|&c| !is_gap(c)).collect();
    if wanted.len() < SHORTEST {
        return None;
    }
    // Backslashes of its own cannot be told from those that escape.
    let unescaped: Vec<char> = wanted.iter().copied().filter(|&c| c != '\\').collect();
    let mut ways: Vec<Way<'_>> = vec![(plain, &wanted)];
    ways.extend((unescaped.len() >= SHORTEST).then_some::<Way<'_>>((escaped, &unescaped)));
    let (mut safe, mut rest) = (String::new(), text);
    while let Some((start, end)) = find(rest, &ways) {
        safe.push_str(&rest[..start]);
        safe.push_str(line::KEY);
        rest = &rest[end..];
    }
    (rest.len() < text.len()).then(|| safe + rest)
}

/// How a text is read, and which characters are looked for in it then.
type Way<'a> = (fn(&str) -> Option<Unit>, &'a [char]);
/// How many bytes come before the text's next character, and which one it is; `None` for one that may come into a secret.
type Unit = (usize, Option<char>);

/// Where the wanted characters stand in the text, as a range of bytes.
fn find(text: &str, ways: &[Way<'_>]) -> Option<(usize, usize)> {
    text.char_indices().find_map(|(start, _)| {
        let length = ways.iter().find_map(|&(unit, wanted)| length_of(&text[start..], wanted, unit))?;
        Some((start, start + length))
    })
}

/// How many bytes of the beginning of the text are the wanted characters: all of them, or as many as the text has.
fn length_of(text: &str, wanted: &[char], unit: fn(&str) -> Option<Unit>) -> Option<usize> {
    let (mut end, mut found) = (0, 0);
    while found < wanted.len() {
        match unit(&text[end..]) {
            Some((length, Some(c))) if c == wanted[found] => (end, found) = (end + length, found + 1),
            Some((length, None)) if found > 0 => end += length,
            None if found >= SHORTEST => break,
            Some((_, Some('…'))) if found >= SHORTEST && text[end..].chars().nth(1).is_none() => break,
            _ => return None,
        }
    }
    Some(end)
}

/// The next character as it is.
fn plain(text: &str) -> Option<Unit> {
    text.chars().next().map(|c| (c.len_utf8(), Some(c).filter(|&c| !is_gap(c))))
}

/// The next character, which may be escaped, more than once where it is by backslashes.
fn escaped(text: &str) -> Option<Unit> {
    let is_gap = |c: char| is_gap(c) || c == '\\';
    let code = |length: usize, digits: &str, radix: u32| {
        let code = Some(digits).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let c = code.and_then(|code| u32::from_str_radix(code, radix).ok()).and_then(char::from_u32)?;
        Some((length, Some(c).filter(|&c| !is_gap(c))))
    };
    let hex = |begin: usize, digits: usize| code(begin + digits, text.get(begin..begin + digits)?, 16);
    let slashes = text.bytes().take_while(|&byte| byte == b'\\').count();
    let unescaped = match (text.as_bytes().first()?, text.as_bytes().get(slashes)) {
        (b'%', _) => hex(1, 2),
        (b'\\', Some(b'u')) => hex(slashes + 1, 4),
        (b'\\', Some(b'x')) => hex(slashes + 1, 2),
        (b'\\', Some(b'n' | b'r' | b't')) => Some((slashes + 1, None)),
        (b'&', _) => {
            let named = NAMED.iter().find(|(name, _)| text.starts_with(name));
            named.map(|&(name, c)| (name.len(), Some(c).filter(|&c| !is_gap(c)))).or_else(|| {
                let (number, _) = text.strip_prefix("&#")?.split_once(';')?;
                let length = number.len() + 3;
                match number.strip_prefix(['x', 'X']) {
                    Some(digits) => code(length, digits, 16),
                    None => code(length, number, 10),
                }
            })
        }
        _ => None,
    };
    let bare = || if slashes > 0 { Some((slashes, None)) } else { plain(text) };
    unescaped.or_else(bare)
}

/// A character that may come into a secret where a text is folded.
fn is_gap(c: char) -> bool {
    c.is_whitespace() || c.is_control() || line::is_invisible(c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "S3CR3T-k3y-zq9X";

    #[test]
    fn a_secret_is_left_out_wherever_it_stands() {
        for (text, safe) in [
            ("key S3CR3T-k3y-zq9X.", "key [key]."),
            ("S3CR3T-k3y-zq9XS3CR3T-k3y-zq9X", "[key][key]"),
            ("S3CR3T-k3\r\n y-zq9X bad", "[key] bad"),
            ("S\u{200b}3CR3T-k3y-zq\u{0}9X", "[key]"),
            ("SS3CR3T-k3y-zq9X", "S[key]"),
            ("S3CR3T-S3CR3T-k3y-zq9X", "S3CR3T-[key]"),
            ("wrong: S3CR3T", "wrong: [key]"),
            ("wrong: S3CR3T-k3y…", "wrong: [key]…"),
            ("é S3CR3T-k3y-zq9X é", "é [key] é"),
        ] {
            assert_eq!(without(text, SECRET).as_deref(), Some(safe), "{text}");
        }
        for text in ["S3CR3", "S3CR3T-k3y-zq9", "S3CR3T-k3y-zq9x", ""].map(|text| format!("{text} else")) {
            assert_eq!(without(&text, SECRET), None);
        }
        assert_eq!(without("short of it", "short"), None);
        assert_eq!(without("a value of words", "value of").as_deref(), Some("a [key] words"));
    }

    #[test]
    fn a_secret_is_left_out_however_it_is_escaped() {
        let secret = r#"aB3/xY9+pQ7="r&T\5"#;
        for escaped in [
            secret,
            "aB3%2FxY9%2bpQ7%3D%22r%26T%5C5",
            r#"aB3\/xY9+pQ7=\"r&T\\5"#,
            r#"aB3\\/xY9\u002bpQ7\u003d\\\"r&T\\\\5"#,
            r"aB3/xY9\x2bpQ7=\u0022r\u0026T\u005C5",
            r#"aB3/xY\n9+pQ7\r\n="r&T\\5"#,
            "aB3/xY9+pQ7&#61;&quot;r&amp;T&#x5c;5",
            "aB3&#47;xY9&#X2B;pQ7=&#34;r&#038;T&#92;5",
            "aB3%2FxY9%2bpQ7",
        ] {
            let is_whole = !escaped.ends_with("pQ7");
            let (text, safe) = if is_whole {
                (format!("é {escaped}, é"), "é [key], é")
            } else {
                (format!("é {escaped}"), "é [key]")
            };
            assert_eq!(without(&text, secret).as_deref(), Some(safe), "{text}");
        }
        for text in ["100%, 5 % and %zz", r"C:\new \u00 \", "&#; &#xyz; &#99999999999; &amp", "%", "&", "\\", "%é"] {
            assert_eq!(without(text, secret), None, "{text}");
        }
        assert_eq!(without("key %41bc%2d is", "%41bc%2d").as_deref(), Some("key [key] is"), "it looks escaped itself");
    }

    proptest! {
        #[test]
        fn no_text_is_cut_between_two_bytes(text in ".{0,40}", secret in "[ -~]{6,12}") {
            let escaped = secret.bytes().fold(String::new(), |text, byte| format!("{text}%{byte:02X}"));
            without(&text, &secret);
            let safe = without(&format!("{text}{escaped}"), &secret).unwrap_or_default();
            prop_assert!(secret.chars().filter(|c| !c.is_whitespace()).count() < SHORTEST || !safe.contains(&escaped));
        }

        #[test]
        fn nothing_is_left_of_a_secret(before in "[^S]{0,9}", gap in "[ \r\n\t\u{200b}]{0,3}", place in 1..SECRET.len(), after in ".{0,9}") {
            let (start, end) = SECRET.split_at(place);
            let text = format!("{before}{start}{gap}{end}{after}");
            prop_assert_eq!(without(&text, SECRET), Some(format!("{before}[key]{after}")));
        }
    }
}
