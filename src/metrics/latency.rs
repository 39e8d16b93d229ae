//! How long attempts took, in buckets.

use std::time::Duration;

/// The upper bounds of the buckets, each inclusive, in milliseconds. They are close together where the time-outs of
/// attempts lie (25 s is the default) and end with the 120 s of a queue job; a last bucket takes what is longer.
const BOUNDS_MS: [u64; 13] = [100, 250, 500, 1000, 2500, 5000, 10_000, 15_000, 25_000, 40_000, 60_000, 90_000, 120_000];

/// A histogram of durations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Latency {
    counts: [u64; BOUNDS_MS.len() + 1],
    sum: Duration,
}

impl Latency {
    pub(super) fn add(&mut self, duration: Duration) {
        let bucket = BOUNDS_MS.partition_point(|&bound| Duration::from_millis(bound) < duration);
        if let Some(count) = self.counts.get_mut(bucket) {
            *count = count.saturating_add(1);
        }
        self.sum = self.sum.saturating_add(duration);
    }

    /// All durations together.
    #[must_use]
    pub fn sum(&self) -> Duration {
        self.sum
    }

    /// How many durations there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().fold(0, |sum, &count| sum.saturating_add(count))
    }

    /// The mean; nothing if there is no duration.
    #[must_use]
    pub fn mean(&self) -> Duration {
        self.sum.checked_div(u32::try_from(self.count()).unwrap_or(u32::MAX)).unwrap_or_default()
    }

    /// Each bucket's upper bound in seconds, infinite for the last, and how many durations lie in it and in none before.
    pub fn buckets(&self) -> impl Iterator<Item = (f64, u64)> {
        let bounds = BOUNDS_MS.iter().map(|&bound| Duration::from_millis(bound).as_secs_f64());
        bounds.chain([f64::INFINITY]).zip(self.counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_in_the_first_bucket_that_reaches_it() {
        let mut latency = Latency::default();
        for nanos in [0, 100_000_000, 100_000_001, 25_000_000_000, 120_000_000_000, 120_000_000_001] {
            latency.add(Duration::from_nanos(nanos));
        }
        let filled: Vec<(f64, u64)> = latency.buckets().filter(|(_, count)| *count > 0).collect();
        assert_eq!(filled, [(0.1, 2), (0.25, 1), (25.0, 1), (120.0, 1), (f64::INFINITY, 1)]);
        assert_eq!((latency.count(), latency.sum()), (6, Duration::from_nanos(265_200_000_002)));
        assert_eq!((latency.mean(), Latency::default().mean()), (Duration::from_millis(44_200), Duration::ZERO));
    }

    #[test]
    fn the_bounds_ascend() {
        assert!(BOUNDS_MS.is_sorted_by(|before, after| before < after));
    }
}
