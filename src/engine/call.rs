//! One call: a checked request, and what it is answered with.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use tokio_util::sync::CancellationToken;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::Engine;
use super::context::Context;
use super::fleet_waits::FleetWaits;
use super::setup::{Setup, check_version, known};
use super::slate_call::SlateCall;
use super::time::Ends;
use crate::call_id::CallIds;
use crate::catalog::{Catalog, ModelIndex};
use crate::check::Faults;
use crate::error::EngineError;
use crate::outcome::Refusal;
use crate::plan::{FallbackBudget, Fitted, Plan, Wanted};
use crate::prompt::{Ask, Prompts, Rendering};
use crate::request::{self, Options, RawOptions, Request};
use crate::task::Item;

/// Calls that have begun, before their requests are checked.
pub struct Beginning {
    pub(super) engine: Arc<Engine>,
    pub(super) setup: Arc<Setup>,
    pub(super) began: Instant,
    pub(super) running: TaskTrackerToken,
}

/// A checked request, ready to be run once. It uses one catalogue and one set of prompts from its start to its end.
pub struct Call<I: Item> {
    pub(super) engine: Arc<Engine>,
    pub(super) ids: Arc<CallIds>,
    pub(super) catalog: Arc<Catalog>,
    pub(super) prompts: Arc<Prompts>,
    pub(super) request: Request<I>,
    pub(super) options: Options,
    pub(super) original: ModelIndex,
    pub(super) began: Instant,
    /// The slate that it belongs to, if it belongs to one.
    pub(super) slate: Option<Arc<SlateCall<I>>>,
    /// Keeps [`Engine::close`] waiting until the call has ended.
    pub(super) _running: TaskTrackerToken,
}

impl Beginning {
    /// Checks a request and prepares its call; nothing is sent before [`Call::run`].
    ///
    /// # Errors
    /// `INVALID_REQUEST` with every fault, or `UNKNOWN_MODEL`.
    pub fn call<I: Item>(&self, request: Request<I>, options: RawOptions) -> Result<Call<I>, EngineError> {
        let check_items = |items: &[I], is_shown: bool, faults: &mut Faults| I::check(I::PATH, items, is_shown, faults);
        let options = request::check(&request, options, check_items).map_err(EngineError::InvalidRequest)?;
        let Setup { catalog, prompts } = Setup::clone(&self.setup);
        check_version(&prompts, "request.promptVersion", request.prompt_version.as_deref())?;
        let original = known(&catalog, "request.modelId", &request.model_id)?;
        let call_id = self.engine.lifecycle.next_call_id();
        let ids = Arc::new(CallIds { call_id, request_id: options.request_id.clone() });
        let (engine, began, running) = (Arc::clone(&self.engine), self.began, self.running.clone());
        Ok(Call { engine, ids, catalog, prompts, request, options, original, began, slate: None, _running: running })
    }
}

impl<I: Item> Call<I> {
    /// The names of the call.
    #[must_use]
    pub fn ids(&self) -> &Arc<CallIds> {
        &self.ids
    }

    /// What the attempts of this call share.
    pub(super) fn context<'a>(&'a self, wanted: &'a Wanted<'a>, abort: &'a CancellationToken) -> Context<'a, I> {
        let usual_deadline = self.began + self.engine.config.deadline;
        let deadline = self.options.deadline.map_or(usual_deadline, |deadline| self.began + deadline);
        let closing = self.engine.lifecycle.closing();
        let ends = match &self.slate {
            Some(member) => member.share.ends(),
            None => Ends { abort, closing, given_up: None, deadline, usual_deadline },
        };
        let waits = FleetWaits::new(self.engine.roster.fleet().map(Arc::as_ref));
        let (request, slate) = (&self.request, self.slate.as_deref());
        Context { engine: &self.engine, request, wanted, ends, began: self.began, waits, slate }
    }

    pub(super) fn rendering(&self) -> Rendering<'_> {
        let Request { items, prompt, prompt_version, .. } = &self.request;
        let ask = Ask::about(items, prompt.as_ref(), prompt_version.as_deref());
        Rendering::new(&self.prompts, ask, self.engine.active_model_count(), SystemTime::now())
    }

    /// Why the guards on depth and money forbid to call the model at `position`; `None` if they do not. A forecast, of
    /// `explain` and before a slot is waited for: what decides is the reservation.
    pub(super) fn guards_refuse(
        &self,
        plan: &Plan,
        fallback_budget: &FallbackBudget,
        position: usize,
        fitted: &Fitted,
    ) -> Option<Refusal> {
        let refusal = if position > 0 { fallback_budget.refuses(fitted) } else { None };
        refusal.or_else(|| self.engine.purse.over_budget(fitted, plan.is_dearer(position)))
    }

    pub(super) fn fallback_budget(&self) -> FallbackBudget {
        let config = &self.engine.config;
        let depth = self.options.max_fallback_depth.unwrap_or(config.max_fallback_depth);
        FallbackBudget::new(depth, self.options.max_fallback_cost.or(config.max_fallback_cost))
    }
}
