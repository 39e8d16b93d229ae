//! What Fallcast keeps for each JavaScript thread that loaded it: that thread's half of the crossing, and the one
//! thread-safe function through which everything that other threads have for it arrives, in batches.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};

use napi::bindgen_prelude::{Array, Object, PromiseRaw};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, Status, Unknown};
use tokio_util::sync::CancellationToken;

use super::abort::{AbortListener, Signals};
use super::error::Failed;
use super::half::{Half, Listener, Owner};
use super::inbox::{Inbox, Sender, Settled, Waiting};
use super::node::{keep_alive, take_exception};
use super::record::{Batch, Record};
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
    half: Half,
    /// How many promises are pending.
    pending: Cell<usize>,
    /// The signals of those that have one.
    aborts: RefCell<HashMap<u32, AbortListener>>,
    signals: Signals,
    batch: RefCell<Batch>,
    /// Cancelled when the thread's environment ends, with every call that began in it.
    ended: CancellationToken,
}

/// Where another thread delivers the end of one call. Dropped without having done so, it reports a defect, so that no
/// promise stays pending for ever.
pub(super) struct Delivery {
    number: u32,
    /// The call whose end it is, if it is one's.
    ids: Option<Arc<CallIds>>,
    inbox: Arc<Inbox>,
    delivered: bool,
}

impl Realm {
    /// The state of this thread, which the package's entry made.
    pub(super) fn current(_: &Env) -> napi::Result<Rc<Self>> {
        Self::known().ok_or_else(|| napi::Error::from_reason("it was not loaded by its entry, main.js"))
    }

    fn known() -> Option<Rc<Self>> {
        REALM.with_borrow(Clone::clone)
    }

    /// Joins this thread's half of the crossing, and returns it; the one that came first, if one has.
    pub(super) fn join<'env>(env: &'env Env, half: Object<'env>) -> napi::Result<Object<'env>> {
        if let Some(realm) = Self::known() {
            return realm.half.object(env);
        }
        REALM.set(Some(Self::new(env, half)?));
        Ok(half)
    }

    fn new(env: &Env, half: Object<'_>) -> napi::Result<Rc<Self>> {
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
            half: Half::new(half)?,
            pending: Cell::new(0),
            aborts: RefCell::default(),
            signals: Signals::new(env),
            batch: RefCell::default(),
            ended: CancellationToken::new(),
        });
        env.add_env_cleanup_hook(Rc::clone(&realm), |realm| realm.end())?;
        Ok(realm)
    }

    /// Has a function of the user's called with whatever is written to the sender, as long as its owner lives.
    pub(super) fn listen(&self, env: &Env, listener: Listener<'_>, owner: Owner<'_>) -> napi::Result<(u32, Sender)> {
        let number = self.half.listen(env, listener, owner)?;
        Ok((number, Sender::new(Arc::clone(&self.inbox), number)))
    }

    /// Never calls that function again, whatever waits for it.
    pub(super) fn let_go(&self, env: &Env, listener: u32) {
        // A failure here means that the environment is being torn down and runs no more JavaScript.
        let _ = self.half.let_go(env, listener);
        take_exception(env);
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
        let (number, promise) = self.half.expect(env, owner)?;
        if let Some(abort) = abort {
            self.aborts.borrow_mut().insert(number, abort);
        }
        self.expect(env, 1);
        Ok((Delivery { number, ids, inbox: Arc::clone(&self.inbox), delivered: false }, promise))
    }

    /// A promise that is rejected already. `cause` is what the user's own code threw, if it did.
    pub(super) fn refuse<'env, T>(
        &self,
        env: &'env Env,
        failed: Failed,
        cause: Option<Unknown<'_>>,
    ) -> napi::Result<PromiseRaw<'env, T>> {
        self.half.refuse(env, failed.record, cause)
    }

    /// The object that a record is, at once.
    pub(super) fn object(&self, env: &Env, record: Record) -> napi::Result<Object<'static>> {
        self.half.take(env, record)
    }

    /// Where the calls are delivered whose promises have these numbers: they were made where the calls were gathered.
    pub(super) fn deliveries(&self, env: &Env, numbers: impl ExactSizeIterator<Item = u32>) -> Vec<Delivery> {
        self.expect(env, numbers.len());
        let delivery = |number| Delivery { number, ids: None, inbox: Arc::clone(&self.inbox), delivered: false };
        numbers.map(delivery).collect()
    }

    fn expect(&self, env: &Env, promises: usize) {
        self.inbox.expect(promises);
        if self.pending.replace(self.pending.get() + promises) == 0 && promises > 0 {
            self.keep_alive(env, true);
        }
    }

    /// What is to be read of the calls that cross: so many numbers.
    pub(super) fn asked(&self, length: usize) -> &[i32] {
        self.half.asked(length)
    }

    /// Has the calls cross that this thread has gathered, so that they come before whatever is asked for now.
    pub(super) fn flush(env: &Env) {
        if let Some(realm) = Self::known() {
            // A failure here means that the environment is being torn down.
            let _ = realm.half.flush(env);
        }
    }

    /// Hands over all that has arrived: what listeners are told first, then results.
    fn drain(&self, env: &Env) {
        let Waiting { mailboxes, forgotten, settled, .. } = self.inbox.take();
        let mut batch = self.batch.take();
        for mailbox in mailboxes {
            let mut dropped = mailbox.dropped;
            for record in mailbox.records {
                batch.tell(mailbox.listener, std::mem::take(&mut dropped), record);
                self.deliver(env, &mut batch, &mut Vec::new(), false);
            }
        }
        for listener in forgotten {
            batch.forget(listener);
        }
        let mut causes = Vec::new();
        for (number, result) in settled {
            self.pending.set(self.pending.get().saturating_sub(1));
            let abort = self.aborts.borrow_mut().remove(&number);
            let is_abort = matches!(&result, Settled::Failed(failed) if failed.is_abort);
            let reason = abort.and_then(|abort| abort.detach(env, is_abort));
            let cause = if reason.is_some() { u32::try_from(causes.len() + 1).unwrap_or_default() } else { 0 };
            causes.extend(reason);
            match result {
                Settled::Outcome(outcome) => batch.resolve(number, outcome),
                Settled::Number(value) => batch.resolve_number(number, value),
                Settled::Done => batch.resolve_nothing(number),
                Settled::Failed(failed) => batch.reject(number, cause, failed.record),
            }
            self.deliver(env, &mut batch, &mut causes, false);
        }
        self.deliver(env, &mut batch, &mut causes, true);
        *self.batch.borrow_mut() = batch;
        if self.pending.get() == 0 {
            self.keep_alive(env, false);
        }
    }

    /// Hands a batch over if it is full, or the last one.
    fn deliver(&self, env: &Env, batch: &mut Batch, causes: &mut Vec<Unknown<'_>>, is_last: bool) {
        if batch.is_full() || (is_last && !batch.is_empty()) {
            // A failure here means that the environment is being torn down and runs no more JavaScript.
            let _ = env.run_in_scope(|| {
                let mut array: Array<'_> = env.create_array(0)?;
                for cause in causes.drain(..) {
                    array.insert(cause)?;
                }
                self.half.deliver(env, batch, array)
            });
            take_exception(env);
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
        self.aborts.borrow_mut().clear();
        REALM.take();
    }
}

impl Delivery {
    /// Names the call whose end it is.
    pub(super) fn of(mut self, ids: Arc<CallIds>) -> Self {
        self.ids = Some(ids);
        self
    }

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
