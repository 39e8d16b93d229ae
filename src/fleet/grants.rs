//! The day's budget as the fleet grants it: what this member reports of its ledger, what it is granted, and which calls
//! wait for that.
//!
//! One message is under way at a time. It says what the member has spent and goes by, and narrows the ledger to that in the
//! same step; so whatever becomes of it, the member holds no more than Redis has noted for it. A message that nobody
//! answered may be applied still: it is based on a number that the next message has as well, and of two only one is applied.

mod answer;
mod message;
mod rows;

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Map, Value, json};
use tokio::sync::{Notify, oneshot, watch};

use super::clock::ServerClock;
use crate::config::{BudgetConfig, FleetRole};
use crate::money::{BudgetRefusal, Day, DayReport, Ledger, Reservation};
use crate::outcome::NanoUsd;

pub(super) use answer::MoneyAnswer;
pub(super) use message::Occasion;
use rows::DayRows;
pub(super) use rows::Notice;

/// A member keeps in reserve what it has spent in this time.
const RECENT: Duration = Duration::from_secs(600);
/// So long before midnight a reserve of the next day is asked for.
const EARLY: Duration = Duration::from_secs(600);
/// A day that is over is reported of for so many days more.
const REPORTED_DAYS: u64 = 2;

/// What one member has of the fleet's money.
pub(super) struct Grants {
    ledger: Ledger,
    budget: Option<NanoUsd>,
    alerts: Vec<f64>,
    role: FleetRole,
    clock: ServerClock,
    known: Mutex<KnownMoney>,
    waiting: Mutex<Vec<Want>>,
    /// Wakes who sends messages.
    due: Notify,
    /// Whether others have marked something that is to be read.
    is_behind: AtomicBool,
    /// Whether what is left covered no call since the last message.
    is_spent_out: AtomicBool,
    /// Whether the server has answered that something can be granted.
    can_open: AtomicBool,
    /// Whether anything could be granted yet, and the fleet was joined.
    opened: watch::Sender<bool>,
}

/// A call that waits for a grant.
pub(super) struct Want {
    model: String,
    worst: NanoUsd,
    dearer_fallback: bool,
    answer: oneshot::Sender<Result<Reservation, BudgetRefusal>>,
}

#[derive(Debug, Default)]
struct KnownMoney {
    generation: String,
    /// The greatest time that the server gave, in milliseconds since 1970.
    latest: u64,
    days: BTreeMap<Day, KnownDay>,
    /// What had been spent in all at moments of the last ten minutes.
    recent: VecDeque<(Instant, NanoUsd)>,
    /// Whether it was told that members have different budgets.
    told_difference: bool,
    /// How many beats there were.
    beats: u64,
    /// Whether the server's clock was heard.
    has_heard: bool,
    /// Whether the marks of a day were read: those that are there when a member joins were told before it came.
    has_read: bool,
}

#[derive(Debug, Default)]
struct KnownDay {
    /// The number of the member's row.
    number: u64,
    /// Whether every message was answered since the row was known.
    is_sure: bool,
    acknowledged: Option<DayReport>,
    /// The changes up to which the rows are known.
    version: Option<u64>,
    rows: DayRows,
    /// What a member may keep in reserve at most, by what is free and how many members live.
    share: NanoUsd,
}

impl Grants {
    pub(super) fn new(ledger: Ledger, config: &BudgetConfig, role: FleetRole) -> Self {
        Self {
            ledger,
            budget: config.daily.map(NanoUsd::from_usd),
            alerts: config.alerts.clone(),
            role,
            clock: ServerClock::new(),
            known: Mutex::default(),
            waiting: Mutex::default(),
            due: Notify::new(),
            is_behind: AtomicBool::new(false),
            is_spent_out: AtomicBool::new(false),
            can_open: AtomicBool::new(false),
            opened: watch::Sender::new(false),
        }
    }

    /// The time by the server's clock.
    pub(super) fn now(&self) -> SystemTime {
        self.clock.now()
    }

    /// Whether paid calls need a grant.
    pub(super) fn is_limited(&self) -> bool {
        self.role == FleetRole::Worker && self.budget.is_some()
    }

    /// Whether anything could be granted yet.
    pub(super) fn is_opened(&self) -> bool {
        *self.opened.borrow()
    }

    /// Notes that the fleet is joined: from now on calls can be granted something, if the server has answered so.
    pub(super) fn open(&self) {
        if self.can_open.load(Ordering::Acquire) && !self.is_opened() {
            self.opened.send_replace(true);
        }
    }

    /// Waits until something can be granted.
    pub(super) async fn opened(&self) {
        // The sender is this one's own.
        let _ = self.opened.subscribe().wait_for(|is_open| *is_open).await;
    }

    /// What is left of what was granted today; `None` without a budget.
    pub(super) fn granted(&self) -> Option<NanoUsd> {
        let today = self.ledger.today(self.now());
        self.is_limited().then(|| self.ledger.granted(today).unwrap_or_default())
    }

    /// Has a message sent now.
    pub(super) fn report_soon(&self) {
        self.due.notify_one();
    }

    /// Has the next beat say that a call needs more than is not gone; there may be many such calls.
    pub(super) fn note_spent_out(&self) {
        self.is_spent_out.store(true, Ordering::Relaxed);
    }

    /// Has what others have marked read now.
    pub(super) fn read_soon(&self) {
        self.is_behind.store(true, Ordering::Relaxed);
        self.due.notify_one();
    }

    /// Waits until a message is to be sent before the next beat.
    pub(super) async fn due(&self) -> Occasion {
        self.due.notified().await;
        if self.is_behind.swap(false, Ordering::Relaxed) { Occasion::Beat } else { Occasion::Want }
    }

    /// Asks for a reservation that the ledger has refused for want of a grant.
    pub(super) fn want(
        &self,
        model: &str,
        worst: NanoUsd,
        dearer_fallback: bool,
    ) -> oneshot::Receiver<Result<Reservation, BudgetRefusal>> {
        let (answer, answered) = oneshot::channel();
        self.waiting().push(Want { model: model.to_owned(), worst, dearer_fallback, answer });
        self.due.notify_one();
        answered
    }

    /// The days of which something is given back when the engine is closed.
    pub(super) fn days_to_close(&self) -> Vec<Day> {
        let mut days = self.days_to_report();
        let today = days[0];
        let known = self.known();
        days.extend(known.days.iter().filter(|(day, known)| **day > today && known.number > 0).map(|(day, _)| *day));
        days.dedup();
        if self.role == FleetRole::Reader { Vec::new() } else { days }
    }

    /// Gives up whoever waits.
    pub(super) fn give_up(&self) {
        self.waiting().clear();
    }

    /// The days of which is to be reported with a beat, today first.
    pub(super) fn days_to_report(&self) -> Vec<Day> {
        let now = self.now();
        let today = self.ledger.today(now);
        let mut days = vec![today];
        if self.role == FleetRole::Reader {
            return days;
        }
        let known = self.known();
        days.extend(self.ledger.booked_days().into_iter().filter(|day| {
            let is_recent = *day < today && today.number() - day.number() <= REPORTED_DAYS;
            let report = || self.ledger.report(*day, NanoUsd::default());
            is_recent && known.days.get(day).and_then(|known| known.acknowledged).unwrap_or_default() != report()
        }));
        // Every other beat, so that no second has more than two messages.
        if now + EARLY >= today.end() && self.budget.is_some() && known.beats.is_multiple_of(2) {
            days.push(today.next());
        }
        days
    }

    /// Notes how much was spent by now.
    pub(super) fn note_spent(&self) {
        let booked = self.ledger.booked();
        let mut known = self.known();
        known.beats += 1;
        known.recent.push_back((Instant::now(), booked));
        while known.recent.front().is_some_and(|(at, _)| at.elapsed() > RECENT) {
            known.recent.pop_front();
        }
        // Nothing is reported of days long past, nor kept to be written back.
        let today = self.ledger.today(self.now()).number();
        known.days.retain(|day, _| day.number() + REPORTED_DAYS >= today);
    }

    /// What is known of the others, as plain data.
    pub(super) fn saved(&self) -> Value {
        let known = self.known();
        let day = |(day, known): (&Day, &KnownDay)| (day.to_string(), Value::from_iter(known.rows.all()));
        let days: Map<String, Value> = known.days.iter().map(day).collect();
        json!({ "generation": known.generation, "days": days })
    }

    /// Takes over what was saved by [`Grants::saved`], before anything is known.
    pub(super) fn restore(&self, saved: &Value) {
        let mut known = self.known();
        if known.has_heard {
            return;
        }
        saved["generation"].as_str().unwrap_or_default().clone_into(&mut known.generation);
        for (day, fields) in saved["days"].as_object().into_iter().flatten() {
            let texts = fields
                .as_object()
                .into_iter()
                .flatten()
                .filter_map(|(field, value)| Some((field.as_str(), value.as_str()?)));
            if let Some(day) = Day::named(day) {
                known.days.insert(day, KnownDay { rows: DayRows::saved(texts), ..KnownDay::default() });
            }
        }
    }

    /// Reserves for each call that waited what it was granted, if it was.
    pub(super) fn serve(&self, wants: Vec<Want>) {
        let now = self.now();
        for Want { model, worst, dearer_fallback, answer } in wants {
            if !answer.is_closed() {
                // A reservation that nobody waits for any more is given back as it is dropped.
                let _ = answer.send(self.ledger.reserve(&model, worst, dearer_fallback, now));
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, KnownMoney> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Want>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
