//! Objects of many fields: written as JSON and parsed, which takes a fraction of what Node-API needs to make them field by field.

use napi::Env;
use napi::bindgen_prelude::{Function, JsObjectValue, Object};
use serde::Serialize;

/// Makes the JavaScript object, or array, of a record whose keys are strings.
pub(super) fn parsed(env: &Env, record: &impl Serialize) -> napi::Result<Object<'static>> {
    let json: Object<'_> = env.get_global()?.get_named_property("JSON")?;
    let parse: Function<'_, String, Object<'static>> = json.get_named_property("parse")?;
    // Strings, numbers and null written to memory cannot fail.
    parse.call(serde_json::to_string(record).unwrap_or_default())
}
