use Party::{Single, Slate};
use proptest::prelude::*;
use std::time::Duration;

use super::*;

fn turns(at_once: Option<u32>) -> Turns<()> {
    let mut turns = Turns::default();
    turns.allow(Allowance { at_once, ..Allowance::default() }, 1);
    turns
}

fn joined(turns: &mut Turns<()>, party: Party, count: usize) -> Vec<(Party, u64)> {
    (0..count).map(|_| (party, turns.join(party, 0, ()))).collect()
}

/// Lets one after the other go, each ended before the next, and tells whose turns they were.
fn order(turns: &mut Turns<()>, mut waiting: Vec<(Party, u64)>) -> Vec<Party> {
    let now = Instant::now();
    let mut order = Vec::new();
    while let Some(place) = waiting.iter().position(|&(party, number)| turns.step(party, number, now) == TurnStep::Go) {
        let (party, _) = waiting.remove(place);
        order.push(party);
        turns.end(party);
    }
    assert!(waiting.is_empty(), "nobody is left behind");
    order
}

#[test]
fn singles_go_first_and_every_fourth_turn_is_the_slates() {
    let mut turns = turns(Some(1));
    let mut waiting = joined(&mut turns, Slate, 3);
    waiting.extend(joined(&mut turns, Single, 8));
    let expected = [Single, Single, Single, Slate, Single, Single, Single, Slate, Single, Single, Slate];
    assert_eq!(order(&mut turns, waiting), expected);
}

#[test]
fn a_lone_single_is_next_however_many_of_a_slate_wait() {
    let mut turns = turns(Some(2));
    let now = Instant::now();
    let slates = joined(&mut turns, Slate, 10);
    for &(party, number) in &slates[..2] {
        assert_eq!(turns.step(party, number, now), TurnStep::Go);
    }
    let single = turns.join(Single, 0, ());
    assert_eq!(turns.step(Single, single, now), TurnStep::Wait);
    turns.end(Slate);
    assert_eq!(turns.step(Slate, slates[2].1, now), TurnStep::Wait, "the single goes before it");
    assert_eq!(turns.step(Single, single, now), TurnStep::Go);
}

#[test]
fn without_a_limit_slates_take_eight_and_singles_never_wait() {
    let mut turns = turns(None);
    let now = Instant::now();
    let slates = joined(&mut turns, Slate, 9);
    let gone = slates.iter().filter(|(party, number)| turns.step(*party, *number, now) == TurnStep::Go).count();
    assert_eq!(gone, 8);
    for (party, number) in joined(&mut turns, Single, 100) {
        assert_eq!(turns.step(party, number, now), TurnStep::Go);
    }
    turns.end(Slate);
    assert_eq!(turns.step(Slate, slates[8].1, now), TurnStep::Go);
}

#[test]
fn nobody_passes_one_who_waits_for_a_rate() {
    let mut turns = turns(None);
    turns.allow(Allowance { tokens_per_minute: Some(600), ..Allowance::default() }, 1);
    let now = Instant::now();
    let (large, small) = (turns.join(Single, 300, ()), turns.join(Single, 1, ()));
    assert_eq!(turns.step(Single, small, now), TurnStep::Wait);
    assert_eq!(turns.step(Single, large, now), TurnStep::Go);
    let TurnStep::At(due) = turns.step(Single, small, now) else { panic!("the rate is used up") };
    assert!(due > now + Duration::from_secs(26) && due < now + Duration::from_secs(28));
    turns.correct(300, 10);
    assert_eq!(turns.step(Single, small, now), TurnStep::Go, "it took less than was thought");
}

#[test]
fn a_request_that_was_never_made_is_taken_back() {
    let mut turns = turns(None);
    turns.allow(Allowance { requests_per_minute: Some(6), tokens_per_minute: Some(60), at_once: None }, 1);
    let now = Instant::now();
    let (first, second) = (turns.join(Slate, 60, ()), turns.join(Slate, 60, ()));
    assert_eq!(turns.step(Slate, first, now), TurnStep::Go);
    assert!(matches!(turns.step(Slate, second, now), TurnStep::At(_)));
    turns.take_back(60);
    turns.end(Slate);
    assert_eq!(turns.step(Slate, second, now), TurnStep::Go);
}

/// When each goes of so many who all wait from the beginning, each ended at once.
fn times(allowance: Allowance, sharers: u32, waiting: impl IntoIterator<Item = (Party, u64)>) -> Vec<Duration> {
    let mut turns = Turns::default();
    turns.allow(allowance, sharers);
    for (party, tokens) in waiting {
        let number = turns.next_number;
        turns.join(party, tokens, (party, number));
    }
    let begin = Instant::now();
    let (mut now, mut times) = (begin, Vec::new());
    while let Some(&(party, number)) = turns.first() {
        match turns.step(party, number, now) {
            TurnStep::Go => {
                times.push(now - begin);
                turns.end(party);
            }
            TurnStep::At(due) => now = due,
            TurnStep::Wait => panic!("the first may go"),
        }
    }
    times
}

fn within(times: &[Duration], from: u64, to: u64) -> usize {
    times.iter().filter(|at| (from..to).contains(&at.as_secs())).count()
}

#[test]
fn a_rate_is_kept_by_all_who_ask() {
    let sixty = Allowance { requests_per_minute: Some(60), ..Allowance::default() };
    let both = (0..180).map(|number| (if number % 2 == 0 { Single } else { Slate }, 0));
    let times = times(sixty, 1, both);
    assert_eq!((within(&times, 0, 60), within(&times, 60, 120), times.len()), (63, 60, 180));
}

#[test]
fn tokens_are_a_rate_as_well_and_engines_share_both() {
    let rates = Allowance { at_once: None, requests_per_minute: Some(600), tokens_per_minute: Some(6000) };
    let times_alone = times(rates, 1, (0..40).map(|_| (Slate, 300)));
    assert_eq!(within(&times_alone, 0, 60), 21, "6,000 tokens a minute are 20 requests of 300, and a burst is one");
    let times_shared = times(rates, 4, (0..40).map(|_| (Slate, 300)));
    assert_eq!(within(&times_shared, 0, 60), 5);
}

#[derive(Clone, Debug)]
enum Act {
    Join(Party, u64),
    Step,
    Leave(usize),
    End(usize),
    Allow(Option<u32>),
    Pass(u64),
}

fn act() -> impl Strategy<Value = Act> {
    let party = prop_oneof![Just(Single), Just(Slate)];
    prop_oneof![
        4 => (party, 0..500_u64).prop_map(|(party, tokens)| Act::Join(party, tokens)),
        4 => Just(Act::Step),
        1 => any::<usize>().prop_map(Act::Leave),
        2 => any::<usize>().prop_map(Act::End),
        1 => prop_oneof![Just(None), (1..4_u32).prop_map(Some)].prop_map(Act::Allow),
        2 => (1..5000_u64).prop_map(Act::Pass),
    ]
}

proptest! {
    #[test]
    fn no_limit_is_passed_and_whoever_can_go_is_found(acts in prop::collection::vec(act(), 1..200)) {
        let mut turns = Turns::<u64>::default();
        let begin = Instant::now();
        let (mut now, mut limit) = (begin, None);
        let (mut waiting, mut under_way): (Vec<(Party, u64)>, Vec<Party>) = Default::default();
        let mut gone = Vec::new();
        let allowance = |at_once| Allowance { at_once, requests_per_minute: Some(60), tokens_per_minute: Some(6000) };
        turns.allow(allowance(None), 1);
        for act in acts {
            match act {
                Act::Join(party, tokens) => {
                    let number = turns.next_number;
                    prop_assert_eq!(turns.join(party, tokens, number), number);
                    waiting.push((party, number));
                }
                Act::Step => {
                    while let Some(&first) = turns.first() {
                        let place = waiting.iter().position(|&(_, number)| number == first).unwrap();
                        let (party, number) = waiting[place];
                        match turns.step(party, number, now) {
                            TurnStep::Go => {
                                let slates = under_way.iter().filter(|&&party| party == Slate).count();
                                match (limit, party) {
                                    (Some(limit), _) => prop_assert!(under_way.len() < limit as usize),
                                    (None, Slate) => prop_assert!(slates < 8),
                                    (None, Single) => {}
                                }
                                waiting.remove(place);
                                under_way.push(party);
                                gone.push(now);
                            }
                            TurnStep::At(due) => {
                                prop_assert!(due > now);
                                break;
                            }
                            TurnStep::Wait => prop_assert!(false, "the one that is woken may go"),
                        }
                    }
                }
                Act::Leave(which) if !waiting.is_empty() => {
                    let (party, number) = waiting.remove(which % waiting.len());
                    turns.leave(party, number);
                }
                Act::End(which) if !under_way.is_empty() => {
                    turns.end(under_way.remove(which % under_way.len()));
                }
                Act::Allow(at_once) => {
                    limit = at_once;
                    turns.allow(allowance(at_once), 1);
                }
                Act::Pass(ms) => now += Duration::from_millis(ms),
                Act::Leave(_) | Act::End(_) => {}
            }
        }
        for &from in &gone {
            let minute = gone.iter().filter(|&&at| at >= from && at < from + Duration::from_secs(60)).count();
            prop_assert!(minute <= 63, "{minute} in a minute");
        }
    }
}
