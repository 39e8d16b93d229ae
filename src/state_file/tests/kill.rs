//! A process that is killed while it writes.

use std::env;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use super::*;

/// Tells the child where its state file is.
const PATH: &str = "FALLCAST_TEST_STATE_FILE";

/// Begins each line by which the child reports a write; what comes before is the test harness's.
const WRITTEN: &str = "written ";

/// Long enough that a kill often falls into the middle of a write.
fn state(number: u64) -> Value {
    json!({ "number": number, "filler": "x".repeat(1_000_000), "last": number })
}

/// The child: writes one state after the other, and says so, until it is killed.
#[test]
#[ignore = "another test runs it in a process of its own"]
fn child() {
    let Some(path) = env::var_os(PATH) else { return };
    let opened = open(Path::new(&path));
    let first = opened.state.and_then(|state| state["number"].as_u64()).map_or(1, |number| number + 1);
    for number in first.. {
        opened.file.write(&state(number)).expect("the state can be written");
        // The line is lost with its reader, when the parent has gone.
        let written = writeln!(io::stdout(), "\n{WRITTEN}{number}").and_then(|()| io::stdout().flush());
        if written.is_err() {
            return;
        }
    }
}

struct Writer {
    child: Child,
    lines: io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Writer {
    fn start(path: &Path) -> Self {
        let this = env::current_exe().expect("the test has a path");
        let mut child = Command::new(this)
            .args(["--ignored", "--exact", "state_file::tests::kill::child", "--nocapture"])
            .env(PATH, path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the test can be run again");
        let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        Self { child, lines }
    }

    /// The number of the next write that was reported; `None` after the last.
    fn written(&mut self) -> Option<u64> {
        let mut lines = self.lines.by_ref().map(|line| line.expect("it is text"));
        lines.find_map(|line| line.strip_prefix(WRITTEN)?.parse().ok())
    }

    /// Kills it without warning; returns the last write that it reported.
    fn kill(mut self, reported: u64) -> u64 {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it has ended");
        std::iter::from_fn(|| self.written()).last().unwrap_or(reported)
    }
}

#[test]
fn a_kill_leaves_a_whole_state_not_older_than_the_last_that_was_reported_and_frees_the_lock() {
    let place = Place::new();
    for _ in 0..20 {
        let mut writer = Writer::start(&place.path());
        writer.written().expect("it writes until it is killed");
        let began = Instant::now();
        let reported = writer.written().expect("it writes until it is killed");
        let cycle = began.elapsed();
        assert!(problem(&place.path()).contains("is in use by another engine"));
        // Any moment of the next write is as good as another.
        std::thread::sleep(cycle.mul_f64(fastrand::f64()));
        let reported = writer.kill(reported);

        let opened = open(&place.path());
        assert!(opened.damaged.is_none(), "{:?}", opened.damaged);
        let found = opened.state.expect("a state was written");
        let number = found["number"].as_u64().expect("it has a number");
        assert!(number >= reported, "{number} is older than {reported}");
        assert!(found == state(number), "state {number} is whole");
    }
    let names = place.names();
    assert!(
        names.iter().all(|name| ["state.json", "state.json.lock", "state.json.tmp"].contains(&name.as_str())),
        "{names:?}"
    );
}
