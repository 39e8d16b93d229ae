//! What a function gives whose promise is rejected already.

use napi::Env;
use napi::bindgen_prelude::PromiseRaw;

use super::error::{Failed, into_engine_error};
use super::mistake::Mistake;
use super::realm::Realm;

/// A promise that is rejected already.
pub(super) fn rejected<T>(env: &Env, mistake: Mistake) -> napi::Result<PromiseRaw<'_, T>> {
    let (error, cause) = into_engine_error(env, mistake);
    Realm::current(env)?.refuse(env, Failed::refused(&error, None), cause)
}
