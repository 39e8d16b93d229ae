//! What napi's safe interface does not offer: a promise that is settled later without a thread-safe function of its
//! own, a thread-safe function that keeps the process alive only at times, a weak reference, and the exception that a
//! getter left behind.
//!
//! All of it must be used on the JavaScript thread of its environment, which nothing here that is not `Send` leaves.
#![expect(unsafe_code, reason = "calls Node-API directly; the one file that does")]

use std::ptr;

use napi::bindgen_prelude::{FromNapiValue, Object, PromiseRaw, ToNapiValue};
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

/// Knows a JavaScript value without keeping it alive.
pub(super) struct Weak {
    env: sys::napi_env,
    reference: sys::napi_ref,
}

impl Weak {
    /// Knows `value`, an object or a function.
    pub(super) fn new<'env>(env: &'env Env, value: &impl JsValue<'env>) -> napi::Result<Self> {
        let mut reference = ptr::null_mut();
        // SAFETY: `env` is live on this thread, `value` is one of its values, and the pointer is valid for writing.
        check(unsafe { sys::napi_create_reference(env.raw(), value.raw(), 0, &raw mut reference) })?;
        Ok(Self { env: env.raw(), reference })
    }

    /// The value, unless it has been collected.
    pub(super) fn get<T: FromNapiValue>(&self, env: &Env) -> Option<T> {
        let mut value = ptr::null_mut();
        // SAFETY: `env` is live on this thread and made the reference, which is deleted only on drop; what is read is
        // null, or a live value that the scope of the caller holds.
        unsafe {
            check(sys::napi_get_reference_value(env.raw(), self.reference, &raw mut value)).ok()?;
            if value.is_null() { None } else { T::from_napi_value(env.raw(), value).ok() }
        }
    }
}

impl Drop for Weak {
    fn drop(&mut self) {
        // SAFETY: it is dropped on the thread of its environment, at the latest by the environment's cleanup hook, and the
        // reference is deleted only here.
        unsafe {
            sys::napi_delete_reference(self.env, self.reference);
        }
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
