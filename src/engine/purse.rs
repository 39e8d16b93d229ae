//! What the engine may spend and has spent: the ledger of the day, and what is told of it.
//!
//! Money is asked for here twice. When a plan is made, or a call waits, [`Purse::over_budget`] says what would be refused;
//! when a request is about to go out, [`Purse::reserve`] takes the most that it can cost, and from then on that sum is
//! nobody else's. Only the reservation counts: between the question and the request another call may have spent the rest.
//!
//! The ledger itself is in `money` and knows neither events nor files. This part owns it for two reasons: every sum that
//! is booked is told and marked unsaved in one place, and nobody can book without either.
//!
//! Changes come out at one place, [`Purse::changed`], and come in from elsewhere at one, [`Purse::restore`]; whatever is
//! to share a budget between engines attaches to those two.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use super::events::Events;
use super::unsaved::Unsaved;
use crate::catalog::Model;
use crate::config::BudgetConfig;
use crate::event::What;
use crate::kind::SkipReason;
use crate::money::{self, Alert, BudgetRefusal, BudgetRules, BudgetStatus, Charge, Ledger, Reservation, Spend};
use crate::outcome::{Doubt, NanoUsd, Refusal};
use crate::plan::Fitted;

/// The ledger, and what was told of it.
pub(super) struct Purse {
    ledger: Ledger,
    /// The models whose count of tokens was hard to believe, which was told.
    doubted: Mutex<HashSet<String>>,
    events: Arc<Events>,
    unsaved: Unsaved,
}

/// What a purse gives to be saved, and takes back.
#[derive(Default)]
pub(super) struct SavedSpend {
    /// When it was taken, if that is known.
    pub(super) taken_at: Option<SystemTime>,
    /// What was spent on the day that it was then, if that is known.
    pub(super) today: Option<Spend>,
    /// What was spent on other days, where anything was.
    pub(super) other_days: Vec<Spend>,
}

impl Purse {
    /// A purse of which nothing was spent yet.
    pub(super) fn new(config: &BudgetConfig, (events, unsaved): (Arc<Events>, Unsaved)) -> Self {
        let rules = BudgetRules {
            daily: config.daily.map(NanoUsd::from_usd),
            pause_fallbacks_at: config.pause_fallbacks_at,
            alerts: config.alerts.clone(),
            ..BudgetRules::default()
        };
        Self { ledger: Ledger::new(rules), doubted: Mutex::default(), events, unsaved }
    }

    /// What has been spent and reserved.
    pub(super) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// How the day's budget stands.
    pub(super) fn status(&self) -> BudgetStatus {
        self.ledger.status(SystemTime::now())
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

    /// Tells that the budget is as good as spent, for what is left covers no model of a call.
    pub(super) fn exhausted(&self) {
        self.ledger.exhausted(SystemTime::now(), |alert| self.tell_alert(alert));
    }

    /// What was spent, to be saved.
    pub(super) fn saved(&self, now: SystemTime) -> SavedSpend {
        let today = self.ledger.spend(now);
        let mut other_days = self.ledger.days();
        other_days.retain(|other| other.day != today.day && !other.models.is_empty());
        SavedSpend { taken_at: Some(now), today: Some(today), other_days }
    }

    /// Takes over what was spent elsewhere, or before: the one place at which a sum comes in that no request of this
    /// engine has cost. What is known here stays if it is more.
    pub(super) fn restore(&self, saved: &SavedSpend) {
        if saved.today.is_some() || !saved.other_days.is_empty() {
            self.ledger.restore(saved.today.as_ref(), &saved.other_days, saved.taken_at, SystemTime::now());
            self.changed();
        }
    }

    /// Notes that other sums are booked than before: the one place at which changes come out.
    fn changed(&self) {
        self.unsaved.mark();
    }

    fn tell_doubt(&self, model: &Model, doubt: &Doubt) {
        let is_first = self.doubted.lock().unwrap_or_else(PoisonError::into_inner).insert(model.id.clone());
        if is_first {
            self.events.announce(What::UsageDoubted { model_id: model.id.clone(), doubt: doubt.clone() });
        }
    }

    fn tell_alert(&self, alert: &Alert) {
        let Alert { share, spent, daily, day } = alert.clone();
        self.events.announce(What::Budget { share, spent, daily, day });
    }
}

fn refused(refusal: &BudgetRefusal, now: SystemTime) -> Refusal {
    let until = humantime::format_rfc3339_seconds(refusal.until);
    Refusal {
        reason: SkipReason::OverBudget,
        detail: format!("{refusal}; the day ends at {until}"),
        retry_after: refusal.until.duration_since(now).ok(),
    }
}
