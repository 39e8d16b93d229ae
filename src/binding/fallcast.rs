//! The class: an engine of one's own. Its methods are in `methods.rs`.

use std::cell::Cell;

use napi::bindgen_prelude::{Object, PromiseRaw, This};
use napi::{Env, Unknown};
use napi_derive::napi;

use super::error::{Thrown, thrown};
use super::half::Owner;
use super::handle::Handle;
use super::realm::Realm;
use super::refusal::rejected;

/// An engine with a catalogue, a health and a budget of its own, apart from the one that the module's functions share.
#[napi]
pub struct Fallcast {
    pub(super) handle: Handle,
    /// Whether anybody was ever to be told anything of it.
    is_listened_to: Cell<bool>,
}

#[napi]
impl Fallcast {
    /// Builds an engine. Keys are read from the environment now; an empty one is no key.
    ///
    /// Throws `INVALID_CONFIG` with every fault, a line each, and its path.
    #[napi(constructor)]
    pub fn new(
        env: &Env,
        this: This<'_>,
        #[napi(ts_arg_type = "Config | null")] config: Option<Unknown<'_>>,
    ) -> Result<Self, Thrown> {
        let handle = Handle::new(env, config, Some(this.object)).map_err(|mistake| thrown(env, mistake))?;
        Ok(Self { is_listened_to: Cell::new(handle.has_log()), handle })
    }

    /// Rejects what is pending, and every later prediction, with `CLOSED`; what is known can still be asked. Writes the
    /// state file for the last time. Resolves when nothing is left running.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn close<'env>(&self, env: &'env Env, this: This<'env>) -> napi::Result<PromiseRaw<'env, ()>> {
        self.handle.close(env, self.caller(env, this).owner()).or_else(|mistake| rejected(env, mistake))
    }
}

impl Fallcast {
    /// Who calls a method of `this`. What this thread called before it comes before it.
    pub(super) fn caller<'s, 'env>(&'s self, env: &Env, this: This<'env>) -> Caller<'s, 'env> {
        Realm::flush(env);
        Caller(Some((this.object, &self.is_listened_to)))
    }
}

/// Who calls a method: the object of an engine of one's own, or the module, which has none.
#[derive(Clone, Copy, Default)]
pub(super) struct Caller<'s, 'env>(Option<(Object<'env>, &'s Cell<bool>)>);

impl<'env> Caller<'_, 'env> {
    /// The object, if it has to live on until what it was called for has ended: its listeners live as long as it does.
    pub(super) fn owner(self) -> Owner<'env> {
        self.0.filter(|(_, is_listened_to)| is_listened_to.get()).map(|(object, _)| object)
    }

    /// The object, which is listened to from now on.
    pub(super) fn listening(self) -> Owner<'env> {
        self.0.map(|(object, is_listened_to)| {
            is_listened_to.set(true);
            object
        })
    }
}
