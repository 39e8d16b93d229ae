//! What the calls of one slate have in common, and what they came to.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use tokio_util::sync::CancellationToken;

use super::joint::Joint;
use super::outbox::SlateOutbox;
use super::results::{CellResults, SlateProgress};
use super::stand_in::StandIns;
use crate::catalog::{Catalog, Model, ModelIndex};
use crate::engine::Engine;
use crate::engine::time::Ends;
use crate::kind::SkipReason;
use crate::outcome::Refusal;
use crate::plan;
use crate::prompt::Prompts;
use crate::slate::{Fallbacks, SlateOptions};
use crate::task::Item;

/// What the calls of one slate share.
pub(in crate::engine) struct Share<I: Item> {
    pub(in crate::engine) engine: Arc<Engine>,
    pub(in crate::engine) catalog: Arc<Catalog>,
    pub(in crate::engine) prompts: Arc<Prompts>,
    pub(in crate::engine) items: Vec<I>,
    pub(in crate::engine) prompt_version: Option<String>,
    pub(in crate::engine) fallbacks: Fallbacks,
    pub(in crate::engine) options: SlateOptions,
    pub(in crate::engine) began: Instant,
    /// Ends whatever is under way.
    pub(in crate::engine) cut: CancellationToken,
    pub(in crate::engine) joint: Arc<Joint>,
    pub(in crate::engine) stand_ins: StandIns<I::Value>,
    pub(in crate::engine) outbox: SlateOutbox<I::Value>,
    /// Who ended it before its end; the first stands.
    pub(in crate::engine) left: OnceLock<Left>,
    /// How many requests have not ended.
    pub(in crate::engine) open: AtomicUsize,
    pub(in crate::engine) results: Mutex<CellResults<I::Value>>,
}

/// Who ended a slate before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Left {
    /// The caller's signal.
    Aborted,
    /// The caller, who takes what there is.
    Cancelled,
    /// Nobody: enough is answered.
    Enough,
}

impl<I: Item> Share<I> {
    /// What ends it from outside.
    pub(in crate::engine) fn ends(&self) -> Ends<'_> {
        Ends {
            abort: &self.cut,
            closing: self.engine.lifecycle.closing(),
            given_up: Some(&self.joint.given_up),
            deadline: self.joint.deadline,
            usual_deadline: self.joint.deadline + self.engine.config.deadline,
        }
    }

    /// How long a model is waited for that is left alone for a moment; `None` if it is not.
    pub(in crate::engine) fn wait_for(&self, model: ModelIndex) -> Option<Duration> {
        let refusal = self.engine.roster.unavailable(self.catalog.model(model))?;
        let waits = || self.waits_for(self.catalog.model(model), &refusal, self.has_nobody_else(model));
        refusal.retry_after.filter(|_| waits())
    }

    /// Whether it is waited until a refusal has passed, instead of passing over the model: it is left alone for a moment, and
    /// then there is time for an attempt. A model that failed, and was not just told to wait, is waited for only where it
    /// `is_last`: a provider that is down would hold up every one of its models once more each time.
    pub(in crate::engine) fn waits_for(&self, model: &Model, refusal: &Refusal, is_last: bool) -> bool {
        let timeout = plan::attempt_timeout(model, self.options.call.attempt_timeout, &self.engine.config);
        refusal.reason == SkipReason::Cooling
            && refusal.retry_after.is_some_and(|wait| self.joint.has_time_after(wait, timeout))
            && (is_last || self.engine.roster.is_only_limited(model))
    }

    /// Whether no fallback of a model may be asked now in its place.
    fn has_nobody_else(&self, model: ModelIndex) -> bool {
        let others = || plan::chain(&self.catalog, model).into_iter().skip(1);
        self.fallbacks == Fallbacks::None || others().all(|other| self.is_refused(other))
    }

    /// Whether a model is passed over, so that no turn is needed for it.
    pub(in crate::engine) fn is_refused(&self, model: ModelIndex) -> bool {
        plan::not_usable(&self.catalog, model, SystemTime::now()).is_some()
            || self.engine.roster.unavailable(self.catalog.model(model)).is_some()
    }

    /// Whether what stands at a place has begun, and is not asked about any more.
    pub(in crate::engine) fn has_begun(&self, place: usize) -> bool {
        let begins = self.items.get(place).and_then(Item::begins_at);
        !self.options.allow_begun && begins.is_some_and(|begins| begins <= SystemTime::now())
    }

    /// Ends the slate before its end.
    pub(in crate::engine) fn leave(&self, left: Left) {
        let _ = self.left.set(left);
        self.joint.given_up.cancel();
        if left != Left::Enough {
            self.cut.cancel();
        }
    }

    /// Gives up what waits, if enough is answered and it is late enough.
    pub(in crate::engine) fn leave_if_enough(&self) {
        let Some(enough) = self.options.enough else { return };
        if self.began.elapsed() >= enough.after && self.results().tally.is_enough(enough.models) {
            self.leave(Left::Enough);
        }
    }

    /// A request has ended.
    pub(in crate::engine) fn ended(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
        self.outbox.tick();
    }

    /// How it stands.
    pub(in crate::engine) fn progress(&self) -> SlateProgress {
        let (cells, answered, missing) = self.results().tally.counts();
        let in_flight = self.joint.in_flight();
        let waiting = self.open.load(Ordering::Relaxed).saturating_sub(in_flight);
        SlateProgress { cells, answered, missing, in_flight, waiting, cost: self.joint.spent() }
    }

    /// What the calls came to.
    pub(in crate::engine) fn results(&self) -> MutexGuard<'_, CellResults<I::Value>> {
        self.results.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
