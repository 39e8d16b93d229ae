//! What calls and attempts came to on each of the last days in UTC, so that a page can say what today was like after a
//! restart too.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::finished::Finished;
use super::sorted::Sorted;
use super::tally::RouteTally;
use super::view::{Route, RouteView};
use crate::kind::Task;
use crate::outcome::{Attempt, FallbackReason, NanoUsd};

/// How many days are kept, today included.
const KEPT: u64 = 8;
/// How many there are at most, whatever the clock does.
const MOST: usize = 16;
const SECONDS_OF_A_DAY: u64 = 86_400;
/// 9999-12-31, the last day whose year has four digits.
const LAST: u64 = 2_932_896;

/// The last days, by how many days they are from 1970-01-01.
#[derive(Debug, Default)]
pub(super) struct Days(BTreeMap<u64, DayCounts>);

/// What was counted on one day, kept in the order in which it is shown.
#[derive(Debug, Default)]
pub(super) struct DayCounts {
    /// By the original model.
    routes: Sorted<Arc<str>, Vec<RouteCounts>>,
    models: Sorted<Arc<str>, DayOfModel>,
}

/// A route of a model.
#[derive(Debug)]
struct RouteCounts {
    answered_by: Option<Arc<str>>,
    reason: Option<FallbackReason>,
    task: Task,
    tally: RouteTally,
}

/// What the attempts at a model came to on a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DayOfModel {
    /// How many there were.
    pub attempts: u64,
    /// How many of them gave at least one prediction.
    pub answered: u64,
    /// What they cost.
    pub cost: NanoUsd,
}

/// What one day came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DayMetrics {
    /// The day in UTC, as `YYYY-MM-DD`.
    pub day: String,
    /// Its routes, sorted by original, model that answered, and reason.
    pub routes: Vec<Route>,
    /// The models that were asked on it, sorted by id.
    pub models: Vec<(String, DayOfModel)>,
}

impl Days {
    pub(super) fn called(&mut self, call: &Finished<'_>, now: SystemTime) {
        self.today(now)
            .change_route(call.original, (call.answered_by, call.reason, call.task), |tally| tally.add(call));
    }

    pub(super) fn attempted(&mut self, attempt: &Attempt, now: SystemTime) {
        self.today(now).models.change(attempt.model_id.as_str(), |day| {
            day.attempts = day.attempts.saturating_add(1);
            day.answered = day.answered.saturating_add(u64::from(attempt.failure.is_none()));
            day.cost = day.cost.plus(attempt.cost);
        });
    }

    /// Every day of which anything is known and that is not too long ago, the latest first, each with its name.
    pub(super) fn kept(&self, now: SystemTime) -> impl Iterator<Item = (String, &DayCounts)> {
        let kept = self.0.iter().rev().filter(move |(day, _)| is_kept(**day, now));
        kept.map(|(day, counts)| (name_of(*day), counts))
    }

    /// Copies of them.
    pub(super) fn all(&self, now: SystemTime) -> Vec<DayMetrics> {
        self.kept(now).map(|(day, counts)| counts.copy(day)).collect()
    }

    /// What was counted today; `None` if nothing was.
    pub(super) fn of_today(&self, now: SystemTime) -> Option<&DayCounts> {
        self.0.get(&day_of(now))
    }

    /// Takes over what was counted elsewhere, or before: of each number the larger.
    pub(super) fn restore(&mut self, saved: &[DayMetrics], now: SystemTime) {
        for DayMetrics { day, routes, models } in saved {
            let Some(day) = day_named(day).filter(|day| is_kept(*day, now)) else { continue };
            let counts = self.0.entry(day).or_default();
            for route in routes {
                let RouteView { original_model_id, answered_by, reason, task, .. } = route.view();
                counts.change_route(original_model_id, (answered_by, reason, task), |tally| {
                    tally.calls = tally.calls.max(route.calls);
                    tally.cost = tally.cost.max(route.cost);
                    tally.original_cost = tally.original_cost.max(route.original_cost);
                });
            }
            for (model, of) in models {
                counts.models.change(model.as_str(), |known| {
                    known.attempts = known.attempts.max(of.attempts);
                    known.answered = known.answered.max(of.answered);
                    known.cost = known.cost.max(of.cost);
                });
            }
        }
    }

    fn today(&mut self, now: SystemTime) -> &mut DayCounts {
        let today = day_of(now);
        // Days of a clock that was set back are not forgotten for it, but neither are they kept for ever.
        while self.0.len() >= MOST && !self.0.contains_key(&today) {
            self.0.pop_first();
        }
        self.0.entry(today).or_default()
    }
}

impl DayCounts {
    /// Changes what is counted of a route, whose names are copied when it is new.
    fn change_route(
        &mut self,
        original: &str,
        (answered_by, reason, task): (Option<&str>, Option<FallbackReason>, Task),
        step: impl FnOnce(&mut RouteTally),
    ) {
        self.routes.change(original, |routes| {
            let order = |answered_by, reason: Option<FallbackReason>, task| {
                (answered_by, reason.map(FallbackReason::as_str), task)
            };
            let sought = order(answered_by, reason, task);
            let place = routes
                .binary_search_by(|route| order(route.answered_by.as_deref(), route.reason, route.task).cmp(&sought))
                .unwrap_or_else(|place| {
                    let answered_by = answered_by.map(Arc::from);
                    routes.insert(place, RouteCounts { answered_by, reason, task, tally: RouteTally::default() });
                    place
                });
            if let Some(route) = routes.get_mut(place) {
                step(&mut route.tally);
            }
        });
    }

    /// The routes, sorted by original, model that answered, and reason.
    pub(super) fn routes(&self) -> impl Iterator<Item = RouteView<'_>> + Clone {
        self.routes.iter().flat_map(|(original, routes)| {
            let calls = routes.iter().map(|route| route.tally.calls).fold(0, u64::saturating_add);
            routes.iter().map(move |RouteCounts { answered_by, reason, task, tally }| {
                RouteView::new(*task, (original, answered_by.as_deref(), *reason), tally).among(calls)
            })
        })
    }

    /// The models that were asked, sorted by id.
    pub(super) fn models(&self) -> impl Iterator<Item = (&str, DayOfModel)> {
        self.models.iter().map(|(model, of)| (&**model, *of))
    }

    fn copy(&self, day: String) -> DayMetrics {
        DayMetrics {
            day,
            routes: self.routes().map(Route::from).collect(),
            models: self.models().map(|(model, of)| (model.to_owned(), of)).collect(),
        }
    }
}

/// Whether a day is today or one of the days before, by a clock that may be a day behind.
fn is_kept(day: u64, now: SystemTime) -> bool {
    let today = day_of(now);
    day + KEPT > today && day <= today + 1
}

fn day_of(now: SystemTime) -> u64 {
    let seconds = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    (seconds / SECONDS_OF_A_DAY).min(LAST)
}

fn name_of(day: u64) -> String {
    let midnight = UNIX_EPOCH + Duration::from_secs(day * SECONDS_OF_A_DAY);
    humantime::format_rfc3339_seconds(midnight).to_string().chars().take(10).collect()
}

/// The day that is written so; `None` if none is.
fn day_named(text: &str) -> Option<u64> {
    let midnight = humantime::parse_rfc3339(&format!("{text}T00:00:00Z")).ok()?;
    Some(day_of(midnight)).filter(|day| name_of(*day) == text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::FailureKind;

    const DAY: Duration = Duration::from_secs(SECONDS_OF_A_DAY);
    const FAILED: Option<FallbackReason> = Some(FallbackReason::Failure(FailureKind::Timeout));

    fn noon() -> SystemTime {
        humantime::parse_rfc3339("2026-03-01T12:00:00Z").unwrap()
    }

    fn call<'a>(original: &'a str, model: &'a str) -> Finished<'a> {
        let reason = if original == model { None } else { FAILED };
        let (task, cost, original_cost) = (Task::Predict, NanoUsd(5), NanoUsd(3));
        Finished { task, original, answered_by: Some(model), reason, cost, original_cost }
    }

    #[test]
    fn a_day_ends_at_midnight_in_utc_and_is_kept_for_a_week_after() {
        let mut days = Days::default();
        days.called(&call("a", "b"), noon());
        days.called(&call("a", "b"), noon() + DAY / 2 - Duration::from_secs(1));
        days.called(&call("a", "a"), noon() + DAY / 2);
        let of = |days: &Days, now| -> Vec<(String, u64)> {
            days.all(now).into_iter().map(|day| (day.day, day.routes.iter().map(|route| route.calls).sum())).collect()
        };
        assert_eq!(of(&days, noon() + DAY), [("2026-03-02".to_owned(), 1), ("2026-03-01".to_owned(), 2)]);
        let today = days.of_today(noon()).and_then(|day| day.routes().next()).map(|route| route.sentence());
        assert_eq!(today.as_deref(), Some("a: 2 predictions through b"));
        assert!(days.of_today(noon() + DAY * 2).is_none());
        assert_eq!(of(&days, noon() + DAY * 7).len(), 2);
        assert_eq!(of(&days, noon() + DAY * 8), [("2026-03-02".to_owned(), 1)]);
        (0..40).for_each(|day| days.called(&call("a", "a"), noon() + DAY * day));
        assert_eq!(days.0.len(), MOST, "what is too old is forgotten");
    }

    #[test]
    fn of_what_was_counted_twice_the_larger_number_stays() {
        let (mut days, mut other) = (Days::default(), Days::default());
        days.called(&call("a", "b"), noon());
        (0..3).for_each(|_| other.called(&call("a", "b"), noon()));
        other.called(&call("c", "c"), noon() - DAY);
        other.called(&call("d", "d"), noon() - DAY * 8);
        let saved = other.all(noon());
        assert_eq!(saved.len(), 2);
        for _ in 0..2 {
            days.restore(&saved, noon());
            assert_eq!(days.all(noon()), saved);
        }
        for day in ["", "2026-3-1", "2026-02-30", "2036-01-01", "yesterday"] {
            days.restore(&[DayMetrics { day: day.to_owned(), ..saved[0].clone() }], noon());
        }
        assert_eq!(days.all(noon()), saved);
    }
}
