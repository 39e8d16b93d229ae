//! The user's functions that are told something on one JavaScript thread.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use napi::bindgen_prelude::{
    CallbackContext, FnArgs, FromNapiValue, Function, FunctionRef, JsObjectValue, Object, ObjectRef, PromiseRaw,
};
use napi::{Env, JsValue, Unknown, ValueType};

use super::inbox::Mailbox;
use super::node::{Weak, take_exception};
use super::record::Objects;

/// A user's function that is told something, while it is at hand.
pub(super) type Listener<'a> = Function<'a, Object<'static>, Unknown<'static>>;

/// The object of JavaScript that an engine is; `None` for the engine that the module's functions share, which is none.
pub(super) type Owner<'a> = Option<Object<'a>>;

/// A user's function, kept.
#[derive(Clone)]
enum Kept {
    /// As long as it is not let go.
    Always(Rc<FunctionRef<Object<'static>, Unknown<'static>>>),
    /// As long as its owner lives, which alone keeps it alive: so an engine that nothing but its own listeners names can
    /// be collected with them.
    ByOwner { function: Rc<Weak>, listeners: Rc<Weak> },
}

/// The listeners of one thread, by their numbers.
pub(super) struct Listeners {
    kept: RefCell<HashMap<u64, Kept>>,
    /// A `WeakMap` from each owner to an object that has its listeners by their numbers.
    owners: ObjectRef<false>,
}

impl Listeners {
    /// None yet.
    pub(super) fn new(env: &Env) -> napi::Result<Self> {
        let constructor: Function<'_, (), ()> = env.get_global()?.get_named_property("WeakMap")?;
        let map = constructor.new_instance(())?;
        Ok(Self { kept: RefCell::default(), owners: Object::from_raw(env.raw(), map.raw()).create_ref()? })
    }

    /// Keeps a function, as long as its owner lives.
    pub(super) fn add(&self, env: &Env, number: u64, listener: Listener<'_>, owner: Owner<'_>) -> napi::Result<()> {
        let kept = match owner {
            None => Kept::Always(Rc::new(listener.create_ref()?)),
            Some(owner) => {
                let mut listeners = self.of_owner(env, owner)?;
                listeners.set(number.to_string(), listener)?;
                Kept::ByOwner {
                    function: Rc::new(Weak::new(env, &listener)?),
                    listeners: Rc::new(Weak::new(env, &listeners)?),
                }
            }
        };
        self.kept.borrow_mut().insert(number, kept);
        Ok(())
    }

    /// The object that has the listeners of an owner.
    fn of_owner<'env>(&self, env: &'env Env, owner: Object<'_>) -> napi::Result<Object<'env>> {
        let owners = self.owners.get_value(env)?;
        let get: Function<'_, Object<'_>, Unknown<'_>> = owners.get_named_property("get")?;
        let known = get.apply(owners, owner)?;
        if known.get_type()? == ValueType::Object {
            return Ok(Object::from_raw(env.raw(), known.raw()));
        }
        let listeners = Object::new(env)?;
        let set: Function<'_, FnArgs<(Object<'_>, Object<'_>)>, Unknown<'_>> = owners.get_named_property("set")?;
        set.apply(owners, (owner, listeners).into())?;
        Ok(listeners)
    }

    /// Never calls that function again, whatever waits for it.
    pub(super) fn let_go(&self, env: &Env, listener: u64) {
        let kept = self.kept.borrow_mut().remove(&listener);
        if let Some(Kept::ByOwner { listeners, .. }) = kept
            && let Some(mut listeners) = listeners.get::<Object<'_>>(env)
        {
            // It is a plain object of ours, which refuses nothing.
            let _ = listeners.delete_named_property(listener.to_string());
        }
    }

    /// Lets go of all of them.
    pub(super) fn clear(&self) {
        self.kept.borrow_mut().clear();
    }

    /// Calls a listener with all that waits for it.
    pub(super) fn tell(&self, env: &Env, objects: &Objects, Mailbox { listener, records, mut dropped }: Mailbox) {
        for record in records {
            // Any call may have been the one in which the listener was let go.
            let Some(kept) = self.kept.borrow().get(&listener).cloned() else { return };
            let dropped = std::mem::take(&mut dropped);
            // A listener must not change what it is told of, so what it throws, or its promise rejects with, is dropped.
            let _ = env.run_in_scope(|| {
                let Some(function) = kept.function(env)? else { return Ok(()) };
                let mut told = objects.make(env, record)?;
                told.set("dropped", dropped)?;
                let returned = function.call(told)?;
                if returned.is_promise()? {
                    PromiseRaw::<()>::from_unknown(returned)?.catch(|_: CallbackContext<Unknown<'_>>| Ok(()))?;
                }
                napi::Result::Ok(())
            });
            take_exception(env);
        }
    }
}

impl Kept {
    /// The function, unless it is collected.
    fn function<'env>(&self, env: &'env Env) -> napi::Result<Option<Listener<'env>>> {
        match self {
            Self::Always(function) => function.borrow_back(env).map(Some),
            Self::ByOwner { function, .. } => Ok(function.get(env)),
        }
    }
}
