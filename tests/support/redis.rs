//! A Redis of a test's own: in a folder of its own, on a socket in it, gone when it is dropped.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

pub struct Redis {
    process: Child,
    folder: TempDir,
}

impl Redis {
    /// Starts one; `None`, and a line that says so, where none is installed, unless `REDIS_MUST_RUN` is set.
    pub fn start() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let started = Command::new("redis-server")
            .args(["--port", "0", "--unixsocket", "socket", "--save", "", "--appendonly", "no", "--dir"])
            .arg(folder.path())
            .stdout(Stdio::null())
            .spawn();
        match started {
            Ok(process) => Some(Self { process, folder }),
            Err(error) => {
                assert!(std::env::var_os("REDIS_MUST_RUN").is_none(), "redis-server must run: {error}");
                eprintln!("skipped without redis-server: apt-get install redis-server, or brew install redis");
                None
            }
        }
    }

    /// A connection, as soon as it accepts one.
    pub fn connect(&self) -> redis::Connection {
        let url = format!("redis+unix://{}", self.folder.path().join("socket").display());
        let client = redis::Client::open(url).expect("the path is one");
        loop {
            match client.get_connection() {
                Ok(connection) => return connection,
                Err(_) => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
