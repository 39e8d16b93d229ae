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
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

use serde_json::Value;

use super::events::Events;
use super::unsaved::Unsaved;
use crate::catalog::Model;
use crate::config::BudgetConfig;
use crate::event::What;
use crate::fleet::Fleet;
use crate::kind::SkipReason;
use crate::money::{
    self, ASK_AGAIN_AFTER, Alert, BudgetRefusal, BudgetRules, BudgetStatus, Charge, Ledger, Reservation, Spend,
};
use crate::outcome::{Doubt, NanoUsd, Refusal};
use crate::plan::Fitted;

/// The ledger, and what was told of it.
pub(super) struct Purse {
    ledger: Ledger,
    /// The fleet with which it is shared, if there is one.
    fleet: OnceLock<Arc<Fleet>>,
    /// What a day may cost, if there is a budget.
    daily: Option<NanoUsd>,
    /// The shares of it of which is told.
    alerts: Vec<f64>,
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
    /// What is known of the other members of a fleet; `None` without one.
    pub(super) fleet: Option<Value>,
}

impl Purse {
    /// A purse of which nothing was spent yet. `is_shared`: its budget is a fleet's.
    pub(super) fn new(config: &BudgetConfig, is_shared: bool, (events, unsaved): (Arc<Events>, Unsaved)) -> Self {
        let daily = config.daily.map(NanoUsd::from_usd);
        let rules = BudgetRules {
            daily,
            pause_fallbacks_at: config.pause_fallbacks_at,
            alerts: config.alerts.clone(),
            is_shared,
        };
        let alerts = config.alerts.clone();
        let (ledger, fleet, doubted) = (Ledger::new(rules), OnceLock::new(), Mutex::default());
        Self { ledger, fleet, daily, alerts, doubted, events, unsaved }
    }

    /// Shares the budget with a fleet from now on.
    pub(super) fn belong(&self, fleet: &Arc<Fleet>) {
        self.fleet.get_or_init(|| Arc::clone(fleet));
    }

    /// The fleet, if there is one.
    pub(super) fn fleet(&self) -> Option<&Arc<Fleet>> {
        self.fleet.get()
    }

    /// The time: the fleet's, whose members agree on the day.
    fn now(&self) -> SystemTime {
        self.fleet().map_or_else(SystemTime::now, |fleet| fleet.now())
    }

    /// What has been spent and reserved.
    pub(super) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// How the day's budget stands.
    pub(super) fn status(&self) -> BudgetStatus {
        self.ledger.status(self.now())
    }

    /// Why the day's budget forbids a request; `None` if it does not, or the fleet may grant what it needs. `is_dearer`: it
    /// is for a fallback that is dearer than the original.
    pub(super) fn over_budget(&self, fitted: &Fitted, is_dearer: bool) -> Option<Refusal> {
        let refusal = self.ledger.refuses(fitted.worst, is_dearer, self.now())?;
        let may_be_granted = refusal.is_for_want_of_a_grant() && self.fleet().is_some_and(|fleet| fleet.may_grant());
        (!may_be_granted).then(|| self.refused(&refusal))
    }

    /// Reserves the most that a request can cost.
    pub(super) fn reserve(&self, model: &Model, fitted: &Fitted, is_dearer: bool) -> Result<Reservation, NotReserved> {
        self.ledger.reserve(&model.id, fitted.worst, is_dearer, self.now()).map_err(|refusal| {
            let is_for_want_of_a_grant = refusal.is_for_want_of_a_grant();
            let refusal = self.refused(&refusal);
            if is_for_want_of_a_grant { NotReserved::NotGranted(refusal) } else { NotReserved::Refused(refusal) }
        })
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
        match self.fleet() {
            Some(fleet) => fleet.note_spent_out(),
            None => self.ledger.exhausted(self.now(), |alert| self.tell_alert(alert)),
        }
    }

    /// What was spent, to be saved.
    pub(super) fn saved(&self) -> SavedSpend {
        let now = self.now();
        let today = self.ledger.spend(now);
        let mut other_days = self.ledger.days();
        other_days.retain(|other| other.day != today.day && !other.models.is_empty());
        let fleet = self.fleet().map(|fleet| fleet.saved_money());
        SavedSpend { taken_at: Some(now), today: Some(today), other_days, fleet }
    }

    /// Takes over what was spent elsewhere, or before: the one place at which a sum comes in that no request of this
    /// engine has cost. What is known here stays if it is more.
    ///
    /// What a member of a fleet has spent is known to the fleet, and to its mirror: it is written back by this one if the
    /// fleet has lost it, and not spent again.
    pub(super) fn restore(&self, saved: &SavedSpend) {
        if let (Some(fleet), Some(mirror)) = (self.fleet(), &saved.fleet) {
            fleet.restore_money(mirror);
            return;
        }
        if saved.today.is_some() || !saved.other_days.is_empty() {
            self.ledger.restore(saved.today.as_ref(), &saved.other_days, saved.taken_at, self.now());
            self.changed();
        }
    }

    /// Notes that other sums are booked than before: the one place at which changes come out.
    pub(super) fn changed(&self) {
        self.unsaved.mark();
    }

    fn tell_doubt(&self, model: &Model, doubt: &Doubt) {
        let is_first = self.doubted.lock().unwrap_or_else(PoisonError::into_inner).insert(model.id.clone());
        if is_first {
            self.events.announce(What::UsageDoubted { model_id: model.id.clone(), doubt: doubt.clone() });
        }
    }

    /// Tells a share of the budget that is gone by what the whole fleet has reported, if this engine tells of it.
    pub(super) fn tell_share(&self, share: f64, spent: NanoUsd, day: String, origin: &str) {
        if let Some(daily) = self.daily.filter(|_| self.alerts.contains(&share)) {
            self.events.announce_of(What::Budget { share, spent, daily, day }, Some(origin));
        }
    }

    /// Why a request may not be sent, and for how long.
    pub(super) fn refused(&self, refusal: &BudgetRefusal) -> Refusal {
        let (detail, retry_after) = if refusal.is_for_want_of_a_grant() {
            (format!("{refusal}; it may grant more in a moment"), Some(ASK_AGAIN_AFTER))
        } else {
            let until = humantime::format_rfc3339_seconds(refusal.until);
            (format!("{refusal}; the day ends at {until}"), refusal.until.duration_since(self.now()).ok())
        };
        Refusal { reason: SkipReason::OverBudget, detail, retry_after }
    }

    /// Tells a share of the budget that is gone; of one that is shared only the fleet knows.
    fn tell_alert(&self, alert: &Alert) {
        if let Some(fleet) = self.fleet() {
            fleet.report_soon();
            return;
        }
        let Alert { share, spent, daily, day } = alert.clone();
        self.events.announce(What::Budget { share, spent, daily, day });
    }
}

/// Why nothing was reserved.
pub(super) enum NotReserved {
    /// A rule forbids it.
    Refused(Refusal),
    /// The fleet has granted less than it needs, and was not asked for more.
    NotGranted(Refusal),
}

/// What a request is likely to cost, to be booked should nobody ever settle it.
pub(super) fn likely_cost(model: &Model, fitted: &Fitted) -> NanoUsd {
    NanoUsd::rounded(money::cost(&model.prices, &fitted.usual_usage()))
}
