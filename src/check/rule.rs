//! Rules: each looks at one value and returns what it means, or why it is refused.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde_json::{Number, Value};

use crate::line;

/// What a value means, or why it is refused.
pub type Checked<T> = Result<T, Violation>;

/// Why a value is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// What it must be.
    pub problem: String,
    /// Whether the value may be a secret, which is never shown.
    pub secret: bool,
}

impl Violation {
    /// A violation that shows the value.
    #[must_use]
    pub fn new(problem: impl Into<String>) -> Self {
        Self { problem: problem.into(), secret: false }
    }

    /// A violation that does not show the value.
    #[must_use]
    pub fn secret(problem: impl Into<String>) -> Self {
        Self { problem: problem.into(), secret: true }
    }

    /// The same violation, with another value that would have passed.
    #[must_use]
    pub(super) fn or(mut self, alternative: &str) -> Self {
        self.problem = format!("{}, or {alternative}", self.problem);
        self
    }
}

/// The most characters of an id or a name.
pub const LONGEST_NAME: usize = 200;

/// Largest whole number that a JavaScript number holds exactly.
const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;

/// True or false.
///
/// # Errors
///
/// If it is anything else.
pub fn boolean(value: &Value) -> Checked<bool> {
    value.as_bool().ok_or_else(|| Violation::new("must be true or false"))
}

/// Any string.
///
/// # Errors
///
/// If it is no string.
pub fn text(value: &Value) -> Checked<String> {
    value.as_str().map(str::to_owned).ok_or_else(|| Violation::new("must be a string"))
}

/// An id or a name: 1 to 200 characters, no control characters, no white space at either end.
///
/// # Errors
///
/// If it is no such string.
pub fn name(value: &Value) -> Checked<String> {
    let text = text(value)?;
    one_line(LONGEST_NAME)(&text)?;
    if text.trim() == text { Ok(text) } else { Err(Violation::new("must not begin or end with white space")) }
}

/// A text of 1 to `longest` characters.
pub fn sized(longest: usize) -> impl Fn(&str) -> Checked<()> {
    move |text| {
        if text.is_empty() {
            Err(Violation::new("must not be empty"))
        } else if text.chars().nth(longest).is_some() {
            Err(Violation::new(format!("must be at most {longest} characters long")))
        } else {
            Ok(())
        }
    }
}

/// A text of 1 to `longest` characters that is more than white space.
pub fn filled(longest: usize) -> impl Fn(&str) -> Checked<()> {
    let sized = sized(longest);
    move |text| if text.trim().is_empty() { Err(Violation::new("must not be empty")) } else { sized(text) }
}

/// A text of 1 to `longest` characters, none of them a control character.
pub fn one_line(longest: usize) -> impl Fn(&str) -> Checked<()> {
    let sized = sized(longest);
    move |text| {
        if text.chars().any(line::is_steering) {
            Err(Violation::new("must not contain control characters"))
        } else {
            sized(text)
        }
    }
}

/// The id of a model or a provider: a name that can be the key of a JavaScript record.
///
/// # Errors
///
/// If it is no such name.
pub fn id(value: &Value) -> Checked<String> {
    let id = name(value)?;
    if id == "__proto__" {
        Err(Violation::new("must not be __proto__, which no JavaScript object has as a key"))
    } else {
        Ok(id)
    }
}

/// One of a closed set of words, each with what it means.
pub fn one_of<T: Copy>(words: &[(&'static str, T)]) -> impl Fn(&Value) -> Checked<T> {
    move |value| {
        let found = words.iter().find(|(word, _)| value.as_str() == Some(*word));
        found.map(|(_, meaning)| *meaning).ok_or_else(|| {
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            Violation::new(format!("must be one of {}", words.join(", ")))
        })
    }
}

/// A whole number within a range; `3.0` is whole.
pub fn whole<T>(range: RangeInclusive<T>) -> impl Fn(&Value) -> Checked<T>
where
    T: Copy + TryFrom<u64> + PartialOrd + std::fmt::Display,
{
    move |value| {
        let number = whole_value(value).and_then(|number| T::try_from(number).ok());
        number
            .filter(|number| range.contains(number))
            .ok_or_else(|| Violation::new(format!("must be a whole number from {} to {}", range.start(), range.end())))
    }
}

/// A whole number of milliseconds within a range.
pub fn milliseconds(range: RangeInclusive<u64>) -> impl Fn(&Value) -> Checked<Duration> {
    let milliseconds = whole(range);
    move |value| milliseconds(value).map(Duration::from_millis)
}

/// A finite number of `min` or more.
pub fn at_least(min: f64) -> impl Fn(&Value) -> Checked<f64> {
    move |value| {
        let number = value.as_f64().filter(|number| number.is_finite() && *number >= min);
        number.ok_or_else(|| Violation::new(format!("must be a finite number of {min} or more")))
    }
}

/// A finite number within a range.
pub fn number(range: RangeInclusive<f64>) -> impl Fn(&Value) -> Checked<f64> {
    move |value| {
        let number = value.as_f64().filter(|number| range.contains(number));
        number.ok_or_else(|| Violation::new(format!("must be a number from {} to {}", range.start(), range.end())))
    }
}

/// A finite number above 0.
///
/// # Errors
///
/// If it is no such number.
pub fn above_zero(value: &Value) -> Checked<f64> {
    let number = value.as_f64().filter(|number| number.is_finite() && *number > 0.0);
    number.ok_or_else(|| Violation::new("must be a finite number above 0"))
}

/// A JavaScript number as a value, a whole one as an integer; `None` if it is not finite.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "checked to be whole and in range")]
pub fn number_value(number: f64) -> Option<Value> {
    if number.fract() == 0.0 && number.abs() <= MAX_SAFE_INTEGER {
        return Some(Value::from(number as i64));
    }
    Number::from_f64(number).map(Value::Number)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked just before")]
fn whole_value(value: &Value) -> Option<u64> {
    let from_float = || {
        let number = value.as_f64()?;
        (number.fract() == 0.0 && (0.0..=MAX_SAFE_INTEGER).contains(&number)).then_some(number as u64)
    };
    value.as_u64().or_else(from_float)
}
