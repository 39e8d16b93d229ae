//! The mark that something has changed which is saved. It stands below the parts that set it and the writer that waits for
//! it, so that neither knows the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Whether something has changed that is saved; every part that owns such state has one, and all are the same.
#[derive(Clone, Default)]
pub(super) struct Unsaved(Arc<Mark>);

#[derive(Default)]
struct Mark {
    is_set: AtomicBool,
    set: Notify,
}

impl Unsaved {
    /// Notes that there is something to be written; after the change, so that whoever takes the mark sees it.
    pub(super) fn mark(&self) {
        if !self.0.is_set.swap(true, Ordering::AcqRel) {
            self.0.set.notify_one();
        }
    }

    /// Takes the mark off; whether there was one.
    pub(super) fn take(&self) -> bool {
        self.0.is_set.swap(false, Ordering::AcqRel)
    }

    /// Puts the mark back, for what it stood for was not written.
    pub(super) fn put_back(&self) {
        self.0.is_set.store(true, Ordering::Release);
        self.0.set.notify_one();
    }

    /// Waits until there is a mark.
    pub(super) async fn marked(&self) {
        // A mark that was taken off meanwhile is none.
        while !self.0.is_set.load(Ordering::Acquire) {
            self.0.set.notified().await;
        }
    }
}
