//! What the end of an attempt means for the health of the model that was asked.

use crate::kind::FailureKind;

/// What the end of an attempt means for the model that was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It gave a prediction: earlier failures are forgotten.
    Success,
    /// It failed by its own fault: one step towards being switched off.
    Fault(FailureKind),
    /// It could not be reached or did not answer in time: one step towards being left alone for a moment.
    Transient(FailureKind),
    /// It failed for another reason: nothing changes but what is known of its last failure.
    Neutral(FailureKind),
    /// The caller or the deadline ended the attempt: nothing changes at all.
    None,
}

impl Verdict {
    /// The verdict on a failure. `caused_by_caller`: the caller set parameters or a prompt of its own; `cut`: a limit
    /// that is not the model's choice cut `max_tokens`.
    #[must_use]
    pub fn of(kind: FailureKind, caused_by_caller: bool, cut: bool) -> Self {
        use FailureKind as K;
        match kind {
            K::ModelUnavailable | K::EmptyResponse | K::ParseError => Self::Fault(kind),
            K::BadRequest if !caused_by_caller => Self::Fault(kind),
            K::Truncated if !cut => Self::Fault(kind),
            K::Timeout | K::Network | K::ServerError => Self::Transient(kind),
            K::Aborted | K::Deadline => Self::None,
            _ => Self::Neutral(kind),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(caused_by_caller: bool, cut: bool, wanted: fn(FailureKind) -> Verdict) -> Vec<FailureKind> {
        let is_wanted = |kind: &FailureKind| Verdict::of(*kind, caused_by_caller, cut) == wanted(*kind);
        FailureKind::ALL.iter().copied().filter(is_wanted).collect()
    }

    #[test]
    fn only_the_models_own_faults_count() {
        use FailureKind as K;
        let always = [K::ModelUnavailable, K::EmptyResponse, K::ParseError];
        assert_eq!(kinds(true, true, Verdict::Fault), always);
        let all = [K::ModelUnavailable, K::BadRequest, K::EmptyResponse, K::Truncated, K::ParseError];
        assert_eq!(kinds(false, false, Verdict::Fault), all);
    }

    #[test]
    fn what_passes_by_itself_is_transient_and_the_callers_doing_is_nothing() {
        use FailureKind as K;
        assert_eq!(kinds(false, false, Verdict::Transient), [K::Timeout, K::Network, K::ServerError]);
        assert_eq!(kinds(false, false, |_| Verdict::None), [K::Aborted, K::Deadline]);
    }
}
