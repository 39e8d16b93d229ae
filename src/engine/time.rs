//! What ends a call from outside, and how much of its time one attempt may take.

use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::plan::share_of;

/// What ends a call from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The caller's signal.
    Abort,
    /// The engine was closed.
    Close,
    /// The call's time is over.
    Deadline,
}

/// Whatever may end a call from outside, to be asked and waited for.
pub(super) struct Ends<'a> {
    /// The caller's signal.
    pub(super) abort: &'a CancellationToken,
    /// The engine is closed.
    pub(super) closing: &'a CancellationToken,
    /// When the call's time is over.
    pub(super) deadline: Instant,
    /// When it would be over if the caller had set no deadline.
    pub(super) usual_deadline: Instant,
}

/// How long one HTTP call may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// The attempt's own time-out.
    pub(super) timeout: Duration,
    /// The time-outs of the attempts still to come.
    pub(super) later: Duration,
}

impl Ends<'_> {
    /// What has already ended the call, if anything has.
    pub(super) fn stopped(&self) -> Option<Stop> {
        if self.abort.is_cancelled() {
            Some(Stop::Abort)
        } else if self.closing.is_cancelled() {
            Some(Stop::Close)
        } else {
            (Instant::now() >= self.deadline).then_some(Stop::Deadline)
        }
    }

    /// Waits until `time` is over, or something ends the call first: `None` for the former. The deadline wins where both
    /// fall together.
    pub(super) async fn out_of_time(&self, time: Duration) -> Option<Stop> {
        // One timer is enough, for it is known which of the two ends first.
        let sooner = Instant::now().checked_add(time).filter(|end| *end < self.deadline);
        let (end, stop) = sooner.map_or((self.deadline, Some(Stop::Deadline)), |end| (end, None));
        tokio::select! {
            biased;
            () = self.abort.cancelled() => Some(Stop::Abort),
            () = self.closing.cancelled() => Some(Stop::Close),
            () = tokio::time::sleep_until(end.into()) => stop,
        }
    }

    /// What remains until the deadline.
    pub(super) fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// What would remain if the caller had set no deadline.
    pub(super) fn usually_remaining(&self) -> Duration {
        self.usual_deadline.saturating_duration_since(Instant::now())
    }
}

impl Patience {
    /// The time of a call that begins when so much remains until the deadline.
    pub(super) fn share(self, remaining: Duration) -> Duration {
        self.timeout.min(share_of(remaining, self.later))
    }
}
