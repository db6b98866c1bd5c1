//! One question by a command, which exits with 0 if all is well. Whatever it starts ends with it.

use std::io;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};

use locald_config::Masker;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, waitid};
use tokio::net::unix::pipe;
use tokio::signal::unix::{SignalKind, signal};

use super::connect::in_words;

/// So much of the end of what it printed is looked at for why it failed.
const LAST_WORDS: usize = 2048;

/// What is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Script {
    pub(crate) arguments: Vec<String>,
    pub(crate) directory: PathBuf,
    /// The whole environment.
    pub(crate) environment: Vec<(String, String)>,
    /// What it says is shown, and must not show secrets.
    pub(crate) masker: Masker,
}

/// Asks; the error is what the command said, or how it ended.
pub(super) async fn ask(script: &Script) -> Result<(), String> {
    let asked = Asked::begin(script).map_err(|error| format!("cannot be asked: {}", in_words(&error)))?;
    let (status, said) = asked.end().await.map_err(|error| in_words(&error))?;
    if status.success() {
        return Ok(());
    }
    let said = last_line(&said).map(|line| script.masker.mask(&line).into_owned());
    Err(said.unwrap_or_else(|| status.to_string()))
}

/// A process that is asking. Dropped, it is ended with all of its group.
struct Asked {
    child: Child,
    /// Its number cannot be used again before it was waited for, which is done last.
    group: Pid,
    children: tokio::signal::unix::Signal,
    output: pipe::Receiver,
    /// The end of what it has printed so far.
    said: Vec<u8>,
}

impl Asked {
    #[expect(clippy::disallowed_methods, reason = "the one place where a probe begins")]
    fn begin(script: &Script) -> io::Result<Self> {
        let (program, arguments) = script.arguments.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let (reader, writer) = io::pipe()?;
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&script.directory).env_clear();
        command.envs(script.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer).process_group(0);
        let (output, children) = (pipe::Receiver::from_owned_fd(reader.into())?, signal(SignalKind::child())?);
        let child = command.spawn()?;
        Ok(Self { group: Pid::from_child(&child), child, children, output, said: Vec::new() })
    }

    /// Waits for its end, however much it prints meanwhile; then nothing of its group is left.
    async fn end(mut self) -> io::Result<(ExitStatus, Vec<u8>)> {
        let mut hung_up = false;
        while !self.has_ended()? {
            tokio::select! {
                _ = self.children.recv() => {}
                readable = self.output.readable(), if !hung_up => {
                    readable?;
                    let mut buffer = [0; 4096];
                    match self.output.try_read(&mut buffer) {
                        Ok(0) => hung_up = true,
                        Ok(read) => self.keep(&buffer[..read]),
                        Err(_) => {}
                    }
                }
            }
        }
        let _ = rustix::process::kill_process_group(self.group, Signal::KILL);
        self.drain();
        Ok((self.child.wait()?, std::mem::take(&mut self.said)))
    }

    /// Takes what is there now, asking the kernel and not the runtime, which may not have heard of it yet.
    fn drain(&mut self) {
        let mut buffer = [0; 4096];
        while let Ok(read @ 1..) = rustix::io::read(&self.output, &mut buffer) {
            self.keep(&buffer[..read]);
        }
    }

    /// Keeps the end of all that was said.
    fn keep(&mut self, bytes: &[u8]) {
        self.said.extend_from_slice(bytes);
        let surplus = self.said.len().saturating_sub(LAST_WORDS);
        self.said.drain(..surplus);
    }

    /// Whether it has ended; it is not waited for by that, so its number stays its own.
    fn has_ended(&self) -> io::Result<bool> {
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        Ok(waitid(WaitId::Pid(self.group), look)?.is_some())
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        // After `end` there is nothing to wait for any more.
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            let _ = rustix::process::kill_process_group(self.group, Signal::KILL);
            let _ = self.child.wait();
        }
    }
}

/// The last line that says anything.
fn last_line(said: &[u8]) -> Option<String> {
    let text = crate::logs::strip::strip(&String::from_utf8_lossy(said));
    let line = text.lines().map(str::trim).rfind(|line| !line.is_empty())?;
    Some(line.chars().take(200).collect())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use locald_config::Secret;

    use super::*;

    async fn asked(line: &str) -> Result<(), String> {
        ask(&script(line)).await
    }

    fn script(line: &str) -> Script {
        let arguments = ["/bin/sh", "-c", line].map(str::to_owned).to_vec();
        let environment = vec![("PATH".to_owned(), std::env::var("PATH").unwrap_or_default())];
        let masker = Masker::new([Secret { value: "hunter2", is_said: true }]);
        Script { arguments, directory: PathBuf::from("/"), environment, masker }
    }

    fn is_alive(pid: &str) -> bool {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
    }

    #[tokio::test]
    async fn the_exit_code_decides_and_the_last_line_says_why() {
        assert_eq!(asked("exit 0").await, Ok(()));
        assert_eq!(
            asked("echo no; echo >&2 '  not ready: 3 of 5 '; echo; exit 4").await,
            Err("not ready: 3 of 5".into())
        );
        assert_eq!(asked("echo no key hunter2; exit 4").await, Err("no key ********".into()));
        assert_eq!(asked("exit 4").await, Err("exit status: 4".into()));
        assert_eq!(asked("kill -9 $$").await, Err("signal: 9 (SIGKILL)".into()));
        let nowhere = Script { directory: PathBuf::from("/no/such/folder"), ..script("true") };
        assert_eq!(ask(&nowhere).await, Err("cannot be asked: no such file or directory".into()));
    }

    #[tokio::test]
    async fn what_it_left_in_the_background_ends_with_it_and_is_not_waited_for() {
        let said = asked("sleep 1000 & echo $!; exit 1").await.unwrap_err();
        while is_alive(&said) {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn it_may_print_more_than_a_pipe_holds() {
        assert_eq!(asked("yes | head -c 1000000; echo end; exit 3").await, Err("end".into()));
    }

    #[tokio::test]
    async fn whoever_gives_up_on_it_leaves_nothing_behind() {
        let mut asked = Asked::begin(&script("sleep 1000 & echo $!; wait")).unwrap();
        while asked.said.is_empty() {
            tokio::task::yield_now().await;
            asked.drain();
        }
        let child = last_line(&asked.said).unwrap();
        assert!(is_alive(&child));
        drop(asked);
        while is_alive(&child) {
            tokio::task::yield_now().await;
        }
    }
}
