//! `AbortSignal`: read once, listened to while a call runs, and let go when it has settled.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use napi::bindgen_prelude::{FnArgs, FromNapiValue, Function, FunctionRef, JsObjectValue, Object, ObjectRef};
use napi::{Env, JsValue, Unknown, ValueType};
use tokio_util::sync::CancellationToken;

use super::mistake::Mistake;
use super::node::take_exception;
use crate::check::Faults;
use crate::error::EngineError;

/// Where a signal stands.
const PATH: &str = "options.signal";
/// What is wrong with what is none.
const NO_SIGNAL: &str = "must be an AbortSignal";

/// What `addEventListener` and `removeEventListener` take.
type ListenerArgs<'a> = FnArgs<(&'static str, Function<'a, (), ()>)>;

/// A function that takes a count and an event target.
type SetMaxListeners = FunctionRef<FnArgs<(u32, Object<'static>)>, ()>;

/// Listens to a signal for one call. Calls that come one after the other with the same signal share one listener and
/// one token, so that it ends them all at the same moment.
pub(super) struct AbortListener(Rc<SharedListener>);

struct SharedListener {
    signal: ObjectRef<false>,
    listener: FunctionRef<(), ()>,
    token: CancellationToken,
}

/// What one JavaScript thread knows of the signals that it listens to.
pub(super) struct Signals {
    /// The one that was listened to last, as long as a call listens to it.
    last: RefCell<Weak<SharedListener>>,
    /// `setMaxListeners` of `node:events`, if there is one.
    set_max_listeners: Option<SetMaxListeners>,
}

/// A signal as it is read: what it is, and what listens to it.
struct Signal<'a> {
    object: Object<'a>,
    aborted: bool,
    add: Function<'a, ListenerArgs<'a>, ()>,
}

/// Adds a fault unless `value` is a signal.
pub(super) fn check(env: &Env, value: Unknown<'_>, faults: &mut Faults) -> napi::Result<()> {
    if Signal::read(env, value)?.is_none() {
        faults.push(PATH, NO_SIGNAL);
    }
    Ok(())
}

impl<'a> Signal<'a> {
    /// `None` if it is none.
    fn read(env: &Env, value: Unknown<'a>) -> napi::Result<Option<Self>> {
        if value.get_type()? != ValueType::Object {
            return Ok(None);
        }
        let object = Object::from_raw(env.raw(), value.raw());
        let aborted: Unknown<'_> = object.get_named_property_unchecked("aborted")?;
        let add: Unknown<'_> = object.get_named_property_unchecked("addEventListener")?;
        if aborted.get_type()? != ValueType::Boolean || add.get_type()? != ValueType::Function {
            return Ok(None);
        }
        Ok(Some(Self { object, aborted: bool::from_unknown(aborted)?, add: Function::from_unknown(add)? }))
    }
}

impl AbortListener {
    /// Listens to a signal. The token of it is cancelled when the signal is aborted; at once if it is already. `token`
    /// makes one, where no call listens to the signal yet.
    pub(super) fn attach(
        env: &Env,
        signals: &Signals,
        value: Unknown<'_>,
        token: impl FnOnce() -> CancellationToken,
    ) -> Result<Self, Mistake> {
        let Some(Signal { object: signal, aborted, add }) = Signal::read(env, value)? else {
            return Err(EngineError::invalid(PATH, NO_SIGNAL).into());
        };
        let last = signals.last.borrow().upgrade();
        if let Some(shared) = last
            && env.strict_equals(shared.signal.get_value(env)?, signal)?
        {
            if aborted {
                shared.token.cancel();
            }
            return Ok(Self(shared));
        }
        let token = token();
        let cancelled = token.clone();
        let listener = env.create_function_from_closure::<(), (), _>("abort", move |_| {
            cancelled.cancel();
            Ok(())
        })?;
        let shared = Rc::new(SharedListener { signal: signal.create_ref()?, listener: listener.create_ref()?, token });
        if aborted {
            shared.token.cancel();
        } else {
            signals.allow_many_listeners(env, signal);
            add.apply(signal, ("abort", listener).into())?;
        }
        *signals.last.borrow_mut() = Rc::downgrade(&shared);
        Ok(Self(shared))
    }

    /// Cancelled when the signal is aborted.
    pub(super) fn token(&self) -> CancellationToken {
        self.0.token.clone()
    }

    /// Removes the listener if no other call shares it, and returns the signal's reason if it is `wanted` and there is
    /// one. Whatever the signal's own code does, nothing stays pending.
    pub(super) fn detach(self, env: &Env, wanted: bool) -> Option<Unknown<'_>> {
        let reason = self.remove(env, wanted).ok().flatten();
        take_exception(env);
        reason
    }

    fn remove(self, env: &Env, wanted: bool) -> napi::Result<Option<Unknown<'_>>> {
        let signal = self.0.signal.get_value(env)?;
        if let Some(last) = Rc::into_inner(self.0) {
            let listener = last.listener.borrow_back(env)?;
            last.signal.unref(env)?;
            // Whether or not this succeeds, the reason is still to be read.
            let removed = signal
                .get_named_property::<Function<'_, ListenerArgs<'_>, ()>>("removeEventListener")
                .and_then(|remove| remove.apply(signal, ("abort", listener).into()));
            if removed.is_err() {
                take_exception(env);
            }
        }
        if !wanted {
            return Ok(None);
        }
        let reason: Unknown<'_> = signal.get_named_property("reason")?;
        Ok((reason.get_type()? != ValueType::Undefined).then_some(reason))
    }
}

impl Signals {
    /// None yet.
    pub(super) fn new(env: &Env) -> Self {
        Self { last: RefCell::default(), set_max_listeners: find_set_max_listeners(env).ok() }
    }

    /// Tells Node.js that a signal may have many listeners, one for each call that shares it; it would warn of a leak.
    fn allow_many_listeners(&self, env: &Env, signal: Object<'_>) {
        if let Some(set_max_listeners) = &self.set_max_listeners {
            let _ = set_max_listeners.borrow_back(env).and_then(|set| set.call((0, signal).into()));
            // The signal may be somebody's own kind, which Node.js does not know.
            take_exception(env);
        }
    }
}

fn find_set_max_listeners(env: &Env) -> napi::Result<SetMaxListeners> {
    let process: Object<'_> = env.get_global()?.get_named_property("process")?;
    let get: Function<'_, &str, Object<'_>> = process.get_named_property("getBuiltinModule")?;
    let set: Function<'_, FnArgs<(u32, Object<'static>)>, ()> =
        get.apply(process, "node:events")?.get_named_property("setMaxListeners")?;
    set.create_ref()
}
