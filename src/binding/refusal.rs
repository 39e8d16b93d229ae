//! What a function gives where it does not do what it was asked: it throws, or its promise is rejected already.

use napi::Env;
use napi::bindgen_prelude::PromiseRaw;

use super::error::{Failed, Thrown, into_engine_error, thrown};
use super::mistake::Mistake;
use super::realm::Realm;

/// A promise that is rejected already.
pub(super) fn rejected<T>(env: &Env, mistake: Mistake) -> napi::Result<PromiseRaw<'_, T>> {
    let (error, cause) = into_engine_error(env, mistake);
    Realm::current(env)?.refuse(env, Failed::refused(&error, None), cause)
}

/// What a function gives where a [`Mistake`] was made: it throws, or its promise is rejected.
pub(super) trait Refuse<'env>: Sized {
    /// Refuses for this mistake.
    fn refuse(env: &'env Env, mistake: Mistake) -> Self;
}

impl<T> Refuse<'_> for Result<T, Thrown> {
    fn refuse(env: &Env, mistake: Mistake) -> Self {
        Err(thrown(env, mistake))
    }
}

impl<'env, T> Refuse<'env> for napi::Result<PromiseRaw<'env, T>> {
    fn refuse(env: &'env Env, mistake: Mistake) -> Self {
        rejected(env, mistake)
    }
}
