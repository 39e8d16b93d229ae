//! What the end of an attempt means for the health of the model that was asked.

use super::blame::Fingerprint;
use crate::kind::FailureKind;

/// What the end of an attempt means for the model that was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It gave a prediction: earlier failures are forgotten.
    Success,
    /// It failed by its own fault: one step towards being switched off, unless it failed on the same already.
    Fault(FailureKind, Option<Fingerprint>),
    /// It could not be reached or did not answer in time: one step towards being left alone for a moment.
    Transient(FailureKind),
    /// It failed for another reason: nothing changes but what is known of its last failure.
    Neutral(FailureKind),
    /// The caller or the deadline ended the attempt: nothing changes at all.
    None,
}

/// What is known of an attempt that failed, beside the kind of its failure.
#[derive(Clone, Copy, Debug, Default)]
pub struct Circumstances {
    /// The call itself may be what failed; see [`super::Blame`].
    pub on_caller: bool,
    /// A limit that is not the model's choice cut `max_tokens`.
    pub cut: bool,
    /// The caller gave the attempt less time than it would have had.
    pub hurried: bool,
    /// The status of the last reply, if one came.
    pub status: Option<u16>,
    /// What was asked: a fault over the same counts once.
    pub asked: Option<Fingerprint>,
}

impl Verdict {
    /// The verdict on a failure.
    #[must_use]
    pub fn of(kind: FailureKind, circumstances: &Circumstances) -> Self {
        use FailureKind as K;
        let Circumstances { on_caller, cut, hurried, status, asked } = *circumstances;
        match kind {
            // No request makes a model go away.
            K::ModelUnavailable => Self::Fault(kind, None),
            K::BadRequest if on_caller || status == Some(413) => Self::Neutral(kind),
            K::Truncated if on_caller || cut => Self::Neutral(kind),
            K::EmptyResponse | K::ParseError if on_caller => Self::Neutral(kind),
            K::BadRequest | K::Truncated | K::EmptyResponse | K::ParseError => Self::Fault(kind, asked),
            K::Timeout if hurried => Self::Neutral(kind),
            K::Timeout | K::Network | K::ServerError => Self::Transient(kind),
            K::Aborted | K::Deadline => Self::None,
            _ => Self::Neutral(kind),
        }
    }
}

#[cfg(test)]
mod tests {
    use FailureKind as K;

    use super::*;

    const NOTHING: Circumstances =
        Circumstances { on_caller: false, cut: false, hurried: false, status: None, asked: None };

    fn kinds(circumstances: Circumstances, is_wanted: fn(Verdict) -> bool) -> Vec<FailureKind> {
        let is_wanted = |kind: &FailureKind| is_wanted(Verdict::of(*kind, &circumstances));
        FailureKind::ALL.iter().copied().filter(is_wanted).collect()
    }

    fn faults(circumstances: Circumstances) -> Vec<FailureKind> {
        kinds(circumstances, |verdict| matches!(verdict, Verdict::Fault(..)))
    }

    #[test]
    fn only_the_models_own_faults_count() {
        let all = [K::ModelUnavailable, K::BadRequest, K::EmptyResponse, K::Truncated, K::ParseError];
        assert_eq!(faults(NOTHING), all);
        assert_eq!(faults(Circumstances { hurried: true, status: Some(400), ..NOTHING }), all);
    }

    #[test]
    fn of_a_call_that_may_be_to_blame_only_a_model_that_is_gone_counts() {
        assert_eq!(faults(Circumstances { on_caller: true, ..NOTHING }), [K::ModelUnavailable]);
    }

    #[test]
    fn neither_an_answer_that_a_limit_cut_nor_a_request_that_was_too_large_counts() {
        let cut = [K::ModelUnavailable, K::BadRequest, K::EmptyResponse, K::ParseError];
        assert_eq!(faults(Circumstances { cut: true, ..NOTHING }), cut);
        let too_large = [K::ModelUnavailable, K::EmptyResponse, K::Truncated, K::ParseError];
        assert_eq!(faults(Circumstances { status: Some(413), ..NOTHING }), too_large);
    }

    #[test]
    fn a_fault_goes_with_what_was_asked_but_for_a_model_that_is_gone() {
        let asked = Some(Fingerprint::of(["m1"]));
        let circumstances = Circumstances { asked, ..NOTHING };
        for kind in faults(circumstances) {
            let cause = if kind == K::ModelUnavailable { None } else { asked };
            assert_eq!(Verdict::of(kind, &circumstances), Verdict::Fault(kind, cause));
        }
    }

    #[test]
    fn what_passes_by_itself_is_transient_and_what_ends_the_call_is_nothing() {
        let transient = |verdict| matches!(verdict, Verdict::Transient(_));
        assert_eq!(kinds(NOTHING, transient), [K::Timeout, K::Network, K::ServerError]);
        let hurried = Circumstances { hurried: true, ..NOTHING };
        assert_eq!(kinds(hurried, transient), [K::Network, K::ServerError], "it was given too little time");
        assert_eq!(kinds(NOTHING, |verdict| verdict == Verdict::None), [K::Aborted, K::Deadline]);
    }
}
