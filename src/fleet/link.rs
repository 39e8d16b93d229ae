//! The connections to Redis: one for scripts, one that is told what others change. Both speak RESP2, which every proxy
//! understands.

use std::fmt;
use std::time::Duration;

use futures_util::StreamExt;
use redis::aio::{MultiplexedConnection, PubSub, PubSubStream};
use redis::{AsyncConnectionConfig, ErrorKind, ProtocolVersion, RedisConnectionInfo, RedisError, ServerErrorKind};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use super::script::Script;
use super::tls::Encryption;
use crate::config::FleetServer;
use crate::line;

/// For how long a connection is waited for, from the name's address to the server's welcome.
const LONGEST_CONNECT: Duration = Duration::from_secs(1);
/// The most characters of what a server says is wrong.
const LONGEST_PROBLEM: usize = 200;

/// Why Redis did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// No answer came in time.
    TimedOut,
    /// There is no connection, or it broke.
    Unreachable(String),
    /// It refuses: it is read-only, out of memory, or the password or the rights are not enough.
    Refused(String),
    /// It does what it is asked, but this engine cannot go on with it.
    Foreign(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut => f.write_str("Redis does not answer"),
            Self::Unreachable(problem) => write!(f, "Redis cannot be reached: {problem}"),
            Self::Refused(problem) => write!(f, "Redis refuses: {problem}"),
            Self::Foreign(problem) => f.write_str(problem),
        }
    }
}

/// Opens connections to one server.
pub(super) struct Connector {
    server: FleetServer,
    encryption: Option<Encryption>,
}

impl Connector {
    /// What a configuration says; the error names the field.
    pub(super) fn new(server: &FleetServer) -> Result<Self, (&'static str, String)> {
        let encryption = server.tls.as_ref().map(|tls| Encryption::new(tls, &server.host)).transpose()?;
        Ok(Self { server: server.clone(), encryption })
    }

    /// Opens a connection for scripts.
    pub(super) async fn link(&self) -> Result<Link, Trouble> {
        let config = AsyncConnectionConfig::new().set_response_timeout(None).set_connection_timeout(None);
        let opened = async {
            let info = self.info();
            let stream = self.connect().await?;
            let (commands, driver) = match &self.encryption {
                None => {
                    let (commands, driver) = MultiplexedConnection::new_with_config(&info, stream, config).await?;
                    (commands, tokio::spawn(driver))
                }
                Some(encryption) => {
                    let stream = encryption.wrap(stream).await?;
                    let (commands, driver) = MultiplexedConnection::new_with_config(&info, stream, config).await?;
                    (commands, tokio::spawn(driver))
                }
            };
            Ok(Link { commands, _driver: AbortOnDropHandle::new(driver) })
        };
        self.within_time(opened).await
    }

    /// Opens a connection that is told what is published on a channel.
    pub(super) async fn subscription(&self, channel: &str) -> Result<Subscription, Trouble> {
        let opened = async {
            let info = self.info();
            let stream = self.connect().await?;
            let mut listening = match &self.encryption {
                None => PubSub::new(&info, stream).await?,
                Some(encryption) => PubSub::new(&info, encryption.wrap(stream).await?).await?,
            };
            listening.subscribe(channel).await?;
            Ok(Subscription(listening.into_on_message()))
        };
        self.within_time(opened).await
    }

    async fn within_time<T>(&self, opened: impl Future<Output = Result<T, RedisError>>) -> Result<T, Trouble> {
        let opened = timeout(LONGEST_CONNECT, opened).await.map_err(|_| Trouble::TimedOut)?;
        opened.map_err(|error| self.trouble(&error))
    }

    async fn connect(&self) -> Result<TcpStream, RedisError> {
        let stream = TcpStream::connect((self.server.host.as_str(), self.server.port)).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    fn info(&self) -> RedisConnectionInfo {
        let FleetServer { username, password, database, .. } = &self.server;
        let mut info = RedisConnectionInfo::default()
            .set_protocol(ProtocolVersion::RESP2)
            .set_db(i64::from(*database))
            .set_skip_set_lib_name();
        if let Some(username) = username {
            info = info.set_username(username);
        }
        if let Some(password) = password {
            info = info.set_password(password.expose());
        }
        info
    }

    /// What went wrong, without the password.
    fn trouble(&self, error: &RedisError) -> Trouble {
        let trouble = trouble(error);
        let Some(password) = &self.server.password else { return trouble };
        let without = |problem: String| problem.replace(password.expose(), line::KEY);
        match trouble {
            Trouble::TimedOut | Trouble::Foreign(_) => trouble,
            Trouble::Unreachable(problem) => Trouble::Unreachable(without(problem)),
            Trouble::Refused(problem) => Trouble::Refused(without(problem)),
        }
    }
}

/// A connection for scripts. Many may be under way at once; they are run in the order in which they were asked for.
pub(super) struct Link {
    commands: MultiplexedConnection,
    _driver: AbortOnDropHandle<()>,
}

impl Link {
    /// Runs a script; what it answers is text. `keys` are all the keys that it uses.
    pub(super) async fn call(
        &self,
        script: &Script,
        keys: &[&str],
        arguments: &[&str],
        within: Duration,
    ) -> Result<String, Trouble> {
        let answered = async {
            let mut commands = self.commands.clone();
            let command = |name: &str, script: &str| {
                let mut command = redis::cmd(name);
                command.arg(script).arg(keys.len()).arg(keys).arg(arguments);
                command
            };
            match command("EVALSHA", script.hash()).query_async(&mut commands).await {
                Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                    command("EVAL", script.text).query_async(&mut commands).await
                }
                answer => answer,
            }
        };
        let answer = timeout(within, answered).await.map_err(|_| Trouble::TimedOut)?;
        answer.map_err(|error| trouble(&error))
    }

    /// Runs a command.
    pub(super) async fn command(&self, command: &[&str], within: Duration) -> Result<redis::Value, Trouble> {
        let Some((name, arguments)) = command.split_first() else { return Ok(redis::Value::Nil) };
        let mut commands = self.commands.clone();
        let mut command = redis::cmd(name);
        command.arg(arguments);
        let answer = timeout(within, command.query_async(&mut commands)).await.map_err(|_| Trouble::TimedOut)?;
        answer.map_err(|error| trouble(&error))
    }
}

/// What others publish.
pub(super) struct Subscription(PubSubStream);

impl Subscription {
    /// The next message; `None` if the connection is lost.
    pub(super) async fn next(&mut self) -> Option<String> {
        let message = self.0.next().await?;
        Some(message.get_payload().unwrap_or_default())
    }
}

fn trouble(error: &RedisError) -> Trouble {
    let problem: String = line::folded(&error.to_string()).chars().take(LONGEST_PROBLEM).collect();
    let is_refusal =
        matches!(error.kind(), ErrorKind::Server(_) | ErrorKind::Extension | ErrorKind::AuthenticationFailed);
    if is_refusal { Trouble::Refused(problem) } else { Trouble::Unreachable(problem) }
}
