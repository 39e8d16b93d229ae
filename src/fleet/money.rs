//! The fleet's money as the engine and the connection use it: a call asks for a grant, a beat reports, and a close gives
//! back.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tracing::warn;

use super::grants::{MoneyAnswer, Notice, Occasion, Want};
use super::link::Trouble;
use super::script::{Script, changing};
use super::session::BEAT_EVERY;
use super::words::read;
use super::{Fleet, News, random_id};
use crate::money::{BudgetRefusal, Day, Reservation};
use crate::outcome::NanoUsd;

static MONEY: LazyLock<Script> = LazyLock::new(|| Script::new("money", changing!("money.lua")));
static RESTORE: LazyLock<Script> = LazyLock::new(|| Script::new("restore_day", changing!("restore_day.lua")));

/// How often a message is written anew whose row had changed: once is enough unless two engines bear one id.
const MOST_TRIES: usize = 3;
/// Milliseconds of a day.
pub(super) const DAY: u64 = 86_400_000;
/// A day's hash is kept for so many days after the day has begun.
const KEPT_DAYS: u64 = 4;

impl Fleet {
    /// The time by the clock of Redis, as far as it was heard.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        self.grants.now()
    }

    /// Whether a call can be granted anything yet: not before the fleet was joined first, nor while members write back what
    /// an emptied Redis knew.
    #[must_use]
    pub fn is_opened(&self) -> bool {
        self.grants.is_opened()
    }

    /// Waits until something can be granted.
    pub async fn opened(&self) {
        self.grants.opened().await;
    }

    /// Whether paid calls need a grant: the engine is a worker with a daily budget.
    #[must_use]
    pub fn is_limited(&self) -> bool {
        self.grants.is_limited()
    }

    /// Whether more may be granted than was: the fleet can be asked, or will be when it is joined first.
    #[must_use]
    pub fn may_grant(&self) -> bool {
        !self.is_opened() || self.standing.may_wait()
    }

    /// Reserves what the ledger has refused for want of a grant, when the fleet has granted it; waits no longer than
    /// `within`, and not at all once others waited in vain.
    ///
    /// # Errors
    /// Why the ledger refuses it still; `None` if the fleet did not answer.
    pub async fn reserve(
        &self,
        model: &str,
        worst: NanoUsd,
        dearer_fallback: bool,
        within: Duration,
    ) -> Result<Reservation, Option<BudgetRefusal>> {
        if within.is_zero() || !self.standing.may_wait() {
            return Err(None);
        }
        let answered = self.grants.want(model, worst, dearer_fallback);
        match timeout(within, answered).await {
            Ok(Ok(reserved)) => {
                self.standing.answered();
                reserved.map_err(Some)
            }
            // Whoever sends messages has given up.
            Ok(Err(_)) => Err(None),
            Err(_) => {
                if self.standing.ran_out() {
                    self.troubled.notify_one();
                }
                Err(None)
            }
        }
    }

    /// What is known of the money of the others, as plain data.
    #[must_use]
    pub fn saved_money(&self) -> Value {
        self.grants.saved()
    }

    /// Takes over what was saved by [`Fleet::saved_money`], to be written back if Redis has lost it.
    pub fn restore_money(&self, saved: &Value) {
        self.grants.restore(saved);
    }

    /// Has what was spent reported now, for a share of the budget seems to be gone.
    pub fn report_soon(&self) {
        self.grants.report_soon();
    }

    /// Has it reported that a call needs more than is not gone of the budget.
    pub fn note_spent_out(&self) {
        self.grants.note_spent_out();
    }

    /// Reports each second, and asks for grants as soon as a call waits for one.
    pub(super) async fn deals(&self) -> Trouble {
        let mut ticks = interval(BEAT_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The first comes at once, and the join reported.
        ticks.tick().await;
        loop {
            let occasion = tokio::select! {
                biased;
                _ = ticks.tick() => Occasion::Beat,
                occasion = self.grants.due() => occasion,
            };
            if let Err(trouble @ Trouble::Unreachable(_)) = self.deal(occasion).await {
                return trouble;
            }
        }
    }

    /// Reports, and serves the calls that wait.
    pub(super) async fn deal(&self, occasion: Occasion) -> Result<(), Trouble> {
        let mut days = self.grants.days_to_report();
        match occasion {
            Occasion::Beat => self.grants.note_spent(),
            Occasion::Want => days.truncate(1),
            Occasion::Last => days = self.grants.days_to_close(),
        }
        for day in days {
            self.exchange(day, occasion).await?;
        }
        Ok(())
    }

    /// Sends a message about a day until it is applied.
    async fn exchange(&self, day: Day, occasion: Occasion) -> Result<(), Trouble> {
        let keys = &*self.keys();
        let books = keys.money(day);
        let names: [&str; 5] = [&keys.generation, &keys.version, &keys.seen, &keys.clock, &books];
        let mut wants: Vec<Want> = Vec::new();
        for _ in 0..MOST_TRIES {
            let message = self.grants.write(keys, &self.id, day, occasion, std::mem::take(&mut wants));
            let arguments: Vec<&str> = message.arguments.iter().map(String::as_str).collect();
            let answer: MoneyAnswer = read(&MONEY, &self.script(&MONEY, &names, &arguments).await?)?;
            let taken = self.grants.take(&self.id, &message, &answer);
            if self.is_joined() {
                self.grants.open();
            }
            if taken.is_stale {
                wants = message.wants;
            } else {
                self.grants.serve(message.wants);
            }
            for (day, fields) in taken.lost {
                self.write_back(day, &fields).await?;
            }
            if taken.is_new {
                self.tell(News::Rows);
            }
            taken.marks.iter().for_each(|mark| self.tell_mark(day, mark));
            if let Some(other) = taken.other_budget {
                warn!(
                    other = other.usd(),
                    "another member of the fleet has a different daily budget; each goes by its own"
                );
            }
            if !taken.is_stale {
                return Ok(());
            }
        }
        self.grants.serve(wants);
        Ok(())
    }

    /// Writes back what the server has lost of a day.
    async fn write_back(&self, day: Day, fields: &[(String, String)]) -> Result<(), Trouble> {
        let keys = self.keys();
        let books = keys.money(day);
        let names: [&str; 3] = [&keys.generation, &keys.version, &books];
        let (fresh, expires) = (random_id(), ((day.number() + KEPT_DAYS) * DAY).to_string());
        let mut arguments: Vec<&str> = vec!["", &fresh, &expires];
        arguments.extend(fields.iter().flat_map(|(field, value)| [field.as_str(), value.as_str()]));
        self.script(&RESTORE, &names, &arguments).await.map(drop)
    }

    fn tell_mark(&self, day: Day, mark: &Notice) {
        let day = day.to_string();
        self.tell(match mark {
            Notice::Share { share, spent, origin } => News::Share { share: *share, spent: *spent, day, origin },
            Notice::Lapse { member, held, origin } => News::Lapsed { member, held: *held, day, origin },
        });
    }
}
