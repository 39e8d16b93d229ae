//! A rate that a provider allows: the generic cell rate algorithm, as values and a time.

use std::time::Duration;

use tokio::time::Instant;

/// What is counted a minute, and by how many engines it is shared.
#[derive(Clone, Copy, Debug)]
pub(super) struct PerMinute {
    /// The limit, at least 1.
    pub(super) limit: u32,
    /// How many share it, at least 1: each has its part.
    pub(super) sharers: u32,
}

/// What was let through, as the time at which all of it is worked off.
#[derive(Debug, Default)]
pub(super) struct Rate {
    worked_off: Option<Instant>,
}

impl PerMinute {
    /// The time in which so many are allowed.
    fn time_of(self, amount: u64) -> Duration {
        let amounts = u128::from(amount) * u128::from(self.sharers);
        let nanos = amounts.saturating_mul(60_000_000_000) / u128::from(self.limit.max(1));
        // A thousand hours are longer than anything waits.
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX).min(3_600_000_000_000_000))
    }

    /// The time of what may go at once: 1 and a twentieth of the limit, and where many share it at least 1 of each.
    fn burst(self) -> Duration {
        let alone = Self { sharers: 1, ..self };
        alone.time_of(1 + u64::from(self.limit / 20)).max(self.time_of(1))
    }
}

impl Rate {
    /// When so many may go. More than fit into a burst go when nothing is left to work off.
    pub(super) fn ready_at(&self, amount: u64, allowed: PerMinute, now: Instant) -> Instant {
        let slack = allowed.burst().saturating_sub(allowed.time_of(amount));
        let ready = self.worked_off.map_or(now, |end| end.checked_sub(slack).unwrap_or(now));
        ready.max(now)
    }

    /// Counts so many that go now.
    pub(super) fn take(&mut self, amount: u64, allowed: PerMinute, now: Instant) {
        self.worked_off = Some(self.worked_off.map_or(now, |end| end.max(now)) + allowed.time_of(amount));
    }

    /// Counts `actual` where `counted` were taken before.
    pub(super) fn correct(&mut self, counted: u64, actual: u64, allowed: PerMinute) {
        let Some(end) = self.worked_off else { return };
        let less = allowed.time_of(counted.saturating_sub(actual));
        let more = allowed.time_of(actual.saturating_sub(counted));
        self.worked_off = end.checked_sub(less).map(|end| end + more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIXTY: PerMinute = PerMinute { limit: 60, sharers: 1 };

    /// How many go within a time if somebody always wants to.
    fn let_through(allowed: PerMinute, time: Duration, amount: u64) -> u64 {
        let (mut rate, begin) = (Rate::default(), Instant::now());
        let (mut now, mut count) = (begin, 0);
        loop {
            now = rate.ready_at(amount, allowed, now);
            if now >= begin + time {
                return count;
            }
            rate.take(amount, allowed, now);
            count += amount;
        }
    }

    #[test]
    fn a_minute_sees_at_most_a_twentieth_more_than_the_limit() {
        for limit in [20, 60, 100, 600, 6000, 100_000] {
            let allowed = PerMinute { limit, sharers: 1 };
            let minute = let_through(allowed, Duration::from_secs(60), 1);
            assert!((limit.into()..=u64::from(limit) + u64::from(limit / 20)).contains(&minute), "{limit}: {minute}");
        }
        assert_eq!(let_through(PerMinute { limit: 1, sharers: 1 }, Duration::from_secs(60), 1), 1);
        let ten_minutes = let_through(SIXTY, Duration::from_secs(600), 1);
        assert!((600..=603).contains(&ten_minutes), "{ten_minutes}");
    }

    #[test]
    fn a_burst_goes_at_once_and_what_is_idle_saves_up_no_more_than_one() {
        let (mut rate, begin) = (Rate::default(), Instant::now());
        let later = begin + Duration::from_secs(1000);
        for now in [begin, later] {
            for _ in 0..4 {
                assert_eq!(rate.ready_at(1, SIXTY, now), now);
                rate.take(1, SIXTY, now);
            }
            assert_eq!(rate.ready_at(1, SIXTY, now), now + Duration::from_secs(1));
        }
    }

    #[test]
    fn more_than_a_burst_goes_when_nothing_is_left_to_work_off() {
        let allowed = PerMinute { limit: 6000, sharers: 1 };
        let (mut rate, now) = (Rate::default(), Instant::now());
        assert_eq!(rate.ready_at(1000, allowed, now), now);
        rate.take(1000, allowed, now);
        assert_eq!(rate.ready_at(1000, allowed, now), now + Duration::from_secs(10));
        assert_eq!(rate.ready_at(1, allowed, now), now + Duration::from_secs(7), "a burst of 301 is 3 s and a bit");
    }

    #[test]
    fn what_was_counted_too_high_or_too_low_is_corrected() {
        let allowed = PerMinute { limit: 600, sharers: 1 };
        let (mut rate, now) = (Rate::default(), Instant::now());
        rate.take(100, allowed, now);
        rate.correct(100, 60, allowed);
        assert_eq!(rate.ready_at(31, allowed, now), now + Duration::from_secs(6));
        rate.correct(60, 200, allowed);
        assert_eq!(rate.ready_at(31, allowed, now), now + Duration::from_secs(20));
    }

    #[test]
    fn who_shares_a_limit_has_a_part_of_it() {
        let shared = PerMinute { limit: 60, sharers: 4 };
        let minute = let_through(shared, Duration::from_secs(60), 1);
        assert!((15..=16).contains(&minute), "{minute}");
        let many = PerMinute { limit: 1, sharers: 1000 };
        assert_eq!(let_through(many, Duration::from_secs(60), 1), 1, "one goes at once, whoever shares it");
    }

    #[test]
    fn the_extremes_do_not_overflow() {
        let (mut rate, now) = (Rate::default(), Instant::now());
        let allowed = PerMinute { limit: 1, sharers: u32::MAX };
        rate.take(u64::MAX, allowed, now);
        rate.take(u64::MAX, allowed, now);
        rate.correct(0, u64::MAX, allowed);
        assert!(rate.ready_at(u64::MAX, allowed, now) > now);
        rate.correct(u64::MAX, 0, allowed);
    }
}
