//! From the first call of an engine to its close: which calls run, and that none begins any more.
//!
//! A call counts itself in before it looks whether the engine is open, so a close that has been seen by nobody waits for
//! every call that began before it. The same token ends what goes on beside the calls, also when the engine is dropped
//! without a close.

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::call_id::CallNumbers;
use crate::error::EngineError;

/// The calls of one engine, and whether it is closed; dropping it is a close that waits for nothing.
#[derive(Default)]
pub(super) struct Lifecycle {
    closing: CancellationToken,
    calls: TaskTracker,
    numbers: CallNumbers,
}

impl Lifecycle {
    /// Begins a call, which is under way until the token is dropped.
    ///
    /// # Errors
    /// `CLOSED`.
    pub(super) fn begin_call(&self) -> Result<TaskTrackerToken, EngineError> {
        // Before the engine is seen to be open, so that a close waits for every call that did.
        let running = self.calls.token();
        if self.is_closed() { Err(EngineError::Closed(Box::default())) } else { Ok(running) }
    }

    /// The id of the next call.
    pub(super) fn next_call_id(&self) -> String {
        self.numbers.next()
    }

    /// What the ids of its calls begin with.
    pub(super) fn engine_id(&self) -> &str {
        self.numbers.engine()
    }

    /// Whether the engine is closed, or is being closed.
    pub(super) fn is_closed(&self) -> bool {
        self.closing.is_cancelled()
    }

    /// Cancelled when the engine is closed or dropped.
    pub(super) fn closing(&self) -> &CancellationToken {
        &self.closing
    }

    /// Closes the engine; whether it was open.
    pub(super) fn close(&self) -> bool {
        let was_open = !self.is_closed();
        self.closing.cancel();
        was_open
    }

    /// Waits until no call is under way.
    pub(super) async fn all_ended(&self) {
        self.calls.close();
        self.calls.wait().await;
    }
}

impl Drop for Lifecycle {
    fn drop(&mut self) {
        self.closing.cancel();
    }
}
