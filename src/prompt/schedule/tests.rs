use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;

use super::*;

/// Seconds since 1970.
fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn active(span: (Option<u64>, Option<u64>), models: &[&str], weight: Option<u32>) -> Activation {
    let models = models.iter().map(|&id| id.to_owned()).collect();
    Activation { from: span.0.map(at), to: span.1.map(at), models, weight }
}

fn faults(activations: &[Activation], now: u64) -> Vec<String> {
    let ids: Vec<String> = (1..=activations.len()).map(|id| id.to_string()).collect();
    let entry = |(id, activation)| Entry { path: id, id, activation };
    let entries: Vec<_> = ids.iter().map(String::as_str).zip(activations).map(entry).collect();
    let mut faults = Faults::new();
    check(&entries, "versions", at(now), &mut faults);
    faults.iter().map(ToString::to_string).collect()
}

/// The version for a model at a time, counted from 1.
fn version(activations: &[Activation], model: &str, now: u64) -> Option<usize> {
    choose(activations.iter(), model, "m1", at(now)).map(|position| position + 1)
}

#[test]
fn a_version_is_active_from_its_first_moment_until_just_before_its_end() {
    let versions = [active((None, Some(10)), &[], None), active((Some(10), Some(20)), &[], None)];
    let chosen: Vec<_> = [0, 9, 10, 19, 20].map(|now| version(&versions, "a", now)).into();
    assert_eq!(chosen, [Some(1), Some(1), Some(2), Some(2), None]);
}

#[test]
fn a_version_that_names_the_model_goes_before_one_for_all() {
    let versions = [active((None, None), &[], None), active((Some(10), None), &["a", "b"], None)];
    assert_eq!(faults(&versions, 0), [""; 0]);
    assert_eq!(["a", "b", "c", "A", "ab", ""].map(|id| version(&versions, id, 10).unwrap()), [2, 2, 1, 1, 1, 1]);
    assert_eq!(version(&versions, "a", 9), Some(1));
}

#[test]
fn several_at_one_time_need_weights() {
    let all = |from, to, weight| active((from, to), &[], weight);
    assert_eq!(
        faults(&[all(None, None, None), all(Some(5), None, None)], 0),
        ["2: is active at the same time as version \"1\"; give both a weight"]
    );
    assert_eq!(
        faults(&[all(None, Some(6), Some(1)), all(Some(5), None, None)], 0),
        ["2: is active at the same time as version \"1\"; give both a weight"]
    );
    assert_eq!(faults(&[all(None, Some(6), Some(1)), all(Some(5), None, Some(3))], 0), [""; 0]);
    assert_eq!(faults(&[all(None, Some(5), None), all(Some(5), None, None)], 0), [""; 0]);
    let named = active((None, None), &["a", "b"], None);
    let other = active((None, None), &["b", "c"], Some(1));
    assert_eq!(
        faults(&[all(None, None, None), named, other], 0),
        ["3: is active at the same time as version \"2\" for the model b; give both a weight"]
    );
}

#[test]
fn a_time_to_come_without_a_version_for_all_is_refused() {
    let span = |from, to| active((from, to), &[], None);
    assert_eq!(
        faults(&[span(None, Some(5)), span(Some(9), Some(20))], 0),
        [
            "versions: no version for all models is active at 1970-01-01T00:00:05Z",
            "versions: no version for all models is active at 1970-01-01T00:00:20Z",
        ]
    );
    assert_eq!(faults(&[span(None, Some(5)), span(Some(9), None)], 9), [""; 0]);
    assert_eq!(
        faults(&[span(Some(9), None)], 8),
        ["versions: no version for all models is active at 1970-01-01T00:00:08Z"]
    );
    let named = active((None, None), &["a"], None);
    assert_eq!(faults(&[named], 8), ["versions: no version for all models is active at 1970-01-01T00:00:08Z"]);
}

#[test]
fn requests_are_shared_by_weight_and_the_same_one_sees_the_same_version() {
    let versions = [active((None, None), &[], Some(3)), active((None, None), &["a"], Some(1))];
    let mut counts = HashMap::new();
    for number in 0..4000 {
        let id = format!("m{number}");
        let chosen = choose(versions.iter(), "a", &id, at(0)).unwrap();
        assert_eq!(choose(versions.iter(), "a", &id, at(77)), Some(chosen));
        assert_eq!(choose(versions.iter(), "b", &id, at(0)), Some(0));
        *counts.entry(chosen).or_insert(0) += 1;
    }
    assert!((2850..=3150).contains(&counts[&0]), "{counts:?}");
    assert_eq!(counts[&0] + counts[&1], 4000);
}

#[test]
fn the_hash_is_that_of_the_first_release() {
    assert_eq!(hash("kimi-k2.5-syn", "m1"), 4_604_436_476_127_158_328);
    assert_ne!(hash("ab", "c"), hash("a", "bc"));
}

fn any_activation() -> impl Strategy<Value = Activation> {
    let span = (prop::option::of(1_u64..6), prop::option::of(6_u64..12));
    let models = prop::sample::subsequence(vec!["a", "b"], 0..=2);
    (span, models, prop::option::of(1_u32..4)).prop_map(|(span, models, weight)| active(span, &models, weight))
}

proptest! {
    #[test]
    fn a_schedule_without_faults_always_has_one_answer(
        rest in prop::collection::vec(any_activation(), 0..4),
        weight in prop::option::of(1_u32..4),
        now in 0_u64..12,
    ) {
        let activations: Vec<_> = [active((None, None), &[], weight)].into_iter().chain(rest).collect();
        if !faults(&activations, now).is_empty() {
            return Ok(());
        }
        for (time, model) in (now..14).flat_map(|time| ["a", "b", "c"].map(|model| (time, model))) {
            let chosen = choose(activations.iter(), model, "m1", at(time)).unwrap();
            prop_assert!(activations[chosen].is_active(at(time)) && activations[chosen].is_for(model));
            if activations[chosen].weight.is_none() {
                // Without weights no match decides, so every match sees the same.
                for id in ["m2", "m3", "m4", "m5"] {
                    prop_assert_eq!(choose(activations.iter(), model, id, at(time)), Some(chosen));
                }
            }
        }
    }
}
