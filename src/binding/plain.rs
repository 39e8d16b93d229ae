//! JavaScript values as plain data: what a configuration and a change of the catalogue are made of.

use napi::bindgen_prelude::{Array, FromNapiValue, Function, JsObjectValue, Object};
use napi::{Env, JsString, JsValue, KeyCollectionMode, KeyConversion, KeyFilter, Unknown, ValueType};
use serde_json::{Map, Value};

use super::mistake::describe;
use super::text;
use crate::check::{Faults, path, rule};

/// Deeper nesting is refused, for it can only be a cycle or a mistake.
const MAX_DEPTH: usize = 32;
/// A longer array is refused before it is read, for it may be an empty one of any length.
const MAX_ELEMENTS: u32 = 100_000;
/// What holds more values is refused: few objects may stand for many, each in several places.
const MAX_VALUES: usize = 1_000_000;
/// What a key or a text is that no other system could read.
const HALF_A_PAIR: &str = "must not contain half a surrogate pair";

/// `value` as plain data, without its own field `except`. Fields that are `undefined` are left out. What is no plain
/// data is null in the result, and a fault.
pub(super) fn plain(
    env: &Env,
    value: Unknown<'_>,
    root: &str,
    except: Option<&str>,
    faults: &mut Faults,
) -> napi::Result<Value> {
    // `Object` is a function, which is no `Object` to napi unless it is told so.
    let constructor: Object<'_> = env.get_global()?.get_named_property_unchecked("Object")?;
    let prototype: Object<'_> = constructor.get_named_property("prototype")?;
    let to_string = prototype.get_named_property("toString")?;
    Walker { env, except, to_string, faults, root, values: 0 }.read(value, root, 0)
}

struct Walker<'a> {
    env: &'a Env,
    except: Option<&'a str>,
    /// `Object.prototype.toString`, which tells a plain object from a `Map` or a `Date`, of whatever realm it is.
    to_string: Function<'a, (), String>,
    faults: &'a mut Faults,
    root: &'a str,
    /// How many values were read.
    values: usize,
}

impl Walker<'_> {
    fn read(&mut self, value: Unknown<'_>, at: &str, depth: usize) -> napi::Result<Value> {
        self.values += 1;
        if self.values == MAX_VALUES {
            self.faults.push(self.root, format!("must hold less than {MAX_VALUES} values"));
        }
        if self.is_full() {
            return Ok(Value::Null);
        }
        if depth > MAX_DEPTH {
            return Ok(self.refuse(at, "is nested too deeply"));
        }
        Ok(match value.get_type()? {
            ValueType::Undefined | ValueType::Null => Value::Null,
            ValueType::Boolean => Value::Bool(bool::from_unknown(value)?),
            ValueType::String => match text::whole(value)? {
                Some(text) => Value::String(text),
                None => self.refuse(at, HALF_A_PAIR),
            },
            ValueType::Number => {
                let number = f64::from_unknown(value)?;
                rule::number_value(number)
                    .unwrap_or_else(|| self.refuse(at, &format!("must be a finite number, got {number}")))
            }
            ValueType::Object if value.is_array()? => {
                let array = Array::from_unknown(value)?;
                let mut elements = Vec::new();
                if array.len() > MAX_ELEMENTS {
                    return Ok(
                        self.refuse(at, &format!("must hold at most {MAX_ELEMENTS} elements, got {}", array.len()))
                    );
                }
                for index in 0..array.len() {
                    if self.is_full() {
                        break;
                    }
                    let at = path::index(at, index as usize);
                    elements.push(match array.get::<Unknown<'_>>(index)? {
                        Some(value) => self.read(value, &at, depth + 1)?,
                        None => self.refuse(&at, "is missing"),
                    });
                }
                Value::Array(elements)
            }
            ValueType::Object => {
                let tag = self.to_string.apply(value, ())?;
                if tag == "[object Object]" {
                    self.fields(Object::from_raw(self.env.raw(), value.raw()), at, depth)?
                } else {
                    self.refuse(at, &format!("must be plain data, got {tag}"))
                }
            }
            _ => self.refuse(at, &format!("must be plain data, got {}", describe(value)?)),
        })
    }

    fn fields(&mut self, object: Object<'_>, at: &str, depth: usize) -> napi::Result<Value> {
        let mut fields = Map::new();
        for (name, key) in own_fields(&object)? {
            if depth == 0 && self.except == Some(name.as_str()) {
                continue;
            }
            if self.is_full() {
                break;
            }
            if !text::is_whole(&name, key)? {
                self.refuse(&path::key(at, &name), HALF_A_PAIR);
            }
            let value: Unknown<'_> = object.get_property_unchecked(key)?;
            if value.get_type()? != ValueType::Undefined {
                let value = self.read(value, &path::key(at, &name), depth + 1)?;
                fields.insert(name, value);
            }
        }
        Ok(Value::Object(fields))
    }

    /// Whether so much was read that nothing more is.
    fn is_full(&self) -> bool {
        self.values >= MAX_VALUES
    }

    fn refuse(&mut self, at: &str, problem: &str) -> Value {
        self.faults.push(at, problem);
        Value::Null
    }
}

/// The object's own fields that can be enumerated: their names, and the keys to read them with.
pub(super) fn own_fields<'a>(object: &Object<'a>) -> napi::Result<Vec<(String, JsString<'a>)>> {
    let (own, enumerable) = (KeyCollectionMode::OwnOnly, KeyFilter::Enumerable);
    let keys = object.get_all_property_names(own, enumerable, KeyConversion::NumbersToStrings)?;
    let mut fields = Vec::new();
    for index in 0..keys.get_array_length()? {
        let key: Unknown<'_> = keys.get_element(index)?;
        if key.get_type()? == ValueType::String {
            let key = JsString::from_unknown(key)?;
            fields.push((key.into_utf8()?.into_owned()?, key));
        }
    }
    Ok(fields)
}
