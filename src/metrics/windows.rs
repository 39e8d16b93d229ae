//! What the attempts at one model came to in the last minutes, hour and day.
//!
//! Each span is a ring of buckets, and each bucket knows which part of time it holds, so that what is too old needs nobody
//! to clear it: it is passed over when the ring is read, and cleared when its bucket is used again. A model takes 17 KB
//! from its first attempt on, however many follow.

use std::borrow::Cow;
use std::time::Duration;

use super::spread::Spread;
use crate::outcome::NanoUsd;

/// How long a bucket of each span is, in seconds, and how many there are: 5 minutes, an hour, a day.
const SPANS: [(u64, usize); 3] = [(20, 15), (240, 15), (3600, 24)];
/// The span of which a page draws the course.
const DRAWN: usize = 1;

/// How many buckets there are in all spans.
const BUCKETS: usize = SPANS[0].1 + SPANS[1].1 + SPANS[2].1;

/// The attempts at one model, by time: the buckets of all spans, those of each span beside each other. What tells whether one
/// is too old stands apart and close together, for all models are looked through at once, and most buckets are passed over.
#[derive(Debug)]
pub(super) struct Windows {
    /// Which part of time each bucket holds, counted from 1; 0 if it was never used.
    numbers: [u32; BUCKETS],
    buckets: Box<[Bucket]>,
}

#[derive(Clone, Debug, Default)]
struct Bucket {
    attempts: u64,
    answered: u64,
    cost: NanoUsd,
    durations: Spread,
}

/// What attempts came to in a span that ends now.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WindowSums {
    /// How many ended in it.
    pub attempts: u64,
    /// How many of them gave at least one prediction.
    pub answered: u64,
    /// What they cost.
    pub cost: NanoUsd,
    /// The duration that half of them did not exceed, to about a tenth; `None` without any.
    pub p50: Option<Duration>,
    /// The duration that 95 of a hundred did not exceed, to about a tenth; `None` without any.
    pub p95: Option<Duration>,
}

/// The sums of a model, and the course of the last hour.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelWindows {
    /// Of the last 5 minutes, the last hour and the last day, to the beginning of a bucket: a fifteenth of the first two,
    /// an hour of the day.
    pub spans: [WindowSums; SPANS.len()],
    /// The part that was answered in each fifteenth of the last hour, the earliest first; `None` where nothing ended.
    pub trend: Vec<Option<f64>>,
}

impl Default for Windows {
    fn default() -> Self {
        Self { numbers: [0; BUCKETS], buckets: vec![Bucket::default(); BUCKETS].into() }
    }
}

impl Windows {
    /// Counts an attempt that ended `at`, a time since a moment that is the same for all.
    pub(super) fn add(&mut self, at: Duration, answered: bool, took: Duration, cost: NanoUsd) {
        let mut first = 0;
        for (seconds, count) in SPANS {
            let number = number_at(at, seconds);
            let place = first + place_of(number, count);
            first += count;
            let (Some(holds), Some(bucket)) = (self.numbers.get_mut(place), self.buckets.get_mut(place)) else {
                continue;
            };
            if *holds != number {
                (*holds, *bucket) = (number, Bucket::default());
            }
            bucket.attempts = bucket.attempts.saturating_add(1);
            bucket.answered = bucket.answered.saturating_add(u64::from(answered));
            bucket.cost = bucket.cost.plus(cost);
            bucket.durations.add(took);
        }
    }

    /// What ended in the spans that end `now`.
    pub(super) fn at(&self, now: Duration) -> ModelWindows {
        let mut windows = ModelWindows::default();
        let (mut numbers, mut buckets) = (&self.numbers[..], &self.buckets[..]);
        for (index, (span, (seconds, count))) in windows.spans.iter_mut().zip(SPANS).enumerate() {
            let last = number_at(now, seconds);
            let within;
            (within, numbers) = numbers.split_at_checked(count).unwrap_or_default();
            let of_span;
            (of_span, buckets) = buckets.split_at_checked(count).unwrap_or_default();
            // How many buckets ago each began.
            let used = within.iter().zip(of_span).filter_map(|(&number, bucket)| {
                let ago = last.checked_sub(number).and_then(|ago| usize::try_from(ago).ok())?;
                (number > 0 && ago < count).then_some((ago, bucket))
            });
            *span = sums(used.clone().map(|(_, bucket)| bucket));
            if index == DRAWN {
                windows.trend = vec![None; count];
                for (ago, bucket) in used {
                    if let Some(share) = windows.trend.get_mut(count - 1 - ago) {
                        *share = bucket.share();
                    }
                }
            }
        }
        windows
    }
}

/// What the attempts of some buckets came to.
fn sums<'b>(buckets: impl Iterator<Item = &'b Bucket>) -> WindowSums {
    let mut sums = WindowSums::default();
    let mut spread: Option<Cow<'_, Spread>> = None;
    for bucket in buckets {
        sums.attempts = sums.attempts.saturating_add(bucket.attempts);
        sums.answered = sums.answered.saturating_add(bucket.answered);
        sums.cost = sums.cost.plus(bucket.cost);
        match &mut spread {
            None => spread = Some(Cow::Borrowed(&bucket.durations)),
            Some(spread) => spread.to_mut().merge(&bucket.durations),
        }
    }
    if let Some(spread) = spread {
        [sums.p50, sums.p95] = spread.reached_by([50, 95]);
    }
    sums
}

impl Bucket {
    #[expect(clippy::cast_precision_loss, reason = "counts of attempts are far below 2^52")]
    fn share(&self) -> Option<f64> {
        (self.attempts > 0).then(|| self.answered as f64 / self.attempts as f64)
    }
}

/// The part of time `at`, counted from 1; there are enough numbers for two thousand years.
fn number_at(at: Duration, seconds: u64) -> u32 {
    u32::try_from(at.as_secs() / seconds + 1).unwrap_or(u32::MAX)
}

fn place_of(number: u32, count: usize) -> usize {
    usize::try_from(number).map_or(0, |number| number % count)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn answered_at(windows: &mut Windows, at: Duration) {
        windows.add(at, true, Duration::from_millis(100), NanoUsd(7));
    }

    fn attempts(windows: &Windows, now: Duration) -> [u64; 3] {
        windows.at(now).spans.map(|sums| sums.attempts)
    }

    #[test]
    fn an_attempt_leaves_each_span_when_it_is_older() {
        let mut windows = Windows::default();
        assert_eq!(attempts(&windows, MINUTE), [0, 0, 0]);
        answered_at(&mut windows, Duration::ZERO);
        assert_eq!(attempts(&windows, Duration::ZERO), [1, 1, 1]);
        assert_eq!(attempts(&windows, Duration::from_secs(299)), [1, 1, 1]);
        assert_eq!(attempts(&windows, MINUTE * 5), [0, 1, 1]);
        assert_eq!(attempts(&windows, MINUTE * 59), [0, 1, 1]);
        assert_eq!(attempts(&windows, MINUTE * 60), [0, 0, 1]);
        assert_eq!(attempts(&windows, MINUTE * 60 * 24), [0, 0, 0]);
    }

    #[test]
    fn the_sums_are_those_of_the_attempts() {
        let mut windows = Windows::default();
        answered_at(&mut windows, MINUTE);
        windows.add(MINUTE, false, Duration::from_secs(2), NanoUsd(5));
        let ModelWindows { spans, trend } = windows.at(MINUTE * 9);
        assert_eq!((spans[1].attempts, spans[1].answered, spans[1].cost), (2, 1, NanoUsd(12)));
        assert_eq!(spans[0], WindowSums::default());
        assert_eq!(trend.len(), 15);
        assert_eq!(trend.iter().flatten().collect::<Vec<_>>(), [&0.5]);
        assert_eq!(trend[12], Some(0.5), "{trend:?}");
    }

    proptest! {
        #[test]
        fn a_recount_of_what_was_recorded_gives_the_same(
            steps in prop::collection::vec((0..40_000_u64, any::<bool>(), 0..200_000_u32, 0..1000_u64), 0..300),
            after in 0..100_000_u64,
        ) {
            let mut windows = Windows::default();
            let mut now = Duration::ZERO;
            let mut all = Vec::new();
            for (wait, answered, took, cost) in steps {
                now += Duration::from_millis(wait);
                windows.add(now, answered, Duration::from_millis(took.into()), NanoUsd(cost));
                all.push((now, answered, took, cost));
            }
            now += Duration::from_millis(after);
            for ((seconds, count), sums) in SPANS.into_iter().zip(windows.at(now).spans) {
                let begin = (now.as_secs() / seconds + 1).saturating_sub(count as u64) * seconds;
                let within: Vec<_> = all.iter().filter(|(at, ..)| at.as_secs() >= begin).collect();
                prop_assert_eq!(sums.attempts, within.len() as u64);
                prop_assert_eq!(sums.answered, within.iter().filter(|(_, answered, ..)| *answered).count() as u64);
                prop_assert_eq!(sums.cost.0, within.iter().map(|(.., cost)| cost).sum::<u64>());
                let mut took: Vec<u32> = within.iter().map(|(_, _, took, _)| *took).collect();
                took.sort_unstable();
                for (share, found) in [(50, sums.p50), (95, sums.p95)] {
                    let Some(found) = found else { prop_assert!(took.is_empty()); continue };
                    let exact = f64::from(took[(took.len() * share).div_ceil(100) - 1]);
                    let found = found.as_secs_f64() * 1e3;
                    prop_assert!((found - exact).abs() <= exact * 0.25 + 1.0, "{found} for {exact}");
                }
            }
        }
    }
}
