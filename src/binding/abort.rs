//! `AbortSignal`: read once, listened to while a call runs, and let go when it has settled.

use std::rc::{Rc, Weak};

use napi::bindgen_prelude::{FnArgs, Function, FunctionRef, JsObjectValue, Object, ObjectRef};
use napi::{Env, JsValue, Unknown, ValueType};
use tokio_util::sync::CancellationToken;

use super::node::take_exception;
use super::read::Mistake;
use super::realm::Realm;

/// What `addEventListener` and `removeEventListener` take.
type ListenerArgs<'a> = FnArgs<(&'static str, Function<'a, (), ()>)>;

/// Listens to a signal for one call. Calls that come one after the other with the same signal share one listener and
/// one token, so that it ends them all at the same moment.
pub(super) struct AbortListener(Rc<Shared>);

/// The signal that was listened to last, as long as a call listens to it.
pub(super) type LastSignal = Weak<Shared>;

pub(super) struct Shared {
    signal: ObjectRef<false>,
    listener: FunctionRef<(), ()>,
    token: CancellationToken,
}

impl AbortListener {
    /// Listens to `signal`. Its token is cancelled when the signal is aborted; at once if it is already.
    pub(super) fn attach(env: &Env, realm: &Realm, signal: Unknown<'_>) -> Result<Self, Mistake> {
        let not_a_signal = || Mistake::request("options.signal: must be an AbortSignal");
        if signal.get_type()? != ValueType::Object {
            return Err(not_a_signal());
        }
        let signal = Object::from_raw(env.raw(), signal.raw());
        let (Ok(aborted), Ok(add)) = (
            signal.get_named_property::<bool>("aborted"),
            signal.get_named_property::<Function<'_, ListenerArgs<'_>, ()>>("addEventListener"),
        ) else {
            return Err(not_a_signal());
        };
        if let Some(shared) = realm.last_signal()
            && env.strict_equals(shared.signal.get_value(env)?, signal)?
        {
            if aborted {
                shared.token.cancel();
            }
            return Ok(Self(shared));
        }
        let token = realm.call_token();
        let cancelled = token.clone();
        let listener = env.create_function_from_closure::<(), (), _>("abort", move |_| {
            cancelled.cancel();
            Ok(())
        })?;
        let shared = Rc::new(Shared { signal: signal.create_ref()?, listener: listener.create_ref()?, token });
        if aborted {
            shared.token.cancel();
        } else {
            realm.allow_many_listeners(env, signal);
            add.apply(signal, ("abort", listener).into())?;
        }
        realm.set_last_signal(&shared);
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
