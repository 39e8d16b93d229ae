//! The script that decides for a fleet and the word that an engine keeps are the same machine: both are driven with the
//! same random histories, by the clock of a real server.

use std::collections::HashSet;
use std::num::NonZeroU64;
use std::sync::LazyLock;

use serde_json::Value;

use super::super::breaker::{Breaker, Changes, Shut};
use super::super::breaker_state::{BreakerRules, NEVER};
use crate::fleet::tests::Redis;

const HISTORIES: u64 = 10_000;
const SCRIPT: &str =
    concat!(include_str!("../../fleet/scripts/common.lua"), include_str!("../../fleet/scripts/health.lua"));
static HASH: LazyLock<String> = LazyLock::new(|| redis::Script::new(SCRIPT).get_hash().to_owned());

/// One thing that happens to a word.
#[derive(Clone, Debug)]
enum Step {
    Fail { id: u64, cause: Option<u64>, behind: u16 },
    Succeed { behind: u16 },
    Off { id: u64, again: bool, behind: u16 },
    On { id: u64, again: bool, behind: u16 },
    Recover,
    Probe { id: u64, behind: u16 },
    Back { id: u64 },
}

/// The word as an engine keeps it, and what the script keeps beside it.
#[derive(Default)]
struct Word {
    breaker: Breaker,
    changes: Changes,
    results: HashSet<u64>,
    places: Vec<u64>,
    by_hand: bool,
}

impl Word {
    fn epoch(&self, behind: u16) -> u16 {
        self.breaker.state().epoch.wrapping_sub(behind)
    }

    fn give_all_back(&mut self) {
        self.places.drain(..).for_each(|_| self.breaker.give_back());
    }

    /// What the script answers of a place, and of everything else nothing.
    fn step(&mut self, step: &Step, epoch: u16, now: u64, rules: &BreakerRules) -> Option<(&'static str, u64)> {
        let before = self.breaker.state();
        let is_current = before.epoch == epoch;
        match *step {
            Step::Fail { id, cause, .. } => {
                if before.is_closed_since(epoch) && self.results.insert(id) {
                    let cause = cause.and_then(NonZeroU64::new);
                    self.breaker.failed(epoch, cause, || now, rules, &self.changes, |_| {});
                }
            }
            Step::Succeed { .. } => {
                if before.is_closed_since(epoch) && self.breaker.is_blemished() {
                    self.breaker.succeeded(epoch, &self.changes);
                    self.give_all_back();
                }
            }
            Step::Off { id, again, .. } => {
                if (before.is_open() || is_current || !again) && self.results.insert(id) {
                    self.breaker.open(NEVER, &self.changes, |_, _| {});
                }
            }
            Step::On { id, again, .. } => {
                if (is_current || !again) && self.results.insert(id) {
                    self.breaker.reset(&self.changes, || {});
                    self.give_all_back();
                }
            }
            Step::Recover => {
                self.breaker.recover(now, rules, &self.changes, |_| {});
            }
            Step::Probe { id, .. } => {
                let under = |word: &Self| word.places.len() as u64;
                if before.is_open() || !is_current {
                    return Some(("free", under(self)));
                }
                return Some(match self.breaker.admit(None, || now, rules, &self.changes, None) {
                    Ok(admitted) if admitted.is_probe => {
                        self.places.push(id);
                        ("taken", under(self))
                    }
                    Ok(_) => ("free", under(self)),
                    Err(Shut::ComingBack(_)) => ("full", under(self)),
                    Err(Shut::Until(_)) => unreachable!("it is closed"),
                });
            }
            Step::Back { id } => {
                if let Some(place) = self.places.iter().position(|place| *place == id) {
                    self.places.remove(place);
                    self.breaker.give_back();
                }
            }
        }
        if self.breaker.state().epoch != before.epoch {
            self.give_all_back();
        }
        self.by_hand |= self.breaker.state().open_until == NEVER;
        None
    }
}

fn random_step(random: &mut fastrand::Rng) -> Step {
    let id = random.u64(0..40);
    let behind = if random.u8(0..5) == 0 { random.u16(1..3) } else { 0 };
    match random.u8(0..100) {
        0..48 => Step::Fail { id, cause: (random.u8(0..3) > 0).then(|| random.u64(1..14)), behind },
        48..52 => Step::Succeed { behind },
        52..56 => Step::Off { id, again: random.bool(), behind },
        56..61 => Step::On { id, again: random.bool(), behind },
        61..76 => Step::Recover,
        76..97 => Step::Probe { id, behind },
        _ => Step::Back { id },
    }
}

/// How the script is asked for a step.
fn call(step: &Step, name: &str, epoch: &str, rules: &BreakerRules) -> redis::Cmd {
    let keys = ["generation", "version", "words", "results", "usable", "off", "count"].map(|key| format!("t:{key}"));
    let threshold = rules.threshold.map(|threshold| threshold.to_string()).unwrap_or_default();
    // Results are told apart by word.
    let id = |id: u64| format!("{id:x}");
    let result = |id: u64| format!("{name}-{id:x}");
    let again = |again: bool| if again { "1" } else { "" }.to_owned();
    let (what, arguments) = match step {
        Step::Fail { id, cause, .. } => {
            let cause = cause.map(|cause| format!("{cause:016x}")).unwrap_or_default();
            let times = [rules.cooldown.to_string(), rules.longest_cooldown.to_string()];
            let [cooldown, longest] = times;
            ("fail", vec![result(*id), cause, threshold, cooldown, longest, "parse_error".to_owned()])
        }
        Step::Succeed { .. } => ("succeed", vec![]),
        // The reason is another each time, for the same one changes nothing.
        Step::Off { id, again: is_again, .. } => ("off", vec![result(*id), result(*id), again(*is_again)]),
        Step::On { id, again: is_again, .. } => ("on", vec![result(*id), String::new(), again(*is_again)]),
        Step::Recover => ("recover", vec![rules.failures_after.to_string()]),
        Step::Probe { id: place, .. } => ("probe", vec![id(*place), "3600000".to_owned(), threshold]),
        Step::Back { id: place } => ("back", vec![id(*place)]),
    };
    let mut command = redis::cmd("EVALSHA");
    command.arg(&*HASH).arg(keys.len()).arg(&keys).arg(&["t:changes", "g", what, name, "me", epoch][..]).arg(arguments);
    command
}

/// One word and what has happened to it.
struct History {
    random: fastrand::Rng,
    rules: BreakerRules,
    name: String,
    word: Word,
    steps_left: usize,
    log: Vec<(Step, String)>,
}

impl History {
    fn new(number: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(number);
        let threshold = (random.u8(0..12) > 0).then(|| random.u8(1..6));
        let rules = BreakerRules {
            threshold,
            // Over before the next step, or not for a while.
            cooldown: if random.bool() { 1 } else { 1000 * random.u64(1..9) },
            longest_cooldown: 24_000,
            failures_after: threshold.map_or(0, |threshold| random.u8(0..threshold)),
            half_open: true,
        };
        let steps_left = random.usize(1..24);
        Self { random, rules, name: format!("m{number}"), word: Word::default(), steps_left, log: Vec::new() }
    }

    /// The next step, the epoch against which it happens, and how the script is asked for it.
    fn next(&mut self) -> Option<(Step, u16, redis::Cmd)> {
        self.steps_left = self.steps_left.checked_sub(1)?;
        let step = random_step(&mut self.random);
        let behind = match &step {
            Step::Fail { behind, .. }
            | Step::Succeed { behind }
            | Step::Off { behind, .. }
            | Step::On { behind, .. }
            | Step::Probe { behind, .. } => *behind,
            Step::Recover | Step::Back { .. } => 0,
        };
        let epoch = self.word.epoch(behind);
        let command = call(&step, &self.name, &epoch.to_string(), &self.rules);
        Some((step, epoch, command))
    }

    /// Compares the word with what the script answered to the same step.
    fn compare(&mut self, step: Step, epoch: u16, answer: String, began: &mut Option<u64>) -> [bool; 4] {
        let told: Value = serde_json::from_str(&answer).expect("JSON");
        let Self { rules, word, log, name, .. } = self;
        let number = |value: &Value| value.as_i64();
        // The word counts from when its engine began.
        let time = told["now"].as_u64().expect("the time");
        let now = time - *began.get_or_insert(time) + 1;
        let place = word.step(&step, epoch, now, rules);
        log.push((step, answer));

        let state = word.breaker.state();
        let left = match state.open_until {
            0 => None,
            NEVER => Some(-1),
            until => Some(until.saturating_sub(now).cast_signed()),
        };
        let causes: Vec<String> = word.breaker.causes().iter().map(|cause| format!("{cause:016x}")).collect();
        let counts = [i64::from(state.failures), i64::from(word.breaker.trips()), i64::from(state.epoch)];
        let is = &told["w"];
        let found = ["f", "t", "e"].map(|field| number(&is[field]).expect("a number"));
        assert_eq!(found, counts, "{name}, {rules:?}: {log:#?}");
        assert_eq!(number(&is["l"]), left, "{name}, {rules:?}: {log:#?}");
        assert_eq!(is["s"].as_str(), Some(causes.join(" ").as_str()), "{name}, {rules:?}: {log:#?}");
        let told_place = told["place"].as_str().map(|place| (place, told["under"].as_u64().expect("a number")));
        assert_eq!(told_place, place, "{name}, {rules:?}: {log:#?}");
        let is_full = place.is_some_and(|(place, _)| place == "full");
        [state.is_open(), word.breaker.trips() > 1, is_full, word.by_hand]
    }
}

#[test]
fn the_script_and_the_word_are_the_same_machine() {
    let Some(redis) = Redis::start() else { return };
    let mut connection = redis.connection();
    let load = redis::cmd("SCRIPT").arg("LOAD").arg(SCRIPT).to_owned();
    let _: String = load.query(&mut connection).expect("the script is one");
    let (mut seen, mut began) = ([0_u64; 4], None);
    // Many at once, each with a word of its own, for the answers are waited for.
    for first in (0..HISTORIES).step_by(500) {
        let mut histories: Vec<History> = (first..first + 500).map(History::new).collect();
        loop {
            let mut asked = redis::pipe();
            let steps: Vec<_> = histories
                .iter_mut()
                .filter_map(|history| {
                    let (step, epoch, command) = history.next()?;
                    asked.add_command(command);
                    Some((history, step, epoch))
                })
                .collect();
            if steps.is_empty() {
                break;
            }
            let answers: Vec<String> = asked.query(&mut connection).expect("answers");
            for ((history, step, epoch), answer) in steps.into_iter().zip(answers) {
                let met = history.compare(step, epoch, answer, &mut began);
                seen.iter_mut().zip(met).for_each(|(times, met)| *times += u64::from(met));
            }
        }
    }
    assert!(seen.iter().all(|times| *times > 100), "the histories go everywhere: {seen:?}");
}
