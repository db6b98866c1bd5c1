//! `locald try`: runs a command as it is, sees where it listens, and makes a service of it.

use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;
use std::{fs, io};

use locald_config::{Plain, ServiceName, parse_manifest};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::context::Context;
use crate::error::CommandError;
use crate::exit::ExitKind;
use crate::save::save;
use crate::ui::Ui;

const MANIFEST: &str = "locald.toml";
/// How often it is looked at where the command listens. A port that is seen twice in a row is there to stay.
const LOOK: Duration = Duration::from_millis(250);

/// Run a command here, and make a service of it
///
/// The command has this terminal, this folder and this shell's environment, with a free port in `$PORT`. It ends as it would without
/// locald, and so does `try`. One word is a line for the shell, several are a program and its arguments.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  locald try 'python3 -m http.server $PORT'\n  locald try --name api -- cargo run -- --port 4000"
)]
pub(crate) struct TryArgs {
    /// The name of the service
    #[arg(long)]
    name: Option<ServiceName>,
    /// Make a service of it without asking
    #[arg(long)]
    save: bool,
    /// The command
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<String>,
}

/// A service that the command may become.
struct Draft {
    name: ServiceName,
    command: Vec<String>,
    port: Option<u16>,
    /// Where it runs, from the project's folder.
    folder: PathBuf,
}

pub(crate) async fn r#try(args: TryArgs, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    let given = free_port().await?;
    let child = start(&args.command, given)?;
    let (status, found) = attend(child, given, ui).await?;
    let stray = found.iter().next().copied().filter(|_| !found.contains(&given));
    if status.code() != Some(126) && status.code() != Some(127) {
        offer(args, stray, context, ui)?;
    }
    match (status.code(), status.signal()) {
        (Some(0), _) => Ok(()),
        (Some(code), _) => Err(CommandError::silent(ExitKind::Child(u8::try_from(code).unwrap_or(1)))),
        (None, number) => {
            let number = number.and_then(|number| u8::try_from(number).ok()).unwrap_or_default();
            Err(CommandError::silent(ExitKind::Signal(number)))
        }
    }
}

async fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0)).await?.local_addr()?.port())
}

fn start(words: &[String], port: u16) -> Result<Child, CommandError> {
    let (program, arguments) = match words {
        [line] => ("/bin/sh", &["-c".to_owned(), line.clone()][..]),
        _ => (words[0].as_str(), &words[1..]),
    };
    let mut command = Command::new(program);
    command.args(arguments);
    command.env("PORT", port.to_string()).env("HOST", "127.0.0.1");
    command.spawn().map_err(|error| {
        let message = format!("`{}` could not be started: {error}", words[0]);
        CommandError::new(ExitKind::Child(if error.kind() == io::ErrorKind::NotFound { 127 } else { 126 }), message)
    })
}

/// Waits for the command's end; says how it ended and where it listened last. The terminal's own signals reach it without us, others
/// are passed on.
async fn attend(mut child: Child, given: u16, ui: &mut Ui) -> Result<(ExitStatus, BTreeSet<u16>), CommandError> {
    let (mut interrupt, mut quit) = (signal(SignalKind::interrupt())?, signal(SignalKind::quit())?);
    let (mut terminate, mut hangup) = (signal(SignalKind::terminate())?, signal(SignalKind::hangup())?);
    let mut looks = tokio::time::interval(LOOK);
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let (mut seen, mut found, mut told) = (BTreeSet::new(), BTreeSet::new(), false);
    loop {
        tokio::select! {
            status = child.wait() => return Ok((status?, found)),
            Some(()) = interrupt.recv() => {}
            Some(()) = quit.recv() => {}
            () = received(&mut terminate) => pass(&child, rustix::process::Signal::TERM),
            () = received(&mut hangup) => pass(&child, rustix::process::Signal::HUP),
            _ = looks.tick() => {
                let Some(pid) = child.id() else { continue };
                let ports = tokio::task::spawn_blocking(move || locald_runtime::ports_of_run(pid)).await.unwrap_or_default();
                if !ports.is_empty() && ports == seen {
                    found.clone_from(&ports);
                    if let (false, Some(port)) = (told, ports.first().filter(|_| !ports.contains(&given))) {
                        told = true;
                        ui.warn(&format!("it listens on port {port}, whatever $PORT says ({given})"))?;
                    }
                }
                seen = ports;
            }
        }
    }
}

/// Resolves when the signal comes.
async fn received(signal: &mut Signal) {
    if signal.recv().await.is_none() {
        std::future::pending::<()>().await;
    }
}

fn pass(child: &Child, signal: rustix::process::Signal) {
    let pid = child.id().and_then(|pid| rustix::process::Pid::from_raw(pid.cast_signed()));
    if let Some(pid) = pid {
        // One that has just ended needs it no more.
        let _ = rustix::process::kill_process(pid, signal);
    }
}

/// Offers to write the command down as a service.
fn offer(args: TryArgs, port: Option<u16>, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    let asks = io::stdin().is_terminal() && io::stderr().is_terminal();
    if !args.save && !asks {
        return Ok(());
    }
    let found = locald_config::find_root(context.folder());
    let root = match found {
        Some(found) if found.source.ends_with(MANIFEST) => found.root,
        Some(found) if args.save || asks => {
            // A new `locald.toml` would take the place of what describes the project now.
            let file = found.source.file_name().unwrap_or_default().to_string_lossy().into_owned();
            return Ok(ui.note(&format!(
                "not saved: the project is described by its {file}; `locald init --from {file}` writes a {MANIFEST} to add to"
            ))?);
        }
        _ => context.folder().to_owned(),
    };
    let path = root.join(MANIFEST);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(failed(&path, &error)),
    };
    let parsed = parse_manifest(&path, &text, &root);
    let project =
        parsed.map_err(|faults| context.config_error(faults.into(), "; nothing was saved", ui.status_paint))?;
    let taken = |name: &str| project.services.iter().any(|service| service.name.as_str() == name);
    if let Some(name) = args.name.as_ref().filter(|name| taken(name.as_str())) {
        let message = format!("there is a service `{name}` already; nothing was saved");
        return Err(CommandError::new(ExitKind::Usage, message).hint("`--name` gives another name"));
    }
    let name = args.name.unwrap_or_else(|| free_name(&args.command, port.is_some(), taken));
    let folder = context.folder().strip_prefix(&root).unwrap_or(Path::new("")).to_owned();
    let draft = Draft { name, command: args.command, port, folder };
    if !args.save {
        let with = draft.port.map_or_else(String::new, |port| format!(" with `port = {port}`"));
        write!(ui.status(), "Save it as the service `{}`{with}? [Y/n] ", draft.name)?;
        ui.status().flush()?;
        let mut answer = String::new();
        io::stdin().read_line(&mut answer)?;
        if !agrees(&answer) {
            return Ok(());
        }
    }
    let text = draft.appended_to(&text);
    // What we write must be what we read.
    parse_manifest(&path, &text, &root)
        .map_err(|faults| CommandError::new(ExitKind::Internal, format!("what was made of it has faults: {faults}")))?;
    save(&path, &text).map_err(|error| failed(&path, &error))?;
    Ok(ui.note(&format!("`{}` is in {MANIFEST} now; `locald up` starts it", draft.name))?)
}

/// An empty answer agrees; the end of input does not.
fn agrees(answer: &str) -> bool {
    matches!(answer.trim().to_ascii_lowercase().as_str(), "" | "y" | "yes") && answer.ends_with('\n')
}

fn failed(path: &Path, error: &io::Error) -> CommandError {
    CommandError::new(ExitKind::Failed, format!("{}: {error}; nothing was saved", path.display()))
}

/// A name that no service has: `web` for what listens, else that of the program.
fn free_name(command: &[String], listens: bool, taken: impl Fn(&str) -> bool) -> ServiceName {
    let program = command[0].split_ascii_whitespace().next().unwrap_or_default();
    let program = Path::new(program).file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let word: String = program.chars().filter(|ch| ch.is_ascii_alphanumeric() || *ch == '-').collect();
    let word = if listens || word.is_empty() { "web" } else { word.trim_matches('-') };
    let names = std::iter::once(word.to_owned()).chain((2..).map(|number| format!("{word}-{number}")));
    let mut free = names.filter(|name| !taken(name)).filter_map(|name| name.parse().ok());
    free.next().unwrap_or_else(|| "web".parse().expect("a service name"))
}

impl Draft {
    /// The text of a `locald.toml` with the service at its end.
    fn appended_to(&self, text: &str) -> String {
        let mut lines = vec![format!("[services.{}]", self.name)];
        lines.push(match &self.command[..] {
            [line] => format!("command = {}", Plain::Text(line.clone())),
            words => {
                let words: Vec<String> = words.iter().map(|word| Plain::Text(word.clone()).to_string()).collect();
                format!("command = [{}]", words.join(", "))
            }
        });
        if !self.folder.as_os_str().is_empty() {
            lines.push(format!("cwd = {}", Plain::Text(self.folder.to_string_lossy().into_owned())));
        }
        lines.extend(self.port.map(|port| format!("port = {port}")));
        let before = match text.trim_end() {
            "" => String::new(),
            text => format!("{text}\n\n"),
        };
        format!("{before}{}\n", lines.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn a_name_is_that_of_the_program_or_web_for_what_listens_and_never_one_that_is_there() {
        let name = |command: &[&str], listens, taken: &'static [&'static str]| {
            free_name(&words(command), listens, |name| taken.contains(&name)).to_string()
        };
        assert_eq!(name(&["./bin/worker.sh --all"], false, &[]), "workersh");
        assert_eq!(name(&["cargo", "run"], false, &[]), "cargo");
        assert_eq!(name(&["cargo", "run"], true, &["web", "web-2"]), "web-3");
        assert_eq!(name(&["'$'"], false, &[]), "web");
    }

    #[test]
    fn a_service_is_added_below_what_is_there() {
        let draft = |command: &[&str], port, folder: &str| Draft {
            name: "it".parse().unwrap(),
            command: words(command),
            port,
            folder: folder.into(),
        };
        assert_eq!(draft(&["echo 'a b'"], None, "").appended_to(""), "[services.it]\ncommand = \"echo 'a b'\"\n");
        let text = draft(&["node", "a b.js"], Some(9999), "api").appended_to("# mine\n[services.x]\ncommand = 'x'\n");
        insta::assert_snapshot!(text, @r#"
        # mine
        [services.x]
        command = 'x'

        [services.it]
        command = ["node", "a b.js"]
        cwd = "api"
        port = 9999
        "#);
    }

    #[test]
    fn an_empty_answer_agrees_and_no_answer_does_not() {
        assert!(agrees("\n") && agrees("Y\n"));
        assert!(!agrees("") && !agrees("n\n") && !agrees("what\n"));
    }
}
