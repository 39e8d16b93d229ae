//! Keeps the state of an engine in a file, so that it survives a restart or a crash.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, Weak};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::Notify;
use tracing::{error, info, warn};

use super::Engine;
use super::background::Tending;
use super::understood::{Understood, lay_over, readable, understood};
use crate::check::Faults;
use crate::error::EngineError;
use crate::event::What;
use crate::state_file::{Damaged, StateFile};

/// From the begin of one write to the end of the next, unless a write takes longer than a twentieth of it: what has
/// changed is on the disk after that long.
const PACE: Duration = Duration::from_secs(1);

/// The file of one engine, open from its begin to its close.
pub(super) struct Keeper {
    file: tokio::sync::Mutex<Option<Arc<StateFile>>>,
    /// What was in the file and is not understood, to be written back.
    kept: Value,
    changed: Arc<Notify>,
    /// Whether something has changed since the state that was written last was taken.
    is_unsaved: AtomicBool,
    /// What became of a damaged file, until somebody listens to be told.
    damaged: std::sync::Mutex<Option<Damaged>>,
    /// Whether the last write failed, which was told.
    is_failing: AtomicBool,
}

impl Engine {
    /// Opens the file that the configuration names, if it names one, and takes over the state in it.
    pub(super) fn open_state_file(&self) -> Result<Option<Keeper>, EngineError> {
        let Some(path) = &self.config.state_file else { return Ok(None) };
        let refused = |problem| EngineError::InvalidConfig(Faults::one("config.stateFile", problem));
        let opened = StateFile::open(path).map_err(refused)?;
        let mut damaged = opened.damaged;
        let Understood { state, kept, later } = understood(opened.state.unwrap_or_default());
        if let Some(version) = later {
            warn!(version, "the state file is of a later version: what is understood of it is taken over");
        }
        if !state.is_null()
            && let Err(EngineError::InvalidConfig(faults)) = self.restore(&state)
        {
            // What was spent must not be spent again, nor a broken model be asked again, whatever else is wrong.
            self.restore(&readable(&state))?;
            let problem = faults.to_string();
            let moved_to = opened.file.set_aside().map_err(|error| refused(format!("{problem}: {error}")))?;
            damaged = Some(Damaged { moved_to, problem });
        }
        if let Some(Damaged { moved_to, problem }) = &damaged {
            error!(problem, moved_to = %moved_to.display(), "the state file was damaged and is set aside");
        }
        Ok(Some(Keeper {
            file: tokio::sync::Mutex::new(Some(Arc::new(opened.file))),
            kept,
            changed: Arc::default(),
            is_unsaved: AtomicBool::default(),
            damaged: damaged.into(),
            is_failing: AtomicBool::default(),
        }))
    }

    /// Notes that there is something to be written.
    pub(super) fn changed(&self) {
        if let Some(keeper) = &self.keeper {
            keeper.is_unsaved.store(true, Ordering::Release);
            keeper.changed.notify_one();
        }
    }

    /// Tells what became of a damaged file to the first who listens.
    pub(super) fn tell_damage(&self) {
        let Some(keeper) = &self.keeper else { return };
        let damaged = keeper.damaged.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Damaged { moved_to, problem }) = damaged {
            self.announce(What::StateDamaged { moved_to: moved_to.display().to_string(), problem });
        }
    }

    /// Writes whatever changes, until the engine is closed or dropped.
    pub(super) fn keep(self: &Arc<Self>) -> impl Future<Output = ()> + Send + use<> {
        let changed = self.keeper.as_ref().map(|keeper| Arc::clone(&keeper.changed));
        let (engine, tending) = (Arc::downgrade(self), Arc::clone(&self.tending));
        async move {
            if let Some(changed) = changed {
                keep(engine, &tending, &changed).await;
            }
        }
    }

    /// Writes the state for the last time and lets go of the file.
    pub(super) async fn keep_last(&self) {
        if let Some(keeper) = &self.keeper {
            self.write(keeper).await;
            keeper.file.lock().await.take();
        }
    }

    /// Writes what an engine that is dropped without a close has not written yet; blocks until it is on the disk.
    pub(super) fn keep_dropped(&mut self) {
        let Some(keeper) = &mut self.keeper else { return };
        let (file, is_unsaved) = (keeper.file.get_mut().take(), *keeper.is_unsaved.get_mut());
        let Some(file) = file.filter(|_| is_unsaved) else { return };
        let kept = std::mem::take(&mut keeper.kept);
        let mut state = self.snapshot();
        lay_over(&mut state, &kept);
        if let Err(error) = file.write(&state) {
            warn!(problem = error.to_string(), "the state could not be written");
        }
    }

    /// Writes the state as it stands, and tells it if that fails for the first time or succeeds again; returns whether
    /// it is on the disk.
    async fn write(&self, keeper: &Keeper) -> bool {
        let file = keeper.file.lock().await;
        // The lock is held until the state is on the disk, so that an older one never follows a later one.
        let Some(to) = file.as_ref().map(Arc::clone) else { return true };
        keeper.is_unsaved.store(false, Ordering::Release);
        let mut state = self.snapshot();
        lay_over(&mut state, &keeper.kept);
        let written = tokio::task::spawn_blocking(move || to.write(&state)).await;
        let problem = match written {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(error) => Some(error.to_string()),
        };
        let is_saved = problem.is_none();
        keeper.is_unsaved.fetch_or(!is_saved, Ordering::Release);
        let was_failing = keeper.is_failing.swap(!is_saved, Ordering::Relaxed);
        match problem {
            Some(problem) if !was_failing => {
                warn!(problem, "the state could not be written");
                self.announce(What::StateUnsaved { problem });
            }
            None if was_failing => info!("the state is written again"),
            _ => {}
        }
        is_saved
    }
}

async fn keep(engine: Weak<Engine>, tending: &Tending, changed: &Notify) {
    loop {
        tokio::select! {
            () = tending.ended.cancelled() => return,
            () = changed.notified() => {}
        }
        let began = Instant::now();
        let Some(engine) = engine.upgrade() else { return };
        let Some(keeper) = &engine.keeper else { return };
        if !engine.write(keeper).await {
            changed.notify_one();
        }
        drop(engine);
        // So much earlier as the next write will take, but hardly more often than once in that time.
        let pause = PACE.saturating_sub(began.elapsed() * 2).max(PACE * 9 / 10);
        tokio::select! {
            () = tending.ended.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}
