//! Long replies are read on threads beside the async workers, few at once, so that nobody else's clock stands still for
//! them.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::{JoinError, spawn_blocking};

/// A reply of more bytes is long: reading it may take longer than an async worker should be away.
const LONG: usize = 64 * 1024;

/// The most long replies that are read at once, on however many processors.
const MOST_PLACES: usize = 4;

/// Whether a reply is long.
pub(super) fn is_long(body: &[u8]) -> bool {
    body.len() > LONG
}

/// The places in which long replies are read.
pub(super) struct Readers {
    places: Arc<Semaphore>,
}

impl Default for Readers {
    /// Half of the processors, and at least one: the other half goes on with short replies.
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self { places: Arc::new(Semaphore::new((processors / 2).clamp(1, MOST_PLACES))) }
    }
}

impl Readers {
    /// Reads when there is a place. Dropping the future gives up the wait for one; a reading that has begun keeps its place
    /// to its end, and what it read is dropped.
    pub(super) async fn read<T: Send + 'static>(&self, reading: impl FnOnce() -> T + Send + 'static) -> T {
        // The semaphore is never closed; were it, nobody should wait for it.
        let place = Arc::clone(&self.places).acquire_owned().await.ok();
        let reading = spawn_blocking(move || {
            let read = reading();
            drop(place);
            read
        });
        match reading.await.map_err(JoinError::try_into_panic) {
            Ok(read) => read,
            // A defect shows as it would have shown in the caller.
            Err(Ok(panic)) => std::panic::resume_unwind(panic),
            // The runtime is being shut down, and this future with it.
            Err(Err(_)) => std::future::pending().await,
        }
    }
}
