//! A slate: many calls that share a deadline, a sum of money and what their models answer.
//!
//! Beneath is the loop of a single call, and nothing is decided twice: a request of a slate is a [`Call`](super::call::Call) that knows
//! what it is a [`SlateCall`](super::slate_call::SlateCall) of. What is left to do here is to cut the cells into requests, and to begin
//! each when it is due.

mod dispatch;
mod prepare;

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Instant, SystemTime};

use tokio_util::sync::CancellationToken;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::Engine;
use super::setup::{Setup, check_version};
use super::slate_call::{CellResults, Joint, Left, Share, SlateEnd, SlateEvent, SlateOutbox, SlateProgress, StandIns};
use crate::check::Faults;
use crate::error::EngineError;
use crate::plan::{self, Wanted};
use crate::prompt::{Ask, Rendering};
use crate::request::RawOptions;
use crate::slate::{self, RawSlateOptions, SlateRequest};
use crate::task::Item;

pub use prepare::{SlateModel, SlatePlan, SlateProvider};

use prepare::Planned;

/// A slate that is ready, or runs, or has ended. It uses one catalogue and one set of prompts from its start to its end.
pub struct Slate<I: Item> {
    share: Arc<Share<I>>,
    plan: SlatePlan,
    /// Until it runs.
    ready: Mutex<Option<Ready>>,
}

/// What a slate that is ready begins with.
struct Ready {
    requests: Vec<Planned>,
    /// Keeps the engine's close waiting.
    running: TaskTrackerToken,
}

impl Engine {
    /// Checks a slate and prepares it; nothing is sent before [`Slate::run`]. `check_items` checks what it asks about.
    ///
    /// # Errors
    /// `INVALID_REQUEST` with every fault, or `CLOSED`.
    pub fn slate<I: Item>(
        self: &Arc<Self>,
        request: SlateRequest<I>,
        options: RawOptions,
        own: &RawSlateOptions,
        check_items: impl FnOnce(&[I], &mut Faults),
    ) -> Result<Slate<I>, EngineError> {
        let began = Instant::now();
        let running = self.lifecycle.begin_call()?;
        let Setup { catalog, prompts } = Setup::clone(&self.library.setup().get());
        let now = SystemTime::now();
        let is_active = |index| {
            let model = catalog.model(index);
            plan::not_usable(&catalog, index, now).is_none() && !self.roster.is_disabled(model)
        };
        let checked = slate::check(&request, options, own, &catalog, check_items, is_active);
        let (cells, options) = checked.map_err(EngineError::InvalidRequest)?;
        check_version(&prompts, "request.promptVersion", request.prompt_version.as_deref())?;
        let SlateRequest { items, fallbacks, prompt_version, .. } = request;
        let ask = Ask::about(&items, None, prompt_version.as_deref());
        let rendering = Rendering::new(&prompts, ask, self.active_model_count(), now);
        let formats = self.formats.left();
        let wanted = Wanted { rendering: &rendering, options: &options.call, formats: &formats };
        let begins = prepare::begins(&items);
        let (requests, plan) = prepare::requests(self, &catalog, &wanted, &options, cells, &begins);
        drop(rendering);
        let joint = Joint::new(began + options.deadline, options.max_cost, options.max_in_flight);
        let share = Share {
            engine: Arc::clone(self),
            catalog,
            prompts,
            items,
            prompt_version,
            fallbacks,
            began,
            cut: CancellationToken::new(),
            joint: Arc::new(joint),
            stand_ins: StandIns::default(),
            outbox: SlateOutbox::default(),
            left: OnceLock::new(),
            open: AtomicUsize::new(requests.len()),
            results: Mutex::new(CellResults::new(requests.iter().flat_map(|request| request.places.iter().copied()))),
            options,
        };
        Ok(Slate { share: Arc::new(share), plan, ready: Mutex::new(Some(Ready { requests, running })) })
    }
}

impl<I: Item> Slate<I> {
    /// What it would do if no request failed.
    #[must_use]
    pub fn plan(&self) -> &SlatePlan {
        &self.plan
    }

    /// Refuses a slate that is expected to cost more than it may.
    ///
    /// # Errors
    /// `BUDGET_EXHAUSTED`, which says how much of it would fit.
    pub fn check_cost(&self) -> Result<(), EngineError> {
        let limit = self.share.options.max_cost;
        let ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        let requests = ready.as_ref().map_or(&[][..], |ready| &ready.requests);
        let problem = limit.and_then(|limit| prepare::too_dear(&self.plan, requests, limit));
        problem.map_or(Ok(()), |problem| Err(EngineError::SlateTooDear(problem)))
    }

    /// Runs it, once, to the end of its last request. `abort` is the caller's signal.
    pub async fn run(&self, abort: &CancellationToken) {
        let ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Ready { requests, running }) = ready else { return };
        dispatch::run(&self.share, requests, &running, abort).await;
        self.share.outbox.end();
    }

    /// Waits for what became of cells, at most so many events; none if only its numbers changed. `None` when it has ended and all
    /// of it was told. One reader at a time.
    pub async fn next(&self, most: usize) -> Option<Vec<SlateEvent<I::Value>>> {
        self.share.outbox.next(most).await
    }

    /// How it stands.
    #[must_use]
    pub fn progress(&self) -> SlateProgress {
        self.share.progress()
    }

    /// What it came to, when it has ended; to be asked once.
    #[must_use]
    pub fn end(&self) -> SlateEnd<I::Value> {
        self.share.end()
    }

    /// What it asks about.
    #[must_use]
    pub fn items(&self) -> &[I] {
        &self.share.items
    }

    /// Ends it: what waits is given up, and what is under way is cut off. What there is stands.
    pub fn cancel(&self) {
        self.share.leave(Left::Cancelled);
    }
}
