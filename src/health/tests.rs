//! The health of models as a sequence of results, and under many threads at once.

mod causes;
mod coolings;
mod half_open;
mod script;

use std::sync::Mutex;
use std::thread;

use super::*;
use crate::kind::SkipReason;

/// What was told, in short.
#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl Told {
    fn note(&self, what: What, cause: Option<Cause>) {
        let text = match what {
            What::Disabled { model_id, until, failures, .. } => {
                format!("{model_id} disabled at {failures}{}", if until.is_none() { " by hand" } else { "" })
            }
            What::Enabled { model_id } => format!("{model_id} enabled"),
            What::Recovered { model_id, failures } => format!("{model_id} recovered with {failures}"),
            What::Cooling { model_id, kind, .. } => format!("{model_id} cooling for {kind}"),
            What::Cooled { model_id } => format!("{model_id} cooled"),
            What::ProviderCooling { provider_id, kind, .. } => format!("{provider_id} cooling for {kind}"),
            What::ProviderCooled { provider_id } => format!("{provider_id} cooled"),
            other => format!("{other:?}"),
        };
        let text = if cause.is_some() { format!("{text} !") } else { text };
        self.0.lock().expect("no panic").push(text);
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().expect("no panic"))
    }
}

/// A health whose recoveries are due as soon as a millisecond has passed, unless said otherwise.
fn health(change: impl FnOnce(&mut HealthConfig)) -> Health {
    let mut config = HealthConfig { cooldown: Duration::from_millis(1), ..HealthConfig::default() };
    change(&mut config);
    Health::new(&config)
}

fn lasting() -> Health {
    health(|config| config.cooldown = Duration::from_secs(3600))
}

/// Waits until the clock of `health` has moved on.
fn wait_for_the_clock(health: &Health) {
    let now = health.clock.now();
    while health.clock.now() <= now + 1 {
        thread::yield_now();
    }
}

const FAULT: Verdict = Verdict::Fault(FailureKind::ParseError, None);
const TRANSIENT: Verdict = Verdict::Transient(FailureKind::Timeout);

struct Case {
    health: Health,
    told: Told,
}

impl Case {
    fn new(health: Health) -> Self {
        Self { health, told: Told::default() }
    }

    fn admit(&self) -> Result<Permit, Refusal> {
        self.health.admit("m", "p", None, None, &|what, cause| self.told.note(what, cause))
    }

    fn record(&self, permit: &Permit, verdict: Verdict) {
        self.health.record("m", permit, verdict, &|what, cause| self.told.note(what, cause));
    }

    /// Admits and records, so many times; returns what was told.
    fn fail(&self, verdict: Verdict, times: usize) -> Vec<String> {
        for _ in 0..times {
            let permit = self.admit().expect("the model may be called");
            self.record(&permit, verdict);
        }
        self.told.take()
    }

    fn status(&self) -> HealthStatus {
        self.health.status("m", "p")
    }
}

#[test]
fn five_faults_in_a_row_disable_and_a_late_result_changes_nothing() {
    let case = Case::new(lasting());
    let late = case.admit().expect("a new model is active");
    assert_eq!(case.fail(FAULT, 4), Vec::<String>::new());
    case.record(&late, Verdict::Neutral(FailureKind::InvalidResponse));
    assert_eq!(case.status().failures, 4, "another reason does not count");
    assert_eq!(case.fail(FAULT, 1), ["m disabled at 5 !"]);
    let refusal = case.admit().expect_err("disabled");
    assert_eq!(refusal.reason, SkipReason::Disabled);
    assert!(refusal.retry_after.expect("it comes back") > Duration::from_secs(3590));
    let before = case.status();
    case.record(&late, FAULT);
    case.record(&late, Verdict::Success);
    assert_eq!(case.status(), before, "neither a sixth failure nor a revival");
    assert_eq!(case.told.take(), Vec::<String>::new());
}

#[test]
fn a_success_forgets_the_failures_before_it() {
    let case = Case::new(lasting());
    case.fail(FAULT, 4);
    case.fail(Verdict::Success, 1);
    assert_eq!(case.status().failures, 0);
    assert_eq!(case.fail(FAULT, 4), Vec::<String>::new());
}

#[test]
fn a_model_comes_back_with_two_failures_and_stays_off_longer_each_time() {
    let case = Case::new(health(|config| config.cooldown = Duration::from_millis(2)));
    case.fail(FAULT, 5);
    let first = case.health.models.get("m").expect("known").faults.trips();
    while case.health.recover_due(&|what, cause| case.told.note(what, cause)) == 0 {
        thread::yield_now();
    }
    assert_eq!(case.told.take(), ["m recovered with 2 !"]);
    assert_eq!(case.fail(FAULT, 3), ["m disabled at 5 !"], "three more are enough");
    let second = case.health.models.get("m").expect("known").faults.trips();
    assert_eq!((first, second), (1, 2), "the second time is twice as long");
    let permit = loop {
        match case.admit() {
            Ok(permit) => break permit,
            Err(_) => thread::yield_now(),
        }
    };
    assert_eq!(case.told.take(), ["m recovered with 2 !"], "who asks first brings it back");
    case.record(&permit, Verdict::Success);
    assert_eq!(case.health.models.get("m").expect("known").faults.trips(), 0, "a success begins anew");
}

#[test]
fn what_is_off_by_hand_has_no_timer() {
    let case = Case::new(health(|_| {}));
    let tell = |what, cause| case.told.note(what, cause);
    case.fail(FAULT, 1);
    case.health.disable("m", "broken", &tell);
    case.health.disable("m", "broken", &tell);
    case.health.disable("m", "still broken", &tell);
    wait_for_the_clock(&case.health);
    assert_eq!((case.health.recover_due(&tell), case.health.next_recovery()), (0, None));
    assert_eq!(case.told.take(), ["m disabled at 1 by hand !", "m disabled at 1 by hand"]);
    assert_eq!(case.status().disabled, Some((None, "still broken".to_owned())));
    let refusal = case.admit().expect_err("disabled");
    assert_eq!((refusal.detail.as_str(), refusal.retry_after), ("switched off by hand: still broken", None));
    case.health.enable("m", &tell);
    case.health.enable("m", &tell);
    assert_eq!(case.told.take(), ["m enabled !"]);
    assert_eq!(case.status().failures, 0);
}

#[test]
fn by_hand_wins_over_the_timer_and_is_no_second_change_of_the_active_set() {
    let case = Case::new(lasting());
    case.fail(FAULT, 5);
    case.health.disable("m", "for good", &|what, cause| case.told.note(what, cause));
    assert_eq!(case.told.take(), ["m disabled at 5 by hand"]);
}

#[test]
fn transient_failures_cool_and_do_not_disable() {
    let case = Case::new(health(|config| config.transient_cooldown = Duration::from_secs(60)));
    let late = case.admit().expect("active");
    assert_eq!(case.fail(TRANSIENT, 5), ["m cooling for timeout"]);
    let refusal = case.admit().expect_err("cooling");
    assert_eq!(refusal.reason, SkipReason::Cooling);
    let before = case.status();
    assert!(before.cooling_until.is_some() && before.disabled.is_none());
    case.record(&late, TRANSIENT);
    assert_eq!(case.status().cooling_until, before.cooling_until, "what began before changes nothing");
    assert_eq!(case.told.take(), Vec::<String>::new());
}

#[test]
fn after_a_cooling_one_more_transient_failure_cools_again_until_a_success() {
    let case = Case::new(health(|config| {
        config.transient_threshold = Some(3);
        config.transient_cooldown = Duration::from_millis(1);
    }));
    case.fail(TRANSIENT, 3);
    wait_for_the_clock(&case.health);
    assert_eq!(case.fail(TRANSIENT, 1), ["m cooled", "m cooling for timeout"]);
    let permit = loop {
        match case.admit() {
            Ok(permit) => break permit,
            Err(_) => thread::yield_now(),
        }
    };
    assert_eq!(case.told.take(), ["m cooled"]);
    case.record(&permit, Verdict::Success);
    assert_eq!(case.fail(TRANSIENT, 2), Vec::<String>::new());
}

#[test]
fn what_the_caller_reports_counts_after_a_cooling_has_passed() {
    let case = Case::new(health(|config| {
        config.transient_threshold = Some(1);
        config.transient_cooldown = Duration::from_millis(1);
    }));
    let tell = |what, cause| case.told.note(what, cause);
    for _ in 0..2 {
        let permit = case.health.permit("m", &tell).expect("not switched off");
        case.record(&permit, TRANSIENT);
        wait_for_the_clock(&case.health);
        wait_for_the_clock(&case.health);
    }
    assert_eq!(case.told.take(), ["m cooling for timeout", "m cooled", "m cooling for timeout"]);
}

#[test]
fn the_success_of_an_exempt_retry_forgets_transient_failures_too() {
    let case = Case::new(lasting());
    let tell = |what, cause| case.told.note(what, cause);
    case.fail(TRANSIENT, 4);
    let own = case.health.cool("m", Duration::from_secs(30), FailureKind::RateLimited, &tell);
    let retry = case.health.admit("m", "p", None, Some(own), &tell).expect("its own cooling");
    case.record(&retry, Verdict::Success);
    assert_eq!(case.health.saved().models[0].1.transient_failures, 0);
    assert!(case.status().cooling_until.is_some(), "others are to leave it alone all the same");
}

#[test]
fn a_later_wait_only_ever_extends() {
    let case = Case::new(lasting());
    let tell = |what, cause| case.told.note(what, cause);
    let cool = |seconds| case.health.cool("m", Duration::from_secs(seconds), FailureKind::RateLimited, &tell);
    let own = cool(60);
    let until = case.status().cooling_until;
    cool(5);
    assert_eq!(case.status().cooling_until, until);
    assert!(case.health.admit("m", "p", None, Some(own), &tell).is_ok(), "its own cooling");
    cool(90);
    assert!(case.status().cooling_until > until);
    assert!(case.health.admit("m", "p", None, Some(own), &tell).is_err(), "somebody else's");
    assert_eq!(case.told.take(), ["m cooling for rate_limited", "m cooling for rate_limited"]);
}

#[test]
fn a_provider_is_left_alone_as_a_whole_and_no_model_is_disabled_for_it() {
    let case = Case::new(lasting());
    let tell = |what, cause| case.told.note(what, cause);
    for _ in 0..3 {
        case.health.cool_provider("p", FailureKind::Unauthorized, || true, &tell);
    }
    case.health.cool_provider("q", FailureKind::Unauthorized, || false, &tell);
    assert_eq!(case.told.take(), ["p cooling for unauthorized"]);
    assert_eq!(case.admit().expect_err("left alone").reason, SkipReason::ProviderFailed);
    assert!(case.health.refuses("m", "other").is_none() && case.status().disabled.is_none());
    assert!(case.status().cooling_until.is_some());
    case.health.warm_provider("p");
    assert!(case.admit().is_ok());
}

#[test]
fn the_first_of_several_reasons_is_given_with_the_time_until_none_is_left() {
    let case = Case::new(health(|config| {
        config.cooldown = Duration::from_secs(10);
        config.provider_cooldown = Duration::from_secs(100);
    }));
    let tell = |what, cause| case.told.note(what, cause);
    case.fail(FAULT, 5);
    case.health.cool_provider("p", FailureKind::QuotaExhausted, || true, &tell);
    let refusal = case.admit().expect_err("disabled");
    assert_eq!(refusal.reason, SkipReason::Disabled);
    assert!(refusal.retry_after.expect("it passes") > Duration::from_secs(90));
}

#[test]
fn a_saved_state_is_taken_over_where_it_is_later() {
    let before = Case::new(lasting());
    before.fail(FAULT, 5);
    before.health.cool("cool", Duration::from_secs(1800), FailureKind::RateLimited, &|_, _| {});
    before.health.cool_provider("q", FailureKind::Unauthorized, || true, &|_, _| {});
    let saved = before.health.saved();

    let after = Case::new(lasting());
    let mut changed = None;
    after.health.restore(&saved, |_| false, |is_changed| changed = Some(is_changed));
    assert_eq!(changed, Some(false), "no model that counts");
    let after = Case::new(lasting());
    after.health.restore(&saved, |_| true, |is_changed| changed = Some(is_changed));
    assert_eq!(changed, Some(true));
    let same = |one: Option<SystemTime>, other: Option<SystemTime>| {
        let (one, other) = (one.expect("a time"), other.expect("a time"));
        one.duration_since(other).unwrap_or_else(|error| error.duration()) < Duration::from_millis(50)
    };
    let (old, new) = (before.status(), after.status());
    assert_eq!((old.failures, old.last_failure), (new.failures, new.last_failure));
    assert!(same(old.disabled.clone().expect("off").0, new.disabled.clone().expect("off").0));
    assert_eq!(old.disabled.expect("off").1, new.disabled.expect("off").1);
    assert!(same(before.health.status("cool", "p").cooling_until, after.health.status("cool", "p").cooling_until));
    assert!(after.health.refuses("x", "q").is_some());

    after.health.enable("m", &|_, _| {});
    after.health.restore(&saved, |_| true, |is_changed| changed = Some(is_changed));
    assert_eq!(changed, Some(false), "what happened since is later");
    assert!(!after.health.is_disabled("m"));
}

#[test]
fn a_saved_state_with_an_absurd_time_does_not_switch_off_for_ever() {
    let long = SystemTime::now() + Duration::from_secs(1_000_000_000);
    let off = SavedOff { until: Some(long), reason: "clock".to_owned() };
    let model = SavedModel {
        changed_at: long,
        failures: 200,
        disables: 1,
        disabled: Some(off),
        transient_failures: 200,
        coolings: 0,
        cooling_until: Some(long),
        last_failure: Some((FailureKind::Timeout, long)),
        last_success: Some(long),
    };
    let saved = Saved { models: vec![("m".to_owned(), model)], providers: Vec::new() };
    let case = Case::new(lasting());
    case.health.restore(&saved, |_| true, |_| {});
    assert_eq!(case.status().failures, 5, "no more than the threshold");
    let left = case.admit().expect_err("off").retry_after.expect("comes back");
    assert!(left <= LONGEST_DISABLED);
    assert!(case.health.saved().models[0].1.changed_at <= SystemTime::now(), "nothing was changed later than now");
}

/// Sixteen threads fail, succeed, switch off and on and recover the same few models. Whatever the interleaving, a model
/// is told off and on in turn, never beyond the threshold, and ends as it was told last.
#[test]
fn a_storm_of_threads_tells_every_change_once_and_in_order() {
    let case = Case::new(health(|_| {}));
    let models = ["a", "b", "c"];
    thread::scope(|scope| {
        for thread in 0..16_u64 {
            let case = &case;
            scope.spawn(move || {
                let mut random = fastrand::Rng::with_seed(thread);
                let tell = |what, cause| case.told.note(what, cause);
                for _ in 0..2000 {
                    let model = models[random.usize(0..3)];
                    match random.u8(0..100) {
                        0 => case.health.disable(model, "storm", &tell),
                        1..=3 => case.health.enable(model, &tell),
                        4..=6 => drop(case.health.recover_due(&tell)),
                        choice => {
                            if let Ok(permit) = case.health.admit(model, "p", None, None, &tell) {
                                let verdict = if choice < 15 { Verdict::Success } else { FAULT };
                                case.health.record(model, &permit, verdict, &tell);
                            }
                        }
                    }
                    assert!(case.health.status(model, "p").failures <= 5);
                }
            });
        }
    });
    let told = case.told.take();
    for model in models {
        let mut off = false;
        let (mut offs, mut back) = (0, 0);
        let prefix = format!("{model} ");
        for told in told.iter().filter_map(|told| told.strip_prefix(&prefix)?.strip_suffix(" !")) {
            let is_off = told.starts_with("disabled");
            assert_ne!(off, is_off, "{model} {told} twice in a row");
            assert!(!is_off || told.ends_with("at 5") || told.ends_with("by hand"), "{told}");
            off = is_off;
            *(if is_off { &mut offs } else { &mut back }) += 1;
        }
        assert_eq!(case.health.is_disabled(model), off, "{model} is as it was told last");
        assert!(offs > 10 && back > 10, "the storm did switch {model} off and on");
    }
}
