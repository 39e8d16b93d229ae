//! What the members count, day by day: each writes what it has counted so far, and whoever asks adds that up.

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::time::{MissedTickBehavior, interval};

use super::Fleet;
use super::link::Trouble;
use super::money::DAY;
use super::script::Script;
use super::words::read;
use crate::metrics::DayTotals;
use crate::money::Day;

static WRITE: LazyLock<Script> =
    LazyLock::new(|| Script::new("write_totals", include_str!("scripts/write_totals.lua")));
static READ: LazyLock<Script> = LazyLock::new(|| Script::new("read_totals", include_str!("scripts/read_totals.lua")));

/// How often what was counted is written.
const WRITTEN_EVERY: Duration = Duration::from_secs(5);
/// For so many days what was counted is kept, today included.
const KEPT_DAYS: u64 = 8;

/// What the member counts, from its first moment on.
pub type Counter = dyn Fn() -> DayTotals + Send + Sync;

/// What one member has written of its counts.
#[derive(Default)]
pub(super) struct Tallies {
    /// What had been counted when today began.
    before: Mutex<(Option<Day>, DayTotals)>,
    /// What was written last of today.
    written: Mutex<(Option<Day>, DayTotals)>,
    /// What was read last, by day.
    read: Mutex<BTreeMap<Day, DayTotals>>,
}

impl Tallies {
    /// What was counted on a day that is today, if that is not written yet.
    fn to_write(&self, today: Day, counted: &DayTotals) -> Option<DayTotals> {
        let mut before = self.before.lock().unwrap_or_else(PoisonError::into_inner);
        if before.0 != Some(today) {
            // What an engine has counted before it first looked belongs to the day on which it looks.
            let began = if before.0.is_some() { counted.clone() } else { DayTotals::default() };
            *before = (Some(today), began);
        }
        let totals = counted.since(&before.1);
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let is_written = *written == (Some(today), totals.clone()) || totals == DayTotals::default();
        (!is_written).then_some(totals)
    }

    fn wrote(&self, today: Day, totals: DayTotals) {
        *self.written.lock().unwrap_or_else(PoisonError::into_inner) = (Some(today), totals);
    }
}

impl Fleet {
    /// Writes every five seconds what was counted.
    pub(super) async fn counts(&self) -> Trouble {
        let mut ticks = interval(WRITTEN_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(trouble @ Trouble::Unreachable(_)) = self.write_counts().await {
                return trouble;
            }
        }
    }

    /// Writes what was counted, if that is not written yet.
    pub(super) async fn write_counts(&self) -> Result<(), Trouble> {
        let Some(counted) = self.counted.get() else { return Ok(()) };
        let today = Day::of(self.now());
        let Some(totals) = self.tallies.to_write(today, &counted()) else { return Ok(()) };
        let (key, text) = (self.keys().totals(today), totals.to_json().to_string());
        let expires = ((today.number() + KEPT_DAYS + 1) * DAY).to_string();
        self.script(&WRITE, &[&key], &[&self.id, &text, &expires]).await?;
        self.tallies.wrote(today, totals);
        Ok(())
    }

    /// What all members have counted on each of the last eight days, the latest first, as it is now; without an answer, as it
    /// was read last, and of this member as it is.
    pub async fn totals(&self) -> Vec<(Day, DayTotals)> {
        let today = Day::of(self.now());
        let _ = self.write_counts().await;
        let days: Vec<Day> = std::iter::successors(Some(today), |day| Some(day.before())).take(8).collect();
        let keys = self.keys();
        let keys: Vec<String> = days.iter().map(|day| keys.totals(*day)).collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let answer = self.script(&READ, &keys, &[]).await.and_then(|text| read::<Vec<Value>>(&READ, &text));
        let mut known = self.tallies.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Ok(lists) = answer {
            *known = days.iter().copied().zip(lists.iter().map(sum)).collect();
        } else if let Some(counted) = self.counted.get() {
            // Nobody but this member can have counted more of what is known.
            known.entry(today).or_insert_with(counted);
        }
        let mut totals: Vec<_> = known.iter().map(|(day, totals)| (*day, totals.clone())).collect();
        totals.retain(|(_, totals)| *totals != DayTotals::default());
        totals.reverse();
        totals
    }
}

/// What the members have counted on one day; a list may be written as an object where it is empty.
fn sum(list: &Value) -> DayTotals {
    let mut sum = DayTotals::default();
    for text in list.as_array().into_iter().flatten().filter_map(Value::as_str) {
        if let Ok(counted) = serde_json::from_str(text) {
            sum.add(&DayTotals::from_json(&counted));
        }
    }
    sum
}
