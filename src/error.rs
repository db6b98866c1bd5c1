//! A command's failure as a person sees it: what failed, more lines about it, and what to do.

use std::error::Error;
use std::io;

use locald_api::{CallError, ConnectError, Failure, FailureKind};

use crate::exit::ExitKind;
use crate::paint::{self, Paint};

/// Why a command failed. Made where the failure is understood, shown once, by `main`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommandError {
    /// One sentence without a final period.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) hint: Option<String>,
    /// More lines, shown above the message. May hold colours, where we drew it ourselves.
    pub(crate) details: Option<String>,
    /// What the process ends with.
    pub(crate) exit: ExitKind,
}

impl CommandError {
    /// A failure with neither hint nor details.
    pub(crate) fn new(exit: ExitKind, message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, details: None, exit }
    }

    /// An end with a code of which nothing is to be said.
    pub(crate) fn silent(exit: ExitKind) -> Self {
        Self::new(exit, "")
    }

    /// A failure whose message is that of `error` and everything below it.
    pub(crate) fn from_error(exit: ExitKind, error: &dyn Error) -> Self {
        Self::new(exit, chain(error))
    }

    /// The same failure with a hint.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same failure with details.
    #[must_use]
    pub(crate) fn details(mut self, details: impl Into<String>) -> Self {
        self.details = Some(details.into());
        self
    }

    /// No daemon runs, and the command does not start one.
    pub(crate) fn no_daemon() -> Self {
        Self::new(ExitKind::NoDaemon, "the daemon is not running")
            .hint("`locald up` starts it, with the services of the project")
    }

    /// The failure as it is printed; empty when there is nobody to tell.
    pub(crate) fn render(&self, paint: Paint) -> String {
        if self.message.is_empty() {
            return String::new();
        }
        let mut text = String::new();
        // Above the message, because what is read first is what stands last.
        if let Some(details) = &self.details {
            text.push_str(details.trim_end());
            text.push_str("\n\n");
        }
        text.extend([&paint.red_bold("error:"), " ", &paint::plain_lines(&self.message), "\n"]);
        if let Some(hint) = &self.hint {
            text.extend([&paint.cyan_bold("hint:"), " ", &paint::plain_lines(hint), "\n"]);
        }
        text
    }
}

/// The message of `error` and of each error below it, unless a message repeats the one above.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut below = error.source();
    while let Some(error) = below {
        let message = error.to_string();
        if !text.ends_with(&message) {
            text.push_str(": ");
            text.push_str(&message);
        }
        below = error.source();
    }
    text
}

impl From<Failure> for CommandError {
    fn from(failure: Failure) -> Self {
        let exit = match failure.kind {
            FailureKind::BadRequest => ExitKind::Usage,
            FailureKind::Config => ExitKind::Config,
            FailureKind::UnknownName => ExitKind::UnknownName,
            FailureKind::NotRunning => ExitKind::NotRunning,
            FailureKind::StartFailed => ExitKind::Failed,
            FailureKind::Unavailable => ExitKind::Unavailable,
            FailureKind::Internal => ExitKind::Internal,
        };
        let details = failure.details.map(|details| paint::plain_lines(&details));
        Self { message: failure.message, hint: failure.hint, details, exit }
    }
}

impl From<CallError> for CommandError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Failed(failure) => failure.into(),
            CallError::Lost => Self::from_error(ExitKind::Unavailable, &error)
                .hint("the services go on; `locald daemon status` shows whether a new daemon has taken over"),
            CallError::Unfitting => Self::from_error(ExitKind::Internal, &error)
                .hint("`locald daemon restart` puts this release in the daemon's place and stops no service"),
        }
    }
}

impl From<ConnectError> for CommandError {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Io(error)
                if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) =>
            {
                Self::no_daemon()
            }
            ConnectError::Refused(refused) => {
                Self { hint: refused.hint, ..Self::new(ExitKind::Unavailable, refused.reason) }
            }
            error @ (ConnectError::Io(_) | ConnectError::Garbled(_) | ConnectError::Silent) => {
                Self::from_error(ExitKind::Unavailable, &error)
            }
        }
    }
}

/// Writing data is all the I/O that commands do themselves and that can fail, as a remark that is lost is no error. So an error
/// without a better story is one of standard output.
impl From<io::Error> for CommandError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::silent(ExitKind::PipeClosed);
        }
        Self::new(ExitKind::Failed, format!("failed to write the output: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use locald_api::Refused;

    use super::*;

    fn shown(error: impl Into<CommandError>) -> String {
        let error = error.into();
        format!("[{}]\n{}", error.exit.code(), error.render(Paint::new(false)))
    }

    #[test]
    fn every_sort_of_error_says_what_failed_and_what_to_do() {
        let failures = [
            Failure::new(FailureKind::BadRequest, "`C-foo` is not the name of a key").hint("such as `C-c` or `Enter`"),
            Failure::new(FailureKind::Config, "`locald.toml` has a fault")
                .details("unknown key `prot`\n --> locald.toml:3:1\n"),
            Failure::new(FailureKind::UnknownName, "no service `wbe` in project `shop`").hint("did you mean `web`?"),
            Failure::new(FailureKind::NotRunning, "`web` is stopped").hint("`locald start web` starts it"),
            Failure::new(FailureKind::StartFailed, "`web` did not start"),
            Failure::new(FailureKind::Unavailable, "the daemon is shutting down"),
            Failure::new(FailureKind::Internal, "the log's index contradicts its segments"),
        ];
        let all: String = failures.into_iter().map(shown).collect();
        insta::assert_snapshot!(all, @"
        [2]
        error: `C-foo` is not the name of a key
        hint: such as `C-c` or `Enter`
        [3]
        unknown key `prot`
         --> locald.toml:3:1

        error: `locald.toml` has a fault
        [4]
        error: no service `wbe` in project `shop`
        hint: did you mean `web`?
        [6]
        error: `web` is stopped
        hint: `locald start web` starts it
        [1]
        error: `web` did not start
        [5]
        error: the daemon is shutting down
        [70]
        error: the log's index contradicts its segments
        ");
    }

    #[test]
    fn a_connection_that_fails_says_why() {
        let refused = Refused {
            reason: "the daemon is of release 0.2.0, this is 0.1.0".to_owned(),
            hint: Some("`locald daemon restart` puts this release in its place".to_owned()),
            version: None,
        };
        let errors = [
            ConnectError::Io(io::ErrorKind::NotFound.into()),
            ConnectError::Io(io::ErrorKind::ConnectionRefused.into()),
            ConnectError::Io(io::Error::new(io::ErrorKind::PermissionDenied, "the other end runs as user 0, not 1000")),
            ConnectError::Refused(refused),
            ConnectError::Garbled(None),
            ConnectError::Silent,
        ];
        let mut all: String = errors.into_iter().map(shown).collect();
        all.extend([CallError::Lost, CallError::Unfitting].map(shown));
        insta::assert_snapshot!(all, @"
        [5]
        error: the daemon is not running
        hint: `locald up` starts it, with the services of the project
        [5]
        error: the daemon is not running
        hint: `locald up` starts it, with the services of the project
        [5]
        error: failed to reach the daemon: the other end runs as user 0, not 1000
        [5]
        error: the daemon is of release 0.2.0, this is 0.1.0
        hint: `locald daemon restart` puts this release in its place
        [5]
        error: what answers on the socket is not a locald daemon
        [5]
        error: the daemon did not answer within 10 s
        [5]
        error: the connection to the daemon was lost
        hint: the services go on; `locald daemon status` shows whether a new daemon has taken over
        [70]
        error: the daemon's answer does not fit the question
        hint: `locald daemon restart` puts this release in the daemon's place and stops no service
        ");
    }

    #[test]
    fn colours_mark_the_labels_and_nothing_else() {
        let error = CommandError::new(ExitKind::Failed, "a\x1b[2Jb").hint("c");
        assert_eq!(error.render(Paint::new(true)), "\x1b[1;31merror:\x1b[0m a\u{fffd}[2Jb\n\x1b[1;36mhint:\x1b[0m c\n");
    }

    #[test]
    fn a_closed_pipe_ends_with_success_and_without_a_word() {
        let error = CommandError::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!((error.exit.code(), error.render(Paint::new(false))), (0, String::new()));
        assert_eq!(CommandError::from(io::Error::from(io::ErrorKind::StorageFull)).exit, ExitKind::Failed);
    }
}
