//! The day's budget, as the loop asks it and the caller sees it.

use std::sync::PoisonError;
use std::time::SystemTime;

use tracing::warn;

use super::Engine;
use crate::catalog::Model;
use crate::event::What;
use crate::kind::SkipReason;
use crate::metrics::{Gauges, Metrics, ModelGauge};
use crate::money::{self, Alert, Charge, Reservation};
use crate::outcome::{Doubt, NanoUsd, Refusal};
use crate::plan::Fitted;

impl Engine {
    /// How the day's budget stands.
    #[must_use]
    pub fn budget(&self) -> money::BudgetStatus {
        self.ledger.status(SystemTime::now())
    }

    /// What all calls came to since the engine was built.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        self.metrics.snapshot()
    }

    /// The same for Prometheus, with the gauges as they are now.
    #[must_use]
    pub fn metrics_text(&self) -> String {
        let budget = self.budget();
        let gauge = |model: &std::sync::Arc<Model>| ModelGauge {
            model_id: model.id.clone(),
            provider_id: model.provider.id.clone(),
            disabled: self.health.is_disabled(&model.id),
        };
        self.metrics.text(Gauges {
            active_models: self.active_model_count() as u64,
            spent: budget.spent,
            reserved: budget.reserved,
            uncertain: budget.uncertain,
            daily_budget: budget.daily,
            models: self.library.catalog().models().map(gauge).collect(),
        })
    }

    /// Why the day's budget forbids a request; `None` if it does not. `is_dearer`: it is for a fallback that is dearer
    /// than the original.
    pub(super) fn over_budget(&self, fitted: &Fitted, is_dearer: bool) -> Option<Refusal> {
        let now = SystemTime::now();
        self.ledger.refuses(fitted.worst, is_dearer, now).map(|refusal| refused(&refusal, now))
    }

    /// Reserves the most that a request can cost, and notes what it is likely to cost should nobody ever settle it.
    pub(super) fn reserve(&self, model: &Model, fitted: &Fitted, is_dearer: bool) -> Result<Reservation, Refusal> {
        let now = SystemTime::now();
        let reserved = self.ledger.reserve(&model.id, fitted.worst, is_dearer, now);
        let mut reservation = reserved.map_err(|refusal| refused(&refusal, now))?;
        reservation.sent(NanoUsd::rounded(money::cost(&model.prices, &fitted.usual_usage())));
        Ok(reservation)
    }

    /// Books what a request is charged, holds what it may be billed beyond that, and tells which shares of the budget
    /// that passed; tells of a count of tokens that is hard to believe, once a model. Returns what is booked.
    pub(super) fn settle(&self, model: &Model, reservation: Reservation, charge: &Charge) -> NanoUsd {
        let cost = self.ledger.whole(charge.cost);
        let tell = |alert: &Alert| self.tell_alert(alert);
        if charge.is_uncertain {
            reservation.settle_uncertain(cost, tell);
        } else {
            reservation.settle(cost, tell);
        }
        if let Some(doubt) = &charge.doubt {
            self.tell_doubt(model, doubt);
        }
        self.changed();
        cost
    }

    fn tell_doubt(&self, model: &Model, doubt: &Doubt) {
        let is_first = self.doubted.lock().unwrap_or_else(PoisonError::into_inner).insert(model.id.clone());
        if is_first {
            let model_id = model.id.clone();
            warn!(model = model_id, problem = doubt.problem, "the usage of a reply is hard to believe");
            self.announce(What::UsageDoubted { model_id, doubt: doubt.clone() });
        }
    }

    /// Tells that the budget is as good as spent, for what is left covers no model of a call.
    pub(super) fn tell_exhausted(&self) {
        self.ledger.exhausted(SystemTime::now(), |alert| self.tell_alert(alert));
    }

    fn tell_alert(&self, alert: &Alert) {
        let (spent, daily) = (alert.spent, alert.daily);
        warn!(share = alert.share, spent = spent.usd(), daily = daily.usd(), "of the day's budget is spent");
        self.announce(What::Budget { share: alert.share, spent, daily, day: alert.day.clone() });
    }
}

fn refused(refusal: &money::BudgetRefusal, now: SystemTime) -> Refusal {
    let until = humantime::format_rfc3339_seconds(refusal.until);
    Refusal {
        reason: SkipReason::OverBudget,
        detail: format!("{refusal}; the day ends at {until}"),
        retry_after: refusal.until.duration_since(now).ok(),
    }
}
