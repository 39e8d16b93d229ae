//! What calls came to lately, as a page shows it: read where it is counted, for of a thousand models there is much to copy.

use std::sync::MutexGuard;
use std::time::{Duration, SystemTime};

use super::calls::CallRecord;
use super::days::{DayCounts, DayOfModel};
use super::view::RouteView;
use super::windows::ModelWindows;
use super::{Journal, Recorder};

/// What calls came to lately, all of one moment: while it is held no call ends, and none of its attempts is counted by day.
pub struct Lately<'r> {
    recorder: &'r Recorder,
    journal: MutexGuard<'r, Journal>,
    now: SystemTime,
    /// How long ago the recorder began.
    age: Duration,
}

/// What one day came to.
pub struct DayView<'d> {
    /// The day in UTC, as `YYYY-MM-DD`.
    pub day: String,
    counts: &'d DayCounts,
}

impl<'r> Lately<'r> {
    pub(super) fn new(recorder: &'r Recorder, journal: MutexGuard<'r, Journal>) -> Self {
        Self { recorder, journal, now: SystemTime::now(), age: recorder.began.elapsed() }
    }

    /// What the attempts at a model came to in the last minutes, hour and day; `None` if it was never asked.
    #[must_use]
    pub fn windows(&self, model: &str) -> Option<ModelWindows> {
        Some(self.recorder.windows.get_mut(model)?.at(self.age).clone())
    }

    /// The routes of today, sorted by original, model that answered, and reason.
    pub fn routes(&self) -> impl Iterator<Item = RouteView<'_>> {
        self.journal.days.of_today(self.now).into_iter().flat_map(DayCounts::routes)
    }

    /// Today and the seven days before, where anything is known of them, the latest first.
    pub fn days(&self) -> impl Iterator<Item = DayView<'_>> {
        self.journal.days.kept(self.now).map(|(day, counts)| DayView { day, counts })
    }

    /// The last 200 calls, the last first.
    pub fn calls(&self) -> impl Iterator<Item = &CallRecord> {
        self.journal.calls.iter()
    }

    /// Each version of the prompts that attempts were sent since the engine began, how many, and how many of them gave at
    /// least one prediction; in no order.
    pub fn versions(&self) -> impl Iterator<Item = (&str, (u64, u64))> {
        self.journal.versions.iter().map(|(version, results)| (&**version, *results))
    }
}

impl DayView<'_> {
    /// Its routes.
    pub fn routes(&self) -> impl Iterator<Item = RouteView<'_>> + Clone {
        self.counts.routes()
    }

    /// The models that were asked on it, sorted by id.
    pub fn models(&self) -> impl Iterator<Item = (&str, DayOfModel)> {
        self.counts.models()
    }
}
