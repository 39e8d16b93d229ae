//! What Fallcast keeps for each JavaScript thread that loaded it: the promises that are pending there, and the one
//! thread-safe function through which everything that other threads have for it arrives, in batches.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};

use napi::bindgen_prelude::{
    CallbackContext, FnArgs, FromNapiValue, Function, FunctionRef, JsObjectValue, Object, ObjectRef, PromiseRaw,
};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, JsValue, Status, Unknown, ValueType};
use tokio_util::sync::CancellationToken;

use super::abort::{AbortListener, LastSignal, Shared};
use super::error::{self, Failed};
use super::inbox::{Inbox, Mailbox, Sender, Settled};
use super::node::{Deferred, Weak, keep_alive, take_exception};
use super::record::Objects;
use crate::call_id::CallIds;
use crate::error::EngineError;

/// Calls the drain on the JavaScript thread; does not keep the process alive by itself.
type Wake = ThreadsafeFunction<(), (), (), Status, false, true>;

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

/// A function that takes a count and an event target.
type SetMaxListeners = FunctionRef<FnArgs<(u32, Object<'static>)>, ()>;

thread_local! {
    static REALM: RefCell<Option<Rc<Realm>>> = const { RefCell::new(None) };
}

/// The state of one JavaScript thread.
pub(super) struct Realm {
    wake: Arc<OnceLock<Wake>>,
    inbox: Arc<Inbox>,
    pending: RefCell<HashMap<u64, Pending>>,
    listeners: RefCell<HashMap<u64, Kept>>,
    /// A `WeakMap` from each owner to an object that has its listeners by their numbers.
    owners: ObjectRef<false>,
    next: Cell<u64>,
    last_signal: RefCell<LastSignal>,
    objects: Objects,
    /// `setMaxListeners` of `node:events`, if there is one.
    set_max_listeners: Option<SetMaxListeners>,
    /// Cancelled when the thread's environment ends, with every call that began in it.
    ended: CancellationToken,
}

/// A promise that is not settled yet.
struct Pending {
    deferred: Deferred,
    /// What it would be rejected with: made while the caller is on the stack, so that its `stack` tells who called.
    error: ObjectRef<false>,
    abort: Option<AbortListener>,
    /// The engine whose listeners are to be told until then.
    owner: Option<ObjectRef<false>>,
}

/// Where another thread delivers the end of one call. Dropped without having done so, it reports a defect, so that no
/// promise stays pending for ever.
pub(super) struct Delivery {
    number: u64,
    /// The call whose end it is, if it is one's.
    ids: Option<Arc<CallIds>>,
    inbox: Arc<Inbox>,
    delivered: bool,
}

impl Realm {
    /// The state of this thread, made at its first use; again if its environment has ended and it has another.
    pub(super) fn current(env: &Env) -> napi::Result<Rc<Self>> {
        if let Some(realm) = Self::known() {
            return Ok(realm);
        }
        let new = Self::new(env)?;
        REALM.set(Some(Rc::clone(&new)));
        Ok(new)
    }

    fn known() -> Option<Rc<Self>> {
        REALM.with_borrow(Clone::clone)
    }

    fn new(env: &Env) -> napi::Result<Rc<Self>> {
        let wake: Arc<OnceLock<Wake>> = Arc::default();
        let ringing = Arc::clone(&wake);
        let inbox = Arc::new(Inbox::new(Box::new(move || {
            if let Some(wake) = ringing.get() {
                wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
            }
        })));
        let drain = env.create_function_from_closure::<(), (), _>("fallcast", |context| {
            if let Some(realm) = Self::known() {
                realm.drain(context.env);
            }
            Ok(())
        })?;
        let function = drain.build_threadsafe_function::<()>().weak::<true>().build_callback(|_| Ok(()))?;
        // The cell was made above and is still empty.
        let _ = wake.set(function);
        let realm = Rc::new(Self {
            wake,
            inbox,
            pending: RefCell::default(),
            listeners: RefCell::default(),
            owners: new_weak_map(env)?,
            next: Cell::new(0),
            last_signal: RefCell::default(),
            objects: Objects::new(env)?,
            set_max_listeners: find_set_max_listeners(env).ok(),
            ended: CancellationToken::new(),
        });
        env.add_env_cleanup_hook(Rc::clone(&realm), |realm| realm.end())?;
        Ok(realm)
    }

    /// Has a function of the user's called with whatever is written to the line, as long as its owner lives.
    pub(super) fn listen(&self, env: &Env, listener: Listener<'_>, owner: Owner<'_>) -> napi::Result<(u64, Sender)> {
        let number = self.number();
        let kept = match owner {
            None => Kept::Always(Rc::new(listener.create_ref()?)),
            Some(owner) => {
                let mut listeners = self.listeners_of(env, owner)?;
                listeners.set(number.to_string(), listener)?;
                Kept::ByOwner {
                    function: Rc::new(Weak::new(env, &listener)?),
                    listeners: Rc::new(Weak::new(env, &listeners)?),
                }
            }
        };
        self.listeners.borrow_mut().insert(number, kept);
        Ok((number, Sender::new(Arc::clone(&self.inbox), number)))
    }

    /// The object that has the listeners of an owner.
    fn listeners_of<'env>(&self, env: &'env Env, owner: Object<'_>) -> napi::Result<Object<'env>> {
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
        let kept = self.listeners.borrow_mut().remove(&listener);
        if let Some(Kept::ByOwner { listeners, .. }) = kept
            && let Some(mut listeners) = listeners.get::<Object<'_>>(env)
        {
            // It is a plain object of ours, which refuses nothing.
            let _ = listeners.delete_named_property(listener.to_string());
        }
    }

    fn number(&self) -> u64 {
        self.next.replace(self.next.get() + 1)
    }

    /// A signal for one call, cancelled at the latest when this thread's environment ends.
    pub(super) fn call_token(&self) -> CancellationToken {
        self.ended.child_token()
    }

    /// A promise that is settled when the delivery is made; until then the process stays alive.
    pub(super) fn promise<'env, T>(
        &self,
        env: &'env Env,
        ids: Option<Arc<CallIds>>,
        abort: Option<AbortListener>,
        owner: Owner<'_>,
    ) -> napi::Result<(Delivery, PromiseRaw<'env, T>)> {
        let (deferred, promise) = Deferred::new(env)?;
        let error = error::blank(env)?.create_ref()?;
        let owner = owner.map(|owner| owner.create_ref()).transpose()?;
        let number = self.number();
        let mut pending = self.pending.borrow_mut();
        pending.insert(number, Pending { deferred, error, abort, owner });
        if pending.len() == 1 {
            self.keep_alive(env, true);
        }
        Ok((Delivery { number, ids, inbox: Arc::clone(&self.inbox), delivered: false }, promise))
    }

    /// Hands over all that has arrived: what listeners are told first, then results.
    fn drain(&self, env: &Env) {
        let waiting = self.inbox.take();
        for mailbox in waiting.mailboxes {
            self.tell(env, mailbox);
        }
        for listener in waiting.forgotten {
            self.let_go(env, listener);
        }
        for (call, result) in waiting.settled {
            let Some(pending) = self.pending.borrow_mut().remove(&call) else { continue };
            // A failure here means that the environment is being torn down and runs no more JavaScript.
            let _ = env.run_in_scope(|| pending.settle(env, &self.objects, result));
            take_exception(env);
        }
        if self.pending.borrow().is_empty() {
            self.keep_alive(env, false);
        }
    }

    fn tell(&self, env: &Env, Mailbox { listener, records, mut dropped }: Mailbox) {
        for record in records {
            // Any call may have been the one in which the listener was let go.
            let Some(kept) = self.listeners.borrow().get(&listener).cloned() else { return };
            let dropped = std::mem::take(&mut dropped);
            // A listener must not change what it is told of, so what it throws, or its promise rejects with, is dropped.
            let _ = env.run_in_scope(|| {
                let Some(function) = kept.function(env)? else { return Ok(()) };
                let mut told = self.objects.make(env, record)?;
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

    fn keep_alive(&self, env: &Env, alive: bool) {
        if let Some(wake) = self.wake.get() {
            keep_alive(env, wake.raw(), alive);
        }
    }

    /// The signal that was listened to last, if a call still listens to it.
    pub(super) fn last_signal(&self) -> Option<Rc<Shared>> {
        self.last_signal.borrow().upgrade()
    }

    pub(super) fn set_last_signal(&self, signal: &Rc<Shared>) {
        *self.last_signal.borrow_mut() = Rc::downgrade(signal);
    }

    /// Tells Node.js that a signal may have many listeners, one for each call that shares it; it would warn of a leak.
    pub(super) fn allow_many_listeners(&self, env: &Env, signal: Object<'_>) {
        if let Some(set_max_listeners) = &self.set_max_listeners {
            let _ = set_max_listeners.borrow_back(env).and_then(|set| set.call((0, signal).into()));
            // The signal may be somebody's own kind, which Node.js does not know.
            take_exception(env);
        }
    }

    /// Cancels what began on this thread and lets go of its JavaScript values while they still may be touched.
    fn end(&self) {
        self.ended.cancel();
        self.inbox.close();
        self.pending.borrow_mut().clear();
        self.listeners.borrow_mut().clear();
        REALM.take();
    }
}

fn new_weak_map(env: &Env) -> napi::Result<ObjectRef<false>> {
    let constructor: Function<'_, (), ()> = env.get_global()?.get_named_property("WeakMap")?;
    let map = constructor.new_instance(())?;
    Object::from_raw(env.raw(), map.raw()).create_ref()
}

fn find_set_max_listeners(env: &Env) -> napi::Result<SetMaxListeners> {
    let process: Object<'_> = env.get_global()?.get_named_property("process")?;
    let get: Function<'_, &str, Object<'_>> = process.get_named_property("getBuiltinModule")?;
    let set: Function<'_, FnArgs<(u32, Object<'static>)>, ()> =
        get.apply(process, "node:events")?.get_named_property("setMaxListeners")?;
    set.create_ref()
}

impl Pending {
    fn settle(self, env: &Env, objects: &Objects, result: Settled) -> napi::Result<()> {
        let is_abort = matches!(&result, Settled::Failed(failed) if failed.is_abort);
        let cause = self.abort.and_then(|abort| abort.detach(env, is_abort));
        match result {
            Settled::Outcome(outcome) => self.deferred.resolve(env, objects.make(env, outcome)?),
            Settled::Number(number) => self.deferred.resolve(env, number),
            Settled::Done => self.deferred.resolve(env, ()),
            Settled::Failed(failed) => {
                let error = self.error.get_value(env)?;
                failed.fill(env, objects, error, cause)?;
                self.deferred.reject(env, error)
            }
        }?;
        if let Some(owner) = self.owner {
            owner.unref(env)?;
        }
        self.error.unref(env)
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

impl Delivery {
    /// Delivers the end of the call.
    pub(super) fn deliver(mut self, result: Settled) {
        self.settle(result);
    }

    /// Delivers the failure of the call.
    pub(super) fn fail(mut self, error: &EngineError) {
        self.settle(Settled::Failed(Failed::new(error, self.ids.as_deref())));
    }

    fn settle(&mut self, result: Settled) {
        self.delivered = true;
        self.inbox.settle(self.number, result);
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        if !self.delivered {
            let error = EngineError::Internal("the call ended without a result".to_owned());
            self.settle(Settled::Failed(Failed::new(&error, self.ids.as_deref())));
        }
    }
}
