//! The one way in which what is told or settled becomes a JavaScript object: written as JSON on the thread that has it,
//! parsed on the thread of JavaScript. To parse takes that thread less than half of the time in which Node-API makes the
//! same object field by field.

use napi::bindgen_prelude::{FnArgs, Function, FunctionRef, JsObjectValue, Object};
use napi::{Env, JsValue, Unknown};
use serde::Serialize;

/// A record on its way to JavaScript: JSON, and beside it the texts that would only be escaped to be unescaped.
pub(super) struct Record {
    json: String,
    texts: Vec<(&'static str, String)>,
}

impl Record {
    /// Writes a record.
    pub(super) fn new(record: &impl Serialize) -> Self {
        // Strings, numbers and null written to memory cannot fail.
        Self { json: serde_json::to_string(record).unwrap_or_default(), texts: Vec::new() }
    }

    /// Sets a long text apart: the field stands empty in what was written, so that it keeps its place.
    pub(super) fn with_text(mut self, name: &'static str, text: String) -> Self {
        self.texts.push((name, text));
        self
    }
}

/// Makes JavaScript objects of records.
pub(super) struct Objects {
    /// `JSON.parse`.
    parse: FunctionRef<String, Object<'static>>,
    /// `Object.assign`.
    assign: FunctionRef<FnArgs<(Object<'static>, Object<'static>)>, Unknown<'static>>,
}

impl Objects {
    /// Finds what it needs.
    pub(super) fn new(env: &Env) -> napi::Result<Self> {
        let global = env.get_global()?;
        let json: Object<'_> = global.get_named_property("JSON")?;
        let parse: Function<'_, String, Object<'static>> = json.get_named_property("parse")?;
        // `Object` is a function, which is no `Object` to napi unless it is told so.
        let constructor: Object<'_> = global.get_named_property_unchecked("Object")?;
        let assign: Function<'_, FnArgs<(Object<'static>, Object<'static>)>, Unknown<'static>> =
            constructor.get_named_property("assign")?;
        Ok(Self { parse: parse.create_ref()?, assign: assign.create_ref()? })
    }

    /// Makes the object of a record.
    pub(super) fn make(&self, env: &Env, record: Record) -> napi::Result<Object<'static>> {
        let mut object = self.parse.borrow_back(env)?.call(record.json)?;
        for (name, text) in record.texts {
            object.set(name, text)?;
        }
        Ok(object)
    }

    /// Sets the fields of `from`, which [`Objects::make`] made, on another object.
    pub(super) fn assign(&self, env: &Env, to: Object<'_>, from: Object<'static>) -> napi::Result<()> {
        let to = Object::from_raw(env.raw(), to.raw());
        self.assign.borrow_back(env)?.call((to, from).into()).map(drop)
    }
}

#[cfg(test)]
impl Record {
    /// What is parsed on the thread of JavaScript.
    pub(super) fn json(&self) -> &str {
        &self.json
    }
}
