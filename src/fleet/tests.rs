//! A Redis of the tests' own, and what is seen in it.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

mod protocols;

/// A server that ends with the test, in a folder of its own.
pub(crate) struct Redis {
    child: Child,
    port: u16,
    _folder: TempDir,
}

impl Redis {
    /// Starts one; `None` where there is none, unless `REDIS_MUST_RUN` is set.
    #[expect(clippy::print_stderr, reason = "whoever runs the tests is to see that some were skipped")]
    pub(crate) fn start() -> Option<Self> {
        if let Err(error) = Command::new("redis-server").arg("--version").output() {
            assert!(std::env::var_os("REDIS_MUST_RUN").is_none(), "redis-server cannot be started: {error}");
            eprintln!("skipped without redis-server: apt-get install redis-server, or brew install redis");
            return None;
        }
        // Another process may take a port between the look and the start; then another port is looked for.
        (0..20).find_map(|_| Self::try_start())
    }

    fn try_start() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its address").port();
        let folder_path = folder.path().to_str().expect("UTF-8");
        let arguments = ["--save", "", "--appendonly", "no", "--bind", "127.0.0.1", "--dir", folder_path];
        let mut child = Command::new("redis-server")
            .args(["--port", &port.to_string()])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let is_ready = lines.map_while(Result::ok).any(|line| line.contains("eady to accept connections"));
        let redis = Self { child, port, _folder: folder };
        is_ready.then_some(redis)
    }

    /// A connection to it.
    pub(crate) fn connection(&self) -> redis::Connection {
        let client = redis::Client::open(self.url()).expect("a URL");
        client.get_connection().expect("it accepts connections")
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.child.kill().expect("it lives");
        self.child.wait().expect("it ends");
    }
}
