//! Members that speak different protocols, over a real Redis.

use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::ArcSwap;
use redis::Commands;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::super::keys::{Keys, common};
use super::super::{Fleet, News};
use super::Redis;
use crate::config::{BudgetConfig, FleetConfig, HealthConfig};
use crate::health::Health;
use crate::money::{BudgetRules, Ledger};

struct Member {
    fleet: Arc<Fleet>,
    problems: Arc<Mutex<Vec<String>>>,
    ended: CancellationToken,
    running: JoinHandle<()>,
}

impl Member {
    /// A member of a release that speaks some protocols.
    fn of(redis: &Redis, spoken: RangeInclusive<u32>) -> Self {
        let (health, budget) = (HealthConfig::default(), BudgetConfig::default());
        let mut config = FleetConfig::default();
        config.server.port = redis.port;
        let parts = ((&health, Arc::new(Health::new(&health))), (&budget, Ledger::new(BudgetRules::default())));
        let mut fleet = Fleet::new(&config, parts.0, parts.1).expect("the configuration is valid");
        fleet.keys = ArcSwap::from_pointee(Keys::new(&config.namespace, *spoken.end()));
        fleet.spoken = spoken;
        fleet.describe(&[]);
        let problems = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&problems);
        fleet.listen(Box::new(move |news| {
            if let News::TellLost { problem } = news {
                told.lock().expect("nobody panics").push(problem);
            }
        }));
        let (fleet, ended) = (Arc::new(fleet), CancellationToken::new());
        let running = tokio::spawn(Arc::clone(&fleet).run(ended.clone()));
        Self { fleet, problems, ended, running }
    }

    /// Waits until it is joined by a protocol, with so many members.
    async fn speaks(&self, protocol: u32, members: usize) {
        until(|| {
            let is_joined = self.fleet.is_joined() && self.fleet.keys().protocol == protocol;
            is_joined && self.fleet.status().members.len() == members
        })
        .await;
    }

    async fn leave(self) {
        self.ended.cancel();
        self.running.await.expect("it ends");
        self.fleet.close().await;
    }
}

async fn until(mut holds: impl FnMut() -> bool) {
    while !holds() {
        sleep(Duration::from_millis(10)).await;
    }
}

#[test]
fn a_member_speaks_the_highest_protocol_that_all_speak() {
    assert_eq!(common(&(1..=1), 1), Some(1));
    assert_eq!(common(&(1..=1), 2), Some(1), "the later release comes down to it");
    assert_eq!(common(&(1..=3), 2), Some(2));
    assert_eq!(common(&(2..=3), 1), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn releases_that_speak_different_protocols_agree_while_workers_are_exchanged() {
    let Some(redis) = Redis::start() else { return };
    let mut client = redis.connection();
    let mut has_generation = |protocol: u32| -> bool {
        client.exists(format!("fallcast:{protocol}:generation")).expect("the server answers")
    };
    let new = Member::of(&redis, 1..=2);
    new.speaks(2, 1).await;
    let old = Member::of(&redis, 1..=1);
    old.speaks(1, 2).await;
    new.speaks(1, 2).await;
    assert!(!has_generation(2), "whoever comes back to the other keys does not go by what is old");

    let newest = Member::of(&redis, 2..=3);
    until(|| !newest.problems.lock().expect("nobody panics").is_empty()).await;
    let problem = newest.problems.lock().expect("nobody panics")[0].clone();
    assert_eq!(
        problem,
        "another member of the fleet speaks no later protocol than 1, and this release none earlier than 2"
    );
    assert!(!newest.fleet.is_joined());

    old.leave().await;
    new.speaks(2, 2).await;
    newest.speaks(2, 2).await;
    assert!(!has_generation(1));
    new.leave().await;
    newest.speaks(3, 1).await;
    newest.leave().await;
}
