//! The books of an engine that shares its budget: what it reports, and what it is granted.

use std::time::SystemTime;

use super::Ledger;
use crate::money::day::Day;
use crate::money::grant::{DayReport, Grant};
use crate::outcome::NanoUsd;

impl Ledger {
    /// Today, by the latest time that was given.
    #[must_use]
    pub fn today(&self, now: SystemTime) -> Day {
        self.shared.lock().today_at(now).0
    }

    /// Takes the time of a fleet for its own, whatever the clock here said before.
    pub fn follow(&self, now: SystemTime) {
        let mut books = self.shared.lock();
        books.latest = Some(now);
        books.today_at(now);
    }

    /// The days on the books.
    #[must_use]
    pub fn booked_days(&self) -> Vec<Day> {
        self.shared.lock().accounts.keys().copied().collect()
    }

    /// What was spent since the ledger was made, whatever the day.
    #[must_use]
    pub fn booked(&self) -> NanoUsd {
        self.shared.lock().booked
    }

    /// What is to be reported of a day. From then on the engine goes by what it keeps, which is what is taken and at most
    /// `reserve` beyond: whoever reads the report may grant the rest to others before this engine hears of it.
    #[must_use]
    pub fn report(&self, day: Day, reserve: NanoUsd) -> DayReport {
        let mut books = self.shared.lock();
        let Some(account) = books.accounts.get_mut(&day) else { return DayReport::default() };
        let limit = account.grant.map(|grant| grant.limit).unwrap_or_default();
        let report = DayReport::new(account.total(), limit, reserve);
        if let Some(grant) = &mut account.grant {
            grant.limit = report.keep;
        }
        report
    }

    /// Notes what is granted of a day, and how it stands for the others.
    pub fn grant(&self, day: Day, grant: Grant) {
        self.shared.lock().accounts.entry(day).or_default().grant = Some(grant);
    }

    /// What is left of what was granted of a day, beyond what is gone; `None` if nothing was granted yet.
    #[must_use]
    pub fn granted(&self, day: Day) -> Option<NanoUsd> {
        let books = self.shared.lock();
        let account = books.accounts.get(&day)?;
        Some(account.grant?.limit.minus(account.total().gone()))
    }
}
