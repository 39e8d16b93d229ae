//! What holds for every ledger, whatever is asked of it in whatever order.

use proptest::prelude::*;

use super::*;

/// One thing that happens to a ledger.
#[derive(Clone, Debug)]
enum Event {
    Reserve { model: u8, worst: u64, dearer: bool },
    Sent { which: usize, estimate: u64 },
    Settle { which: usize, actual: u64, is_certain: bool },
    Drop { which: usize },
    Clock { hours: f64 },
    Restore { models: Vec<(u8, u64, u64)> },
}

fn event() -> impl Strategy<Value = Event> {
    let amount = 0..400_u64;
    let which = any::<prop::sample::Index>().prop_map(|index| index.index(1 << 16));
    prop_oneof![
        4 => (0..4_u8, amount.clone(), any::<bool>())
            .prop_map(|(model, worst, dearer)| Event::Reserve { model, worst, dearer }),
        1 => (which.clone(), amount.clone()).prop_map(|(which, estimate)| Event::Sent { which, estimate }),
        3 => (which.clone(), amount.clone(), any::<bool>())
            .prop_map(|(which, actual, is_certain)| Event::Settle { which, actual, is_certain }),
        1 => which.prop_map(|which| Event::Drop { which }),
        1 => (-6.0..12.0).prop_map(|hours| Event::Clock { hours }),
        1 => prop::collection::vec((0..4_u8, amount.clone(), amount), 0..5).prop_map(|models| Event::Restore { models }),
    ]
}

/// A reservation and what the test knows of it.
struct Held {
    reservation: Reservation,
    day: String,
    worst: u64,
    estimate: Option<u64>,
}

proptest! {
    #[test]
    fn the_books_agree_with_a_plain_account(daily in 0..1_000_u64, events in prop::collection::vec(event(), 0..80)) {
        let ledger = Ledger::new(BudgetRules { daily: Some(NanoUsd::micro(daily)), ..BudgetRules::default() });
        let mut held: Vec<Held> = Vec::new();
        let (mut hours, mut latest) = (1_000.0, 1_000.0_f64);
        let mut day = ledger.status(at(1_000.0)).day;
        let (mut spent, mut uncertain) = (0, 0);
        let mut told = Vec::new();
        for event in events {
            let now = at(hours);
            let reserved: u64 = held.iter().filter(|held| held.day == day).map(|held| held.worst).sum();
            let fits = |worst: u64, dearer, gone| {
                let is_paused = dearer && gone >= daily * 800;
                worst == 0 || (gone + (reserved + worst) * 1000 <= daily * 1000 && !is_paused)
            };
            let gone = (spent + uncertain) * 1000;
            let mut book = |held: &Held, amount, rest| if held.day == day {
                spent += amount;
                uncertain += rest;
            };
            match event {
                Event::Reserve { model, worst, dearer } => {
                    let fits = fits(worst, dearer, gone);
                    let amount = NanoUsd::micro(worst);
                    prop_assert_eq!(ledger.refuses(amount, dearer, now).is_none(), fits);
                    let reservation = ledger.reserve(&format!("m{model}"), amount, dearer, now);
                    prop_assert_eq!(reservation.is_ok(), fits);
                    held.extend(reservation.ok().map(|reservation| {
                        Held { reservation, day: day.clone(), worst, estimate: None }
                    }));
                }
                Event::Sent { which, estimate } if !held.is_empty() => {
                    let index = which % held.len();
                    held[index].reservation.sent(NanoUsd::micro(estimate));
                    held[index].estimate = Some(estimate);
                }
                Event::Settle { which, actual, is_certain } if !held.is_empty() => {
                    let held = held.swap_remove(which % held.len());
                    book(&held, actual, if is_certain { 0 } else { held.worst.saturating_sub(actual) });
                    let (actual, tell) = (NanoUsd::micro(actual), |alert: &Alert| {
                        told.push((alert.day.clone(), alert.share));
                    });
                    if is_certain {
                        held.reservation.settle(actual, tell);
                    } else {
                        held.reservation.settle_uncertain(actual, tell);
                    }
                }
                Event::Drop { which } if !held.is_empty() => {
                    let held = held.swap_remove(which % held.len());
                    let rest = held.estimate.map_or(0, |estimate| held.worst.saturating_sub(estimate));
                    book(&held, held.estimate.unwrap_or_default(), rest);
                }
                // A step back by more than a day is a correction, which has a test of its own.
                Event::Clock { hours: more } => {
                    hours = f64::max(hours + more, latest - 24.0);
                    latest = latest.max(hours);
                }
                Event::Restore { models } => {
                    let sums = models.iter().fold((0, 0), |sums, &(_, spent, rest)| (sums.0 + spent, sums.1 + rest));
                    let of = |&(model, spent, uncertain): &(u8, u64, u64)| SpendOf {
                        model: format!("m{model}"),
                        spent: NanoUsd::micro(spent),
                        uncertain: NanoUsd::micro(uncertain),
                    };
                    let spend = Spend { day: day.clone(), models: models.iter().map(of).collect() };
                    ledger.restore(Some(&spend), &[], None, now);
                    if sums.0 + sums.1 > spent + uncertain {
                        (spent, uncertain) = sums;
                    }
                }
                _ => {}
            }
            let status = ledger.status(at(hours));
            prop_assert!(status.day >= day, "the day never goes back");
            if status.day != day {
                (day, spent, uncertain) = (status.day.clone(), 0, 0);
            }
            let reserved: u64 = held.iter().filter(|held| held.day == day).map(|held| held.worst).sum();
            let sums = Sums { spent: status.spent, reserved: status.reserved, uncertain: status.uncertain };
            let [spent, reserved, uncertain] = [spent, reserved, uncertain].map(NanoUsd::micro);
            prop_assert_eq!(sums, Sums { spent, reserved, uncertain });
            let each = |part: fn(&Sums) -> NanoUsd| status.models.iter().map(|(_, sums)| part(sums)).sum::<NanoUsd>();
            let added = Sums {
                spent: each(|sums| sums.spent),
                reserved: each(|sums| sums.reserved),
                uncertain: each(|sums| sums.uncertain),
            };
            prop_assert_eq!(sums, added);
            prop_assert_eq!(status.remaining, Some(NanoUsd::micro(daily).minus(sums.taken())));
            prop_assert_eq!(ledger.reserved(), NanoUsd::micro(held.iter().map(|held| held.worst).sum()));
        }
        let mut once = told.clone();
        once.sort_by(|a, b| a.partial_cmp(b).expect("no share is NaN"));
        once.dedup();
        prop_assert_eq!(told, once, "each share at most once a day, in order");
    }
}
