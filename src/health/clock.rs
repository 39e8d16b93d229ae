//! How much time has passed, whatever happens to the clocks of the machine.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// Two clocks that differ by less over one step are taken to run alike.
const SLACK: Duration = Duration::from_secs(1);
/// The longest sleep that counts, longer than any cooldown: a clock that begins at 1970 and is set right leaps by more.
const LONGEST_SLEEP: Duration = Duration::from_secs(31 * 24 * 3600);

/// Milliseconds since it was made. It never goes back: a wall clock that is set back is not followed, nor is its
/// correction. A leap forward of the wall clock counts, for most likely the machine was asleep, when its monotonic clock
/// stands still.
pub(super) struct Clock(Mutex<Reading>);

#[derive(Clone, Copy)]
struct Reading {
    monotonic: Instant,
    /// The latest time that the wall clock has shown, moved on by the monotonic one.
    latest: SystemTime,
    passed: Duration,
    /// The wall clock's time when nothing had passed.
    origin: SystemTime,
}

impl Clock {
    pub(super) fn new() -> Self {
        let wall = SystemTime::now();
        Self(Mutex::new(Reading { monotonic: Instant::now(), latest: wall, passed: Duration::ZERO, origin: wall }))
    }

    /// Milliseconds since it was made, from 1.
    pub(super) fn now(&self) -> u64 {
        milliseconds(self.read().passed).saturating_add(1)
    }

    /// The wall clock's time at such a number of milliseconds.
    pub(super) fn wall(&self, at: u64) -> SystemTime {
        let origin = self.read().origin;
        origin.checked_add(Duration::from_millis(at.saturating_sub(1))).unwrap_or(origin)
    }

    /// The number of milliseconds at a time of the wall clock, 1 for any time before it was made.
    pub(super) fn at(&self, wall: SystemTime) -> u64 {
        let passed = wall.duration_since(self.read().origin).unwrap_or_default();
        milliseconds(passed).saturating_add(1)
    }

    fn read(&self) -> Reading {
        let mut reading = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *reading = reading.moved_on(Instant::now(), SystemTime::now());
        *reading
    }
}

impl Reading {
    fn moved_on(self, monotonic: Instant, wall: SystemTime) -> Self {
        let step = monotonic.saturating_duration_since(self.monotonic);
        let leap = wall.duration_since(self.latest).unwrap_or_default();
        let passed = self.passed + if leap > step + SLACK { leap.min(LONGEST_SLEEP) } else { step };
        let latest = self.latest.checked_add(step).unwrap_or(self.latest).max(wall);
        let origin = wall.checked_sub(passed).unwrap_or(SystemTime::UNIX_EPOCH);
        let drift = origin.duration_since(self.origin).unwrap_or_else(|error| error.duration());
        Self { monotonic, latest, passed, origin: if drift > SLACK { origin } else { self.origin } }
    }
}

/// Whole milliseconds.
pub(super) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);
    const SECOND: Duration = Duration::from_secs(1);

    fn begin() -> Reading {
        let wall = SystemTime::UNIX_EPOCH + 1000 * HOUR;
        Reading { monotonic: Instant::now(), latest: wall, passed: Duration::ZERO, origin: wall }
    }

    #[test]
    fn both_clocks_together_move_it_on() {
        let begun = begin();
        let later = begun.moved_on(begun.monotonic + SECOND, begun.latest + SECOND);
        assert_eq!((later.passed, later.origin), (SECOND, begun.origin));
    }

    #[test]
    fn a_wall_clock_that_is_set_back_and_corrected_changes_only_what_time_it_is_called() {
        let begun = begin();
        let back = begun.moved_on(begun.monotonic + SECOND, begun.origin + SECOND - HOUR);
        assert_eq!((back.passed, back.origin), (SECOND, begun.origin - HOUR));
        let on = back.moved_on(back.monotonic + SECOND, begun.origin + 2 * SECOND - HOUR);
        assert_eq!((on.passed, on.origin), (2 * SECOND, back.origin));
        let corrected = on.moved_on(on.monotonic + SECOND, begun.origin + 3 * SECOND);
        assert_eq!((corrected.passed, corrected.origin), (3 * SECOND, begun.origin));
    }

    #[test]
    fn a_clock_that_began_at_1970_and_is_set_right_does_not_leap_for_years() {
        let begun = begin();
        let later = begun.moved_on(begun.monotonic + SECOND, begun.origin + 500_000 * HOUR);
        assert_eq!(later.passed, LONGEST_SLEEP);
        let on = later.moved_on(later.monotonic + SECOND, begun.origin + 500_000 * HOUR + SECOND);
        assert_eq!(on.passed, LONGEST_SLEEP + SECOND);
    }

    #[test]
    fn the_time_of_a_sleep_has_passed() {
        let begun = begin();
        let later = begun.moved_on(begun.monotonic + SECOND, begun.origin + HOUR);
        assert_eq!((later.passed, later.origin), (HOUR, begun.origin));
    }

    #[test]
    fn a_slow_drift_is_no_leap() {
        let mut reading = begin();
        let begun = reading;
        for _ in 0..100 {
            reading = reading.moved_on(reading.monotonic + SECOND, reading.latest + SECOND + SECOND / 10);
        }
        assert_eq!(reading.passed, 100 * SECOND);
        assert!(reading.origin.duration_since(begun.origin).expect("later") > 8 * SECOND, "the name follows the wall");
    }
}
