//! The messages of which a member's part in the day's money is made, and what is taken over from their answers.

use std::sync::atomic::Ordering;

use super::answer::MoneyAnswer;
use super::rows::Notice;
use super::{Grants, Want};
use crate::config::FleetRole;
use crate::fleet::keys::Keys;
use crate::fleet::{random_id, standing};
use crate::money::{Day, DayReport, Grant};
use crate::outcome::NanoUsd;

/// Of a budget a member keeps at most this part in reserve.
const RESERVE_PART: u64 = 64;
/// The most calls that one message asks for.
const MOST_WANTS: usize = 100;

/// A message, and the calls that it asks for.
pub(in crate::fleet) struct MoneyMessage {
    pub(in crate::fleet) day: Day,
    pub(in crate::fleet) report: DayReport,
    pub(in crate::fleet) arguments: Vec<String>,
    pub(in crate::fleet) wants: Vec<Want>,
}

/// What is to be done after an answer.
#[derive(Debug, Default)]
pub(in crate::fleet) struct Taken {
    /// Whether the message was not applied, for the row had changed: it is to be written anew.
    pub(in crate::fleet) is_stale: bool,
    /// What is to be written back, day by day.
    pub(in crate::fleet) lost: Vec<(Day, Vec<(String, String)>)>,
    /// What is to be told.
    pub(in crate::fleet) marks: Vec<Notice>,
    /// Whether more is known of the others than before.
    pub(in crate::fleet) is_new: bool,
    /// What another member's budget is, if it is to be told that it differs.
    pub(in crate::fleet) other_budget: Option<NanoUsd>,
}

/// Why a message is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fleet) enum Occasion {
    /// A second has passed, or the fleet is joined.
    Beat,
    /// A call waits, or a share of the budget seems to be gone.
    Want,
    /// The engine was closed.
    Last,
}

impl Grants {
    /// The message about a day. `wants`: the calls of one that is to be written anew. With a beat all rows are asked for that
    /// have changed; a last message gives back all that is not used.
    pub(in crate::fleet) fn write(
        &self,
        keys: &Keys,
        member: &str,
        day: Day,
        kind: Occasion,
        wants: Vec<Want>,
    ) -> MoneyMessage {
        let mut wants = wants;
        if self.ledger.today(self.now()) == day && kind != Occasion::Last {
            let mut waiting = self.waiting();
            let more = MOST_WANTS.saturating_sub(wants.len()).min(waiting.len());
            wants.extend(waiting.drain(..more));
            wants.retain(|want| !want.answer.is_closed());
            if !waiting.is_empty() {
                self.due.notify_one();
            }
        }
        let mut known = self.known();
        let first = known.recent.front().map(|(_, booked)| *booked).unwrap_or_default();
        let recent = match kind {
            Occasion::Last => NanoUsd::default(),
            _ => self.ledger.booked().minus(first),
        };
        let latest = known.latest;
        let known = known.days.entry(day).or_default();
        let part = self.budget.map(|budget| NanoUsd(budget.0 / RESERVE_PART)).unwrap_or_default();
        let report = self.ledger.report(day, recent.min(part).min(known.share));
        let was_sure = std::mem::take(&mut known.is_sure);
        let version = match kind {
            Occasion::Beat => known.version.map_or_else(|| "none".to_owned(), |version| version.to_string()),
            Occasion::Want | Occasion::Last => String::new(),
        };
        let is_reader = self.role == FleetRole::Reader;
        let text = |amount: NanoUsd| (amount.0 / 1000).to_string();
        let wanted: Vec<String> =
            wants.iter().map(|want| NanoUsd(want.worst.0.saturating_add(999))).map(text).collect();
        let daily = self.budget.map(NanoUsd::usd).unwrap_or_default();
        let share = |share: &f64| format!("{share}={}", text(NanoUsd::from_usd(daily * share)));
        let is_spent_out = self.is_spent_out.swap(false, Ordering::Relaxed);
        let arguments = vec![
            keys.channel.clone(),
            random_id(),
            if is_reader { String::new() } else { member.to_owned() },
            day.number().to_string(),
            latest.to_string(),
            known.number.to_string(),
            text(report.spent),
            text(report.uncertain),
            text(report.taken),
            text(report.keep),
            wanted.join(" "),
            text(recent),
            self.budget.map(text).unwrap_or_default(),
            self.alerts.iter().map(share).collect::<Vec<_>>().join(" "),
            u8::from(is_spent_out).to_string(),
            version,
            standing::LIVING.as_millis().to_string(),
            u8::from(was_sure).to_string(),
        ];
        MoneyMessage { day, report, arguments, wants }
    }

    /// Takes over what was answered about a day.
    pub(in crate::fleet) fn take(&self, member: &str, message: &MoneyMessage, answer: &MoneyAnswer) -> Taken {
        let MoneyMessage { day, report, .. } = *message;
        let is_reader = self.role == FleetRole::Reader;
        let mut known = self.known();
        let known = &mut *known;
        self.clock.heard(answer.now());
        if !std::mem::replace(&mut known.has_heard, true) {
            self.ledger.follow(self.clock.now());
        }
        let mut taken = Taken { is_stale: !is_reader && !answer.is_applied(), ..Taken::default() };
        // The script was told it, and goes back behind it only where the server's clock was corrected.
        known.latest = answer.now();
        if known.generation != answer.generation {
            if !known.generation.is_empty() {
                taken.lost = known.days.iter().map(|(day, known)| (*day, known.rows.all())).collect();
            }
            known.generation.clone_from(&answer.generation);
            known.days.values_mut().for_each(|day| day.version = None);
        }
        let is_first = !known.has_read;
        let this = known.days.entry(day).or_default();
        let daily = if is_reader { answer.budget() } else { None };
        let elsewhere = answer.elsewhere();
        match answer.row() {
            Some((number, limit)) => {
                this.number = number;
                self.ledger.grant(day, Grant { limit, elsewhere, daily });
                let free = answer.free().unwrap_or_default();
                this.share = NanoUsd(free.plus(limit.minus(report.taken)).0 / (4 * answer.living.max(1)));
                let [spent, uncertain, limit] = [report.spent, report.uncertain, limit].map(|amount| amount.0 / 1000);
                if answer.is_applied() {
                    this.rows.set_row(member, format!("{number} {limit} {spent} {uncertain}"));
                }
            }
            None => self.ledger.grant(day, Grant { limit: NanoUsd::default(), elsewhere, daily }),
        }
        if answer.is_applied() {
            this.is_sure = true;
            this.acknowledged = Some(report);
        }
        if let Some(fields) = answer.fields() {
            let lost = this.rows.read(fields);
            taken.is_new = true;
            this.version = Some(answer.version);
            if !lost.is_empty() {
                // They are read anew when they are written back.
                this.version = None;
                taken.lost.push((day, lost));
            }
            let marks = this.rows.news();
            let is_own = |mark: &Notice| matches!(mark, Notice::Share { origin, .. } | Notice::Lapse { origin, .. } if origin == member);
            taken.marks = marks.into_iter().filter(|mark| !is_first || is_own(mark)).collect();
            known.has_read = true;
        }
        let other = answer.budget().filter(|other| self.budget.is_some_and(|own| own.0 / 1000 != other.0 / 1000));
        if let Some(other) = other
            && !is_reader
            && !std::mem::replace(&mut known.told_difference, true)
        {
            taken.other_budget = Some(other);
        }
        if answer.is_open() || !self.is_limited() {
            self.can_open.store(true, Ordering::Release);
        }
        taken
    }
}
