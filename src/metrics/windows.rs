//! What the attempts at one model came to in the last minutes, hour and day.
//!
//! Each span is a ring of buckets, and each bucket knows which part of time it holds, so that what is too old needs nobody
//! to clear it: it is passed over when the ring is read, and cleared when its bucket is used again. A model takes 19 KB
//! from its first attempt on, however many follow.
//!
//! All models are looked at at once, and to read every bucket of a thousand of them takes longer than all else that is shown.
//! So the sum of each span is kept beside its buckets, which are added up anew only when one of them has become too old, and
//! what was shown last is shown again while nothing has changed.

use std::time::Duration;

use super::spread::{Bin, Spread};
use crate::outcome::NanoUsd;

/// How long a bucket of each span is, in seconds, and how many there are: 5 minutes, an hour, a day.
const SPANS: [(u64, usize); 3] = [(20, 15), (240, 15), (3600, 24)];
/// The span of which a page draws the course.
const DRAWN: usize = 1;

/// The attempts at one model, by time.
#[derive(Debug)]
pub(super) struct Windows {
    /// What was shown last, if nothing has changed since.
    shown: Option<ModelWindows>,
    spans: [Span; SPANS.len()],
}

/// The attempts of one span.
#[derive(Debug)]
struct Span {
    /// How long a bucket is, in seconds.
    seconds: u64,
    /// The last part of time that `sum` takes in.
    until: u32,
    /// All buckets that are not too old at that time.
    sum: Bucket,
    /// Which part of time each bucket holds, counted from 1; 0 if it was never used.
    numbers: Box<[u32]>,
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
    pub trend: [Option<f64>; SPANS[DRAWN].1],
}

impl Default for Windows {
    fn default() -> Self {
        Self { shown: None, spans: SPANS.map(|(seconds, count)| Span::new(seconds, count)) }
    }
}

impl Windows {
    /// Counts an attempt that ended `at`, a time since a moment that is the same for all.
    pub(super) fn add(&mut self, at: Duration, answered: bool, took: Duration, cost: NanoUsd) {
        self.shown = None;
        let bin = Bin::of(took);
        for span in &mut self.spans {
            span.move_to(number_at(at, span.seconds));
            if let Some(bucket) = span.current() {
                bucket.add(answered, bin, cost);
                span.sum.add(answered, bin, cost);
            }
        }
    }

    /// What ended in the spans that end `now`.
    pub(super) fn at(&mut self, now: Duration) -> &ModelWindows {
        for span in &mut self.spans {
            let number = number_at(now, span.seconds);
            if number != span.until {
                self.shown = None;
                span.move_to(number);
            }
        }
        self.shown.get_or_insert_with(|| ModelWindows {
            spans: self.spans.each_ref().map(|span| span.sum.shown()),
            trend: self.spans[DRAWN].course(),
        })
    }
}

impl Span {
    fn new(seconds: u64, count: usize) -> Self {
        let (numbers, buckets) = (vec![0; count].into(), vec![Bucket::default(); count].into());
        Self { seconds, until: 0, sum: Bucket::default(), numbers, buckets }
    }

    /// Has the sum end with another part of time.
    fn move_to(&mut self, number: u32) {
        let before = std::mem::replace(&mut self.until, number);
        if before == number {
            return;
        }
        let count = self.buckets.len();
        let is_other = |&holds: &u32| ago(holds, before, count).is_some() != ago(holds, number, count).is_some();
        if self.numbers.iter().any(is_other) {
            let mut sum = Bucket::default();
            self.used().for_each(|(_, bucket)| sum.merge(bucket));
            self.sum = sum;
        }
    }

    /// The bucket of the part of time with which the sum ends, empty if it held another.
    fn current(&mut self) -> Option<&mut Bucket> {
        let place = usize::try_from(self.until).ok()?.checked_rem(self.buckets.len())?;
        let (holds, bucket) = (self.numbers.get_mut(place)?, self.buckets.get_mut(place)?);
        if *holds != self.until {
            (*holds, *bucket) = (self.until, Bucket::default());
        }
        Some(bucket)
    }

    /// The buckets that are not too old, and how many parts of time ago each was.
    fn used(&self) -> impl Iterator<Item = (usize, &Bucket)> {
        let ago = |(&holds, bucket)| Some((ago(holds, self.until, self.buckets.len())?, bucket));
        self.numbers.iter().zip(&self.buckets).filter_map(ago)
    }

    /// The part that was answered in each part of time, the earliest first.
    fn course<const COUNT: usize>(&self) -> [Option<f64>; COUNT] {
        let mut course = [None; COUNT];
        for (ago, bucket) in self.used() {
            if let Some(share) = COUNT.checked_sub(ago + 1).and_then(|place| course.get_mut(place)) {
                *share = bucket.share();
            }
        }
        course
    }
}

/// How many parts of time before `last` a bucket holds; `None` if it is too old, or was never used.
fn ago(holds: u32, last: u32, count: usize) -> Option<usize> {
    let ago = usize::try_from(last.checked_sub(holds)?).ok()?;
    (holds > 0 && ago < count).then_some(ago)
}

impl Bucket {
    fn add(&mut self, answered: bool, bin: Bin, cost: NanoUsd) {
        self.attempts = self.attempts.saturating_add(1);
        self.answered = self.answered.saturating_add(u64::from(answered));
        self.cost = self.cost.plus(cost);
        self.durations.add(bin);
    }

    fn merge(&mut self, other: &Self) {
        self.attempts = self.attempts.saturating_add(other.attempts);
        self.answered = self.answered.saturating_add(other.answered);
        self.cost = self.cost.plus(other.cost);
        self.durations.merge(&other.durations);
    }

    fn shown(&self) -> WindowSums {
        let [p50, p95] = self.durations.reached_by([50, 95]);
        WindowSums { attempts: self.attempts, answered: self.answered, cost: self.cost, p50, p95 }
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of attempts are far below 2^52")]
    fn share(&self) -> Option<f64> {
        (self.attempts > 0).then(|| self.answered as f64 / self.attempts as f64)
    }
}

/// The part of time `at`, counted from 1; there are enough numbers for two thousand years.
fn number_at(at: Duration, seconds: u64) -> u32 {
    u32::try_from(at.as_secs() / seconds + 1).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn answered_at(windows: &mut Windows, at: Duration) {
        windows.add(at, true, Duration::from_millis(100), NanoUsd(7));
    }

    fn attempts(windows: &mut Windows, now: Duration) -> [u64; 3] {
        windows.at(now).spans.map(|sums| sums.attempts)
    }

    #[test]
    fn an_attempt_leaves_each_span_when_it_is_older() {
        let mut windows = Windows::default();
        assert_eq!(attempts(&mut windows, MINUTE), [0, 0, 0]);
        answered_at(&mut windows, Duration::ZERO);
        assert_eq!(attempts(&mut windows, Duration::ZERO), [1, 1, 1]);
        assert_eq!(attempts(&mut windows, Duration::from_secs(299)), [1, 1, 1]);
        assert_eq!(attempts(&mut windows, MINUTE * 5), [0, 1, 1]);
        assert_eq!(attempts(&mut windows, MINUTE * 59), [0, 1, 1]);
        assert_eq!(attempts(&mut windows, MINUTE * 60), [0, 0, 1]);
        assert_eq!(attempts(&mut windows, MINUTE * 60 * 24), [0, 0, 0]);
    }

    #[test]
    fn the_sums_are_those_of_the_attempts() {
        let mut windows = Windows::default();
        answered_at(&mut windows, MINUTE);
        windows.add(MINUTE, false, Duration::from_secs(2), NanoUsd(5));
        let ModelWindows { spans, trend } = windows.at(MINUTE * 9).clone();
        assert_eq!((spans[1].attempts, spans[1].answered, spans[1].cost), (2, 1, NanoUsd(12)));
        assert_eq!(spans[0], WindowSums::default());
        assert_eq!(trend.len(), 15);
        assert_eq!(trend.iter().flatten().collect::<Vec<_>>(), [&0.5]);
        assert_eq!(trend[12], Some(0.5), "{trend:?}");
    }

    /// Whether what is shown is what a recount of all attempts gives.
    fn agrees(windows: &mut Windows, all: &[(Duration, bool, u32, u64)], now: Duration) -> Result<(), TestCaseError> {
        let shown = windows.at(now).clone();
        let since = |seconds: u64, count: usize| {
            let begin = (now.as_secs() / seconds + 1).saturating_sub(count as u64) * seconds;
            all.iter().filter(move |(at, ..)| at.as_secs() >= begin).collect::<Vec<_>>()
        };
        for ((seconds, count), sums) in SPANS.into_iter().zip(shown.spans) {
            let within = since(seconds, count);
            prop_assert_eq!(sums.attempts, within.len() as u64);
            prop_assert_eq!(sums.answered, within.iter().filter(|(_, answered, ..)| *answered).count() as u64);
            prop_assert_eq!(sums.cost.0, within.iter().map(|(.., cost)| cost).sum::<u64>());
            let mut took: Vec<u32> = within.iter().map(|(_, _, took, _)| *took).collect();
            took.sort_unstable();
            for (share, found) in [(50, sums.p50), (95, sums.p95)] {
                let Some(found) = found else {
                    prop_assert!(took.is_empty());
                    continue;
                };
                let exact = f64::from(took[(took.len() * share).div_ceil(100) - 1]);
                let found = found.as_secs_f64() * 1e3;
                prop_assert!((found - exact).abs() <= exact * 0.25 + 1.0, "{found} for {exact}");
            }
        }
        let (seconds, count) = SPANS[DRAWN];
        for (place, share) in shown.trend.into_iter().enumerate() {
            let within = since(seconds, count - place).len() - since(seconds, count - place - 1).len();
            prop_assert_eq!(share.is_some(), within > 0, "{} of {:?}", place, shown.trend);
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn a_recount_of_what_was_recorded_gives_the_same_whenever_it_is_looked_at(
            steps in prop::collection::vec((0..40_000_u64, any::<bool>(), 0..200_000_u32, 0..1000_u64, any::<bool>()), 0..300),
            idle in prop::collection::vec(0..100_000_000_u64, 0..3),
        ) {
            let mut windows = Windows::default();
            let mut now = Duration::ZERO;
            let mut all = Vec::new();
            for (wait, answered, took, cost, is_looked_at) in steps {
                now += Duration::from_millis(wait / 2);
                if is_looked_at {
                    agrees(&mut windows, &all, now)?;
                }
                now += Duration::from_millis(wait / 2);
                windows.add(now, answered, Duration::from_millis(took.into()), NanoUsd(cost));
                all.push((now, answered, took, cost));
            }
            agrees(&mut windows, &all, now)?;
            for wait in idle {
                now += Duration::from_millis(wait);
                agrees(&mut windows, &all, now)?;
            }
        }
    }
}
