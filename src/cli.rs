//! The words of the command line: which commands there are, and how `locald --help` shows them.

use std::ffi::OsString;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use locald_keeper::SandboxName;

use crate::commands;
use crate::exit;
use crate::look::LookArgs;

/// The command line.
#[derive(Parser, Debug)]
#[command(
    name = "locald",
    version,
    about = "A terminal workspace for every service of a project",
    after_help = AFTER_HELP,
    max_term_width = 100
)]
pub(crate) struct Cli {
    /// What to do; the workspace when nothing is said.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// Work in a sandbox of this name
    #[arg(long, global = true, value_name = "NAME", env = commands::sandbox::VARIABLE, hide_env = true)]
    pub(crate) sandbox: Option<SandboxName>,
    #[command(flatten)]
    pub(crate) look: LookArgs,
}

const AFTER_HELP: &str = "\
Examples:
  locald              Start the project and open it
  locald up           Start it and open nothing
  locald logs -f web  Follow what `web` prints

`locald help COMMAND` says more about a command.";

/// The commands, one file each.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    Attach(commands::attach::AttachArgs),
    Monitor(commands::monitor::MonitorArgs),
    Up(commands::up::UpArgs),
    Wait(commands::wait::WaitArgs),
    Ensure(commands::ensure::EnsureArgs),
    Down(commands::down::DownArgs),
    Start(commands::start::StartArgs),
    Stop(commands::stop::StopArgs),
    Restart(commands::restart::RestartArgs),
    Status(commands::status::StatusArgs),
    Urls(commands::urls::UrlsArgs),
    Open(commands::browse::OpenArgs),
    Explain(commands::explain::ExplainArgs),
    Logs(commands::logs::LogsArgs),
    Capture(commands::capture::CaptureArgs),
    SendKeys(commands::send_keys::SendKeysArgs),
    Config(commands::config::ConfigArgs),
    Env(commands::env::EnvArgs),
    #[command(visible_alias = "run")]
    Try(commands::r#try::TryArgs),
    Init(commands::init::InitArgs),
    Schema(commands::schema::SchemaArgs),
    Daemon(commands::daemon::DaemonArgs),
    Projects(commands::projects::ProjectsArgs),
    Sandbox(commands::sandbox::SandboxArgs),
    Trust(commands::trust::TrustArgs),
    Untrust(commands::untrust::UntrustArgs),
    Setup(commands::setup::SetupArgs),
    Shutdown(commands::shutdown::ShutdownArgs),
    Debug(commands::debug::DebugArgs),
    Completion(commands::completion::CompletionArgs),
}

/// The commands as the help groups them.
const GROUPS: &[(&str, &[&str])] = &[
    ("Services", &["up", "down", "start", "stop", "restart", "wait", "ensure"]),
    ("Look and type", &["status", "urls", "open", "explain", "logs", "attach", "monitor", "capture", "send-keys"]),
    ("The configuration", &["try", "init", "config", "env", "schema"]),
    ("The daemon", &["daemon", "projects", "sandbox", "shutdown"]),
    ("This machine", &["trust", "untrust", "setup"]),
    ("More", &["debug", "completion", "help"]),
];

/// The command line's definition, with its help in groups.
pub(crate) fn command() -> clap::Command {
    let command = Cli::command();
    let template = template(&command);
    command.help_template(template).after_long_help(format!("{AFTER_HELP}\n\n{}", exit::help()))
}

/// Reads the command line. The error is also how clap says its help and version.
pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
    Cli::from_arg_matches(&command().try_get_matches_from(args)?)
}

/// Clap lists commands in one heap; a template with the groups written out takes that list's place.
fn template(command: &clap::Command) -> String {
    let heading = |title: &str| format!("\x1b[1m\x1b[4m{title}:\x1b[0m\n");
    let mut text = String::from("{about}\n\n{usage-heading} {usage}\n\n");
    for (title, names) in GROUPS {
        text.push_str(&heading(title));
        for name in *names {
            let about = command.find_subcommand(name).and_then(clap::Command::get_about);
            let about = about.map_or_else(|| "Say more about a command".to_owned(), ToString::to_string);
            text.extend(["  \x1b[1m", &format!("{name:<10}"), "\x1b[0m  ", &about, "\n"]);
        }
        text.push('\n');
    }
    text + &heading("Options") + "{options}{after-help}"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(args: &[&str]) -> String {
        let args = std::iter::once("locald").chain(args.iter().copied()).map(OsString::from);
        parse(args).unwrap_err().render().to_string()
    }

    #[test]
    fn the_definition_holds_together() {
        command().debug_assert();
    }

    #[test]
    fn every_command_is_in_one_group_of_the_help() {
        let grouped: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        let mut defined: Vec<String> = command().get_subcommands().map(|it| it.get_name().to_owned()).collect();
        defined.push("help".to_owned());
        defined.sort_unstable();
        let mut sorted = grouped.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, defined);
    }

    #[test]
    fn the_help_fits_sixty_columns() {
        let help = command().render_help().to_string();
        insta::assert_snapshot!(help, @"
        A terminal workspace for every service of a project

        Usage: locald [OPTIONS] [COMMAND]

        Services:
          up          Start the project's services
          down        Stop all services of the project and forget it
          start       Start services of a project that is up
          stop        Stop services, and whatever they started
          restart     Stop services and start them again
          wait        Wait until services are ready, or gone
          ensure      Start a service, wait, and print where it is

        Look and type:
          status      Show what runs, and since when
          urls        Print where services are
          open        Open a service in the browser
          explain     Say why services are as they are
          logs        Show what services printed
          attach      Open the workspace at one service
          monitor     Open the workspace at the overview
          capture     Print what a service's pane shows
          send-keys   Type into a service

        The configuration:
          try         Run a command here, and make a service of it
          init        Write a `locald.toml` for what is there
          config      Show the configuration, or change a value
          env         Show the environment of a service
          schema      Print the JSON Schema of a `locald.toml`

        The daemon:
          daemon      Look at the daemon, or replace its process
          projects    Look at projects, pin, rename or forget them
          sandbox     Look at sandboxes, end them, or run in one
          shutdown    Stop every project's services and the daemon

        This machine:
          trust       Trust the certificates of services
          untrust     Remove what `locald trust` has done
          setup       Change this machine, list and undo changes

        More:
          debug       Find out what went wrong
          completion  Print a shell's completion script
          help        Say more about a command

        Options:
              --sandbox <NAME>  Work in a sandbox of this name
              --theme <THEME>   Colours: auto, dark, light or a file
          -h, --help            Print help (see more with '--help')
          -V, --version         Print version

        Examples:
          locald              Start the project and open it
          locald up           Start it and open nothing
          locald logs -f web  Follow what `web` prints

        `locald help COMMAND` says more about a command.
        ");
        for line in help.lines() {
            assert!(line.chars().count() <= 60, "{line}");
        }
    }

    #[test]
    fn every_command_and_every_argument_is_described_and_has_an_example() {
        let mut open = vec![command()];
        while let Some(command) = open.pop() {
            assert!(command.get_about().is_some(), "{}", command.get_name());
            let named = command.get_arguments().filter(|argument| !argument.is_hide_set());
            for argument in named {
                let id = argument.get_id();
                assert!(argument.get_help().is_some(), "{} {id}", command.get_name());
            }
            let is_group = command.has_subcommands();
            assert!(is_group || command.get_after_help().is_some(), "{} has no example", command.get_name());
            open.extend(command.get_subcommands().cloned());
        }
    }

    #[test]
    fn an_unknown_command_names_the_nearest() {
        insta::assert_snapshot!(refused(&["stauts"]), @"
        error: unrecognized subcommand 'stauts'

          tip: some similar subcommands exist: 'setup', 'trust', 'restart', 'start', 'status'

        Usage: locald [OPTIONS] [COMMAND]

        For more information, try '--help'.
        ");
    }

    #[test]
    fn arguments_that_contradict_each_other_are_refused() {
        for args in
            [&["logs", "--raw", "--json"][..], &["logs", "--raw", "--grep", "x"], &["send-keys", "web"], &["attach"]]
        {
            assert!(!refused(args).is_empty());
        }
    }
}
