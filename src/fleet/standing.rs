//! Whether an engine has joined its fleet or is alone, and how often either is told.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::link::Trouble;

/// After so many waits that ran out no new call waits.
const MOST_WAITS: u32 = 3;
/// A member that was not seen for so long is no longer living.
pub(super) const LIVING: Duration = Duration::from_secs(30);
/// After so long without a beat an engine is alone.
pub(super) const LONGEST_SILENCE: Duration = Duration::from_secs(3);
/// Joining is told at most once in this time, and so is losing.
const TOLD_AGAIN_AFTER: Duration = Duration::from_secs(10);

/// Where an engine stands.
#[derive(Debug)]
pub(super) struct Membership {
    joined: AtomicBool,
    /// How many waits in a row ran out.
    ran_out: AtomicU32,
    place: Mutex<Whereabouts>,
}

#[derive(Debug)]
struct Whereabouts {
    since: SystemTime,
    /// Counts how often it was joined.
    session: u64,
    /// When the last beat was answered.
    last_beat: Option<Instant>,
    /// What was told last, and when each was told.
    told: Option<bool>,
    told_at: [Option<Instant>; 2],
    /// What went wrong last since Redis answered.
    trouble: Option<Trouble>,
    problem: String,
}

/// What is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Telling {
    /// The fleet is joined.
    Joined,
    /// The fleet is lost, and why.
    Lost(String),
}

impl Membership {
    /// Alone, and nothing told of it yet.
    pub(super) fn new() -> Self {
        let place = Whereabouts {
            since: SystemTime::now(),
            session: 0,
            last_beat: None,
            told: None,
            told_at: [None; 2],
            trouble: None,
            problem: String::new(),
        };
        Self { joined: AtomicBool::new(false), ran_out: AtomicU32::new(0), place: Mutex::new(place) }
    }

    /// Whether the fleet is joined.
    pub(super) fn is_joined(&self) -> bool {
        self.joined.load(Ordering::Acquire)
    }

    /// Since when it is or is not.
    pub(super) fn since(&self) -> SystemTime {
        self.lock().since
    }

    /// The number of the time for which it is joined; `None` while it is not.
    pub(super) fn session(&self) -> Option<u64> {
        let place = self.lock();
        self.is_joined().then_some(place.session)
    }

    /// Whether a call may wait for Redis.
    pub(super) fn may_wait(&self) -> bool {
        self.is_joined() && self.ran_out.load(Ordering::Acquire) < MOST_WAITS
    }

    /// Notes that Redis answered a call.
    pub(super) fn answered(&self) {
        self.ran_out.store(0, Ordering::Release);
    }

    /// Notes that a call waited in vain; whether it was the last that waits.
    pub(super) fn ran_out(&self) -> bool {
        self.ran_out.fetch_add(1, Ordering::AcqRel) + 1 == MOST_WAITS
    }

    /// Notes a beat that was answered.
    pub(super) fn beat(&self) {
        let mut place = self.lock();
        (place.last_beat, place.trouble) = (Some(Instant::now()), None);
    }

    /// Notes what went wrong.
    pub(super) fn troubled(&self, trouble: &Trouble) {
        self.lock().trouble = Some(trouble.clone());
    }

    /// What went wrong last.
    pub(super) fn trouble(&self) -> Trouble {
        self.lock().trouble.clone().unwrap_or(Trouble::TimedOut)
    }

    /// Whether too many waits ran out, or the last beat is too long ago.
    pub(super) fn is_lost(&self) -> bool {
        let silence = self.lock().last_beat.is_none_or(|beat| beat.elapsed() >= LONGEST_SILENCE);
        self.is_joined() && (silence || self.ran_out.load(Ordering::Acquire) >= MOST_WAITS)
    }

    /// How long it is until the last beat is too long ago; `None` while the engine is alone.
    pub(super) fn quiet_for(&self) -> Option<Duration> {
        let beat = self.lock().last_beat.filter(|_| self.is_joined())?;
        Some(LONGEST_SILENCE.saturating_sub(beat.elapsed()) + Duration::from_millis(1))
    }

    /// Notes that the fleet is joined; whether it was not before.
    pub(super) fn join(&self) -> bool {
        let mut place = self.lock();
        self.answered();
        place.last_beat = Some(Instant::now());
        let is_new = !self.joined.swap(true, Ordering::AcqRel);
        if is_new {
            place.session += 1;
            place.since = SystemTime::now();
        }
        is_new
    }

    /// Notes that the engine is alone; whether it was not before.
    pub(super) fn leave(&self, trouble: &Trouble) -> bool {
        let mut place = self.lock();
        let was_joined = self.joined.swap(false, Ordering::AcqRel);
        if was_joined {
            place.since = SystemTime::now();
        }
        place.problem = trouble.to_string();
        was_joined
    }

    /// What is to be told now, if anything is.
    pub(super) fn telling(&self) -> Option<Telling> {
        let mut place = self.lock();
        let is_joined = self.is_joined();
        // An engine that never found its fleet is told of as one that lost it.
        let is_news = place.told != Some(is_joined) && (is_joined || !place.problem.is_empty());
        let again = |at: &Instant| at.elapsed() < TOLD_AGAIN_AFTER;
        if !is_news || place.told_at[usize::from(is_joined)].as_ref().is_some_and(again) {
            return None;
        }
        place.told = Some(is_joined);
        place.told_at[usize::from(is_joined)] = Some(Instant::now());
        Some(if is_joined { Telling::Joined } else { Telling::Lost(place.problem.clone()) })
    }

    fn lock(&self) -> MutexGuard<'_, Whereabouts> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long it is until the next attempt to connect: from a quarter of a second to 2 s in the first minute, then to 30 s.
#[derive(Debug)]
pub(super) struct Backoff {
    began: Instant,
    next: Duration,
}

impl Backoff {
    const FIRST: Duration = Duration::from_millis(250);
    const LONGEST_AT_FIRST: Duration = Duration::from_secs(2);
    const LONGEST: Duration = Duration::from_secs(30);

    pub(super) fn new() -> Self {
        Self { began: Instant::now(), next: Self::FIRST }
    }

    /// The next wait; `jitter` is from 0 to 1, and takes up to half of it away.
    pub(super) fn wait(&mut self, jitter: f64) -> Duration {
        let is_first_minute = self.began.elapsed() < Duration::from_secs(60);
        let longest = if is_first_minute { Self::LONGEST_AT_FIRST } else { Self::LONGEST };
        let wait = self.next.min(longest);
        self.next = (wait * 2).min(longest);
        wait.mul_f64(1.0 - jitter.clamp(0.0, 1.0) / 2.0).max(Self::FIRST)
    }
}
