//! What goes on beside the calls: models come back and coolings end on time, and the state is kept.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::Engine;

/// How long the task sleeps at most while a model is switched off or cools: a machine that was suspended, or a clock that was
/// set, is noticed after that long.
const LOOK_AGAIN: Duration = Duration::from_secs(15);

/// What the task and its engine have in common.
#[derive(Default)]
pub(super) struct Tending {
    /// A model was switched off or left alone: there may be an earlier time to wake up at.
    pub(super) look: Notify,
    /// The engine was closed, or is no more.
    pub(super) ended: CancellationToken,
}

impl Engine {
    /// Brings each model back when its time has come, tells when a cooling is over, and writes the state file, until the engine is closed or dropped.
    pub fn tend(self: &Arc<Self>) -> impl Future<Output = ()> + Send + use<> {
        let recovering = recover(Arc::downgrade(self), Arc::clone(&self.tending));
        let keeping = self.keep();
        async move {
            tokio::join!(recovering, keeping);
        }
    }
}

async fn recover(engine: Weak<Engine>, tending: Arc<Tending>) {
    loop {
        let Some(next) = engine.upgrade().map(|engine| {
            engine.recover_due();
            engine.health.next_recovery()
        }) else {
            return;
        };
        let sleep = async {
            match next {
                Some(left) => tokio::time::sleep(left.min(LOOK_AGAIN)).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            // First, so that nothing is told of an engine that was closed meanwhile.
            biased;
            () = tending.ended.cancelled() => return,
            () = tending.look.notified() => {}
            () = sleep => {}
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.tending.ended.cancel();
        self.keep_dropped();
    }
}
