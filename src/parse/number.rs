//! Small whole numbers, in whatever writing.

/// The largest number that is read.
const LARGEST: u8 = 99;

/// The longest text that is read as a number.
const LONGEST_NUMBER: usize = 40;

/// The number that a text such as `2`, `2.0`, `1e1`, `+2` or `0x2` stands for, as JSON and JSON5 write numbers; `None`
/// unless it is a whole number from 0 to 99.
///
/// Digits behind a leading zero are octal in some languages and decimal in others: what they do not agree on is no
/// number, so `02` is two and `010` is nothing.
pub fn small(text: &str) -> Option<u8> {
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST_NUMBER {
        return None;
    }
    let number: String = text.chars().map(narrow).collect();
    let (is_negative, number) = match number.strip_prefix('-') {
        Some(number) => (true, number),
        None => (false, number.strip_prefix('+').unwrap_or(&number)),
    };
    // Nought has a sign too.
    magnitude(number).filter(|&whole| !is_negative || whole == 0)
}

/// The number that a text without a sign stands for.
fn magnitude(number: &str) -> Option<u8> {
    if let Some(digits) = number.strip_prefix("0x").or(number.strip_prefix("0X")) {
        let hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        return u8::from_str_radix(digits, 16).ok().filter(|&number| hex && number <= LARGEST);
    }
    let plain = number.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    let point = number.strip_prefix('.').unwrap_or(number);
    if !plain || !point.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let value: f64 = number.parse().ok()?;
    let octal = number.starts_with('0') && number.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
    if octal && value >= 10.0 {
        return None;
    }
    (0..=LARGEST).find(|&whole| f64::from(whole) >= value).filter(|&whole| f64::from(whole) <= value)
}

/// The ASCII digit for a full-width one; anything else as it is.
#[must_use]
pub fn narrow(wide: char) -> char {
    match wide {
        '０'..='９' => u32::from(wide).checked_sub(0xFEE0).and_then(char::from_u32).unwrap_or(wide),
        '．' => '.',
        _ => wide,
    }
}
