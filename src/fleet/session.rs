//! The time for which an engine is connected: it joins, beats each second, hears what others publish, sends what waits,
//! and when Redis is lost it is alone until it finds Redis again.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

use super::grants::Occasion;
use super::keys::{self, Keys};
use super::link::{Subscription, Trouble};
use super::mirror::Upshot;
use super::script::{Script, changing};
use super::standing::{Backoff, LIVING, Telling};
use super::told::{Bulletin, Everything, KnownWord, age_of};
use super::words::read;
use super::{Fleet, News, random_id};

static BEAT: LazyLock<Script> = LazyLock::new(|| Script::new("beat", changing!("beat.lua")));
static REFILL: LazyLock<Script> = LazyLock::new(|| Script::new("refill", changing!("refill.lua")));
static READ: LazyLock<Script> = LazyLock::new(|| Script::new("read", include_str!("scripts/read.lua")));

/// How often a member gives a sign of life, and looks whether it missed a change.
pub(super) const BEAT_EVERY: Duration = Duration::from_secs(1);
/// After so many beats it is asked anew when each member was seen.
const SEEN_EVERY: u64 = 5;
/// How long a change may be on its way before it counts as missed.
const ON_ITS_WAY: Duration = Duration::from_millis(25);
/// How soon a subscription that was lost or refused is asked for again.
const SUBSCRIBE_AGAIN: Duration = Duration::from_secs(2);
/// A server that was emptied, or is new, is filled with what members know for so long.
const REFILLED: f64 = 2000.0;
/// How long a member that leaves waits for Redis to note it.
const LONGEST_LEAVE: Duration = Duration::from_millis(500);

impl Fleet {
    /// Takes part in the fleet until `ended`.
    pub async fn run(self: Arc<Self>, ended: CancellationToken) {
        tokio::select! {
            biased;
            () = ended.cancelled() => {}
            () = self.take_part() => {}
        }
    }

    /// Leaves the fleet, after the engine was closed; waits a moment at most.
    pub async fn close(&self) {
        let leaving = async {
            if self.flush().await.is_ok()
                && self.deal(Occasion::Last).await.is_ok()
                && self.write_counts().await.is_ok()
            {
                // The others would notice by themselves after a while.
                let _ = self.sign("", false).await;
            }
        };
        let _ = tokio::time::timeout(LONGEST_LEAVE, leaving).await;
        self.link.store(None);
    }

    async fn take_part(&self) {
        let mut backoff = Backoff::new();
        loop {
            let trouble = tokio::select! {
                biased;
                trouble = self.lost() => trouble,
                trouble = self.connected(&mut backoff) => trouble,
            };
            self.link.store(None);
            self.standing.troubled(&trouble);
            if !self.is_joined() || self.standing.is_lost() {
                self.alone(&trouble);
            }
            tokio::select! {
                biased;
                trouble = self.lost() => self.alone(&trouble),
                () = sleep(backoff.wait(fastrand::f64())) => {}
            }
        }
    }

    /// Connects, joins, and takes part until something goes wrong.
    async fn connected(&self, backoff: &mut Backoff) -> Trouble {
        let joined = async {
            self.link.store(Some(Arc::new(self.connector.link().await?)));
            self.agree().await?;
            let subscription = self.subscription().await;
            self.merge().await?;
            Ok(subscription)
        };
        let subscription = match joined.await {
            Ok(subscription) => subscription,
            Err(trouble) => return trouble,
        };
        *backoff = Backoff::new();
        if self.standing.join() {
            self.tell(News::Joined);
        }
        self.grants.open();
        self.tell_standing();
        for fault in self.faults_of_server().await {
            self.warn(format!("of the fleet's Redis: {fault}"));
        }
        tokio::select! {
            trouble = self.beats() => trouble,
            trouble = self.hears(subscription) => trouble,
            trouble = self.sends() => trouble,
            trouble = self.catches_up() => trouble,
            trouble = self.deals() => trouble,
            trouble = self.counts() => trouble,
        }
    }

    /// Makes this member and Redis know the same: what Redis lost and what was changed here goes first, then Redis's state
    /// stands.
    async fn merge(&self) -> Result<(), Trouble> {
        let before = self.mirror.position();
        let told = self.sign(&self.description(), false).await?;
        self.standing.beat();
        self.compare_past(before, &told.generation, told.version, told.now).await?;
        self.flush().await?;
        self.deal(Occasion::Beat).await?;
        self.read_all().await
    }

    /// Writes back what is known here if the server has another past than this member knows, and forgets what was seen of it.
    /// Returns whether it has. `known` is where this member was before it asked.
    async fn compare_past(
        &self,
        (known, known_version): (String, u64),
        generation: &str,
        version: u64,
        now: f64,
    ) -> Result<bool, Trouble> {
        if known == generation && known_version <= version {
            return Ok(false);
        }
        // What this member knows from before it began is of use only to a server that knows nothing.
        if !known.is_empty() || age_of(generation, now) < REFILLED {
            self.refill().await?;
        }
        self.mirror.begin(generation);
        Ok(true)
    }

    /// Writes back what is known here of words.
    async fn refill(&self) -> Result<(), Trouble> {
        let words = self.health.known_words();
        let words: Vec<_> =
            words.iter().map(|(model, subject, word)| (self.lanes.name(model, *subject), word)).collect();
        let known: Vec<_> = words.iter().map(|(name, word)| KnownWord::new(name, word, &self.id)).collect();
        let known = serde_json::to_string(&known).unwrap_or_default();
        let names = self.keys();
        let keys: [&str; 6] =
            [&names.generation, &names.version, &names.words, &names.usable, &names.off, &names.count];
        self.script(&REFILL, &keys, &[&names.channel, &random_id(), &known]).await?;
        self.refill_moments().await
    }

    /// Beats each second.
    async fn beats(&self) -> Trouble {
        let mut ticks = interval(BEAT_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The first comes at once, and the join was one.
        ticks.tick().await;
        let mut beats = 0_u64;
        loop {
            ticks.tick().await;
            beats += 1;
            self.tell_standing();
            let before = self.mirror.position().1;
            match self.sign(&self.description(), beats.is_multiple_of(SEEN_EVERY)).await {
                Ok(told) => {
                    self.standing.beat();
                    if keys::common(&self.spoken, told.lowest) != Some(self.keys().protocol) {
                        return Trouble::Foreign("the members of the fleet go over to another protocol".to_owned());
                    }
                    self.mirror.note_seen(told.seen());
                    if before > told.version || !self.is_known(&told).await {
                        self.behind.notify_one();
                    }
                }
                Err(trouble @ Trouble::Unreachable(_)) => return trouble,
                // It is lost when this goes on.
                Err(trouble) => self.standing.troubled(&trouble),
            }
        }
    }

    /// Whether every change up to what a beat told was seen, or is seen in a moment.
    async fn is_known(&self, told: &Bulletin) -> bool {
        let is_known = || {
            let (generation, version) = self.mirror.position();
            generation == told.generation && version >= told.version
        };
        if !is_known() {
            sleep(ON_ITS_WAY).await;
        }
        is_known()
    }

    /// Hears what others publish. Without a subscription a change is known by the next beat.
    async fn hears(&self, subscription: Option<Subscription>) -> Trouble {
        let mut subscription = subscription;
        loop {
            let Some(heard) = &mut subscription else {
                sleep(SUBSCRIBE_AGAIN).await;
                subscription = self.subscription().await;
                // What was published meanwhile was not heard.
                if subscription.is_some() {
                    self.behind.notify_one();
                }
                continue;
            };
            match heard.next().await {
                Some(text) => self.heard(&text),
                None => subscription = None,
            }
        }
    }

    fn heard(&self, text: &str) {
        let seen = serde_json::from_str(text).map(|told: Bulletin| {
            if told.money != 0 {
                self.grants.read_soon();
            }
            self.mirror.pushed(&told, &self.id, self.listener())
        });
        if !matches!(seen, Ok(Upshot::Taken)) {
            self.behind.notify_one();
        }
    }

    /// Sends what waits.
    async fn sends(&self) -> Trouble {
        loop {
            self.outbox.filled().await;
            match self.flush().await {
                Ok(()) => {}
                Err(trouble @ Trouble::Unreachable(_)) => return trouble,
                Err(_) => sleep(BEAT_EVERY).await,
            }
        }
    }

    /// Reads all whenever something was missed.
    async fn catches_up(&self) -> Trouble {
        loop {
            self.behind.notified().await;
            match self.read_all().await {
                Ok(()) => {}
                Err(trouble @ Trouble::Unreachable(_)) => return trouble,
                Err(_) => {
                    sleep(ON_ITS_WAY).await;
                    self.behind.notify_one();
                }
            }
        }
    }

    /// A sign of life; an empty `description` is a farewell. `asks_seen`: it asks when each member was seen.
    async fn sign(&self, description: &str, asks_seen: bool) -> Result<Bulletin, Trouble> {
        let names = self.keys();
        let keys: [&str; 8] = [
            &names.generation,
            &names.version,
            &names.members,
            &names.seen,
            &names.usable,
            &names.off,
            &names.count,
            &names.protocols,
        ];
        let (fresh, living, highest) = (random_id(), LIVING.as_millis().to_string(), self.spoken.end().to_string());
        let asks_seen = if asks_seen { "1" } else { "" };
        let arguments: [&str; 7] = [&names.channel, &fresh, &self.id, description, &living, &highest, asks_seen];
        read(&BEAT, &self.script(&BEAT, &keys, &arguments).await?)
    }

    /// Goes over to the protocol that all living members speak.
    async fn agree(&self) -> Result<(), Trouble> {
        loop {
            let names = self.keys();
            let lowest = self.sign(&self.description(), false).await?.lowest;
            let Some(common) = keys::common(&self.spoken, lowest) else {
                let _ = self.sign("", false).await;
                return Err(Trouble::Foreign(format!(
                    "another member of the fleet speaks no later protocol than {lowest}, and this release none earlier \
                     than {}",
                    self.spoken.start()
                )));
            };
            if common == names.protocol {
                return Ok(());
            }
            self.sign("", false).await?;
            self.command(&["DEL", &names.generation]).await?;
            self.keys.store(Arc::new(Keys::new(&self.config.namespace, common)));
        }
    }

    /// The names of the words that are known here.
    fn names_of_words(&self) -> Vec<String> {
        let words = self.health.known_words();
        words.iter().map(|(model, subject, _)| self.lanes.name(model, *subject)).collect()
    }

    async fn read_all(&self) -> Result<(), Trouble> {
        let keys = self.keys();
        let keys: [&str; 7] =
            [&keys.generation, &keys.version, &keys.words, &keys.members, &keys.seen, &keys.coolings, &keys.pin];
        let before = self.mirror.position();
        let mut everything: Everything = read(&READ, &self.script(&READ, &keys, &[]).await?)?;
        // Before anything is taken over: an emptied server knows of nothing, and is told.
        if self.compare_past(before, &everything.generation, everything.version, everything.now).await? {
            everything = read(&READ, &self.script(&READ, &keys, &[]).await?)?;
        }
        #[expect(clippy::cast_precision_loss, reason = "half a minute")]
        self.mirror.read(&everything, LIVING.as_millis() as f64, &self.names_of_words(), self.listener());
        Ok(())
    }

    async fn subscription(&self) -> Option<Subscription> {
        let opened = self.connector.subscription(&self.keys().channel).await;
        if let Err(Trouble::Refused(problem)) = &opened {
            self.warn(format!(
                "changes of the fleet are heard by the next beat only, for Redis refuses to tell them: {problem}"
            ));
        }
        opened.ok()
    }

    /// Waits until the fleet is lost.
    async fn lost(&self) -> Trouble {
        loop {
            tokio::select! {
                () = self.troubled.notified() => {}
                () = sleep(self.standing.quiet_for().unwrap_or(BEAT_EVERY)) => {}
            }
            if self.standing.is_lost() {
                return self.standing.trouble();
            }
        }
    }

    fn alone(&self, trouble: &Trouble) {
        if self.standing.leave(trouble) {
            for order in self.outbox.take_fleeting() {
                self.give_up(&order);
            }
            self.mirror.part();
            self.grants.give_up();
            self.tell(News::Alone);
        }
        self.tell_standing();
    }

    fn tell_standing(&self) {
        match self.standing.telling() {
            Some(Telling::Joined) => self.tell(News::TellJoined { members: self.mirror.members().len() }),
            Some(Telling::Lost(problem)) => self.tell(News::TellLost { problem }),
            None => {}
        }
    }
}
