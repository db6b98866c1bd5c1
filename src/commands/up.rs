//! `locald up`: starts the services of the project, and says what became of each.

use std::path::Path;

use locald_api::{Client, Event, Events, Request, ServiceChange, Target, Workspace};

use crate::changes::{self, Asked};
use crate::clock;
use crate::context::{Context, Project};
use crate::error::CommandError;
use crate::log_text::{LogText, Projects};
use crate::paint::Paint;
use crate::progress::Progress;
use crate::ui::Ui;

/// How many lines of a service that failed are shown.
const LAST_LINES: u64 = 20;

/// Start the project's services
///
/// Starts the daemon too, where none runs. Everything keeps running when this command, or the terminal, ends.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  locald up           Start everything\n  locald up web api   Start these two")]
pub(crate) struct UpArgs {
    /// Services to start [default: all]
    services: Vec<String>,
    /// Print what became of each service as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn up(args: UpArgs, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    let project = load(context, ui.status_paint)?;
    let (client, events) = context.daemon().await?;
    start(&client, events, project, args, ui).await
}

/// The project around the folder, once its files are known to be without faults.
pub(crate) fn load(context: &Context, paint: Paint) -> Result<Project, CommandError> {
    let project = context.required_project()?;
    let user = context.home().config_file();
    match locald_config::load(project.root.as_ref(), Some(&user)) {
        Ok(_) => Ok(project),
        Err(error) => Err(context.config_error(error, "; nothing was started", paint)),
    }
}

/// The request that starts `services` of the project, with the environment of this process.
pub(crate) fn request(project: &Project, services: Vec<String>) -> Request {
    Request::Up { root: project.root.clone(), services, environment: environment(), only_new: false }
}

/// The request that opens the project: starts it if it is not up, and leaves as it is what is.
pub(crate) fn opening(project: &Project) -> Request {
    Request::Up { root: project.root.clone(), services: vec![], environment: environment(), only_new: true }
}

/// The environment of this process.
pub(crate) fn environment() -> Vec<(String, String)> {
    // The daemon speaks of text only; a variable that is none could not be shown or resolved.
    let variables = std::env::vars_os();
    variables.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect()
}

async fn start(
    client: &Client,
    mut events: Events,
    project: Project,
    args: UpArgs,
    ui: &mut Ui,
) -> Result<(), CommandError> {
    let began = jiff::Timestamp::now();
    let has = |file: &str| Path::new(&project.root).join(file).is_file();
    let written = ["locald.toml", "Procfile", "package.json"].into_iter().find(|file| has(file));
    let mut progress = Progress::new(&project.root, &args.services);
    client.call(Request::WatchWorkspace).await?;
    let answer = client.call(request(&project, args.services));
    tokio::pin!(answer);
    let mut last = Workspace::default();
    let answer = loop {
        tokio::select! {
            // What was sent before the answer is shown before it.
            biased;
            Some(event) = events.next() => {
                if let Event::Workspace(workspace) = event {
                    progress.show(&workspace, ui)?;
                    last = *workspace;
                }
            }
            answer = &mut answer => break answer,
        }
    };
    // Nobody reads them from here on, and what nobody reads would hold up the answers behind it.
    drop(events);
    progress.clear(ui)?;
    let changes = changes::expect(answer?)?;
    changes::show(&changes, Asked::Start, args.json, ui)?;
    let target = Target { root: Some(project.root), names: vec![] };
    show_last_lines(client, &changes, &target, began, ui).await?;
    for degraded in &last.degraded {
        ui.warn(degraded)?;
    }
    changes::verdict(&changes, Asked::Start)?;
    if !args.json {
        ui.note("`locald` opens the workspace")?;
        if let Some(file) = written.filter(|file| *file != "locald.toml") {
            ui.note(&format!(
                "`locald init --from {file}` says what the {file} says in a `locald.toml`, which can say more"
            ))?;
        }
    }
    Ok(())
}

/// Shows what each service that failed has printed since `began`. `target` is what the user asked for.
pub(crate) async fn show_last_lines(
    client: &Client,
    changes: &[ServiceChange],
    target: &Target,
    began: jiff::Timestamp,
    ui: &mut Ui,
) -> Result<(), CommandError> {
    for change in changes::failed(changes) {
        let service = &change.service.service;
        // A bare name is exact in its own folder; two worktrees of a project share the project's name.
        let is_here = target.root.is_some() && target.names.iter().all(|name| !name.contains(':'));
        let name = if is_here { service.clone() } else { format!("{}:{service}", change.project) };
        let query = locald_api::LogQuery {
            target: Target { root: target.root.clone(), names: vec![name] },
            tail: Some(LAST_LINES),
            since: Some(clock::nanoseconds(began)),
            ..Default::default()
        };
        // The failure is the story; that its lines cannot be had as well is not.
        let Ok(locald_api::Response::Logs(page)) = client.call(Request::Logs(query)).await else { continue };
        if page.lines.is_empty() {
            continue;
        }
        let now = jiff::ZonedDateTime::now();
        let text = LogText::new(ui.status_paint, &now, false, Projects::default()).page(&page.lines);
        let title = ui.status_paint.bold(&format!("The last lines of {service}:"));
        writeln!(ui.status(), "{title}")?;
        ui.status().write_all(text.as_bytes())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use locald_api::{Change, LogEvent, LogLine, LogPage, LogStream, Response, ServerMessage, ServiceState};

    use super::*;
    use crate::exit::ExitKind;
    use crate::sample;
    use crate::served::{self, Reply};
    use crate::ui::fake;

    fn project() -> Project {
        Project { root: "/code/shop".to_owned() }
    }

    fn change(service: &str, change: Change) -> ServiceChange {
        let id = sample::service("shop", service, ServiceState::Ready).id;
        ServiceChange { service: id, project: "shop".to_owned(), change }
    }

    fn workspace(web: ServiceState) -> ServerMessage {
        ServerMessage::Workspace(Box::new(Workspace {
            projects: vec![sample::project("shop")],
            services: vec![sample::service("shop", "web", web)],
            ..Workspace::default()
        }))
    }

    /// A daemon whose `up` ends in `changes`, and whose `web` has printed one line.
    fn answer(request: &Request, changes: &[ServiceChange]) -> Reply {
        match request {
            Request::WatchWorkspace => Reply::of(Response::Done),
            Request::Up { root, .. } => {
                assert_eq!(root, "/code/shop");
                let states = [ServiceState::Starting, ServiceState::Failed].map(workspace).to_vec();
                Reply::of(Response::Changes(changes.to_vec())).after(states)
            }
            Request::Logs(query) => {
                assert_eq!(query.target.names, ["web"]);
                let event = LogEvent::Text { stream: LogStream::Tty, text: "cannot find module".to_owned() };
                let service = sample::service("shop", "web", ServiceState::Failed).id;
                let lines = vec![LogLine { time: clock::nanoseconds(jiff::Timestamp::now()), service, event }];
                Reply::of(Response::Logs(LogPage { lines, cursor: String::new(), end: true }))
            }
            other => panic!("{other:?}"),
        }
    }

    async fn run(changes: Vec<ServiceChange>, json: bool) -> (Result<(), CommandError>, fake::Written) {
        let (mut ui, written) = fake::ui();
        let (client, events) = served::by(move |request| answer(request, &changes)).await;
        let args = UpArgs { services: vec![], json };
        (start(&client, events, project(), args, &mut ui).await, written)
    }

    #[tokio::test]
    async fn each_service_is_told_and_the_workspace_recommended() {
        let changes = vec![change("web", Change::Started { pid: 12 }), change("db", Change::AlreadyRunning { pid: 9 })];
        let (result, written) = run(changes, false).await;
        assert_eq!(result, Ok(()));
        assert!(
            written
                .status()
                .ends_with("web started (pid 12)\ndb was already running (pid 9)\n`locald` opens the workspace\n")
        );
        assert_eq!(written.data(), "");
    }

    #[tokio::test]
    async fn a_service_that_fails_shows_its_reason_and_last_lines_and_fails_the_command() {
        let changes = vec![change("web", Change::Failed { reason: "exited with code 1".to_owned() })];
        let (result, written) = run(changes, false).await;
        assert_eq!(result.unwrap_err().exit, ExitKind::Failed);
        let status = written.status();
        assert!(status.starts_with("web: starting\nweb: failed\nweb failed: exited with code 1\n"), "{status}");
        assert!(status.ends_with("│ cannot find module\n"), "{status}");
    }

    #[tokio::test]
    async fn json_goes_to_standard_output_even_when_a_service_fails() {
        let changes = vec![change("web", Change::Failed { reason: "gone".to_owned() })];
        let (result, written) = run(changes, true).await;
        assert!(result.is_err());
        let expected = r#"[{"project":"shop","name":"web","change":"failed","reason":"gone"}]"#;
        assert_eq!(written.data().trim_end(), expected);
    }
}
