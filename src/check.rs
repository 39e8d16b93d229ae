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

use serde_json::{Map, Value};

mod faults;
mod name;
pub mod path;
pub mod rule;
mod show;

pub use faults::{Fault, Faults};
pub use name::refuse_unknown;
pub use rule::{Checked, Violation};

/// The elements of an array with their paths; a fault and nothing if it is no array.
pub fn list<'v>(value: &'v Value, path: &str, faults: &mut Faults) -> Vec<(String, &'v Value)> {
    let Value::Array(elements) = value else {
        faults.push_shape(path, "must be an array", value);
        return Vec::new();
    };
    elements.iter().enumerate().map(|(index, element)| (path::index(path, index), element)).collect()
}

/// The entries of an object whose keys are data, with their paths; a fault and nothing if it is no object.
pub fn record<'v>(value: &'v Value, path: &str, faults: &mut Faults) -> Vec<(String, &'v str, &'v Value)> {
    let Value::Object(fields) = value else {
        faults.push_shape(path, "must be an object", value);
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
            faults.push_shape(path, "must be an object", value);
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
            Some(value) => self.faults.check(value, &path::field(self.path, name), |value| {
                rule(value).map_err(|violation| violation.or("null"))
            }),
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

    fn refuse_unknown_fields(&mut self) {
        refuse_unknown(self.fields.keys().map(String::as_str), &self.known, self.path, self.faults);
    }
}

#[cfg(test)]
mod tests;
