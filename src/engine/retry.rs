//! Whether a model is asked once more after it failed, and when: decided of values alone; the loop of an attempt follows.

use std::time::Duration;

use crate::kind::FailureKind;
use crate::transport::http::Resend;

/// The first backoff's longest wait; it doubles with each retry.
const BACKOFF: Duration = Duration::from_millis(500);
/// The longest wait before a refused request is sent the second time again; it doubles with each further one. The first
/// time there is none.
const REFUSED_BACKOFF: Duration = Duration::from_millis(100);
/// How often a request is sent again that its provider did not look at.
const MOST_REFUSED: u32 = 3;
/// How often a limit of the provider is waited out by one attempt, where there is time for it.
const MOST_LIMITED: u32 = 20;
/// How long an attempt waits in all because a provider asked to be left alone.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// The shortest wait for the end of a cooling, so that clocks that differ by a tick do not make a busy loop.
const SHORTEST_WAIT: Duration = Duration::from_millis(5);

/// What an attempt has had already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Had {
    /// The retries.
    pub(super) retries: u32,
    /// The requests sent again because the provider did not look at them.
    pub(super) refused: u32,
    /// Whether a request was sent again because its connection was stale.
    pub(super) stale: bool,
    /// How long it waited because the provider asked to be left alone.
    pub(super) waited: Duration,
}

/// Within what an attempt may ask its model once more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// No other model is left to ask.
    pub(super) is_last: bool,
    /// `maxRetries`.
    pub(super) max_retries: u32,
    /// The time until the deadline.
    pub(super) remaining: Duration,
    /// How long a limit of the provider is waited out, whatever else is left to ask; `None` where it is not.
    pub(super) patience: Option<Duration>,
}

/// How a request ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended {
    /// As what it failed.
    pub(super) kind: FailureKind,
    /// For how long the provider asked to be left alone.
    pub(super) retry_after: Option<Duration>,
    /// Why it may be sent again as if it had not been.
    pub(super) resend: Option<Resend>,
    /// Whether its server refused the form of the answer, and a looser one is left.
    pub(super) refuses_format: bool,
}

/// Once more, after a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Again {
    /// The wait.
    pub(super) wait: Duration,
    /// What the attempt has had when it is over.
    pub(super) had: Had,
}

/// When the model is asked once more; `None` if it is not to be. `jitter` is a random number from 0 to 1.
///
/// Where a server refuses the form of the answer it is asked at once in a looser one, which is no retry: nothing was wrong
/// but what was asked, and there are so few forms that this ends by itself.
pub(super) fn once_more(ended: &Ended, had: Had, bounds: &Bounds, jitter: f64) -> Option<Again> {
    let looser = || ended.refuses_format.then_some(Again { wait: Duration::ZERO, had });
    let again = looser().or_else(|| resent(ended, had, jitter)).or_else(|| retried(ended, had, bounds, jitter))?;
    (again.wait < bounds.remaining).then_some(again)
}

/// When a retry that is due is tried again, for the model is left alone for another `cooling`, since others were told so
/// later; `None` if it is not to be. The wait is no retry.
pub(super) fn wait_on(cooling: Duration, had: Had, bounds: &Bounds, jitter: f64) -> Option<Again> {
    let again = asked_to_wait(cooling.max(SHORTEST_WAIT), had, bounds, jitter)?;
    (again.wait < bounds.remaining).then_some(again)
}

/// A request that the provider did not look at, or may not have, is sent again whatever else is left.
fn resent(ended: &Ended, had: Had, jitter: f64) -> Option<Again> {
    match ended.resend? {
        Resend::Refused if had.refused < MOST_REFUSED => {
            let most = match had.refused {
                0 => Duration::ZERO,
                again => doubled(REFUSED_BACKOFF, again - 1),
            };
            Some(Again { wait: most.mul_f64(jitter), had: Had { refused: had.refused + 1, ..had } })
        }
        Resend::Stale if !had.stale => Some(Again { wait: Duration::ZERO, had: Had { stale: true, ..had } }),
        Resend::Refused | Resend::Stale => None,
    }
}

/// A failure that may pass is retried where no other model is left.
fn retried(ended: &Ended, had: Had, bounds: &Bounds, jitter: f64) -> Option<Again> {
    let passes = matches!(ended.kind, FailureKind::Network | FailureKind::ServerError | FailureKind::RateLimited);
    let is_waited_out = bounds.patience.is_some() && ended.kind == FailureKind::RateLimited;
    let may_retry = if is_waited_out { had.retries < MOST_LIMITED } else { had.retries < bounds.max_retries };
    if !passes || !(bounds.is_last || is_waited_out) || !may_retry {
        return None;
    }
    let counted = Had { retries: had.retries + 1, ..had };
    match ended.retry_after {
        Some(asked) => asked_to_wait(asked, had, bounds, jitter)
            .map(|again| Again { had: Had { waited: again.had.waited, ..counted }, ..again }),
        None => Some(Again { wait: doubled(BACKOFF, had.retries).mul_f64(jitter), had: counted }),
    }
}

/// A wait that was asked for, and a jitter after it, for others were asked to wait as long: as far as the deadline and
/// the longest wait leave room for it.
fn asked_to_wait(asked: Duration, had: Had, bounds: &Bounds, jitter: f64) -> Option<Again> {
    let spare = match bounds.patience {
        Some(patience) => patience.checked_sub(asked)?.min(LONGEST_WAIT),
        None => LONGEST_WAIT.checked_sub(had.waited)?.checked_sub(asked)?,
    };
    let spare = spare.min(bounds.remaining.saturating_sub(asked));
    let wait = asked + doubled(BACKOFF, had.retries).min(spare).mul_f64(jitter);
    Some(Again { wait, had: Had { waited: had.waited + wait, ..had } })
}

fn doubled(first: Duration, times: u32) -> Duration {
    first.saturating_mul(1 << times.min(16))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { is_last: true, max_retries: 2, remaining: Duration::from_secs(60), patience: None };
    const NONE: Had = Had { retries: 0, refused: 0, stale: false, waited: Duration::ZERO };

    fn failed(kind: FailureKind) -> Ended {
        Ended { kind, retry_after: None, resend: None, refuses_format: false }
    }

    fn limited(seconds: u64) -> Ended {
        Ended { retry_after: Some(Duration::from_secs(seconds)), ..failed(FailureKind::RateLimited) }
    }

    fn wait(again: Option<Again>) -> Option<u64> {
        again.map(|again| u64::try_from(again.wait.as_millis()).unwrap())
    }

    #[test]
    fn what_may_pass_is_retried_with_a_full_jitter_that_doubles() {
        for kind in [FailureKind::Network, FailureKind::ServerError, FailureKind::RateLimited] {
            let first = once_more(&failed(kind), NONE, &BOUNDS, 1.0).unwrap();
            assert_eq!((first.wait.as_millis(), first.had), (500, Had { retries: 1, ..NONE }));
            assert_eq!(wait(once_more(&failed(kind), first.had, &BOUNDS, 0.5)), Some(500));
            assert_eq!(wait(once_more(&failed(kind), first.had, &BOUNDS, 0.0)), Some(0));
        }
    }

    #[test]
    fn nothing_is_retried_beyond_the_bounds() {
        let down = failed(FailureKind::ServerError);
        assert_eq!(once_more(&down, Had { retries: 2, ..NONE }, &BOUNDS, 0.0), None);
        assert_eq!(once_more(&down, NONE, &Bounds { max_retries: 0, ..BOUNDS }, 0.0), None);
        assert_eq!(once_more(&down, NONE, &Bounds { is_last: false, ..BOUNDS }, 0.0), None);
        assert_eq!(once_more(&failed(FailureKind::Timeout), NONE, &BOUNDS, 0.0), None);
        let late = Bounds { remaining: Duration::from_millis(500), ..BOUNDS };
        assert_eq!(once_more(&down, NONE, &late, 1.0), None);
        assert_eq!(wait(once_more(&down, NONE, &late, 0.5)), Some(250));
    }

    #[test]
    fn a_wait_that_was_asked_for_has_its_jitter_after_it() {
        assert_eq!(wait(once_more(&limited(1), NONE, &BOUNDS, 0.0)), Some(1000));
        assert_eq!(wait(once_more(&limited(1), NONE, &BOUNDS, 1.0)), Some(1500));
        let soon = Bounds { remaining: Duration::from_millis(1200), ..BOUNDS };
        assert_eq!(wait(once_more(&limited(1), NONE, &soon, 0.5)), Some(1100), "the deadline leaves less room");
        assert_eq!(once_more(&limited(2), NONE, &soon, 0.0), None);
    }

    #[test]
    fn waits_come_to_ten_seconds_in_all() {
        let longest = once_more(&limited(10), NONE, &BOUNDS, 1.0).unwrap();
        assert_eq!((longest.wait.as_secs(), longest.had.waited.as_secs()), (10, 10));
        assert_eq!(once_more(&limited(11), NONE, &BOUNDS, 0.0), None);
        let first = once_more(&limited(6), NONE, &BOUNDS, 0.0).unwrap();
        assert_eq!(first.had, Had { retries: 1, waited: Duration::from_secs(6), ..NONE });
        assert_eq!(once_more(&limited(5), first.had, &BOUNDS, 0.0), None);
        assert_eq!(wait_on(Duration::from_secs(5), first.had, &BOUNDS, 0.0), None);
        assert_eq!(wait(wait_on(Duration::from_secs(4), first.had, &BOUNDS, 0.9)), Some(4000));
    }

    #[test]
    fn where_there_is_time_a_limit_is_waited_out_whatever_else_is_left() {
        let patient = Bounds {
            is_last: false,
            max_retries: 0,
            remaining: Duration::from_secs(100),
            patience: Some(Duration::from_secs(75)),
        };
        assert_eq!(wait(once_more(&limited(60), NONE, &patient, 0.0)), Some(60_000));
        assert_eq!(once_more(&limited(76), NONE, &patient, 0.0), None, "no time would be left for the attempt");
        let often = Had { retries: 19, waited: Duration::from_secs(500), ..NONE };
        let again = once_more(&limited(1), often, &patient, 1.0).unwrap();
        assert_eq!((again.wait.as_secs(), again.had.retries), (11, 20));
        assert_eq!(once_more(&limited(1), again.had, &patient, 0.0), None);
        assert_eq!(wait(wait_on(Duration::from_secs(60), again.had, &patient, 0.0)), Some(60_000));
        assert_eq!(once_more(&failed(FailureKind::ServerError), NONE, &patient, 0.0), None, "no limit was named");
    }

    #[test]
    fn a_wait_for_others_is_no_retry() {
        let had = Had { retries: 2, waited: Duration::from_secs(1), ..NONE };
        let again = wait_on(Duration::from_millis(300), had, &BOUNDS, 0.0).unwrap();
        assert_eq!((again.wait.as_millis(), again.had.retries, again.had.waited.as_millis()), (300, 2, 1300));
        assert_eq!(wait(wait_on(Duration::ZERO, had, &BOUNDS, 0.0)), Some(5), "never a busy loop");
        let late = Bounds { remaining: Duration::from_millis(300), ..BOUNDS };
        assert_eq!(wait_on(Duration::from_millis(300), had, &late, 0.0), None);
    }

    #[test]
    fn what_the_provider_did_not_look_at_is_sent_again_three_times() {
        let refused = Ended { resend: Some(Resend::Refused), ..failed(FailureKind::Network) };
        let bounds = Bounds { is_last: false, max_retries: 0, ..BOUNDS };
        let mut had = NONE;
        for most in [0, 100, 200] {
            let again = once_more(&refused, had, &bounds, 1.0).unwrap();
            assert_eq!(again.wait.as_millis(), most);
            had = again.had;
        }
        assert_eq!(had, Had { refused: 3, ..NONE });
        assert_eq!(once_more(&refused, had, &bounds, 0.0), None);
        assert_eq!(once_more(&refused, had, &BOUNDS, 0.0).unwrap().had.retries, 1, "then it is retried as any other");
    }

    #[test]
    fn a_looser_form_is_asked_for_at_once_whatever_else_is_left() {
        let refused = Ended { refuses_format: true, ..failed(FailureKind::BadRequest) };
        let bounds = Bounds { is_last: false, max_retries: 0, ..BOUNDS };
        assert_eq!(once_more(&refused, NONE, &bounds, 1.0), Some(Again { wait: Duration::ZERO, had: NONE }));
        assert_eq!(once_more(&refused, NONE, &Bounds { remaining: Duration::ZERO, ..bounds }, 1.0), None);
    }

    #[test]
    fn a_stale_connection_is_replaced_once() {
        let stale = Ended { resend: Some(Resend::Stale), ..failed(FailureKind::Network) };
        let bounds = Bounds { is_last: false, max_retries: 0, ..BOUNDS };
        let again = once_more(&stale, NONE, &bounds, 1.0).unwrap();
        assert_eq!(again, Again { wait: Duration::ZERO, had: Had { stale: true, ..NONE } });
        assert_eq!(once_more(&stale, again.had, &bounds, 1.0), None);
    }
}
