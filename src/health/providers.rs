//! Providers that are left alone as a whole, because they refused the key or the account.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use super::WORTH_TELLING;
use crate::kind::{FailureKind, SkipReason};
use crate::outcome::Refusal;

/// Until when each provider is left alone, in milliseconds of the engine's clock, and why.
#[derive(Debug, Default)]
pub(super) struct Providers(RwLock<HashMap<String, (u64, FailureKind)>>);

impl Providers {
    /// Why the models of `provider` may not be called.
    pub(super) fn check(&self, provider: &str, now: impl Fn() -> u64) -> Result<(), Refusal> {
        let cooling = self.0.read().unwrap_or_else(PoisonError::into_inner).get(provider).copied();
        let Some((until, kind)) = cooling else { return Ok(()) };
        let left = Duration::from_millis(until.saturating_sub(now()));
        if left.is_zero() {
            return Ok(());
        }
        let detail = format!("{provider} is left alone for another {} s ({kind})", left.as_secs() + 1);
        Err(Refusal { reason: SkipReason::ProviderFailed, detail, retry_after: Some(left) })
    }

    /// Until when `provider` is, or was last, left alone.
    pub(super) fn until(&self, provider: &str) -> Option<u64> {
        Some(self.0.read().unwrap_or_else(PoisonError::into_inner).get(provider)?.0)
    }

    /// Leaves `provider` alone until a time, or longer if it is already. Returns whether that is worth telling.
    pub(super) fn cool(&self, provider: &str, until: u64, kind: FailureKind, now: u64) -> bool {
        let mut cooling = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let before = cooling.get(provider).map_or(0, |(until, _)| *until);
        if until > before {
            cooling.insert(provider.to_owned(), (until, kind));
        }
        before <= now || until >= before.saturating_add(WORTH_TELLING)
    }

    /// Forgets that `provider` was left alone, if its time is over; returns whether it was.
    pub(super) fn expire(&self, provider: &str, now: u64) -> bool {
        let mut cooling = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let is_over = cooling.get(provider).is_some_and(|(until, _)| *until <= now);
        if is_over {
            cooling.remove(provider);
        }
        is_over
    }

    /// Leaves `provider` alone no longer.
    pub(super) fn warm(&self, provider: &str) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(provider);
    }

    /// Every provider that is left alone, until when and why.
    pub(super) fn all(&self) -> Vec<(String, u64, FailureKind)> {
        let cooling = self.0.read().unwrap_or_else(PoisonError::into_inner);
        cooling.iter().map(|(provider, (until, kind))| (provider.clone(), *until, *kind)).collect()
    }
}
