//! One call: a checked request, and what it is answered with.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use tokio_util::sync::CancellationToken;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::Engine;
use super::context::Context;
use super::fleet_waits::FleetWaits;
use super::slate_call::SlateCall;
use super::time::Ends;
use crate::call_id::CallIds;
use crate::catalog::{Catalog, ModelIndex};
use crate::outcome::Refusal;
use crate::plan::{FallbackBudget, Fitted, Plan, Wanted};
use crate::prompt::{Ask, Prompts, Rendering};
use crate::request::{Options, Request};
use crate::task::Item;

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
