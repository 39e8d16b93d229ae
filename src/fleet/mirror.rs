//! What a member knows of what Redis has, and which changes it has seen.
//!
//! A change is pushed with its number. One that is missed shows at the next beat, for then the numbers differ, and all is
//! read; so a push is a hint, and the number decides. Each word carries the number of the change that made it what it is, so
//! that of two answers that arrive in the wrong order the later one stays.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::told::{Bulletin, Everything, WrittenCooling, WrittenWord, milliseconds, pin, texts};
use super::{FleetMember, Listener, News};
use crate::config::FleetRole;
use crate::health::{SharedWord, Turned};
use crate::kind::FailureKind;

/// What cools already is told again only if it cools so much longer.
const WORTH_TELLING: Duration = Duration::from_secs(1);

/// What this member knows of the others, and of the words.
#[derive(Debug, Default)]
pub(super) struct Mirror(Mutex<Mirrored>);

#[derive(Debug, Default)]
struct Mirrored {
    generation: String,
    /// Every change up to this one was seen.
    version: u64,
    /// Later ones that were seen.
    ahead: BTreeSet<u64>,
    words: HashMap<String, WordSeen>,
    members: Vec<FleetMember>,
    /// What cools, until when, why, and where that happened.
    coolings: HashMap<String, KnownCooling>,
    /// The number of the pin that is known, and the version of the prompts.
    pin: (u64, String),
}

/// Something that is left alone, as it is known here.
#[derive(Clone, Debug)]
pub(super) struct KnownCooling {
    pub(super) until: Instant,
    pub(super) kind: FailureKind,
    pub(super) origin: String,
}

#[derive(Debug, Default)]
struct WordSeen {
    /// The change that made it what it is.
    change: u64,
    /// How many calls wait for what the script decides.
    awaited: usize,
    /// How many changes were made here and are not acknowledged yet.
    applied: usize,
    /// The latest that was told of it meanwhile, with the server's time.
    held: Option<(WrittenWord, f64)>,
}

/// What a message means for who received it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Upshot {
    /// It was taken over.
    Taken,
    /// All is to be read: it is of another generation, or tells of more than a word.
    ReadAll,
}

impl Mirror {
    /// The generation and the version up to which all is known.
    pub(super) fn position(&self) -> (String, u64) {
        let known = self.lock();
        (known.generation.clone(), known.version)
    }

    /// The members, as they were read last.
    pub(super) fn members(&self) -> Vec<FleetMember> {
        self.lock().members.clone()
    }

    /// Notes when members were seen.
    pub(super) fn note_seen<'a>(&self, seen: impl Iterator<Item = (&'a str, f64)>) {
        let mut known = self.lock();
        for (id, at) in seen {
            // They are in order.
            if let Ok(place) = known.members.binary_search_by(|member| member.id.as_str().cmp(id)) {
                known.members[place].seen_at = super::wall(at);
            }
        }
    }

    /// How many living workers can ask a provider.
    pub(super) fn workers(&self, provider_id: &str) -> usize {
        let can_ask = |member: &&FleetMember| {
            member.role == FleetRole::Worker.as_str() && member.providers.iter().any(|known| known == provider_id)
        };
        self.lock().members.iter().filter(can_ask).count()
    }

    /// Notes that a call waits for what becomes of a word.
    pub(super) fn awaits(&self, name: &str) {
        self.lock().word(name).awaited += 1;
    }

    /// Notes that a word was changed here before the others know.
    pub(super) fn applied(&self, name: &str) {
        self.lock().word(name).applied += 1;
    }

    /// Takes over what was published, unless it is this member's own and a call waits for the answer.
    pub(super) fn pushed(&self, told: &Bulletin, own: &str, listener: &Listener) -> Upshot {
        let mut known = self.lock();
        if told.generation != known.generation || told.all != 0 {
            return Upshot::ReadAll;
        }
        if let (Some(name), Some(word)) = (&told.name, &told.word) {
            let is_own = word.o.as_deref() == Some(own);
            let entry = known.word(name);
            if !(is_own && entry.awaited > 0) {
                entry.take(name, word, told.now, false, listener);
            }
        }
        if let Some(cooling) = &told.cooling {
            known.cool(cooling, own, listener);
        }
        if let Some(pinned) = &told.pin {
            known.pin(pinned, false, listener);
        }
        known.saw(told.version);
        Upshot::Taken
    }

    /// Notes what is left alone here; whether the others are to know.
    pub(super) fn cools(&self, name: &str, cooling: KnownCooling) -> bool {
        let mut known = self.lock();
        let now = Instant::now();
        known.coolings.retain(|_, cooling| cooling.until > now);
        let worth = |before: &KnownCooling| cooling.until >= before.until + WORTH_TELLING;
        let is_news = known.coolings.get(name).is_none_or(worth);
        if is_news {
            known.coolings.insert(name.to_owned(), cooling);
        }
        is_news
    }

    /// What is left alone still.
    pub(super) fn coolings(&self) -> Vec<(String, KnownCooling)> {
        let now = Instant::now();
        let known = self.lock();
        let cooling = known.coolings.iter().filter(|(_, cooling)| cooling.until > now);
        cooling.map(|(name, cooling)| (name.clone(), cooling.clone())).collect()
    }

    /// The number of the pin that is known, and the version of the prompts.
    pub(super) fn pinned(&self) -> (u64, String) {
        self.lock().pin.clone()
    }

    /// Takes over the pin that an answer tells.
    pub(super) fn pin_answered(&self, told: &Bulletin, listener: &Listener) {
        if let Some(pinned) = &told.pin {
            self.lock().pin(pinned, true, listener);
        }
    }

    /// Takes over the answer to a call that waited.
    pub(super) fn answered(&self, told: &Bulletin, listener: &Listener) -> Upshot {
        let mut known = self.lock();
        let (Some(name), Some(word)) = (&told.name, &told.word) else { return Upshot::Taken };
        let entry = known.word(name);
        entry.awaited = entry.awaited.saturating_sub(1);
        if told.generation != known.generation {
            return Upshot::ReadAll;
        }
        known.word(name).take(name, word, told.now, true, listener);
        if told.done != 0 {
            known.saw(told.version);
        }
        Upshot::Taken
    }

    /// Notes that a call waits no longer, for no answer came, and that what it would have is changed here.
    pub(super) fn postponed(&self, name: &str) {
        let mut known = self.lock();
        let entry = known.word(name);
        entry.awaited = entry.awaited.saturating_sub(1);
        entry.applied += 1;
    }

    /// Notes that a call waits no longer, for no answer came.
    pub(super) fn gave_up(&self, name: &str) {
        let mut known = self.lock();
        let entry = known.word(name);
        entry.awaited = entry.awaited.saturating_sub(1);
    }

    /// Takes over the answer to a change that was made here before; `None`: it will not be sent any more.
    pub(super) fn acknowledged(&self, name: &str, told: Option<&Bulletin>, listener: &Listener) -> Upshot {
        let mut known = self.lock();
        let entry = known.word(name);
        entry.applied = entry.applied.saturating_sub(1);
        let Some(told) = told else { return Upshot::Taken };
        if told.generation != known.generation {
            return Upshot::ReadAll;
        }
        let entry = known.word(name);
        if let Some(word) = &told.word {
            entry.hold(word, told.now);
        }
        if entry.applied == 0
            && let Some((word, now)) = entry.held.take()
        {
            entry.take(name, &word, now, true, listener);
        }
        if told.done != 0 {
            known.saw(told.version);
        }
        Upshot::Taken
    }

    /// Notes that words may change here without the others: what Redis has is to be taken over whatever its number.
    pub(super) fn part(&self) {
        self.lock().words.values_mut().for_each(|word| word.change = 0);
    }

    /// Begins with a generation, and forgets which changes were seen: the server has another past than was known.
    pub(super) fn begin(&self, generation: &str) {
        let mut known = self.lock();
        known.pin.0 = 0;
        generation.clone_into(&mut known.generation);
        known.version = 0;
        known.ahead.clear();
        for word in known.words.values_mut() {
            word.change = 0;
            word.held = None;
        }
    }

    /// Takes over all that was read. Of the words with the names `own` something is known here; what the others know nothing
    /// of is as new.
    pub(super) fn read(&self, everything: &Everything, living_ms: f64, own: &[String], listener: &Listener) {
        let mut known = self.lock();
        known.version = known.version.max(everything.version);
        known.saw(everything.version);
        let words = everything.words();
        for (name, word) in &words {
            known.word(name).take(name, word, everything.now, false, listener);
        }
        for name in own.iter().filter(|name| !words.iter().any(|(other, _)| other == *name)) {
            let word = known.word(name);
            // One that was heard of meanwhile is later than what was read.
            if word.applied == 0 && word.change == 0 {
                let word = SharedWord::default();
                listener(News::Word { name, word: &word, turned: Turned::Otherwise, origin: None });
            }
        }
        for cooling in everything.coolings() {
            known.cool(&cooling, "", listener);
        }
        if let Some(pinned) = &everything.pin {
            known.pin(pinned, false, listener);
        }
        let mut usable = HashSet::new();
        known.members = Vec::new();
        for (id, seen_at, described) in everything.members() {
            if everything.now - seen_at >= living_ms {
                continue;
            }
            if described.role == FleetRole::Worker.as_str() {
                usable.extend(texts(&described.models).map(str::to_owned));
            }
            known.members.push(FleetMember {
                id,
                role: described.role,
                seen_at: super::wall(seen_at),
                providers: texts(&described.providers).map(str::to_owned).collect(),
            });
        }
        known.members.sort_unstable_by(|one, other| one.id.cmp(&other.id));
        listener(News::Usable(usable));
    }

    fn lock(&self) -> MutexGuard<'_, Mirrored> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mirrored {
    fn word(&mut self, name: &str) -> &mut WordSeen {
        if !self.words.contains_key(name) {
            self.words.insert(name.to_owned(), WordSeen::default());
        }
        self.words.entry(name.to_owned()).or_default()
    }

    fn cool(&mut self, written: &WrittenCooling, own: &str, listener: &Listener) {
        let Some(kind) = FailureKind::named(&written.kind) else { return };
        let left = milliseconds(written.left);
        let cooling = KnownCooling { until: Instant::now() + left, kind, origin: written.origin.clone() };
        let is_news = self.coolings.get(&written.name).is_none_or(|known| known.until < cooling.until);
        if is_news {
            self.coolings.insert(written.name.clone(), cooling);
        }
        if is_news && written.origin != own {
            listener(News::Cooling { name: &written.name, left, kind, origin: &written.origin });
        }
    }

    /// Takes over a pin that is later than the one that is known; `again`: or that is the same one.
    fn pin(&mut self, text: &str, again: bool, listener: &Listener) {
        let Some((number, version)) = pin(text) else { return };
        if number > self.pin.0 || number == self.pin.0 && again {
            self.pin = (number, version.to_owned());
            listener(News::Pin(Some(version).filter(|version| !version.is_empty())));
        }
    }

    fn saw(&mut self, version: u64) {
        if version > self.version {
            self.ahead.insert(version);
        }
        while self.ahead.remove(&(self.version + 1)) {
            self.version += 1;
        }
        let version = self.version;
        self.ahead.retain(|ahead| *ahead > version);
    }
}

impl WordSeen {
    /// Takes over a word that is later than the one that is known; `again`: or that is the same one.
    fn take(&mut self, name: &str, word: &WrittenWord, now: f64, again: bool, listener: &Listener) {
        if self.applied > 0 {
            self.hold(word, now);
            return;
        }
        if word.n < self.change || word.n == self.change && !again {
            return;
        }
        self.change = word.n;
        let turned = match word.c.as_deref() {
            Some("recovered") => Turned::Recovered,
            Some("enabled") => Turned::Enabled,
            _ => Turned::Otherwise,
        };
        listener(News::Word { name, word: &word.shared(now), turned, origin: word.o.as_deref() });
    }

    fn hold(&mut self, word: &WrittenWord, now: f64) {
        if self.held.as_ref().is_none_or(|(held, _)| held.n <= word.n) {
            self.held = Some((word.clone(), now));
        }
    }
}
