//! The health of models as the fleet decides it: failures that count, successes after them, switches by hand, recoveries,
//! and the places of a model that comes back.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use super::lanes::cooling_name;
use super::link::Trouble;
use super::mirror::{KnownCooling, Upshot};
use super::outbox::{Act, Order};
use super::script::{Script, changing};
use super::told::Bulletin;
use super::{Fleet, random_id};
use crate::config::HealthConfig;
use crate::health::{self, Subject};
use crate::kind::FailureKind;

static HEALTH: LazyLock<Script> = LazyLock::new(|| Script::new("health", changing!("health.lua")));

static COOL: LazyLock<Script> = LazyLock::new(|| Script::new("cool", changing!("cool.lua")));
static PIN: LazyLock<Script> = LazyLock::new(|| Script::new("pin", changing!("pin.lua")));

/// What is allowed beyond the time-out of a request until its place is free by itself.
const LEASED_BEYOND: Duration = Duration::from_secs(10);

/// The rules of health as the script takes them.
#[derive(Debug)]
pub(super) struct Rules {
    threshold: String,
    cooldown: String,
    longest_cooldown: String,
    failures_after: String,
}

impl Rules {
    pub(super) fn new(config: &HealthConfig) -> Self {
        let rules = health::FaultRules::new(config);
        Self {
            threshold: rules.threshold.map(|threshold| threshold.to_string()).unwrap_or_default(),
            cooldown: rules.cooldown.as_millis().to_string(),
            longest_cooldown: rules.longest_cooldown.as_millis().to_string(),
            failures_after: rules.failures_after.to_string(),
        }
    }
}

/// Whether the fleet decided something in time.
pub enum Decided<'a> {
    /// It did, and what it decided was taken over and told.
    ByFleet,
    /// It did not: the engine goes on from what it knows, and the fleet is told later.
    Here(Unsent<'a>),
}

/// A change that is made here before the fleet knows: it is put down to be sent when this is dropped, which must be after it
/// was made. Were it sent before, its answer might be there first, and then the change would be made twice.
#[must_use = "the change is to be made before this is dropped"]
pub struct Unsent<'a> {
    fleet: &'a Fleet,
    order: Option<Order>,
}

impl Drop for Unsent<'_> {
    fn drop(&mut self) {
        if let Some(order) = self.order.take() {
            self.fleet.put(order);
        }
    }
}

/// One of the calls that may be under way to a model that comes back; given back when it is dropped.
pub struct FleetPlace {
    fleet: Arc<Fleet>,
    name: String,
    id: String,
    /// The epoch in which it was taken.
    pub epoch: u16,
}

impl Drop for FleetPlace {
    fn drop(&mut self) {
        let (id, name) = (std::mem::take(&mut self.id), std::mem::take(&mut self.name));
        self.fleet.put(Order { id, name, epoch: self.epoch, session: None, what: Act::Back });
    }
}

/// Whether a model that comes back may be called.
pub enum Placing {
    /// It may.
    Taken(FleetPlace),
    /// So many calls are under way already.
    Full(u32),
    /// Nobody needs a place of it any more.
    Free,
    /// The fleet did not say in time.
    Unknown,
}

impl Fleet {
    /// Has the fleet decide on a failure that counts, against the epoch in which the model was called; waits no longer than
    /// `within`. If it is not decided in time it is put down to be sent again, and counts here at once.
    pub async fn failed(
        &self,
        (model, subject): (&str, Subject),
        epoch: u16,
        (kind, cause): (FailureKind, Option<u64>),
        within: Duration,
    ) -> Decided<'_> {
        let name = &self.lanes.name(model, subject);
        let order = self.order(name, epoch, Act::Fail { cause, kind });
        if !self.standing.may_wait() {
            return Decided::Here(self.apply(order));
        }
        self.mirror.awaits(name);
        let Ok(told) = self.decide(&order, Some(within)).await else {
            self.mirror.postponed(name);
            return Decided::Here(Unsent { fleet: self, order: Some(order) });
        };
        self.take(&told);
        Decided::ByFleet
    }

    /// Puts a failure down that is decided here and counts at once.
    pub fn report_failure(&self, model: &str, subject: Subject, epoch: u16, kind: FailureKind) -> Unsent<'_> {
        let name = self.lanes.name(model, subject);
        self.apply(self.order(&name, epoch, Act::Fail { cause: None, kind }))
    }

    /// Puts a success down; only where there is something to be forgotten. `None` while the engine is alone.
    pub fn report_success(&self, model: &str, subject: Subject, epoch: u16) -> Option<Unsent<'_>> {
        let name = self.is_joined().then(|| self.lanes.name(model, subject))?;
        Some(self.apply(self.order(&name, epoch, Act::Succeed)))
    }

    /// Puts a switch by hand down: off for a reason, or on.
    pub fn switch(&self, model: &str, subject: Subject, epoch: u16, off: Option<&str>) -> Unsent<'_> {
        let what = off.map_or(Act::On, |reason| Act::Off(reason.to_owned()));
        self.apply(self.order(&self.lanes.name(model, subject), epoch, what))
    }

    /// Has whoever asks in the same lane leave a model alone for a time, or all of its provider's models if none is named.
    pub fn cool(&self, lane: &str, model: Option<&str>, wait: Duration, kind: FailureKind) {
        let (name, until) = (cooling_name(lane, model), Instant::now() + wait);
        let cooling = KnownCooling { until, kind, origin: self.id.clone() };
        if self.mirror.cools(&name, cooling) {
            self.put(self.order(&name, 0, Act::Cool { until, kind }));
        }
    }

    /// Has the fleet pin a version of the prompts, or none.
    pub fn pin(&self, version: Option<&str>) {
        self.put(self.order("", 0, Act::Pin(version.map(str::to_owned))));
    }

    /// Asks the fleet to bring back a model whose time has come; whether it answered.
    pub async fn recover(&self, model: &str, subject: Subject) -> bool {
        let name = &self.lanes.name(model, subject);
        let order = self.order(name, 0, Act::Succeed);
        let arguments = [self.rules.failures_after.as_str()];
        self.mirror.awaits(name);
        let Ok(told) = self.health_script("recover", &order, "", &arguments, None).await else {
            self.mirror.gave_up(name);
            return false;
        };
        self.take(&told);
        true
    }

    /// Takes over the answer to what was waited for.
    fn take(&self, told: &Bulletin) {
        if self.mirror.answered(told, self.listener()) == Upshot::ReadAll {
            self.behind.notify_one();
        }
    }

    /// Takes a place of a model that comes back, for a request of at most `time`.
    pub async fn place(self: &Arc<Self>, name: &str, epoch: u16, time: Duration, within: Duration) -> Placing {
        let order = self.order(name, epoch, Act::Back);
        let lease = (time + LEASED_BEYOND).as_millis().to_string();
        let arguments = [order.id.as_str(), &lease, &self.rules.threshold];
        let epoch_text = epoch.to_string();
        let asked = self.health_script("probe", &order, &epoch_text, &arguments, Some(within)).await;
        let place = || FleetPlace { fleet: Arc::clone(self), name: name.to_owned(), id: order.id.clone(), epoch };
        match asked {
            Ok(told) => match told.place.as_deref() {
                Some("taken") => Placing::Taken(place()),
                Some("full") => Placing::Full(told.under),
                _ => Placing::Free,
            },
            // It may have been taken all the same.
            Err(Trouble::TimedOut) => {
                drop(place());
                Placing::Unknown
            }
            Err(_) => Placing::Unknown,
        }
    }

    /// Has what the fleet knows stand again, after words were changed here that it did not decide.
    pub fn look_again(&self) {
        self.mirror.part();
        self.behind.notify_one();
    }

    fn order(&self, name: &str, epoch: u16, what: Act) -> Order {
        Order { id: random_id(), name: name.to_owned(), epoch, session: self.standing.session(), what }
    }

    /// Notes a change that is made here at once.
    fn apply(&self, order: Order) -> Unsent<'_> {
        self.mirror.applied(&order.name);
        Unsent { fleet: self, order: Some(order) }
    }

    pub(super) fn put(&self, order: Order) {
        if let Some(given_up) = self.outbox.put(order) {
            self.give_up(&given_up);
        }
    }

    /// Lets go of a change that will not be sent any more.
    pub(super) fn give_up(&self, order: &Order) {
        if order.what.is_applied() {
            self.mirror.acknowledged(&order.name, None, self.listener());
        }
    }

    /// Sends what waits, in order, until all is acknowledged.
    ///
    /// # Errors
    /// Why the rest waits on.
    pub(super) async fn flush(&self) -> Result<(), Trouble> {
        while let Some(order) = self.outbox.first() {
            let told = self.decide(&order, None).await?;
            if self.outbox.take(&order.id).is_none() {
                continue;
            }
            if order.what.is_applied()
                && self.mirror.acknowledged(&order.name, Some(&told), self.listener()) == Upshot::ReadAll
            {
                self.behind.notify_one();
            }
            if let Act::Pin(_) = order.what {
                self.mirror.pin_answered(&told, self.listener());
            }
        }
        Ok(())
    }

    /// Writes back to a server that lost it what cools and which version of the prompts is pinned.
    pub(super) async fn refill_moments(&self) -> Result<(), Trouble> {
        for (name, KnownCooling { until, kind, origin }) in self.mirror.coolings() {
            self.cool_script(&name, until, kind, &origin).await?;
        }
        let (number, version) = self.mirror.pinned();
        if number > 0 {
            self.pin_script(&version, &number.to_string()).await?;
        }
        Ok(())
    }

    /// Runs the script for a change: for a call if a time is given.
    async fn decide(&self, order: &Order, within: Option<Duration>) -> Result<Bulletin, Trouble> {
        let Rules { threshold, cooldown, longest_cooldown, .. } = &self.rules;
        let again = if order.session.is_some() && order.session == self.standing.session() { "" } else { "1" };
        let epoch = order.epoch.to_string();
        let id = order.id.as_str();
        match &order.what {
            Act::Fail { cause, kind } => {
                let cause = cause.map(|cause| format!("{cause:016x}")).unwrap_or_default();
                let arguments = [id, &cause, threshold, cooldown, longest_cooldown, kind.as_str()];
                self.health_script("fail", order, &epoch, &arguments, within).await
            }
            Act::Succeed => self.health_script("succeed", order, &epoch, &[], within).await,
            Act::Off(reason) => self.health_script("off", order, &epoch, &[id, reason, again], within).await,
            Act::On => self.health_script("on", order, &epoch, &[id, "", again], within).await,
            Act::Back => self.health_script("back", order, &epoch, &[id], within).await,
            Act::Cool { until, kind } => self.cool_script(&order.name, *until, *kind, &self.id).await,
            Act::Pin(version) => {
                let follows = if again.is_empty() { String::new() } else { self.mirror.pinned().0.to_string() };
                self.pin_script(version.as_deref().unwrap_or_default(), &follows).await
            }
        }
    }

    async fn cool_script(
        &self,
        name: &str,
        until: Instant,
        kind: FailureKind,
        origin: &str,
    ) -> Result<Bulletin, Trouble> {
        let left = until.saturating_duration_since(Instant::now()).as_millis().to_string();
        let names = self.keys();
        let keys: [&str; 3] = [&names.generation, &names.version, &names.coolings];
        let arguments = [&names.channel, &random_id(), name, &left, kind.as_str(), origin];
        read(&COOL, &self.script(&COOL, &keys, &arguments).await?)
    }

    async fn pin_script(&self, version: &str, follows: &str) -> Result<Bulletin, Trouble> {
        let names = self.keys();
        let keys: [&str; 3] = [&names.generation, &names.version, &names.pin];
        let arguments = [&names.channel, &random_id(), version, follows];
        read(&PIN, &self.script(&PIN, &keys, &arguments).await?)
    }

    async fn health_script(
        &self,
        what: &str,
        order: &Order,
        epoch: &str,
        arguments: &[&str],
        within: Option<Duration>,
    ) -> Result<Bulletin, Trouble> {
        let names = self.keys();
        let keys: [&str; 7] =
            [&names.generation, &names.version, &names.words, &names.results, &names.usable, &names.off, &names.count];
        let fresh = random_id();
        let mut all = vec![names.channel.as_str(), &fresh, what, &order.name, &self.id, epoch];
        all.extend(arguments);
        let answer = match within {
            Some(within) => self.ask(&HEALTH, &keys, &all, within).await,
            None => self.script(&HEALTH, &keys, &all).await,
        };
        read(&HEALTH, &answer?)
    }
}

/// Reads what a script answered.
pub(super) fn read<T: for<'a> serde::Deserialize<'a>>(script: &Script, answer: &str) -> Result<T, Trouble> {
    let read = serde_json::from_str(answer);
    read.map_err(|error| Trouble::Refused(format!("the script {} answered what cannot be read: {error}", script.name)))
}
