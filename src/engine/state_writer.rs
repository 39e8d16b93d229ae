//! Keeps the state of an engine in a file, so that it survives a restart or a crash.
//!
//! Nobody tells the writer to write. Every part that owns state which is saved holds an [`Unsaved`] and marks it when it
//! changes; the writer waits for the mark. So no caller of a part must remember that there is a file, and a part is whole
//! whether or not there is one.
//!
//! What is written is the state as it stands when the writing begins, not the change: a mark says that there is something,
//! and many marks together cost one write. Hardly more often than once in [`PACE`] the file is written, and at the end once
//! more: at a close, or when the writer is dropped.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::events::Events;
use super::snapshot::SavedParts;
use super::understood::{Understood, lay_over, readable, understood};
use super::unsaved::Unsaved;
use crate::check::Faults;
use crate::error::EngineError;
use crate::event::What;
use crate::state_file::{Damaged, StateFile};

/// What has changed is on the disk after this long, unless writing takes longer than a twentieth of it.
///
/// A change just after a write has begun waits for the next one, which should have ended when this time is over: so twice
/// the time of a write is taken off the pause between them. Say a write takes 20 ms. The change waits for its end, for a
/// pause of 960 ms and for the next write: 1 s. But nine tenths of the pause always stay, so that a slow disk is not written
/// to all the time: they are what is left where a write takes 50 ms, a twentieth, and where one takes 200 ms the change is
/// on the disk after 1.3 s.
const PACE: Duration = Duration::from_secs(1);

/// The file of one engine, open from its begin to its close.
pub(super) struct StateWriter {
    file: tokio::sync::Mutex<Option<Arc<StateFile>>>,
    /// What was in the file and is not understood, to be written back.
    kept: Value,
    parts: SavedParts,
    events: Arc<Events>,
    unsaved: Unsaved,
    /// What became of a damaged file, until somebody listens to be told.
    damaged: Mutex<Option<Damaged>>,
    /// Whether the last write failed, which was told.
    is_failing: AtomicBool,
}

impl StateWriter {
    /// Opens a file and has `parts` take over the state in it. They mark their changes with `unsaved`.
    ///
    /// # Errors
    /// `INVALID_CONFIG` if the file cannot be used.
    pub(super) fn open(
        path: &Path,
        parts: SavedParts,
        (events, unsaved): (Arc<Events>, Unsaved),
    ) -> Result<Self, EngineError> {
        let refused = |problem| EngineError::InvalidConfig(Faults::one("config.stateFile", problem));
        let opened = StateFile::open(path).map_err(refused)?;
        let mut damaged = opened.damaged;
        let Understood { state, kept, later } = understood(opened.state.unwrap_or_default());
        if let Some(version) = later {
            warn!(version, "the state file is of a later version: what is understood of it is taken over");
        }
        if !state.is_null()
            && let Err(EngineError::InvalidConfig(faults)) = parts.restore(&state)
        {
            // What was spent must not be spent again, nor a broken model be asked again, whatever else is wrong.
            parts.restore(&readable(&state))?;
            let problem = faults.to_string();
            let moved_to = opened.file.set_aside().map_err(|error| refused(format!("{problem}: {error}")))?;
            damaged = Some(Damaged { moved_to, problem });
        }
        if let Some(Damaged { moved_to, problem }) = &damaged {
            error!(problem, moved_to = %moved_to.display(), "the state file was damaged and is set aside");
        }
        // What was taken over is in the file.
        unsaved.take();
        Ok(Self {
            file: tokio::sync::Mutex::new(Some(Arc::new(opened.file))),
            kept,
            parts,
            events,
            unsaved,
            damaged: damaged.into(),
            is_failing: AtomicBool::default(),
        })
    }

    /// Tells what became of a damaged file to the first who listens.
    pub(super) fn tell_damage(&self) {
        let damaged = self.damaged.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Damaged { moved_to, problem }) = damaged {
            self.events.announce(What::StateDamaged { moved_to: moved_to.display().to_string(), problem });
        }
    }

    /// Writes whatever changes, until `ended` or until the writer is dropped elsewhere.
    pub(super) async fn write_changes(writer: Weak<Self>, ended: &CancellationToken) {
        let Some(unsaved) = writer.upgrade().map(|writer| writer.unsaved.clone()) else { return };
        loop {
            tokio::select! {
                () = ended.cancelled() => return,
                () = unsaved.marked() => {}
            }
            let began = Instant::now();
            let Some(writer) = writer.upgrade() else { return };
            writer.write().await;
            drop(writer);
            let pause = PACE.saturating_sub(began.elapsed() * 2).max(PACE * 9 / 10);
            tokio::select! {
                () = ended.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Writes the state for the last time and lets go of the file.
    pub(super) async fn write_last(&self) {
        self.write().await;
        self.file.lock().await.take();
    }

    /// Writes the state as it stands, and tells it if that fails for the first time or succeeds again.
    async fn write(&self) {
        let file = self.file.lock().await;
        // The lock is held until the state is on the disk, so that an older one never follows a later one.
        let Some(to) = file.as_ref().map(Arc::clone) else { return };
        self.unsaved.take();
        let state = self.state();
        let written = tokio::task::spawn_blocking(move || to.write(&state)).await;
        let problem = match written {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(error) => Some(error.to_string()),
        };
        if problem.is_some() {
            self.unsaved.put_back();
        }
        let was_failing = self.is_failing.swap(problem.is_some(), Ordering::Relaxed);
        match problem {
            Some(problem) if !was_failing => self.events.announce(What::StateUnsaved { problem }),
            None if was_failing => info!("the state is written again"),
            _ => {}
        }
    }

    /// The state as it stands, with what of the file is not understood.
    fn state(&self) -> Value {
        let mut state = self.parts.snapshot();
        lay_over(&mut state, &self.kept);
        state
    }
}

impl Drop for StateWriter {
    /// Writes what an engine that is dropped without a close has not written yet; blocks until it is on the disk.
    fn drop(&mut self) {
        let Some(file) = self.file.get_mut().take().filter(|_| self.unsaved.take()) else { return };
        if let Err(error) = file.write(&self.state()) {
            warn!(problem = error.to_string(), "the state could not be written");
        }
    }
}

#[cfg(test)]
mod tests;
