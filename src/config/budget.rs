//! What a day may cost.

use serde_json::Value;

use crate::check::{Checked, Faults, Object, Violation, rule};

/// The environment variable that holds the day's budget where the configuration does not say.
const VARIABLE: &str = "DAILY_BUDGET";
/// The most US dollars of a budget; what is above is a mistake.
const LARGEST: f64 = 1e9;
/// The most shares of which is told.
const MOST_ALERTS: usize = 20;

/// What a day may cost.
#[derive(Clone, Debug, PartialEq)]
pub struct BudgetConfig {
    /// `dailyBudgetUsd`: US dollars that a day in UTC may cost, 0 to 1,000,000,000; `None` (null) any sum. Default: what
    /// the environment variable `DAILY_BUDGET` says, else `None`.
    pub daily: Option<f64>,
    /// Whether the configuration does not say, so that the environment may.
    pub(super) is_open: bool,
    /// `pauseFallbacksAt`: from this share of it on, fallbacks dearer than the original are skipped, 0 to 1. Default:
    /// 0.8.
    pub pause_fallbacks_at: f64,
    /// `budgetAlerts`: the shares of it of which is told once a day that they are spent, at most 20 of them, each above
    /// 0 and at most 10. Default: 0.5, 0.8 and 1.
    pub alerts: Vec<f64>,
}

impl BudgetConfig {
    pub(super) fn read(fields: &mut Object<'_, '_>) -> Self {
        let default = Self::default();
        let is_open = fields.raw("dailyBudgetUsd").is_none();
        let has_alerts = fields.raw("budgetAlerts").is_some();
        let alerts = fields.each("budgetAlerts", share);
        if alerts.len() > MOST_ALERTS {
            let path = fields.path_of("budgetAlerts");
            fields.faults().push(&path, format!("must have at most {MOST_ALERTS} shares, got {}", alerts.len()));
        }
        Self {
            daily: fields.nullable("dailyBudgetUsd", rule::number(0.0..=LARGEST), None),
            is_open,
            pause_fallbacks_at: fields
                .optional("pauseFallbacksAt", rule::number(0.0..=1.0))
                .unwrap_or(default.pause_fallbacks_at),
            alerts: if has_alerts { alerts } else { default.alerts },
        }
    }

    /// Lets the environment say what the configuration does not; an empty variable says nothing.
    ///
    /// A variable that holds no amount is added to `faults`.
    pub fn complete(&mut self, variables: &dyn Fn(&str) -> Option<String>, faults: &mut Faults) {
        let is_open = std::mem::take(&mut self.is_open);
        let said = variables(VARIABLE).filter(|text| is_open && !text.trim().is_empty());
        let Some(text) = said else { return };
        self.daily = text.trim().parse().ok().filter(|amount| (0.0..=LARGEST).contains(amount));
        if self.daily.is_none() {
            let problem = format!("must be US dollars from 0 to {LARGEST}");
            faults.push_got(&format!("environment variable {VARIABLE}"), problem, &Value::from(text));
        }
    }
}

impl Default for BudgetConfig {
    fn default() -> Self {
        Self { daily: None, is_open: true, pause_fallbacks_at: 0.8, alerts: vec![0.5, 0.8, 1.0] }
    }
}

fn share(value: &Value) -> Checked<f64> {
    let share = rule::number(0.0..=10.0)(value).ok().filter(|share| *share > 0.0);
    share.ok_or_else(|| Violation::new("must be a share above 0 and at most 10, such as 0.8"))
}
