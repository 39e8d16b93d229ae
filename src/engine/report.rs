//! What is told of an attempt: that a fallback is about to be asked, the record of what came of it, and its line in the
//! log.

use std::time::{Duration, Instant, SystemTime};

use tracing::{info, warn};

use super::context::{Announcement, Assignment, Context};
use super::sent::Sent;
use crate::event::What;
use crate::kind::FailureKind;
use crate::outcome::{Attempt, NanoUsd, Usage};
use crate::task::Item;

/// What the HTTP calls of one attempt came to.
pub(super) struct Totals {
    started_at: SystemTime,
    began: Instant,
    /// How many of them were sent again after a failure.
    pub(super) retries: u32,
    cost: NanoUsd,
    usage: Option<Usage>,
}

impl Totals {
    pub(super) fn new() -> Self {
        Self { started_at: SystemTime::now(), began: Instant::now(), retries: 0, cost: NanoUsd::default(), usage: None }
    }

    pub(super) fn add(&mut self, cost: NanoUsd, usage: Option<&Usage>) {
        self.cost = self.cost.plus(cost);
        if let Some(usage) = usage {
            self.usage.get_or_insert_default().add(usage);
        }
    }

    /// The record of an attempt that has ended with `sent`.
    pub(super) fn record<I>(
        &self,
        context: &Context<'_, I>,
        assigned: &Assignment<'_>,
        sent: &Sent<I::Value>,
    ) -> Attempt
    where
        I: Item,
    {
        let Assignment { model, fitted, .. } = *assigned;
        let rendering = context.wanted.rendering;
        let failure = sent.result.as_ref().err();
        Attempt {
            model_id: model.id.clone(),
            provider_id: model.provider.id.clone(),
            prompt_version: rendering.version(model).to_owned(),
            overrides: rendering.overrides(model),
            failure: failure.map(|failure| failure.kind),
            message: failure.map(|failure| failure.message.clone()),
            status: sent.status,
            response_model: sent.response_model.clone(),
            retries: self.retries,
            started_at: self.started_at,
            duration: self.began.elapsed(),
            usage: self.usage,
            cost: self.cost,
            adjusted: fitted.adjusted.clone(),
            reused: false,
        }
    }
}

/// Tells that a fallback is about to be asked, and that it is dear, if it is.
pub(super) fn announce(context: &Context<'_, impl Item>, assigned: &Assignment<'_>, announcement: &Announcement) {
    let Announcement { reason, expected, price_ratio, original_cost } = *announcement;
    let (engine, model, rendering) = (context.engine, assigned.model, context.wanted.rendering);
    let original_model_id = || context.request.model_id.clone();
    engine.events.announce(What::Fallback {
        original_model_id: original_model_id(),
        model_id: model.id.clone(),
        reason,
        prompt_version: rendering.version(model).to_owned(),
        overrides: rendering.overrides(model),
    });
    let Some(most) = engine.config.warn_price_ratio else { return };
    let Some(price_ratio) = price_ratio.filter(|&ratio| ratio > most) else { return };
    let (model_id, original_model_id) = (model.id.clone(), original_model_id());
    engine.metrics.warned(&original_model_id, &model_id);
    engine.events.announce(What::CostWarning {
        original_model_id,
        model_id,
        price_ratio,
        expected,
        original: original_cost,
    });
}

/// The line of an attempt in the log.
pub(super) fn log(attempt: &Attempt) {
    let model = attempt.model_id.as_str();
    let provider = attempt.provider_id.as_str();
    let duration_ms = milliseconds(attempt.duration);
    let (status, retries, cost_usd) = (attempt.status, attempt.retries, attempt.cost.usd());
    let Some(kind) = attempt.failure.map(FailureKind::as_str) else {
        info!(model, provider, status, retries, duration_ms, cost_usd, "attempt answered");
        return;
    };
    let detail = attempt.message.as_deref().map(|message| unquoted(message, attempt.failure));
    warn!(model, provider, kind, detail, status, retries, duration_ms, cost_usd, "attempt failed");
}

/// What was seen, without what the model said: a reply is in no log record.
fn unquoted(message: &str, failure: Option<FailureKind>) -> &str {
    match failure {
        Some(FailureKind::ParseError | FailureKind::Truncated) => message.split(": ").next().unwrap_or_default(),
        _ => message,
    }
}

/// A time in whole milliseconds, as a log record has it.
pub(super) fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
