//! The environment that a login would give, for projects that start before anybody has a shell open.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tracing::warn;

/// How long a login shell may take. Some load a great deal.
const PATIENCE: Duration = Duration::from_secs(10);
/// What stands before the environment, behind whatever the shell's own files have printed.
const MARK: &[u8] = b"\0locald-environment\0";
/// What a login begins with: the user and the session, and nothing of a terminal.
const BEGINS_WITH: [&str; 8] =
    ["HOME", "USER", "LOGNAME", "SHELL", "LANG", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "SSH_AUTH_SOCK"];
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Asks the user's login shell. Where it does not answer, what it would have begun with.
pub(super) async fn environment() -> Vec<(String, String)> {
    let basis = basis();
    let shell = basis.iter().find(|(name, _)| name == "SHELL").map_or("/bin/sh", |(_, shell)| shell).to_owned();
    match ask(&shell, &basis).await {
        Ok(environment) if !environment.is_empty() => environment,
        Ok(_) => {
            warn!(shell, "the login shell says nothing of its environment");
            basis
        }
        Err(error) => {
            warn!(shell, %error, "the login shell does not say its environment");
            basis
        }
    }
}

fn basis() -> Vec<(String, String)> {
    let known = |name: &str| std::env::var(name).ok().map(|value| (name.to_owned(), value));
    let basis = BEGINS_WITH.into_iter().filter_map(known);
    basis.chain([("PATH".to_owned(), PATH.to_owned())]).collect()
}

#[expect(clippy::disallowed_methods, reason = "the one place where a login shell is started")]
async fn ask(shell: &str, basis: &[(String, String)]) -> std::io::Result<Vec<(String, String)>> {
    let mut command = Command::new(shell);
    // `printf` of every shell knows octal; `env` gives each variable as it is, with a zero behind it.
    command.args(["-l", "-c", "printf '\\000locald-environment\\000'; exec env -0"]).current_dir("/").env_clear();
    command.envs(basis.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0);
    let mut child = command.spawn()?;
    let group = Pid::from_child(&child);
    let reading = tokio::task::spawn_blocking(move || {
        let mut said = Vec::new();
        let read = child.stdout.take().map_or(Ok(0), |mut output| output.read_to_end(&mut said));
        child.wait().and(read).map(|_| said)
    });
    let said = tokio::time::timeout(PATIENCE, reading).await;
    // Its number is its own until it was waited for: where nobody has, it is still there.
    if said.is_err() {
        let _ = kill_process_group(group, Signal::KILL);
    }
    let said = said.map_err(|_| std::io::ErrorKind::TimedOut)?.map_err(std::io::Error::other)??;
    Ok(parse(&said))
}

fn parse(said: &[u8]) -> Vec<(String, String)> {
    let Some(start) = said.windows(MARK.len()).rposition(|window| window == MARK) else { return Vec::new() };
    let variables = said[start + MARK.len()..].split(|byte| *byte == 0);
    let variable = |bytes: &[u8]| {
        let (name, value) = std::str::from_utf8(bytes).ok()?.split_once('=')?;
        Some((name.to_owned(), value.to_owned()))
    };
    variables.filter_map(variable).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_shells_own_files_print_is_passed_over() {
        let said = b"Welcome!\n\0locald-environment\0PATH=/bin\0LINES_OF=a\nb\0EMPTY=\0";
        let found = parse(said);
        let found: Vec<(&str, &str)> = found.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(found, [("PATH", "/bin"), ("LINES_OF", "a\nb"), ("EMPTY", "")]);
        assert!(parse(b"no such thing").is_empty());
    }

    #[tokio::test]
    async fn a_login_shell_says_what_it_begins_with_and_more() {
        let basis = [("HOME".to_owned(), "/nonexistent".to_owned()), ("PATH".to_owned(), PATH.to_owned())];
        let found = ask("/bin/sh", &basis).await.unwrap();
        assert!(found.contains(&basis[0]), "{found:?}");
        assert!(found.iter().any(|(name, _)| name == "PATH"), "{found:?}");
        assert!(ask("/nonexistent/sh", &basis).await.is_err());
    }
}
