//! What napi's safe interface does not offer: a promise that is settled later without a thread-safe function of its
//! own, a thread-safe function that keeps the process alive only at times, and the exception that a getter left behind.
//!
//! All of it must be used on the JavaScript thread of its environment, which nothing here that is not `Send` leaves.
#![expect(unsafe_code, reason = "calls Node-API directly; the one file that does")]

use std::ptr;

use napi::bindgen_prelude::{Object, PromiseRaw, ToNapiValue};
use napi::{Env, JsValue, Status, Unknown, sys};

use crate::engine;

/// The two ends of a promise; dropping it leaves the promise pending.
pub(super) struct Deferred(sys::napi_deferred);

impl Deferred {
    /// A pending promise and what settles it.
    pub(super) fn new<T>(env: &Env) -> napi::Result<(Self, PromiseRaw<'_, T>)> {
        let (mut deferred, mut promise) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: `env` is live on this thread, and both pointers are valid for writing.
        check(unsafe { sys::napi_create_promise(env.raw(), &raw mut deferred, &raw mut promise) })?;
        Ok((Self(deferred), PromiseRaw::new(env.raw(), promise)))
    }

    /// Resolves the promise.
    pub(super) fn resolve<T: ToNapiValue>(self, env: &Env, value: T) -> napi::Result<()> {
        // SAFETY: `env` is the live environment of this promise; the deferred is consumed, so it is used only once.
        check(unsafe { sys::napi_resolve_deferred(env.raw(), self.0, T::to_napi_value(env.raw(), value)?) })
    }

    /// Rejects the promise.
    pub(super) fn reject(self, env: &Env, error: Object<'_>) -> napi::Result<()> {
        // SAFETY: as above, and `error` is a live value of the same environment.
        check(unsafe { sys::napi_reject_deferred(env.raw(), self.0, error.raw()) })
    }
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
