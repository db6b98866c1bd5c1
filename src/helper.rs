//! Asking the helper, which does what needs root: through sudo, which asks whoever sits there only where that was agreed to.
//!
//! The daemon never comes here. Only the copy that root owns is run as root, and only if nobody else can put another in its place.

use std::io::{self, IsTerminal};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Command, Stdio};

use locald_helper::{
    Answer, INSTALLED, Link, LinkError, PROTOCOL, Refusal, Request, Untrusted, Verb, Version, check_path, described,
};

use crate::error::CommandError;
use crate::exit::ExitKind;

/// Whether sudo may ask for a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Consent {
    /// Somebody has typed a command that needs it.
    Given,
    /// Nobody has asked for anything: what is not allowed without a question is left.
    NotGiven,
}

/// Why the helper has not done what it was asked for.
#[derive(Debug)]
pub(crate) enum HelperError {
    NotInstalled,
    /// Somebody else than root could have put it there.
    Untrusted(Untrusted),
    /// It is too old, or too new; nothing if it does not even say what it is.
    Version(Option<Version>),
    NoSudo,
    /// sudo wants a password, and nobody may be asked or has given one; or it does not allow it at all.
    NotAllowed,
    /// It could not be started.
    Io(io::Error),
    Link(LinkError),
    Refused(String),
}

/// How a program can be run as root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// We are root.
    Directly,
    /// By sudo, which asks at the terminal.
    Asking,
    /// By sudo, if it does not ask.
    Silently,
}

impl Way {
    pub(crate) fn find(consent: Consent) -> Self {
        if rustix::process::geteuid().is_root() {
            Self::Directly
        } else if consent == Consent::Given && io::stdin().is_terminal() && io::stderr().is_terminal() {
            Self::Asking
        } else {
            Self::Silently
        }
    }

    /// A command that runs `program` as root.
    #[expect(clippy::disallowed_methods, reason = "what needs root begins here and nowhere else")]
    pub(crate) fn command(self, program: &str) -> Command {
        let mut command = match self {
            Self::Directly => Command::new(program),
            Self::Asking => {
                let mut sudo = Command::new("sudo");
                sudo.args(["--prompt", "[sudo] password for %p, as locald needs root: ", "--", program]);
                sudo
            }
            Self::Silently => {
                let mut sudo = Command::new("sudo");
                sudo.args(["--non-interactive", "--", program]);
                sudo
            }
        };
        let stderr = if self == Self::Silently { Stdio::null() } else { Stdio::inherit() };
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr);
        command
    }
}

/// The installed helper, if it may be run as root and understands what we ask.
pub(crate) fn installed() -> Result<Version, HelperError> {
    check_path(Path::new(INSTALLED)).map_err(|why| match why {
        Untrusted::Io(_, error) if error.kind() == io::ErrorKind::NotFound => HelperError::NotInstalled,
        why => HelperError::Untrusted(why),
    })?;
    let version = version_of(Path::new(INSTALLED)).ok_or(HelperError::Version(None))?;
    if version.does_for_us() { Ok(version) } else { Err(HelperError::Version(Some(version))) }
}

/// What a helper says of itself, without any privilege.
#[expect(clippy::disallowed_methods, reason = "only the helper knows its version")]
pub(crate) fn version_of(program: &Path) -> Option<Version> {
    let said = Command::new(program).arg("--version").env_clear().stdin(Stdio::null()).output().ok()?;
    described(&String::from_utf8_lossy(&said.stdout))
}

/// Has the installed helper do something; waits for it, and for whoever types a password.
pub(crate) fn ask(verb: Verb, consent: Consent) -> Result<(Answer, Vec<OwnedFd>), HelperError> {
    installed()?;
    let (link, theirs) = Link::ask(&Request { protocol: *PROTOCOL.end(), verb }).map_err(HelperError::Link)?;
    let mut command = Way::find(consent).command(INSTALLED);
    let child = command.stdin(theirs).spawn();
    // Ours of its end must be gone, or the end of a helper that says nothing would never be seen.
    drop(command);
    let ended = child.and_then(|mut child| child.wait());
    let ended = ended.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => HelperError::NoSudo,
        _ => HelperError::Io(error),
    })?;
    match link.answer() {
        Ok((Answer::Refused(refusal), _)) => Err(refused(refusal)),
        Ok(answer) => Ok(answer),
        // It was not even started.
        Err(LinkError::Silent) if !ended.success() => Err(HelperError::NotAllowed),
        Err(error) => Err(HelperError::Link(error)),
    }
}

fn refused(refusal: Refusal) -> HelperError {
    match refusal {
        Refusal::Protocol(version) => HelperError::Version(Some(version)),
        Refusal::Malformed => HelperError::Link(LinkError::Malformed),
        Refusal::NotRoot => HelperError::Refused("sudo has not run it as root".to_owned()),
        Refusal::Failed(why) => HelperError::Refused(why),
    }
}

impl From<HelperError> for CommandError {
    fn from(error: HelperError) -> Self {
        let failed = |message: String| Self::new(ExitKind::Failed, message);
        match error {
            HelperError::NotInstalled => failed("this needs root, and the helper that has it is not installed".to_owned())
                .hint("`locald setup helper` installs it; all else works without it"),
            HelperError::Untrusted(why) => failed(format!("the helper is not run as root: {why}"))
                .hint("whoever can write there could run anything as root; once only root can, `locald setup helper` installs it anew"),
            HelperError::Version(found) => {
                let ours = Version::ours();
                let found = found.map_or_else(|| "does not say which release it is".to_owned(), |it| format!("is {it}"));
                failed(format!("the installed helper {found}, and this is {ours}: they do not understand each other"))
                    .hint("`locald setup helper` installs the one of this release; all that needs no root works on")
            }
            HelperError::NoSudo => failed("this needs root, and there is no sudo".to_owned()).hint("run the command as root"),
            HelperError::NotAllowed => failed("sudo has not run the helper".to_owned())
                .hint("run this command in a terminal, where sudo can ask for a password, as a user whom it allows that"),
            HelperError::Io(error) => failed(format!("the helper could not be run: {error}")),
            HelperError::Link(error) => failed(error.to_string())
                .hint("if sudo logs input, it puts a pipe in the place of the helper's socket: `locald-helper` says how to spare it"),
            HelperError::Refused(why) => failed(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paint::Paint;

    #[test]
    fn each_way_to_fail_says_what_to_do_and_a_mismatch_names_both_versions() {
        let other = Version { release: "9.0.0".to_owned(), protocol: 7..=8 };
        let ours = Version::ours().to_string();
        let errors = [
            HelperError::NotInstalled,
            HelperError::Version(Some(other)),
            HelperError::Version(None),
            HelperError::NoSudo,
            HelperError::NotAllowed,
            HelperError::Untrusted(Untrusted::Owner("/usr/local".into(), 1000)),
            HelperError::Refused("/etc/hosts is on a file system that cannot be written".to_owned()),
        ];
        let all: String = errors.into_iter().map(|error| CommandError::from(error).render(Paint::new(false))).collect();
        insta::assert_snapshot!(all.replace(&ours, "[ours]"), @"
        error: this needs root, and the helper that has it is not installed
        hint: `locald setup helper` installs it; all else works without it
        error: the installed helper is 9.0.0 (protocol 7 to 8), and this is [ours]: they do not understand each other
        hint: `locald setup helper` installs the one of this release; all that needs no root works on
        error: the installed helper does not say which release it is, and this is [ours]: they do not understand each other
        hint: `locald setup helper` installs the one of this release; all that needs no root works on
        error: this needs root, and there is no sudo
        hint: run the command as root
        error: sudo has not run the helper
        hint: run this command in a terminal, where sudo can ask for a password, as a user whom it allows that
        error: the helper is not run as root: /usr/local belongs to user 1000 and not to root
        hint: whoever can write there could run anything as root; once only root can, `locald setup helper` installs it anew
        error: /etc/hosts is on a file system that cannot be written
        ");
    }
}
