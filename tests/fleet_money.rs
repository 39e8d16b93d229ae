//! The script that grants money, beside a model of it in ten lines: the same random histories, the same state after each
//! message, on a real Redis. Messages are lost, arrive late or twice in the eyes of their sender, members die, and the
//! server forgets; never may be spent more than the budget.

#![allow(clippy::expect_used, clippy::print_stderr, reason = "a test fails by panicking, and says why it is skipped")]

#[path = "support/redis.rs"]
mod support;

use std::collections::BTreeMap;

use fastrand::Rng;
use redis::{Commands, Connection};
use serde_json::Value;
use support::Redis;

const MONEY: &str =
    concat!(include_str!("../src/fleet/scripts/common.lua"), include_str!("../src/fleet/scripts/money.lua"));
const RESTORE: &str =
    concat!(include_str!("../src/fleet/scripts/common.lua"), include_str!("../src/fleet/scripts/restore_day.lua"));
const HISTORIES: u64 = 10_000;
const STEPS: usize = 14;
const MEMBERS: usize = 4;

/// What the server has of a member.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Row {
    number: u64,
    allowed: u64,
    spent: u64,
    uncertain: u64,
}

#[derive(Clone, Debug)]
struct Message {
    member: usize,
    based_on: u64,
    spent: u64,
    uncertain: u64,
    taken: u64,
    keep: u64,
    wants: Vec<u64>,
    recent: u64,
}

/// The model: the rows of a day and who lives.
#[derive(Clone, Debug, Default)]
struct Day {
    budget: u64,
    is_open: bool,
    rows: BTreeMap<usize, Row>,
    living: [bool; MEMBERS],
}

impl Day {
    /// Whether the message was applied.
    fn apply(&mut self, sent: &Message) -> bool {
        let others: u64 =
            self.rows.iter().filter(|(id, _)| **id != sent.member).map(|(_, row)| row.allowed.max(row.spent)).sum();
        if self.rows.get(&sent.member).is_some_and(|row| row.number > sent.based_on) {
            return false;
        }
        let could_have = self.budget.saturating_sub(others);
        let grant = |need: u64, want: &u64| if need + want <= could_have { need + want } else { need };
        let need = sent.wants.iter().fold(sent.taken, grant);
        let living = self.rows.keys().filter(|id| self.living[**id] || **id == sent.member).count().max(1) as u64;
        let reserve = sent.recent.min(self.budget / 64).min(could_have.saturating_sub(need) / (4 * living));
        let is_granted = self.is_open && could_have > sent.taken;
        let allowed = if is_granted { sent.keep.max(need + reserve) } else { sent.keep };
        let Message { spent, uncertain, .. } = *sent;
        self.rows.insert(sent.member, Row { number: sent.based_on + 1, allowed, spent, uncertain });
        true
    }
}

/// A member as it sees itself.
#[derive(Clone, Debug, Default)]
struct Member {
    number: u64,
    /// What it goes by.
    limit: u64,
    spent: u64,
    uncertain: u64,
    reserved: Vec<u64>,
    is_dead: bool,
}

impl Member {
    fn taken(&self) -> u64 {
        self.spent + self.uncertain + self.reserved.iter().sum::<u64>()
    }

    fn write(&mut self, member: usize, rng: &mut Rng) -> Message {
        let taken = self.taken();
        self.limit = self.limit.min(taken + rng.u64(0..40)).max(taken);
        let wants = (0..rng.usize(0..4)).map(|_| rng.u64(1..400)).collect();
        let Self { number: based_on, limit: keep, spent, uncertain, .. } = *self;
        Message { member, based_on, spent, uncertain, taken, keep, wants, recent: rng.u64(0..60) }
    }
}

struct Server {
    redis: Connection,
    script: redis::Script,
    restore: redis::Script,
    day: u64,
    /// A time ahead of the server's on that day, for no midnight to come in between.
    noon: u64,
}

const KEYS: [&str; 5] = ["generation", "version", "seen", "clock", "day"];

impl Server {
    fn begin(&mut self, is_open: bool, living: [bool; MEMBERS]) {
        let (seconds, _): (u64, u64) = redis::cmd("TIME").query(&mut self.redis).expect("the server has a clock");
        let born = if is_open { 0 } else { (seconds + 1) * 1000 };
        let seen: Vec<(u64, String)> =
            living.iter().enumerate().map(|(id, lives)| (if *lives { 1 << 50 } else { 0 }, id.to_string())).collect();
        redis::pipe()
            .cmd("FLUSHALL")
            .ignore()
            .cmd("SET")
            .arg("generation")
            .arg(format!("past:{born}"))
            .ignore()
            .cmd("SET")
            .arg("clock")
            .arg(self.noon)
            .ignore()
            .cmd("ZADD")
            .arg("seen")
            .arg(seen)
            .ignore()
            .exec(&mut self.redis)
            .expect("the server obeys");
    }

    fn send(&mut self, sent: &Message, budget: u64) -> Value {
        let wants = sent.wants.iter().map(u64::to_string).collect::<Vec<_>>().join(" ");
        let mut call = self.script.prepare_invoke();
        for key in KEYS {
            call.key(key);
        }
        call.arg("channel").arg("fresh").arg(sent.member).arg(self.day).arg(0).arg(sent.based_on);
        for amount in [sent.spent, sent.uncertain, sent.taken, sent.keep] {
            call.arg(amount);
        }
        let amounts = (wants, sent.recent, budget);
        call.arg(amounts.0).arg(amounts.1).arg(amounts.2).arg("").arg("").arg("").arg(30_000).arg("");
        let answer: String = call.invoke(&mut self.redis).expect("the script runs");
        serde_json::from_str(&answer).expect("the answer is JSON")
    }

    fn rows(&mut self) -> BTreeMap<usize, Row> {
        let fields: BTreeMap<String, String> = self.redis.hgetall("day").expect("the day is a hash");
        let rows = fields
            .iter()
            .filter_map(|(field, value)| Some((field.strip_prefix("m:")?.parse().ok()?, row(value.split(' ')))));
        rows.collect()
    }

    /// Forgets a row, as a failover that lost writes does, and is told what somebody knows of it.
    fn lose(&mut self, id: usize, before: Option<Row>, known: Row) {
        let field = format!("m:{id}");
        let written = |row: Row| format!("{} {} {} {}", row.number, row.allowed, row.spent, row.uncertain);
        match before {
            Some(row) => self.redis.hset::<_, _, _, ()>("day", &field, written(row)).expect("the server obeys"),
            None => self.redis.hdel::<_, _, ()>("day", &field).expect("the server obeys"),
        }
        let mut call = self.restore.prepare_invoke();
        call.key("generation").key("version").key("day").arg("").arg("fresh").arg(99_999_999_999_999_u64).arg(&field);
        let _: String = call.arg(written(known)).invoke(&mut self.redis).expect("the script runs");
    }
}

fn row<'a>(mut amounts: impl Iterator<Item = &'a str>) -> Row {
    let mut next = || amounts.next().and_then(|amount| amount.parse().ok()).expect("four whole numbers");
    Row { number: next(), allowed: next(), spent: next(), uncertain: next() }
}

/// What may still be billed at worst, with what was.
fn worst(members: &[Member]) -> u64 {
    members.iter().map(|member| member.limit.max(member.taken())).sum()
}

fn history(server: &mut Server, seed: u64) {
    let mut rng = Rng::with_seed(seed);
    let living = std::array::from_fn(|_| rng.u8(0..5) > 0);
    let mut day = Day { budget: rng.u64(0..3_000), is_open: rng.u8(0..10) > 0, living, ..Day::default() };
    server.begin(day.is_open, living);
    let mut members = vec![Member::default(); MEMBERS];
    let mut late: Vec<Message> = Vec::new();
    for step in 0..STEPS {
        let id = rng.usize(0..MEMBERS);
        let member = &mut members[id];
        match rng.u8(0..12) {
            // Calls: each reserves within the limit, and is settled for no more than that.
            _ if member.is_dead => {}
            0..=2 => {
                let left = member.limit.saturating_sub(member.taken());
                if left > 0 {
                    member.reserved.push(rng.u64(0..=left));
                }
                if rng.bool()
                    && let Some(reserved) = member.reserved.pop()
                {
                    let spent = rng.u64(0..=reserved);
                    member.spent += spent;
                    member.uncertain += if rng.u8(0..4) == 0 { reserved - spent } else { 0 };
                }
            }
            3..=8 => {
                let sent = member.write(id, &mut rng);
                let fate = rng.u8(0..8);
                if fate < 2 {
                    late.push(sent);
                    continue;
                }
                let is_applied = day.apply(&sent);
                let answer = server.send(&sent, day.budget);
                assert_eq!(answer["done"], u8::from(is_applied), "{seed}, step {step}");
                let known = row(answer["row"].as_array().expect("a row").iter().filter_map(Value::as_str));
                assert_eq!(Some(&known), day.rows.get(&id), "{seed}, step {step}: {sent:?}");
                let free = day.budget.saturating_sub(day.rows.values().map(|row| row.allowed.max(row.spent)).sum());
                assert_eq!(answer["free"], free.to_string(), "{seed}, step {step}");
                // An answer may be lost as well.
                if fate > 2 {
                    (member.number, member.limit) = (known.number, known.allowed);
                }
            }
            9 => member.is_dead = rng.bool(),
            10 if !late.is_empty() => {
                let sent = late.swap_remove(rng.usize(0..late.len()));
                assert_eq!(server.send(&sent, day.budget)["done"], u8::from(day.apply(&sent)), "{seed}, step {step}");
            }
            _ => {
                let Some(&latest) = day.rows.get(&id) else { continue };
                let before = rng.bool().then(|| Row { number: rng.u64(0..=latest.number), ..Row::default() });
                let before = before.filter(|before| before.number < latest.number);
                server.lose(id, before, latest);
            }
        }
        assert_eq!(server.rows(), day.rows, "{seed}, step {step}");
        let promised: u64 = day.rows.values().map(|row| row.allowed.max(row.spent)).sum();
        assert!(worst(&members) <= promised && promised <= day.budget, "{seed}, step {step}: {members:?} {day:?}");
    }
}

#[test]
fn the_script_and_its_model_agree_and_nothing_is_granted_twice() {
    let Some(redis) = Redis::start() else { return };
    let mut connection = redis.connect();
    let (seconds, _): (u64, u64) = redis::cmd("TIME").query(&mut connection).expect("the server has a clock");
    let (script, restore) = (redis::Script::new(MONEY), redis::Script::new(RESTORE));
    // The clock is not followed while it is behind by less than a day.
    let noon = (seconds + 43_200) * 1000;
    let mut server = Server { redis: connection, script, restore, day: noon / 86_400_000, noon };
    for seed in 0..HISTORIES {
        history(&mut server, seed);
    }
}
