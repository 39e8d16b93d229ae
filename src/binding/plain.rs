//! JavaScript values as plain data: what a configuration and a change of the catalogue are made of.

use napi::bindgen_prelude::{Array, FromNapiValue, Function, JsObjectValue, Object};
use napi::{Env, JsString, JsValue, KeyCollectionMode, KeyConversion, KeyFilter, Unknown, ValueType};
use serde_json::{Map, Number, Value};

use super::read::describe;
use crate::check::{Faults, path};

/// Deeper nesting is refused, for it can only be a cycle or a mistake.
const MAX_DEPTH: usize = 32;
/// The largest whole number that a double holds exactly.
const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;

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
    Reader { env, except, to_string, faults }.read(value, root, 0)
}

struct Reader<'a> {
    env: &'a Env,
    except: Option<&'a str>,
    /// `Object.prototype.toString`, which tells a plain object from a `Map` or a `Date`, of whatever realm it is.
    to_string: Function<'a, (), String>,
    faults: &'a mut Faults,
}

impl Reader<'_> {
    fn read(&mut self, value: Unknown<'_>, at: &str, depth: usize) -> napi::Result<Value> {
        if depth > MAX_DEPTH {
            return Ok(self.refuse(at, "is nested too deeply"));
        }
        Ok(match value.get_type()? {
            ValueType::Undefined | ValueType::Null => Value::Null,
            ValueType::Boolean => Value::Bool(bool::from_unknown(value)?),
            ValueType::String => Value::String(String::from_unknown(value)?),
            ValueType::Number => {
                let number = f64::from_unknown(value)?;
                number_of(number).unwrap_or_else(|| self.refuse(at, &format!("must be a finite number, got {number}")))
            }
            ValueType::Object if value.is_array()? => {
                let array = Array::from_unknown(value)?;
                let mut elements = Vec::new();
                for index in 0..array.len() {
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
            let value: Unknown<'_> = object.get_property_unchecked(key)?;
            if value.get_type()? != ValueType::Undefined {
                let value = self.read(value, &path::key(at, &name), depth + 1)?;
                fields.insert(name, value);
            }
        }
        Ok(Value::Object(fields))
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

#[expect(clippy::cast_possible_truncation, reason = "checked to be whole and in range")]
fn number_of(number: f64) -> Option<Value> {
    if number.fract() == 0.0 && number.abs() <= MAX_SAFE_INTEGER {
        return Some(Value::from(number as i64));
    }
    Number::from_f64(number).map(Value::Number)
}
