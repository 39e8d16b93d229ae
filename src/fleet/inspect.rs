//! What an operator should know of the Redis of a fleet: whether it may forget what the fleet keeps in it.

use super::Fleet;
use super::link::Trouble;

/// The policy under which Redis refuses to write when its memory is full, and forgets nothing.
const KEEPS_ALL: &str = "noeviction";

impl Fleet {
    /// What is wrong with the settings of the server, as far as it may be asked: a managed one may refuse.
    pub(super) async fn faults_of_server(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let policy = self.said("INFO", "memory").await.ok().and_then(|said| field(&said, "maxmemory_policy"));
        if let Some(policy) = policy.filter(|policy| policy != KEEPS_ALL) {
            faults.push(format!(
                "its maxmemory-policy is {policy}, under which it may forget what is spent: set {KEEPS_ALL}"
            ));
        }
        let has_log = self.said("INFO", "persistence").await.ok().and_then(|said| field(&said, "aof_enabled"));
        let saves = self.setting("save").await;
        if has_log.as_deref() == Some("0") && saves.as_deref() == Some("") {
            faults
                .push("it has no persistence: what is spent is known only to the engines when it restarts".to_owned());
        }
        faults
    }

    async fn said(&self, command: &str, about: &str) -> Result<String, Trouble> {
        let answer = self.command(&[command, about]).await?;
        redis::from_redis_value(answer).map_err(|error| Trouble::Refused(error.to_string()))
    }

    async fn setting(&self, name: &str) -> Option<String> {
        let answer = self.command(&["CONFIG", "GET", name]).await.ok()?;
        let pair: Vec<String> = redis::from_redis_value(answer).ok()?;
        pair.get(1).cloned()
    }
}

/// The value of a field in what `INFO` says.
fn field(said: &str, name: &str) -> Option<String> {
    let value = said.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    Some(value.trim().to_owned())
}
