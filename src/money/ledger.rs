//! Money that is reserved before it is spent, and settled afterwards, exactly once.

mod sharing;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::account::{Account, SpendOf};
use super::day::Day;
use super::report::{BudgetStatus, Spend};
use super::rules::{Alert, BudgetRefusal, BudgetRules, Rule};
use crate::outcome::NanoUsd;
use crate::sync::{Mutex, MutexGuard, PoisonError};

/// What an engine has spent and what it has promised, day by day in UTC.
///
/// Today is the day of the latest time that it was given: a clock that is set back by a day or less opens no budget anew.
/// One that is set back by more was wrong before, and its days are left. What was spent on a day stays on the books, so
/// that nothing opens twice, however the clock is set.
/// Clones share the same books.
#[derive(Clone, Default)]
pub struct Ledger {
    shared: Arc<LockedBooks>,
}

#[derive(Default)]
struct LockedBooks {
    rules: BudgetRules,
    books: Mutex<Books>,
}

#[derive(Default)]
struct Books {
    latest: Option<SystemTime>,
    /// Of today, yesterday, the days on which something is still reserved, and some others.
    accounts: BTreeMap<Day, Account>,
    /// What rounding has left over of all costs so far, in billionths of a dollar: half a one at most, either way.
    carried: f64,
    /// What was spent in all, whatever the day.
    booked: NanoUsd,
}

/// A clock that is set back by more was wrong before.
const CORRECTION: Duration = Duration::from_secs(24 * 3600);
/// So many days stay on the books, if no more of them are needed.
const KEPT: usize = 8;
/// After so long it is worth asking a fleet again that has not granted enough.
pub const ASK_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// The most that one request to a provider can cost, held until it is known what it did cost.
///
/// It belongs to the day on which it was made, whenever it ends. Dropped without being settled, it books what
/// [`Reservation::sent`] was told and holds the rest for the day, or it books and holds nothing.
pub struct Reservation {
    shared: Arc<LockedBooks>,
    day: Day,
    model: String,
    worst: NanoUsd,
    /// What is booked if nobody settles it; `None` if nothing went out.
    estimate: Option<NanoUsd>,
    is_settled: bool,
}

impl Ledger {
    /// A ledger on which nothing was spent yet.
    #[must_use]
    pub fn new(mut rules: BudgetRules) -> Self {
        rules.alerts.sort_unstable_by(f64::total_cmp);
        rules.alerts.dedup();
        Self { shared: Arc::new(LockedBooks { rules, books: Mutex::default() }) }
    }

    /// Reserves `worst`, the most that one request to `model` can cost. `dearer_fallback`: it is a fallback, and dearer
    /// than the original. What costs nothing is never refused.
    ///
    /// # Errors
    /// The rule that forbids the request.
    pub fn reserve(
        &self,
        model: &str,
        worst: NanoUsd,
        dearer_fallback: bool,
        now: SystemTime,
    ) -> Result<Reservation, BudgetRefusal> {
        let shared = Arc::clone(&self.shared);
        let mut books = self.shared.lock();
        if let Some(refusal) = books.refuses(&shared.rules, worst, dearer_fallback, now) {
            return Err(refusal);
        }
        let (day, account) = books.today_at(now);
        let worst = account.reserve(model, worst);
        drop(books);
        let model = model.to_owned();
        Ok(Reservation { shared, day, model, worst, estimate: None, is_settled: false })
    }

    /// What [`Ledger::reserve`] would say now, without reserving anything; `None` if it would reserve.
    #[must_use]
    pub fn refuses(&self, worst: NanoUsd, dearer_fallback: bool, now: SystemTime) -> Option<BudgetRefusal> {
        self.shared.lock().refuses(&self.shared.rules, worst, dearer_fallback, now)
    }

    /// Notes that what is left of today's budget covered none of a call's models. If nothing is reserved that may come
    /// back, the day is as good as spent: every share up to the whole that was not told yet is told to `tell`, as in
    /// [`Reservation::settle`]. Of a budget that is shared nothing is told: only the fleet knows what is reserved.
    pub fn exhausted(&self, now: SystemTime, mut tell: impl FnMut(&Alert)) {
        let rules = &self.shared.rules;
        let mut books = self.shared.lock();
        let (today, account) = books.today_at(now);
        let is_idle = account.total().reserved == NanoUsd::default();
        let Some(daily) = rules.daily.filter(|_| is_idle && !rules.is_shared) else { return };
        let told = account.tell_up_to(daily);
        rules.alerts(told, daily, account.total().spent, today).iter().for_each(&mut tell);
    }

    /// A cost in billionths of a dollar as a whole number of them. What rounding leaves over or takes too much is carried
    /// to the next cost that is asked for, so that the sum of all is right to a billionth however small each is.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "what is lost is less than what was carried")]
    pub fn whole(&self, billionths: f64) -> NanoUsd {
        let mut books = self.shared.lock();
        let exact = billionths + books.carried;
        let whole = NanoUsd::rounded(exact);
        // No number, or more than can be counted, leaves nothing to carry.
        let rest = exact - whole.0 as f64;
        books.carried = if rest.abs() <= 0.5 { rest } else { 0.0 };
        whole
    }

    /// How today stands: for the whole fleet if the budget is shared, but for the models, which are the engine's own.
    #[must_use]
    pub fn status(&self, now: SystemTime) -> BudgetStatus {
        let rules = &self.shared.rules;
        let mut books = self.shared.lock();
        let (today, account) = books.today_at(now);
        let sums = account.of_all();
        let daily = rules.daily.or(account.grant.and_then(|grant| grant.daily));
        let models = account.models().map(|(id, sums)| (id.to_owned(), sums)).collect();
        BudgetStatus {
            day: today.to_string(),
            daily,
            spent: sums.spent,
            reserved: sums.reserved,
            uncertain: sums.uncertain,
            remaining: daily.map(|daily| daily.minus(sums.taken())),
            state: rules.state(daily, sums.gone()),
            models,
        }
    }

    /// What is reserved, whatever the day.
    #[must_use]
    pub fn reserved(&self) -> NanoUsd {
        self.shared.lock().accounts.values().map(|account| account.total().reserved).sum()
    }

    /// What was spent on each day that is still on the books, in order: today, yesterday, every day on which something is
    /// reserved, and others up to eight in all.
    #[must_use]
    pub fn days(&self) -> Vec<Spend> {
        let books = self.shared.lock();
        books.accounts.iter().map(|(day, account)| spend(*day, account)).collect()
    }

    /// What was spent today, for a snapshot.
    #[must_use]
    pub fn spend(&self, now: SystemTime) -> Spend {
        let mut books = self.shared.lock();
        let (today, account) = books.today_at(now);
        spend(today, account)
    }

    /// Takes over what a snapshot says was spent, day by day, where that is more than what this ledger knows of. `today`
    /// is the day that it was there, and `taken_at` when it was taken: that a clock has gone back since, by a day or
    /// less, opens nothing here either. No alert is told again for what the snapshot had spent.
    pub fn restore(&self, today: Option<&Spend>, others: &[Spend], taken_at: Option<SystemTime>, now: SystemTime) {
        let mut books = self.shared.lock();
        books.today_at(now);
        let begin = today.and_then(|today| Day::named(&today.day)).map(Day::begin);
        let latest = taken_at.max(begin);
        if latest.is_some_and(|latest| latest.duration_since(now).is_ok_and(|ahead| ahead <= CORRECTION)) {
            books.latest = books.latest.max(latest);
        }
        for (day, spend) in others.iter().chain(today).filter_map(|spend| Day::named(&spend.day).zip(Some(spend))) {
            books.accounts.entry(day).or_default().restore(&spend.models);
        }
        books.today_at(now);
        books.forget();
    }
}

impl LockedBooks {
    fn lock(&self) -> MutexGuard<'_, Books> {
        // Only a listener of alerts can panic under the lock, and it is called when the books are right again.
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Books {
    /// Today, which begins with this if it has to, and its account.
    fn today_at(&mut self, now: SystemTime) -> (Day, &mut Account) {
        let before = self.today();
        let back = self.latest.and_then(|latest| latest.duration_since(now).ok());
        if back.is_none_or(|back| back > CORRECTION) {
            self.latest = Some(now);
        }
        let today = self.today();
        if today != before {
            self.accounts.entry(today).or_default();
            self.forget();
        }
        (today, self.accounts.entry(today).or_default())
    }

    fn today(&self) -> Day {
        self.latest.map(Day::of).unwrap_or_default()
    }

    /// Strikes days that are not needed: first the past ones, the oldest first, then those to come, the last first.
    fn forget(&mut self) {
        let today = self.today();
        while self.accounts.len() > KEPT {
            let is_idle = |(day, account): (&Day, &Account)| {
                let is_needed = *day == today || day.next() == today || account.total().reserved.0 > 0;
                (!is_needed).then_some(*day)
            };
            let past = self.accounts.range(..today).find_map(is_idle);
            let Some(day) = past.or_else(|| self.accounts.iter().rev().find_map(is_idle)) else { return };
            self.accounts.remove(&day);
        }
    }

    fn refuses(
        &mut self,
        rules: &BudgetRules,
        worst: NanoUsd,
        dearer_fallback: bool,
        now: SystemTime,
    ) -> Option<BudgetRefusal> {
        let (today, account) = self.today_at(now);
        let rule = rules.refuses(account.total(), account.grant, worst, dearer_fallback)?;
        let is_for_now = matches!(rule, Rule::NoGrant { .. });
        Some(BudgetRefusal { rule, until: if is_for_now { now + ASK_AGAIN_AFTER } else { today.end() } })
    }
}

impl Reservation {
    /// Notes that the request went out and is likely to cost `estimate`, whatever becomes of this reservation.
    pub fn sent(&mut self, estimate: NanoUsd) {
        self.estimate = Some(estimate);
    }

    /// Gives the reservation back and books what the request did cost, be it more than was reserved.
    ///
    /// Every share of today's budget that is gone by now, and was not told yet, is told to `tell`. The ledger is locked
    /// meanwhile, so that alerts come in order: `tell` must not ask it for anything. Of a budget that is shared these are
    /// the shares that seem to be gone by what is known of the others; the fleet decides.
    pub fn settle(self, actual: NanoUsd, tell: impl FnMut(&Alert)) {
        self.close(actual, NanoUsd::default(), tell);
    }

    /// Books what the request is likely to have cost, where nobody said what it did, and holds the rest of the
    /// reservation for the day; otherwise like [`Reservation::settle`].
    pub fn settle_uncertain(self, likely: NanoUsd, tell: impl FnMut(&Alert)) {
        let rest = self.worst.minus(likely);
        self.close(likely, rest, tell);
    }

    fn close(mut self, spent: NanoUsd, uncertain: NanoUsd, tell: impl FnMut(&Alert)) {
        self.is_settled = true;
        let mut books = self.shared.lock();
        let today = books.today();
        let account = self.book(&mut books, spent, uncertain);
        if self.day == today {
            let sums = account.of_all();
            let told = account.tell_up_to(sums.gone());
            self.shared.rules.alerts(told, sums.gone(), sums.spent, today).iter().for_each(tell);
        }
    }

    fn book<'a>(&self, books: &'a mut Books, spent: NanoUsd, uncertain: NanoUsd) -> &'a mut Account {
        books.booked = books.booked.plus(spent);
        let account = books.accounts.entry(self.day).or_default();
        account.settle(&self.model, self.worst, spent, uncertain);
        account
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if !self.is_settled {
            let (spent, uncertain) =
                self.estimate.map_or_else(Default::default, |estimate| (estimate, self.worst.minus(estimate)));
            self.book(&mut self.shared.lock(), spent, uncertain);
        }
    }
}

fn spend(day: Day, account: &Account) -> Spend {
    let models = account.models().map(|(id, sums)| SpendOf {
        model: id.to_owned(),
        spent: sums.spent,
        uncertain: sums.uncertain,
    });
    Spend { day: day.to_string(), models: models.filter(|spend| spend.gone() > NanoUsd::default()).collect() }
}
