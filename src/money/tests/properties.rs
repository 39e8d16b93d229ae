//! What holds for every ledger, whatever is asked of it in whatever order.

use proptest::prelude::*;

use super::*;

/// One thing that happens to a ledger.
#[derive(Clone, Debug)]
enum Event {
    Reserve { model: u8, worst: u64, dearer: bool },
    Sent { which: usize, estimate: u64 },
    Settle { which: usize, actual: u64 },
    Drop { which: usize },
    Clock { hours: f64 },
    Restore { models: Vec<(u8, u64)> },
}

fn event() -> impl Strategy<Value = Event> {
    let amount = 0..400_u64;
    let which = any::<prop::sample::Index>().prop_map(|index| index.index(1 << 16));
    prop_oneof![
        4 => (0..4_u8, amount.clone(), any::<bool>())
            .prop_map(|(model, worst, dearer)| Event::Reserve { model, worst, dearer }),
        1 => (which.clone(), amount.clone()).prop_map(|(which, estimate)| Event::Sent { which, estimate }),
        3 => (which.clone(), amount.clone()).prop_map(|(which, actual)| Event::Settle { which, actual }),
        1 => which.prop_map(|which| Event::Drop { which }),
        1 => (-6.0..12.0).prop_map(|hours| Event::Clock { hours }),
        1 => prop::collection::vec((0..4_u8, amount), 0..5).prop_map(|models| Event::Restore { models }),
    ]
}

/// A reservation and what the test knows of it.
struct Held {
    reservation: Reservation,
    day: String,
    worst: u64,
    estimate: u64,
}

proptest! {
    #[test]
    fn the_books_agree_with_a_plain_account(daily in 0..1_000_u64, events in prop::collection::vec(event(), 0..80)) {
        let ledger = Ledger::new(Rules { daily: Some(MicroUsd(daily)), ..Rules::default() });
        let mut held: Vec<Held> = Vec::new();
        let (mut hours, mut day, mut spent) = (1_000.0, ledger.status(at(1_000.0)).day, 0);
        let mut told = Vec::new();
        for event in events {
            let now = at(hours);
            let mut book = |held: &Held, amount| if held.day == day { spent += amount };
            match event {
                Event::Reserve { model, worst, dearer } => {
                    let reserved: u64 = held.iter().filter(|held| held.day == day).map(|held| held.worst).sum();
                    let is_paused = dearer && spent >= (daily * 8 + 5) / 10;
                    let fits = worst == 0 || (spent + reserved + worst <= daily && !is_paused);
                    prop_assert_eq!(ledger.refuses(MicroUsd(worst), dearer, now).is_none(), fits);
                    let reservation = ledger.reserve(&format!("m{model}"), MicroUsd(worst), dearer, now);
                    prop_assert_eq!(reservation.is_ok(), fits);
                    held.extend(reservation.ok().map(|reservation| {
                        Held { reservation, day: day.clone(), worst, estimate: 0 }
                    }));
                }
                Event::Sent { which, estimate } if !held.is_empty() => {
                    let index = which % held.len();
                    held[index].reservation.sent(MicroUsd(estimate));
                    held[index].estimate = estimate;
                }
                Event::Settle { which, actual } if !held.is_empty() => {
                    let held = held.swap_remove(which % held.len());
                    book(&held, actual);
                    held.reservation.settle(MicroUsd(actual), |alert| told.push((alert.day.clone(), alert.share)));
                }
                Event::Drop { which } if !held.is_empty() => {
                    let held = held.swap_remove(which % held.len());
                    book(&held, held.estimate);
                }
                Event::Clock { hours: more } => hours += more,
                Event::Restore { models } => {
                    let total = models.iter().map(|&(_, amount)| amount).sum();
                    let models = models.iter().map(|&(model, amount)| (format!("m{model}"), MicroUsd(amount))).collect();
                    ledger.restore(&Spend { day: day.clone(), models }, now);
                    spent = spent.max(total);
                }
                _ => {}
            }
            let status = ledger.status(at(hours));
            prop_assert!(status.day >= day, "the day never goes back");
            if status.day != day {
                (day, spent) = (status.day.clone(), 0);
            }
            let reserved: u64 = held.iter().filter(|held| held.day == day).map(|held| held.worst).sum();
            prop_assert_eq!((status.spent.0, status.reserved.0), (spent, reserved));
            prop_assert_eq!(status.spent, status.models.iter().map(|(_, sums)| sums.spent).sum());
            prop_assert_eq!(status.reserved, status.models.iter().map(|(_, sums)| sums.reserved).sum());
            prop_assert_eq!(status.remaining, Some(MicroUsd(daily.saturating_sub(spent + reserved))));
            prop_assert_eq!(ledger.reserved().0, held.iter().map(|held| held.worst).sum::<u64>());
        }
        let mut once = told.clone();
        once.sort_by(|a, b| a.partial_cmp(b).expect("no share is NaN"));
        once.dedup();
        prop_assert_eq!(told, once, "each share at most once a day, in order");
    }
}
