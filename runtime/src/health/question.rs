//! What a service is asked, and asking it once.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::command::{self, Script};
use super::connect::{connect, in_words};
use super::{Source, http};
use crate::supervisor::in_words as time_in_words;

/// A way to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Question {
    /// Does somebody listen on its port, or the service on any? Asked of the kernel, so the service does not notice.
    Port { is_promised: bool },
    /// Does this port, or its own, accept connections?
    Tcp(Option<u16>),
    /// Is a GET to its port answered with such a status?
    Http { path: String, status: RangeInclusive<u16>, headers: Vec<(String, String)> },
    /// Does the command exit with 0?
    Command(Script),
}

impl Question {
    /// What an answer is known by.
    pub(super) fn source(&self) -> Source {
        match self {
            Self::Port { .. } => Source::Port,
            Self::Tcp(_) => Source::Tcp,
            Self::Http { .. } => Source::Http,
            Self::Command(_) => Source::Command,
        }
    }

    /// Asks once, of a service that is to be found at `port`; the error is why it is not well.
    pub(super) async fn ask(&self, port: Option<u16>, limit: Duration) -> Result<(), String> {
        let asking = async {
            match self {
                Self::Port { is_promised } => is_listened_on(known(port)?, *is_promised),
                Self::Tcp(other) => {
                    let port = known(other.or(port))?;
                    connect(port).await.map(drop).map_err(|error| format!("port {port}: {}", in_words(&error)))
                }
                Self::Http { path, status, headers } => {
                    let answer = http::ask(known(port)?, path, headers, status).await;
                    answer.map_err(|why| format!("{path}: {why}"))
                }
                Self::Command(script) => command::ask(script).await,
            }
        };
        match tokio::time::timeout(limit, asking).await {
            Ok(answer) => answer,
            Err(_) => Err(format!("no answer within {}", time_in_words(limit))),
        }
    }
}

fn known(port: Option<u16>) -> Result<u16, String> {
    port.ok_or_else(|| "it has no port to be asked at".to_owned())
}

fn is_listened_on(port: u16, is_promised: bool) -> Result<(), String> {
    match is_promised {
        _ if crate::supervisor::listening_ports().contains(&port) => Ok(()),
        true => Err(format!("nobody listens on port {port}")),
        false => Err("it listens on no port yet; one that never does is a `worker`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn a_port_is_open_once_somebody_listens_on_either_family() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            // A machine without IPv6 has nothing to find there.
            let Ok(listener) = TcpListener::bind(address).await else { continue };
            let port = Some(listener.local_addr().unwrap().port());
            let own = Question::Port { is_promised: true };
            for question in [own, Question::Tcp(None), Question::Tcp(port)] {
                assert_eq!(question.ask(port, LIMIT).await, Ok(()), "{question:?}");
            }
        }
        let unused = Some(1);
        for (is_promised, found) in [(true, "nobody listens on port 1"), (false, "it listens on no port yet")] {
            let answer = Question::Port { is_promised }.ask(unused, LIMIT).await.unwrap_err();
            assert!(answer.starts_with(found), "{answer}");
        }
        assert_eq!(Question::Tcp(None).ask(unused, LIMIT).await, Err("port 1: connection refused".to_owned()));
    }

    #[tokio::test]
    async fn an_answer_that_does_not_come_is_none() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = Some(listener.local_addr().unwrap().port());
        let question = Question::Http { path: "/".to_owned(), status: 200..=399, headers: Vec::new() };
        let limit = Duration::from_millis(20);
        assert_eq!(question.ask(port, limit).await, Err("no answer within 20 ms".to_owned()));
    }
}
