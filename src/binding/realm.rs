//! What Fallcast keeps for each JavaScript thread that loaded it: the promises that are pending there, and the one
//! thread-safe function through which everything that other threads have for it arrives, in batches.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};

use napi::bindgen_prelude::{ObjectRef, PromiseRaw};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, Status};
use tokio_util::sync::CancellationToken;

use super::abort::{AbortListener, Signals};
use super::error::{self, Failed};
use super::inbox::{Inbox, Sender, Settled};
use super::listeners::{Listener, Listeners, Owner};
use super::node::{Deferred, keep_alive, take_exception};
use super::record::Objects;
use crate::call_id::CallIds;
use crate::error::EngineError;

/// Calls the drain on the JavaScript thread; does not keep the process alive by itself.
type Wake = ThreadsafeFunction<(), (), (), Status, false, true>;

thread_local! {
    static REALM: RefCell<Option<Rc<Realm>>> = const { RefCell::new(None) };
}

/// The state of one JavaScript thread.
pub(super) struct Realm {
    wake: Arc<OnceLock<Wake>>,
    inbox: Arc<Inbox>,
    pending: RefCell<HashMap<u64, PendingPromise>>,
    listeners: Listeners,
    next: Cell<u64>,
    signals: Signals,
    objects: Objects,
    /// Cancelled when the thread's environment ends, with every call that began in it.
    ended: CancellationToken,
}

/// A promise that is not settled yet.
struct PendingPromise {
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
            listeners: Listeners::new(env)?,
            next: Cell::new(0),
            signals: Signals::new(env),
            objects: Objects::new(env)?,
            ended: CancellationToken::new(),
        });
        env.add_env_cleanup_hook(Rc::clone(&realm), |realm| realm.end())?;
        Ok(realm)
    }

    /// Has a function of the user's called with whatever is written to the sender, as long as its owner lives.
    pub(super) fn listen(&self, env: &Env, listener: Listener<'_>, owner: Owner<'_>) -> napi::Result<(u64, Sender)> {
        let number = self.number();
        self.listeners.add(env, number, listener, owner)?;
        Ok((number, Sender::new(Arc::clone(&self.inbox), number)))
    }

    /// Never calls that function again, whatever waits for it.
    pub(super) fn let_go(&self, env: &Env, listener: u64) {
        self.listeners.let_go(env, listener);
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
        pending.insert(number, PendingPromise { deferred, error, abort, owner });
        if pending.len() == 1 {
            self.keep_alive(env, true);
        }
        Ok((Delivery { number, ids, inbox: Arc::clone(&self.inbox), delivered: false }, promise))
    }

    /// Hands over all that has arrived: what listeners are told first, then results.
    fn drain(&self, env: &Env) {
        let waiting = self.inbox.take();
        for mailbox in waiting.mailboxes {
            self.listeners.tell(env, &self.objects, mailbox);
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

    fn keep_alive(&self, env: &Env, alive: bool) {
        if let Some(wake) = self.wake.get() {
            keep_alive(env, wake.raw(), alive);
        }
    }

    /// Where this thread listens to signals.
    pub(super) fn signals(&self) -> &Signals {
        &self.signals
    }

    /// Cancels what began on this thread and lets go of its JavaScript values while they still may be touched.
    fn end(&self) {
        self.ended.cancel();
        self.inbox.close();
        self.pending.borrow_mut().clear();
        self.listeners.clear();
        REALM.take();
    }
}

impl PendingPromise {
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
