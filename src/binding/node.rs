//! What napi's safe interface does not offer, or not as quick: texts and arrays in the form in which they are read at once, a
//! thread-safe function that keeps the process alive only at times, and the exception that a getter left behind.
//!
//! All of it must be used on the JavaScript thread of its environment, which nothing here that is not `Send` leaves.
#![expect(unsafe_code, reason = "calls Node-API directly; the one file that does")]

use std::ptr;

use napi::bindgen_prelude::{Float64Array, Int32Array, Object, ToNapiValue};
use napi::{Env, JsValue, Status, Unknown, sys};

use crate::engine;

/// A text as a JavaScript string.
pub(super) struct Text(pub(super) String);

impl ToNapiValue for Text {
    unsafe fn to_napi_value(env: sys::napi_env, Self(text): Self) -> napi::Result<sys::napi_value> {
        let env = Env::from_raw(env);
        // A string of one byte a character takes half the memory, and is made without being decoded.
        let string = if text.is_ascii() { env.create_string_latin1(text)? } else { env.create_string(text)? };
        Ok(string.raw())
    }
}

/// Writes into an array that JavaScript reads afterwards, from its beginning; it must have the room.
pub(super) fn write_codes(array: &mut Int32Array, codes: &[i32]) {
    // SAFETY: it is called on the JavaScript thread, so JavaScript reads nothing meanwhile, and nobody else knows the array.
    let to = unsafe { array.as_mut() };
    to[..codes.len()].copy_from_slice(codes);
}

/// Writes into an array that JavaScript reads afterwards, from its beginning; it must have the room.
pub(super) fn write_doubles(array: &mut Float64Array, doubles: &[f64]) {
    // SAFETY: as above.
    let to = unsafe { array.as_mut() };
    to[..doubles.len()].copy_from_slice(doubles);
}

/// The UTF-16 code units of a JavaScript string, of which there are `length`.
pub(super) fn units(env: &Env, string: Unknown<'_>, length: usize) -> napi::Result<Vec<u16>> {
    // Room for the zero that Node-API writes at the end.
    let mut units: Vec<u16> = Vec::with_capacity(length + 1);
    let mut written = 0;
    // SAFETY: `env` is live on this thread, `string` is one of its values, and there is room for what is written.
    unsafe {
        let to = units.as_mut_ptr();
        check(sys::napi_get_value_string_utf16(env.raw(), string.raw(), to, length + 1, &raw mut written))?;
        units.set_len(written);
    }
    Ok(units)
}

/// Makes a thread-safe function keep the process alive, or not.
pub(super) fn keep_alive(env: &Env, function: sys::napi_threadsafe_function, alive: bool) {
    // SAFETY: called on the thread of `env`, which is live, with a thread-safe function that its owner still holds. A
    // status other than ok would mean that the environment is being torn down, where there is nothing to keep alive.
    unsafe {
        if alive {
            sys::napi_ref_threadsafe_function(env.raw(), function);
        } else {
            sys::napi_unref_threadsafe_function(env.raw(), function);
        }
    }
}

/// Takes back the exception that the user's code threw under a call of ours, if there is one.
pub(super) fn take_exception(env: &Env) -> Option<Unknown<'_>> {
    let (mut pending, mut exception) = (false, ptr::null_mut());
    // SAFETY: `env` is live on this thread, and both pointers are valid for writing.
    unsafe {
        sys::napi_is_exception_pending(env.raw(), &raw mut pending);
        if !pending {
            return None;
        }
        check(sys::napi_get_and_clear_last_exception(env.raw(), &raw mut exception)).ok()?;
        Some(Unknown::from_raw_unchecked(env.raw(), exception))
    }
}

/// The fallbacks of the built-in catalogue, as the value of an exported constant.
pub struct ModelFallbacks;

impl ToNapiValue for ModelFallbacks {
    unsafe fn to_napi_value(env: sys::napi_env, _: Self) -> napi::Result<sys::napi_value> {
        let mut lists = Object::new(&Env::from_raw(env))?;
        for (model_id, fallbacks) in engine::builtin_fallbacks() {
            lists.set(model_id, fallbacks)?;
        }
        Ok(lists.raw())
    }
}

fn check(status: sys::napi_status) -> napi::Result<()> {
    match Status::from(status) {
        Status::Ok => Ok(()),
        other => Err(napi::Error::new(other, "a call to Node-API failed")),
    }
}
