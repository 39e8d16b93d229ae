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
    /// The slate that it belongs to is given up: nothing more is sent, but what is under way is waited for.
    GivenUp,
}

/// Whatever may end a call from outside, to be asked and waited for.
pub(super) struct Ends<'a> {
    /// The caller's signal.
    pub(super) abort: &'a CancellationToken,
    /// The engine is closed.
    pub(super) closing: &'a CancellationToken,
    /// The slate that it belongs to is given up.
    pub(super) given_up: Option<&'a CancellationToken>,
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
        } else if Instant::now() >= self.deadline {
            Some(Stop::Deadline)
        } else {
            self.given_up.is_some_and(CancellationToken::is_cancelled).then_some(Stop::GivenUp)
        }
    }

    /// Waits until `time` is over, or something ends the call first: `None` for the former. The deadline wins where both
    /// fall together.
    pub(super) async fn out_of_time(&self, time: Duration) -> Option<Stop> {
        self.ended(time, self.given_up).await
    }

    /// Waits as [`Self::out_of_time`] does, but on though the slate is given up: of a request that is under way.
    pub(super) async fn cut_off(&self, time: Duration) -> Option<Stop> {
        self.ended(time, None).await
    }

    /// Waits until something ends the call.
    pub(super) async fn stop(&self) -> Stop {
        self.ended(Duration::MAX, self.given_up).await.unwrap_or(Stop::Deadline)
    }

    async fn ended(&self, time: Duration, given_up: Option<&CancellationToken>) -> Option<Stop> {
        // One timer is enough, for it is known which of the two ends first.
        let sooner = Instant::now().checked_add(time).filter(|end| *end < self.deadline);
        let (end, stop) = sooner.map_or((self.deadline, Some(Stop::Deadline)), |end| (end, None));
        tokio::select! {
            biased;
            () = self.abort.cancelled() => Some(Stop::Abort),
            () = self.closing.cancelled() => Some(Stop::Close),
            () = cancelled(given_up) => Some(Stop::GivenUp),
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

/// Waits until a token is cancelled; for ever if there is none.
async fn cancelled(token: Option<&CancellationToken>) {
    match token {
        Some(token) => token.cancelled().await,
        None => std::future::pending().await,
    }
}

impl Patience {
    /// The time of a call that begins when so much remains until the deadline.
    pub(super) fn share(self, remaining: Duration) -> Duration {
        self.timeout.min(share_of(remaining, self.later))
    }
}
