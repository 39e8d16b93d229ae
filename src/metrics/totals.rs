//! What was counted on one day, to be added up over the engines of a fleet.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::tally::RouteTally;
use super::view::{Metrics, Route, set_shares};
use crate::kind::Task;
use crate::outcome::{FallbackReason, NanoUsd};

/// The original model, the model that answered, the reason and the task.
type RouteKey = (String, Option<String>, Option<&'static str>, Task);
/// A model and its provider.
type ModelKey = (String, String);

/// Routes and models, counted. Sums stop at the largest number instead of wrapping.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DayTotals {
    /// By original model, model that answered, reason and task.
    routes: BTreeMap<RouteKey, [u64; 3]>,
    /// By model and provider.
    models: BTreeMap<ModelKey, [u64; 3]>,
}

/// The attempts of one model on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelTotals {
    /// The model.
    pub model_id: String,
    /// Its provider.
    pub provider_id: String,
    /// How many attempts there were.
    pub attempts: u64,
    /// How many of them gave at least one prediction.
    pub successes: u64,
    /// What they cost.
    pub cost: NanoUsd,
}

impl DayTotals {
    /// All that was counted.
    #[must_use]
    pub fn of(metrics: &Metrics) -> Self {
        let route = |route: &Route| {
            let reason = route.reason.map(FallbackReason::as_str);
            let key = (route.original_model_id.clone(), route.answered_by.clone(), reason, route.task);
            (key, [route.calls, route.cost.0, route.original_cost.0])
        };
        let models = metrics.models.iter().map(|model| {
            let results = &model.tally.results;
            let key = (model.model_id.clone(), model.provider_id.clone());
            (key, [results.attempts, results.successes(), model.tally.cost.0])
        });
        Self { routes: map_of(metrics.routes.iter().map(route)), models: map_of(models) }
    }

    /// What was counted beyond `before`.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        fn since<K: Ord + Clone>(now: &BTreeMap<K, [u64; 3]>, before: &BTreeMap<K, [u64; 3]>) -> BTreeMap<K, [u64; 3]> {
            let less = |(key, sums): (&K, &[u64; 3])| {
                let before = before.get(key).copied().unwrap_or_default();
                let sums = std::array::from_fn(|place| sums[place].saturating_sub(before[place]));
                (sums[0] > 0).then(|| (key.clone(), sums))
            };
            map_of(now.iter().filter_map(less))
        }
        Self { routes: since(&self.routes, &before.routes), models: since(&self.models, &before.models) }
    }

    /// Adds what was counted elsewhere.
    pub fn add(&mut self, other: &Self) {
        fn add<K: Ord + Clone>(sums: &mut BTreeMap<K, [u64; 3]>, others: &BTreeMap<K, [u64; 3]>) {
            for (key, other) in others {
                let sum = sums.entry(key.clone()).or_default();
                *sum = std::array::from_fn(|place| sum[place].saturating_add(other[place]));
            }
        }
        add(&mut self.routes, &other.routes);
        add(&mut self.models, &other.models);
    }

    /// The routes as a page shows them, sorted.
    #[must_use]
    pub fn routes(&self) -> Vec<Route> {
        let route = |(key, sums): (&RouteKey, &[u64; 3])| {
            let ((original, answered_by, reason, task), [calls, cost, original_cost]) = (key, *sums);
            let tally = RouteTally { calls, cost: NanoUsd(cost), original_cost: NanoUsd(original_cost) };
            Route::new(*task, (original, answered_by.as_deref(), reason.and_then(FallbackReason::named)), &tally)
        };
        let mut routes: Vec<Route> = self.routes.iter().map(route).collect();
        set_shares(&mut routes);
        routes
    }

    /// The models, sorted.
    #[must_use]
    pub fn models(&self) -> Vec<ModelTotals> {
        let model = |(key, sums): (&ModelKey, &[u64; 3])| {
            let ((model_id, provider_id), [attempts, successes, cost]) = (key.clone(), *sums);
            ModelTotals { model_id, provider_id, attempts, successes, cost: NanoUsd(cost) }
        };
        self.models.iter().map(model).collect()
    }

    /// As plain data, which [`DayTotals::from_json`] reads.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let routes = self.routes.iter().map(|((original, model, reason, task), sums)| match task {
            Task::Predict => json!([original, model, reason, sums]),
            Task::Ask => json!([original, model, reason, sums, task.as_str()]),
        });
        let models = self.models.iter().map(|((model, provider), sums)| json!([model, provider, sums]));
        json!({ "routes": routes.collect::<Vec<_>>(), "models": models.collect::<Vec<_>>() })
    }

    /// What was written by [`DayTotals::to_json`], of this release or another: what cannot be read is left out.
    #[must_use]
    pub fn from_json(value: &Value) -> Self {
        let list = |name: &str| value[name].as_array().map(Vec::as_slice).unwrap_or_default();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let sums = |value: &Value| -> Option<[u64; 3]> {
            let sums: Vec<u64> = value.as_array()?.iter().filter_map(Value::as_u64).collect();
            sums.try_into().ok()
        };
        let route = |route: &Value| {
            // A reason that this release does not know is one of another.
            let reason = match route[2].as_str() {
                Some(name) => Some(FallbackReason::named(name)?.as_str()),
                None => None,
            };
            let task = route[4].as_str().map_or(Some(Task::Predict), Task::named)?;
            Some(((text(&route[0])?, text(&route[1]), reason, task), sums(&route[3])?))
        };
        let model = |model: &Value| Some(((text(&model[0])?, text(&model[1])?), sums(&model[2])?));
        Self {
            routes: map_of(list("routes").iter().filter_map(route)),
            models: map_of(list("models").iter().filter_map(model)),
        }
    }
}

/// The map of these, made one by one: one that is collected from a list sorts it first, for which each type of entries
/// takes the addon some kilobytes of code.
fn map_of<K: Ord, V>(entries: impl Iterator<Item = (K, V)>) -> BTreeMap<K, V> {
    let mut map = BTreeMap::new();
    map.extend(entries);
    map
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(routes: &Value, models: &Value) -> DayTotals {
        DayTotals::from_json(&json!({ "routes": routes, "models": models }))
    }

    #[test]
    fn days_of_two_engines_add_up_and_what_was_before_is_taken_away() {
        let one = read(
            &json!([
                ["a", "b", "timeout", [5, 100, 90]],
                ["a", "a", null, [15, 30, 30]],
                ["a", null, "unheard_of", [1, 1, 1]]
            ]),
            &json!([["a", "p", [20, 15, 30]], ["b", "p", "no numbers"]]),
        );
        assert_eq!(DayTotals::from_json(&one.to_json()), one);
        let mut sum = one.clone();
        sum.add(&one);
        sum.add(&read(&json!([["c", null, null, [1, 0, 7]]]), &json!([])));
        let sentences: Vec<_> = sum.routes().iter().map(|route| (route.sentence(), route.share)).collect();
        let expected = [
            ("a: 30 predictions of its own", 0.75),
            ("a: 10 predictions through b", 0.25),
            ("c: 1 call without an answer", 1.0),
        ];
        assert_eq!(sentences, expected.map(|(sentence, share)| (sentence.to_owned(), share)));
        let [model] = &sum.models()[..] else { panic!("one model can be read: {sum:?}") };
        assert_eq!((model.attempts, model.successes, model.cost), (40, 30, NanoUsd(60)));
        assert_eq!(sum.since(&one).routes().len(), 3);
        assert_eq!(one.since(&one), DayTotals::default());
    }
}
