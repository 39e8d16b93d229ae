//! What is wrong, and where: bounded, and without what may be a secret.

use std::fmt;

use serde_json::Value;

use super::{Checked, Violation, path, rule, show};

/// The most faults that are listed: an input of a million elements may have as many.
const MOST_LISTED: usize = 100;

/// What is said in the place of a value that may be a secret.
const NOT_SHOWN: &str = "the value is not shown";

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The whole path of the value, such as `config.models[3].timeoutMs`.
    pub path: String,
    /// What is wrong with it.
    pub problem: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.problem)
    }
}

/// The faults that were found, in the order in which they were found, at most 100 of them; displays as a line each, and
/// one that says how many there are besides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    listed: Vec<Fault>,
    /// How many were found besides.
    more: usize,
}

impl Faults {
    /// No faults yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The faults with their texts changed.
    #[must_use]
    pub fn with_text(self, change: impl Fn(&str) -> String) -> Self {
        let changed = |fault: Fault| Fault { path: change(&fault.path), problem: change(&fault.problem) };
        Self { listed: self.listed.into_iter().map(changed).collect(), more: self.more }
    }

    /// One fault.
    #[must_use]
    pub fn one(path: &str, problem: impl Into<String>) -> Self {
        let mut faults = Self::new();
        faults.push(path, problem);
        faults
    }

    /// Adds those faults of another reading that are neither at these paths nor within what stands there; none if these
    /// are more than are listed, for then no path is known of the rest.
    pub fn extend_elsewhere(&mut self, others: Faults) {
        if self.more > 0 {
            return;
        }
        let known: Vec<String> = self.listed.iter().map(|fault| fault.path.clone()).collect();
        self.more += others.more;
        let elsewhere = |fault: &Fault| !known.iter().any(|known| path::is_within(&fault.path, known));
        others.listed.into_iter().filter(elsewhere).for_each(|fault| self.add(fault));
    }

    /// Adds a fault. Of a path or a problem of more than 1,000 characters the middle is left out.
    pub fn push(&mut self, path: &str, problem: impl Into<String>) {
        if self.listed.len() == MOST_LISTED {
            self.more += 1;
            return;
        }
        let path = show::without_middle(path.trim_end_matches([':', ' ']).to_owned());
        self.add(Fault { path, problem: show::without_middle(problem.into()) });
    }

    /// Adds a fault that ends with the id or the name that was found there, unless it may be a secret.
    pub fn push_got(&mut self, path: &str, problem: impl fmt::Display, got: &Value) {
        self.refuse(path, problem, || show::name(got));
    }

    /// Adds a fault of a value that must be an object or an array and is neither. The value itself is not shown, for
    /// anything may stand in the wrong place.
    pub fn push_shape(&mut self, path: &str, problem: impl fmt::Display, got: &Value) {
        self.push(path, format!("{problem}, got {}", show::shape(got)));
    }

    /// Adds the faults of another reading.
    pub fn extend(&mut self, others: Faults) {
        self.more += others.more;
        others.listed.into_iter().for_each(|fault| self.add(fault));
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many faults there are, listed or not.
    #[must_use]
    pub fn len(&self) -> usize {
        self.listed.len() + self.more
    }

    /// The faults that are listed, in the order in which they were found.
    pub fn iter(&self) -> std::slice::Iter<'_, Fault> {
        self.listed.iter()
    }

    /// A line for each fault that is listed, and one that says how many there are besides.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        let more = (self.more > 0).then(|| format!("and {} more", self.more));
        self.listed.iter().map(ToString::to_string).chain(more)
    }

    /// The value that was read, if nothing is wrong.
    ///
    /// # Errors
    ///
    /// These faults, if there are any.
    pub fn into_result<T>(self, value: T) -> Result<T, Self> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }

    /// Holds a value against a rule; `None` and a fault if it does not pass.
    pub fn check<T>(&mut self, value: &Value, path: &str, rule: impl Fn(&Value) -> Checked<T>) -> Option<T> {
        match rule(value) {
            Ok(checked) => return Some(checked),
            Err(Violation { problem, secret: true }) => self.push(path, format!("{problem}; {NOT_SHOWN}")),
            Err(Violation { problem, secret: false }) => self.refuse(path, problem, || show::value(value)),
        }
        None
    }

    /// Holds a number against a rule.
    pub fn check_number<T>(&mut self, number: f64, path: &str, rule: impl Fn(&Value) -> Checked<T>) -> Option<T> {
        let Some(value) = rule::number_value(number) else {
            self.push(path, format!("must be a finite number, got {number}"));
            return None;
        };
        self.check(&value, path, rule)
    }

    /// Holds a text against a rule; the path is written out only for a fault.
    pub fn check_text(&mut self, text: &str, path: impl fmt::Display, rule: impl Fn(&str) -> Checked<()>) {
        if let Err(violation) = rule(text) {
            self.check(&Value::from(text), &path.to_string(), |_| Err::<(), _>(violation.clone()));
        }
    }

    /// Adds a fault that ends with what was found there, unless that may be a secret.
    fn refuse(&mut self, path: &str, problem: impl fmt::Display, got: impl FnOnce() -> String) {
        if path::is_private(path) {
            self.push(path, format!("{problem}; {NOT_SHOWN}"));
        } else {
            self.push(path, format!("{problem}, got {}", got()));
        }
    }

    fn add(&mut self, fault: Fault) {
        if self.listed.len() == MOST_LISTED {
            self.more += 1;
        } else {
            self.listed.push(fault);
        }
    }
}

impl<'a> IntoIterator for &'a Faults {
    type Item = &'a Fault;
    type IntoIter = std::slice::Iter<'a, Fault>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, line) in self.lines().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            f.write_str(&line)?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}
