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
        if self.places() == 0 {
            return Some(Refusal::new(SkipReason::Depth, format!("maxFallbackDepth {} is used up", self.depth)));
        }
        let (limit, left) = self.cost?;
        let detail = || {
            let (worst, left) = (fitted.worst.usd(), left.usd());
            format!("could cost ${worst:.6} where maxFallbackCost ${limit} leaves ${left:.6}")
        };
        (fitted.worst > left).then(|| Refusal::new(SkipReason::TooExpensive, detail()))
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

    /// Takes a place and the worst case of a fallback that is about to be called.
    pub fn take(&mut self, fitted: &Fitted) {
        self.called += 1;
        if let Some((_, left)) = &mut self.cost {
            *left = left.minus(fitted.worst);
        }
    }
}
