//! The fields of a JavaScript object and the elements of an array, read with every fault of their types.

use std::fmt::{self, Display};

use napi::bindgen_prelude::{FromNapiValue, JsObjectValue, Object};
use napi::{Env, JsValue, Unknown, ValueType};

use super::mistake::{expected, expected_shape};
use super::plain::own_fields;
use super::text;
use crate::check::{self, Faults};

/// What is wrong where a string must be and is not.
pub(super) const NO_STRING: &str = "must be a string, got nothing";

/// An object whose fields are read by name; `null` and `undefined` are absence. A faulty field reads as absent.
pub(super) struct Fields<'a> {
    object: Object<'a>,
    path: &'a dyn Display,
}

impl<'a> Fields<'a> {
    /// `value` as an object.
    pub(super) fn new(
        env: &Env,
        value: Unknown<'a>,
        path: &'a dyn Display,
        faults: &mut Faults,
    ) -> napi::Result<Option<Self>> {
        if value.get_type()? != ValueType::Object || value.is_array()? {
            expected_shape(faults, path, "an object", value)?;
            return Ok(None);
        }
        Ok(Some(Self { object: Object::from_raw(env.raw(), value.raw()), path }))
    }

    /// The field, if it is there.
    pub(super) fn value(&self, name: &str) -> napi::Result<Option<Unknown<'a>>> {
        let value: Unknown<'a> = self.object.get_named_property_unchecked(name)?;
        Ok(match value.get_type()? {
            ValueType::Undefined | ValueType::Null => None,
            _ => Some(value),
        })
    }

    /// Refuses any other field: a misspelt guard would guard nothing.
    pub(super) fn only(&self, known: &[&'static str], faults: &mut Faults) -> napi::Result<()> {
        let fields = own_fields(&self.object)?;
        let names = fields.iter().map(|(name, _)| name.as_str());
        check::refuse_unknown(names, known, &self.path.to_string(), faults);
        Ok(())
    }

    fn of_type<T: FromNapiValue>(
        &self,
        name: &str,
        kind: ValueType,
        what: &str,
        faults: &mut Faults,
    ) -> napi::Result<Option<T>> {
        let Some(value) = self.value(name)? else { return Ok(None) };
        if value.get_type()? != kind {
            expected(faults, &self.at(name), what, value)?;
            return Ok(None);
        }
        T::from_unknown(value).map(Some)
    }

    /// A string.
    pub(super) fn text(&self, name: &str, faults: &mut Faults) -> napi::Result<Option<String>> {
        self.of_type(name, ValueType::String, "a string", faults)
    }

    /// A number.
    pub(super) fn number(&self, name: &str, faults: &mut Faults) -> napi::Result<Option<f64>> {
        self.of_type(name, ValueType::Number, "a number", faults)
    }

    /// A boolean.
    pub(super) fn boolean(&self, name: &str, faults: &mut Faults) -> napi::Result<Option<bool>> {
        self.of_type(name, ValueType::Boolean, "true or false", faults)
    }

    /// A string that must be there.
    pub(super) fn required(&self, name: &str, faults: &mut Faults) -> napi::Result<String> {
        let before = faults.len();
        let text = self.text(name, faults)?;
        Ok(text.unwrap_or_else(|| self.missing(name, before, faults)))
    }

    /// An id, or another text by which something is found.
    pub(super) fn id(&self, name: &str, faults: &mut Faults) -> napi::Result<Option<String>> {
        let Some(value) = self.value(name)? else { return Ok(None) };
        whole_text(value, &self.at(name), faults)
    }

    /// An id that must be there.
    pub(super) fn required_id(&self, name: &str, faults: &mut Faults) -> napi::Result<String> {
        let before = faults.len();
        let id = self.id(name, faults)?;
        Ok(id.unwrap_or_else(|| self.missing(name, before, faults)))
    }

    /// What a string is read as that must be there and is not, or is none, which is then a fault since there were `before`.
    fn missing(&self, name: &str, before: usize, faults: &mut Faults) -> String {
        if faults.len() == before {
            faults.push(&self.at(name).to_string(), NO_STRING);
        }
        String::new()
    }

    /// A string that may have to be there: where it is not, its path is one more of `absent`.
    pub(super) fn needed(
        &self,
        name: &str,
        absent: &mut Vec<String>,
        faults: &mut Faults,
    ) -> napi::Result<Option<String>> {
        let before = faults.len();
        let text = self.text(name, faults)?;
        if text.is_none() && faults.len() == before {
            absent.push(self.at(name).to_string());
        }
        Ok(text)
    }

    fn at<'p>(&self, name: &'p str) -> FieldPath<'p>
    where
        'a: 'p,
    {
        FieldPath { object: self.path, name }
    }
}

/// The path of a field, written out only for a fault.
struct FieldPath<'a> {
    object: &'a dyn Display,
    name: &'a str,
}

impl Display for FieldPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.object, self.name)
    }
}

/// A string that stands at `path`, without half of a surrogate pair.
pub(super) fn whole_text(value: Unknown<'_>, path: &dyn Display, faults: &mut Faults) -> napi::Result<Option<String>> {
    if value.get_type()? != ValueType::String {
        expected(faults, path, "a string", value)?;
        return Ok(None);
    }
    let text = text::whole(value)?;
    if text.is_none() {
        faults.push(&path.to_string(), "must not contain half a surrogate pair");
    }
    Ok(text)
}

/// An array whose length is known before its elements are read.
pub(super) struct Elements<'a> {
    array: Object<'a>,
    length: u32,
}

impl<'a> Elements<'a> {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.length as usize
    }

    /// One of them.
    pub(super) fn get(&self, index: usize) -> napi::Result<Unknown<'a>> {
        self.array.get_element(u32::try_from(index).unwrap_or(u32::MAX))
    }
}

/// An array that stands at `path`.
pub(super) fn elements<'a>(
    env: &Env,
    value: Unknown<'a>,
    path: &dyn Display,
    faults: &mut Faults,
) -> napi::Result<Option<Elements<'a>>> {
    if value.get_type()? != ValueType::Object || !value.is_array()? {
        expected_shape(faults, path, "an array", value)?;
        return Ok(None);
    }
    let array = Object::from_raw(env.raw(), value.raw());
    Ok(Some(Elements { length: array.get_array_length()?, array }))
}
