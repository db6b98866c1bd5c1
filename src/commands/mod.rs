//! The commands, one file each. A command reads its arguments, asks the daemon, and says what came of it.

pub(crate) mod attach;
pub(crate) mod browse;
pub(crate) mod capture;
pub(crate) mod completion;
pub(crate) mod config;
pub(crate) mod config_edit;
pub(crate) mod daemon;
pub(crate) mod debug;
pub(crate) mod down;
pub(crate) mod ensure;
pub(crate) mod env;
pub(crate) mod explain;
pub(crate) mod init;
pub(crate) mod logs;
pub(crate) mod monitor;
pub(crate) mod open;
pub(crate) mod projects;
pub(crate) mod restart;
pub(crate) mod sandbox;
pub(crate) mod schema;
pub(crate) mod send_keys;
pub(crate) mod setup;
pub(crate) mod shutdown;
pub(crate) mod start;
pub(crate) mod status;
pub(crate) mod stop;
pub(crate) mod trust;
pub(crate) mod r#try;
pub(crate) mod untrust;
pub(crate) mod up;
pub(crate) mod urls;
pub(crate) mod wait;

use crate::cli::{Cli, Command};
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::ExitKind;
use crate::ui::Ui;

/// SIGINT, on every system.
const INTERRUPT: u8 = 2;

/// Runs one command; without one, opens the workspace.
pub(crate) async fn run(cli: Cli, ui: &mut Ui) -> Result<(), CommandError> {
    let Cli { command, sandbox, look } = cli;
    // Needs no daemon, and must work from a folder that is gone.
    match command {
        Some(Command::Completion(args)) => return completion::completion(&args, ui),
        Some(Command::Schema(args)) => return schema::schema(&args, ui),
        Some(Command::Debug(args)) => return debug::debug(args, ui).await,
        _ => {}
    }
    let context = Context::of_process(sandbox.as_ref())?;
    let Some(command) = command else { return open::open(&look, false, &context, ui).await };
    match command {
        Command::Attach(args) => attach::attach(args, &context, ui).await,
        Command::Up(args) => interruptible(up::up(args, &context, ui)).await,
        Command::Wait(args) => interruptible(wait::wait(args, &context, ui)).await,
        Command::Ensure(args) => interruptible(ensure::ensure(args, &context, ui)).await,
        Command::Down(args) => interruptible(down::down(&args, &context, ui)).await,
        Command::Start(args) => interruptible(start::start(args, &context, ui)).await,
        Command::Stop(args) => interruptible(stop::stop(args, &context, ui)).await,
        Command::Restart(args) => interruptible(restart::restart(args, &context, ui)).await,
        Command::Explain(args) => interruptible(explain::explain(args, &context, ui)).await,
        Command::Urls(args) => interruptible(urls::urls(args, &context, ui)).await,
        Command::Open(args) => interruptible(browse::browse(args, &context, ui)).await,
        Command::Status(args) => interruptible(status::status(args, &context, ui)).await,
        Command::Monitor(args) => monitor::monitor(&args, &context, ui).await,
        Command::Logs(args) => logs::logs(args, &context, ui).await,
        Command::Capture(args) => interruptible(capture::capture(args, &context, ui)).await,
        Command::SendKeys(args) => interruptible(send_keys::send_keys(args, &context)).await,
        Command::Config(args) => config::config(&args, &context, ui),
        Command::Try(args) => r#try::r#try(args, &context, ui).await,
        Command::Trust(args) => interruptible(trust::trust(args, &context, ui)).await,
        Command::Untrust(args) => interruptible(untrust::untrust(args, &context, ui)).await,
        Command::Setup(args) => interruptible(setup::setup(args, &context, ui)).await,
        Command::Init(args) => init::init(&args, &context, ui),
        Command::Env(args) => interruptible(env::env(args, &context, ui)).await,
        Command::Daemon(args) => interruptible(daemon::daemon(&args, &context, ui)).await,
        Command::Projects(args) => interruptible(projects::projects(args, &context, ui)).await,
        Command::Sandbox(args) => interruptible(sandbox::sandbox(args, ui)).await,
        Command::Shutdown(args) => interruptible(shutdown::shutdown(&args, &context, ui)).await,
        Command::Completion(_) | Command::Debug(_) | Command::Schema(_) => Ok(()),
    }
}

/// Ends at Ctrl-C in the middle of a wait. The request is cancelled; what the daemon has done by then stays done.
async fn interruptible(work: impl Future<Output = Result<(), CommandError>>) -> Result<(), CommandError> {
    tokio::select! {
        result = work => result,
        Ok(()) = tokio::signal::ctrl_c() => {
            Err(CommandError::new(ExitKind::Signal(INTERRUPT), "interrupted")
                .hint("the daemon and its services go on; `locald status` shows them"))
        }
    }
}
