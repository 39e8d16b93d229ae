//! A fleet: engines in many processes and on many hosts that agree over Redis on which models are off, how many are active,
//! and what the day may still cost. The only room that names Redis.
//!
//! What is decided once for all is decided by a script in Redis, one step by one clock; what every call asks is answered
//! from a mirror that each member keeps, so that a call that goes well asks Redis nothing. Health and money do not know of
//! any of this: health adopts the words that the scripts made, and the ledger has what the fleet granted.
//!
//! | part | what it does |
//! | --- | --- |
//! | `keys.rs`, `script.rs`, `tls.rs`, `link.rs` | the names of keys, scripts by their content, and the two connections |
//! | `standing.rs` | whether the fleet is joined, and how often that is told |
//! | `session.rs` | joins, beats each second, hears what others publish, and finds Redis again: whatever is to happen with each beat, at a join or at a close has its line there |
//! | `mirror.rs`, `told.rs` | what is known of what Redis has, and what scripts answer |
//! | `money.rs`, `grants.rs`, `clock.rs` | the day's money: what is reported, granted and waited for, and the day by the clock of Redis |
//! | `totals.rs` | what the members have counted, day by day |
//! | `words.rs`, `lanes.rs`, `outbox.rs` | the health of models, of everybody or of one key, and changes that are sent again until they are acknowledged |
//! | `news.rs` | what is told of all that |
//! | `inspect.rs` | whether the server may forget what it is told |

mod clock;
mod grants;
mod inspect;
mod keys;
mod lanes;
mod link;
mod mirror;
mod money;
mod news;
mod outbox;
mod script;
mod session;
mod standing;
mod tls;
mod told;
mod totals;
mod words;

use std::collections::HashSet;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use arc_swap::{ArcSwap, ArcSwapOption};
use ring::rand::{SecureRandom, SystemRandom};
use tokio::sync::Notify;

use crate::catalog::Model;
use crate::check::Faults;
use crate::config::{BudgetConfig, FleetConfig, FleetRole, HealthConfig};
use crate::health::{Health, Subject};
use crate::money::Ledger;
use crate::outcome::NanoUsd;
use grants::Grants;
use keys::Keys;
use lanes::Lanes;
use link::{Connector, Link, Trouble};
use mirror::Mirror;
use outbox::Outbox;
use script::Script;
use standing::Membership;
use totals::{Counter, Tallies};
use words::Rules;

pub use lanes::lane;
pub use news::{Listener, News};
pub use words::{Decided, FleetPlace, Placing, Unsent};

/// An engine's part in a fleet.
pub struct Fleet {
    id: String,
    config: FleetConfig,
    /// The protocols that it speaks, and the keys of the one that it speaks now.
    spoken: RangeInclusive<u32>,
    keys: ArcSwap<Keys>,
    connector: Connector,
    /// The connection for scripts, while there is one.
    link: ArcSwapOption<Link>,
    standing: Membership,
    /// Wakes who looks after the connection: a call waited in vain.
    troubled: Notify,
    /// Wakes who reads all that Redis has: something was missed.
    behind: Notify,
    mirror: Mirror,
    outbox: Outbox,
    rules: Rules,
    lanes: Lanes,
    health: Arc<Health>,
    grants: Grants,
    tallies: Tallies,
    counted: OnceLock<Box<Counter>>,
    /// What this member is, as the others read it.
    description: Mutex<String>,
    /// The warnings that were told.
    warned: Mutex<HashSet<String>>,
    listener: OnceLock<Box<Listener>>,
}

/// A model of a member's catalogue.
pub struct KnownModel<'a> {
    /// The model.
    pub model: &'a Model,
    /// Whether this member can ask it.
    pub is_usable: bool,
}

/// A member of a fleet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetMember {
    /// 16 hexadecimal digits, new with each engine.
    pub id: String,
    /// `worker` or `reader`.
    pub role: String,
    /// When it was seen last, on the clock of Redis.
    pub seen_at: SystemTime,
    /// The providers for which it has a key or that need none.
    pub providers: Vec<String>,
}

/// How an engine stands in its fleet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetStatus {
    /// The id of this member.
    pub id: String,
    /// Whether it has joined.
    pub is_joined: bool,
    /// Since when it has or has not.
    pub since: SystemTime,
    /// Its members, this one included, as they were read last.
    pub members: Vec<FleetMember>,
    /// What is left of what the member was granted of today's budget, reserved or not; `None` without a budget.
    pub granted: Option<NanoUsd>,
}

impl Fleet {
    /// A member that has not joined yet. `health` and `ledger` are what it shares.
    ///
    /// # Errors
    /// Certificates or a host that cannot be used, with their path.
    pub fn new(
        config: &FleetConfig,
        (rules, health): (&HealthConfig, Arc<Health>),
        (budget, ledger): (&BudgetConfig, Ledger),
    ) -> Result<Self, Faults> {
        let connector = Connector::new(&config.server)
            .map_err(|(field, problem)| Faults::one(&format!("config.fleet.{field}"), problem))?;
        Ok(Self {
            id: random_id(),
            config: config.clone(),
            keys: ArcSwap::from_pointee(Keys::new(&config.namespace, *keys::SPOKEN.end())),
            spoken: keys::SPOKEN,
            connector,
            link: ArcSwapOption::empty(),
            standing: Membership::new(),
            troubled: Notify::new(),
            behind: Notify::new(),
            mirror: Mirror::default(),
            outbox: Outbox::default(),
            rules: Rules::new(rules),
            lanes: Lanes::default(),
            health,
            grants: Grants::new(ledger, budget, config.role),
            tallies: Tallies::default(),
            counted: OnceLock::new(),
            description: Mutex::default(),
            warned: Mutex::default(),
            listener: OnceLock::new(),
        })
    }

    /// Tells `listener` what is new; only the first is told.
    pub fn listen(&self, listener: Box<Listener>) {
        self.listener.get_or_init(|| listener);
    }

    /// Says what this member has counted since it began; only the first is asked.
    pub fn count(&self, counted: Box<Counter>) {
        self.counted.get_or_init(|| counted);
    }

    /// The id of this member.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What this member is.
    #[must_use]
    pub fn role(&self) -> FleetRole {
        self.config.role
    }

    /// The longest that a call waits for Redis.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.config.timeout
    }

    /// Whether the fleet is joined.
    #[must_use]
    pub fn is_joined(&self) -> bool {
        self.standing.is_joined()
    }

    /// How it stands.
    #[must_use]
    pub fn status(&self) -> FleetStatus {
        FleetStatus {
            id: self.id.clone(),
            is_joined: self.is_joined(),
            since: self.standing.since(),
            members: self.mirror.members(),
            granted: self.grants.granted(),
        }
    }

    /// How many living workers of the fleet can ask a provider, this one included, as they were read last.
    #[must_use]
    pub fn workers(&self, provider_id: &str) -> usize {
        self.mirror.workers(provider_id).max(1)
    }

    /// Says what models this member has; the others know by the next beat which of them it can ask.
    pub fn describe(&self, models: &[KnownModel<'_>]) {
        let lanes = models.iter().map(|known| (known.model.id.clone(), lane(&known.model.provider)));
        self.lanes.set(lanes.collect());
        let usable = || models.iter().filter(|known| known.is_usable);
        let mut providers: Vec<&str> = usable().map(|known| known.model.provider.id.as_str()).collect();
        providers.sort_unstable();
        providers.dedup();
        let is_worker = self.role() == FleetRole::Worker;
        let models: Vec<&str> = usable().filter(|_| is_worker).map(|known| known.model.id.as_str()).collect();
        let described = serde_json::json!({
            "role": self.role().as_str(),
            "models": models,
            "providers": providers,
        });
        *self.description.lock().unwrap_or_else(PoisonError::into_inner) = described.to_string();
    }

    /// The model and what the word of a name is about; `None` if it is about another's key.
    #[must_use]
    pub fn about<'a>(&self, name: &'a str) -> Option<(&'a str, Subject)> {
        self.lanes.about(name)
    }

    /// The lane in which something of a name cools, and the model if it is one alone.
    #[must_use]
    pub fn cooled<'a>(&self, name: &'a str) -> (&'a str, Option<&'a str>) {
        lanes::cooling_of(name)
    }

    fn keys(&self) -> Arc<Keys> {
        self.keys.load_full()
    }

    fn description(&self) -> String {
        self.description.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn tell(&self, news: News<'_>) {
        (self.listener())(news);
    }

    fn listener(&self) -> &Listener {
        match self.listener.get() {
            Some(listener) => &**listener,
            None => &|_| {},
        }
    }

    /// Runs a script for whatever is not a call.
    async fn script(&self, script: &Script, keys: &[&str], arguments: &[&str]) -> Result<String, Trouble> {
        let Some(link) = self.link.load_full() else { return Err(Trouble::Unreachable("no connection".to_owned())) };
        link.call(script, keys, arguments, LONGEST_SCRIPT).await
    }

    /// Runs a command that is no script.
    async fn command(&self, command: &[&str]) -> Result<redis::Value, Trouble> {
        let Some(link) = self.link.load_full() else { return Err(Trouble::Unreachable("no connection".to_owned())) };
        link.command(command, LONGEST_SCRIPT).await
    }

    /// Tells a warning of the server, unless it was told before.
    fn warn(&self, problem: String) {
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        if warned.insert(problem.clone()) {
            self.tell(News::Warning(problem));
        }
    }

    /// Runs a script for a call, which waits no longer than `within`, and not at all once others waited in vain.
    async fn ask(
        &self,
        script: &Script,
        keys: &[&str],
        arguments: &[&str],
        within: Duration,
    ) -> Result<String, Trouble> {
        let link = self.link.load_full().filter(|_| self.standing.may_wait());
        let Some(link) = link else { return Err(Trouble::Unreachable("no connection".to_owned())) };
        if within.is_zero() {
            return Err(Trouble::TimedOut);
        }
        let answer = link.call(script, keys, arguments, within).await;
        match &answer {
            Ok(_) => self.standing.answered(),
            Err(Trouble::TimedOut) if !self.standing.ran_out() => {}
            Err(_) => self.troubled.notify_one(),
        }
        answer
    }
}

/// For how long a script is waited for by nobody's call.
const LONGEST_SCRIPT: Duration = Duration::from_secs(1);

/// 64 random bits, as 16 hexadecimal digits.
fn random_id() -> String {
    let mut bits = [0; 8];
    // Where the system has no random numbers, those of the process are random enough to be told apart.
    if SystemRandom::new().fill(&mut bits).is_err() {
        bits = fastrand::u64(..).to_be_bytes();
    }
    format!("{:016x}", u64::from_be_bytes(bits))
}

/// A time of the server's clock.
fn wall(milliseconds: f64) -> SystemTime {
    UNIX_EPOCH + told::milliseconds(milliseconds)
}

#[cfg(test)]
pub(crate) mod tests;
