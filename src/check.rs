//! Reading a `serde_json::Value` field by field, with every fault collected and named by its path; a leaf.
//!
//! ```text
//! let limits = Object::read(value, "config.limits", &mut faults, |fields| Limits {
//!     max_tokens: fields.optional("maxTokens", rule::whole(1..=u32::MAX)),
//!     max_stop_sequences: fields.optional("maxStopSequences", rule::whole(0..=16)),
//! });
//! ```
//!
//! A field that is asked for is known; any other is a fault. A faulty field reads as absent, so that the rest is
//! still checked; whoever holds faults at the end discards what was read.

use std::collections::HashSet;
use std::fmt;

use serde_json::{Map, Value};

mod name;
pub mod path;
pub mod rule;
mod show;

pub use rule::{Checked, Refusal};

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

/// Every fault that was found, in the order in which they were found; displays as a line each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// No faults yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One fault.
    #[must_use]
    pub fn one(path: &str, problem: impl Into<String>) -> Self {
        let mut faults = Self::new();
        faults.push(path, problem);
        faults
    }

    /// Adds those faults of another reading that are at other paths.
    pub fn extend_elsewhere(&mut self, others: Faults) {
        let known: HashSet<String> = self.0.iter().map(|fault| fault.path.clone()).collect();
        self.0.extend(others.0.into_iter().filter(|fault| !known.contains(&fault.path)));
    }

    /// Adds a fault.
    pub fn push(&mut self, path: &str, problem: impl Into<String>) {
        let path = path.trim_end_matches([':', ' ']).to_owned();
        self.0.push(Fault { path, problem: problem.into() });
    }

    /// Adds a fault that ends with the value that was found there.
    pub fn push_got(&mut self, path: &str, problem: impl fmt::Display, got: &Value) {
        self.push(path, format!("{problem}, got {}", show::value(got)));
    }

    /// Adds the faults of another reading.
    pub fn extend(&mut self, others: Faults) {
        self.0.extend(others.0);
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many faults there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The faults, in the order in which they were found.
    pub fn iter(&self) -> std::slice::Iter<'_, Fault> {
        self.0.iter()
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
            Ok(checked) => Some(checked),
            Err(Refusal { problem, secret: true }) => {
                self.push(path, format!("{problem}; the value is not shown"));
                None
            }
            Err(Refusal { problem, secret: false }) => {
                self.push_got(path, problem, value);
                None
            }
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
        for (index, fault) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

/// The elements of an array with their paths; a fault and nothing if it is no array.
pub fn list<'v>(value: &'v Value, path: &str, faults: &mut Faults) -> Vec<(String, &'v Value)> {
    let Value::Array(elements) = value else {
        faults.push_got(path, "must be an array", value);
        return Vec::new();
    };
    elements.iter().enumerate().map(|(index, element)| (path::index(path, index), element)).collect()
}

/// The entries of an object whose keys are data, with their paths; a fault and nothing if it is no object.
pub fn record<'v>(value: &'v Value, path: &str, faults: &mut Faults) -> Vec<(String, &'v str, &'v Value)> {
    let Value::Object(fields) = value else {
        faults.push_got(path, "must be an object", value);
        return Vec::new();
    };
    fields.iter().map(|(key, value)| (path::key(path, key), key.as_str(), value)).collect()
}

/// An object whose fields are read by name.
#[derive(Debug)]
pub struct Object<'v, 'f> {
    fields: &'v Map<String, Value>,
    path: &'f str,
    known: Vec<&'static str>,
    faults: &'f mut Faults,
}

impl<'v, 'f> Object<'v, 'f> {
    /// Reads an object with `build`, which asks for each field that there may be; the others are faults.
    ///
    /// `None` and a fault if it is no object.
    pub fn read<T>(
        value: &'v Value,
        path: &'f str,
        faults: &'f mut Faults,
        build: impl FnOnce(&mut Object<'v, 'f>) -> T,
    ) -> Option<T> {
        let Value::Object(fields) = value else {
            faults.push_got(path, "must be an object", value);
            return None;
        };
        let mut object = Object { fields, path, known: Vec::new(), faults };
        let value = build(&mut object);
        object.refuse_unknown_fields();
        Some(value)
    }

    /// The value of a field as it is; `None` if it is absent.
    pub fn raw(&mut self, name: &'static str) -> Option<&'v Value> {
        self.known.push(name);
        self.fields.get(name)
    }

    /// A field that may be absent, but not null.
    pub fn optional<T>(&mut self, name: &'static str, rule: impl Fn(&Value) -> Checked<T>) -> Option<T> {
        let value = self.raw(name)?;
        self.faults.check(value, &path::field(self.path, name), rule)
    }

    /// A field that must be there.
    pub fn required<T>(&mut self, name: &'static str, rule: impl Fn(&Value) -> Checked<T>) -> Option<T> {
        if !self.fields.contains_key(name) {
            self.faults.push(&path::field(self.path, name), "is required");
        }
        self.optional(name, rule)
    }

    /// A field for which null means none, and absence the default.
    pub fn nullable<T>(
        &mut self,
        name: &'static str,
        rule: impl Fn(&Value) -> Checked<T>,
        default: Option<T>,
    ) -> Option<T> {
        match self.raw(name) {
            None => default,
            Some(Value::Null) => None,
            Some(value) => self
                .faults
                .check(value, &path::field(self.path, name), |value| rule(value).map_err(|refusal| refusal.or("null"))),
        }
    }

    /// A field that holds an object; `None` if it is absent.
    pub fn object<T>(&mut self, name: &'static str, build: impl FnOnce(&mut Object<'v, '_>) -> T) -> Option<T> {
        let value = self.raw(name)?;
        Object::read(value, &path::field(self.path, name), self.faults, build)
    }

    /// A field that holds an array, each element with its path; empty if it is absent.
    pub fn list(&mut self, name: &'static str) -> Vec<(String, &'v Value)> {
        let Some(value) = self.raw(name) else { return Vec::new() };
        list(value, &path::field(self.path, name), self.faults)
    }

    /// A field that holds an array whose elements all follow one rule; empty if it is absent.
    pub fn each<T>(&mut self, name: &'static str, rule: impl Fn(&Value) -> Checked<T>) -> Vec<T> {
        let elements = self.list(name);
        elements.into_iter().filter_map(|(path, value)| self.faults.check(value, &path, &rule)).collect()
    }

    /// A field that holds an object whose keys are data, each entry with its path; empty if it is absent.
    pub fn record(&mut self, name: &'static str) -> Vec<(String, &'v str, &'v Value)> {
        let Some(value) = self.raw(name) else { return Vec::new() };
        record(value, &path::field(self.path, name), self.faults)
    }

    /// The path of a field.
    #[must_use]
    pub fn path_of(&self, name: &str) -> String {
        path::field(self.path, name)
    }

    /// Where to put a fault that no rule can see, such as one between two fields.
    pub fn faults(&mut self) -> &mut Faults {
        self.faults
    }

    /// The value is not shown: the field may be a secret whose name was mistyped.
    fn refuse_unknown_fields(&mut self) {
        for name in self.fields.keys().filter(|name| !self.known.contains(&name.as_str())) {
            let problem = match name::nearest(name, &self.known) {
                Some(known) => format!("unknown field, did you mean {known}?"),
                None => "unknown field".to_owned(),
            };
            self.faults.push(&path::key(self.path, name), problem);
        }
    }
}

#[cfg(test)]
mod tests;
