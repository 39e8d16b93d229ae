//! How many fallbacks a request may still call, and what they may still cost.

use crate::kind::SkipReason;
use crate::outcome::{NanoUsd, Refusal};
use crate::plan::Fitted;

/// What is left to the fallbacks of one request.
#[derive(Clone, Copy, Debug)]
pub struct FallbackBudget {
    depth: u32,
    called: u32,
    cost: Option<(f64, NanoUsd)>,
}

impl FallbackBudget {
    /// At most `depth` fallbacks, at most `max_cost` US dollars for all of them together, worst case.
    #[must_use]
    pub fn new(depth: u32, max_cost: Option<f64>) -> Self {
        Self { depth, called: 0, cost: max_cost.map(|usd| (usd, NanoUsd::from_usd(usd))) }
    }

    /// How many fallbacks may still be called.
    #[must_use]
    pub fn places(&self) -> usize {
        self.depth.saturating_sub(self.called) as usize
    }

    /// Why a fallback so fitted may not be called any more; `None` if it may.
    #[must_use]
    pub fn refuses(&self, fitted: &Fitted) -> Option<Refusal> {
        if let Some(refusal) = self.refuses_place() {
            return Some(refusal);
        }
        let (limit, left) = self.cost?;
        let detail = || {
            let (worst, left) = (fitted.worst.usd(), left.usd());
            format!("could cost ${worst:.6} where maxFallbackCost ${limit} leaves ${left:.6}")
        };
        (fitted.worst > left).then(|| Refusal::new(SkipReason::TooExpensive, detail()))
    }

    /// Why no fallback may be called any more, whatever it costs; `None` if one may.
    #[must_use]
    pub fn refuses_place(&self) -> Option<Refusal> {
        let detail = || format!("maxFallbackDepth {} is used up", self.depth);
        (self.places() == 0).then(|| Refusal::new(SkipReason::Depth, detail()))
    }

    /// How many calls so fitted may be made once more: each takes its worst case, but no place.
    #[must_use]
    pub fn spare(&self, fitted: &Fitted) -> u32 {
        let times = self.cost.and_then(|(_, left)| left.0.checked_div(fitted.worst.0));
        times.map_or(u32::MAX, |times| u32::try_from(times).unwrap_or(u32::MAX))
    }

    /// Takes the worst case of calls that were made once more so many times.
    pub fn take_again(&mut self, fitted: &Fitted, times: u32) {
        if let Some((_, left)) = &mut self.cost {
            *left = left.minus(NanoUsd(fitted.worst.0.saturating_mul(times.into())));
        }
    }

    /// Takes a place of a fallback that costs nothing.
    pub fn take_place(&mut self) {
        self.called = self.called.saturating_add(1);
    }

    /// Takes a place and the worst case of a fallback that is about to be called.
    pub fn take(&mut self, fitted: &Fitted) {
        self.called += 1;
        if let Some((_, left)) = &mut self.cost {
            *left = left.minus(fitted.worst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::ResponseFormat;

    fn costing(worst: u64) -> Fitted {
        Fitted {
            positions: vec![0],
            max_tokens: 1,
            temperature: None,
            stop: 0,
            response_format: ResponseFormat::Free,
            cut: false,
            prompt_tokens: 1,
            usual_tokens: 1,
            usual_thinking: 0,
            worst: NanoUsd(worst),
            adjusted: Vec::new(),
        }
    }

    #[test]
    fn what_is_spare_is_what_the_money_covers_and_takes_no_place() {
        let mut budget = FallbackBudget::new(2, Some(10e-9));
        budget.take(&costing(3));
        assert_eq!((budget.spare(&costing(3)), budget.spare(&costing(8)), budget.places()), (2, 0, 1));
        budget.take_again(&costing(3), 2);
        assert_eq!((budget.spare(&costing(1)), budget.spare(&costing(2)), budget.places()), (1, 0, 1));
        assert!(budget.refuses(&costing(1)).is_none() && budget.refuses(&costing(2)).is_some());
    }

    #[test]
    fn without_a_limit_or_a_cost_there_is_no_end_of_it() {
        let mut unlimited = FallbackBudget::new(1, None);
        unlimited.take_again(&costing(5), u32::MAX);
        assert_eq!(unlimited.spare(&costing(5)), u32::MAX);
        assert_eq!(FallbackBudget::new(1, Some(0.0)).spare(&costing(0)), u32::MAX);
    }
}
