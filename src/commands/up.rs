//! `locald up`: starts the services of the project, and says what became of each.

use std::path::Path;
use std::time::Duration;

use locald_api::{Client, Events, RegisteredProject, Request, Response, Target};

use crate::boot::Boot;
use crate::clock;
use crate::commands::urls;
use crate::context::{Context, Project};
use crate::error::CommandError;
use crate::paint::Paint;
use crate::progress::{Elsewhere, Progress};
use crate::ui::Ui;
use crate::{hosts_file, low_ports, resolver};

/// Start the project's services
///
/// Starts the daemon too, where none runs. Returns once each service is ready, has failed, or cannot go on, and fails if one is not
/// ready by then. Everything keeps running when this command, or the terminal, ends.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  locald up                       Start everything\n  locald up web api               Start these two, and what they depend on\n  locald up --wait --timeout 2m   In a script: all is ready, or one has failed for good"
)]
pub(crate) struct UpArgs {
    /// Services to start [default: all]
    services: Vec<String>,
    /// Go on waiting for a service that fails and is started again, and end as soon as one has failed for good
    #[arg(long)]
    wait: bool,
    /// Give up after this long, such as `30s` or `2m`; the services go on [default: never]
    #[arg(long, value_parser = clock::parse_length, value_name = "DURATION")]
    timeout: Option<Duration>,
    /// Print what became of each service as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn up(args: UpArgs, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    let project = load(context, ui.status_paint)?;
    let connection = context.daemon().await?;
    low_ports::renew(&connection.0, context, ui).await?;
    let (client, root, json) = (connection.0.clone(), project.root.clone(), args.json);
    start(connection, project, args, ui).await?;
    hosts_file::follow(&client, context, ui).await?;
    if json { Ok(()) } else { tell_of_names(&client, root, context, ui).await }
}

/// Says so where programs of this machine do not find the names of the project's services.
async fn tell_of_names(client: &Client, root: String, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    let target = Target { root: Some(root), names: Vec::new() };
    let Response::Status { services, .. } = client.call(Request::Status(target)).await? else { return Ok(()) };
    urls::note_reasons(&services, ui)?;
    urls::warn_of_refused(&services, ui)?;
    resolver::tell_further(context, &services, ui)?;
    let site = services.iter().find_map(|service| service.sites.first());
    match site.and_then(|url| resolver::host_of(url)) {
        Some(host) => resolver::tell(context, host, ui),
        None => Ok(()),
    }
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
/// One that is to `wait` is not answered while a service that failed may still come to be ready.
pub(crate) fn request(project: &Project, services: Vec<String>, wait: bool) -> Request {
    Request::Up { root: project.root.clone(), services, environment: environment(), only_new: false, wait }
}

/// The request that opens the project: starts it if it is not up, and leaves as it is what is.
pub(crate) fn opening(project: &Project) -> Request {
    Request::Up {
        root: project.root.clone(),
        services: vec![],
        environment: environment(),
        only_new: true,
        wait: false,
    }
}

/// The environment of this process.
pub(crate) fn environment() -> Vec<(String, String)> {
    // The daemon speaks of text only; a variable that is none could not be shown or resolved.
    let variables = std::env::vars_os();
    variables.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect()
}

async fn start(connection: (Client, Events), project: Project, args: UpArgs, ui: &mut Ui) -> Result<(), CommandError> {
    let UpArgs { services, wait, timeout, json } = args;
    let has = |file: &str| Path::new(&project.root).join(file).is_file();
    let written = ["locald.toml", "Procfile", "package.json"].into_iter().find(|file| has(file));
    let client = connection.0.clone();
    let progress = Progress::new(&project.root, &services, Elsewhere::Lines);
    let boot = Boot { request: request(&project, services, wait), progress, timeout };
    let report = boot.run(connection, ui).await?;
    report.show(json, ui)?;
    report.verdict()?;
    if !json {
        note_namesakes(&client, &project.root, ui).await?;
        ui.note("`locald` opens the workspace")?;
        if let Some(file) = written.filter(|file| *file != "locald.toml") {
            ui.note(&format!(
                "`locald init --from {file}` says what the {file} says in a `locald.toml`, which can say more"
            ))?;
        }
    }
    Ok(())
}

/// Says so where another project that is up has the name of the one in `root`, as that name alone does not say which is meant any
/// more.
async fn note_namesakes(client: &Client, root: &str, ui: &mut Ui) -> Result<(), CommandError> {
    let Response::Projects(projects) = client.call(Request::Projects).await? else { return Ok(()) };
    let Some(own) = projects.iter().find(|project| project.root == root) else { return Ok(()) };
    // Working trees of one repository are meant to be alike.
    let is_copy = |root: &str| Path::new(root).ancestors().any(|folder| folder.join(".git").is_file());
    let is_namesake = |other: &&RegisteredProject| other.up && other.name == own.name && other.id != own.id;
    for other in projects.iter().filter(is_namesake) {
        if !is_copy(&own.root) && !is_copy(&other.root) {
            ui.note(&format!("another project is named `{}`, in {}", other.name, other.root))?;
            let id = &own.id;
            ui.note(&format!("from elsewhere this one is `{id}`; `locald projects rename` gives it another name"))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use locald_api::{
        Change, LogEvent, LogLine, LogPage, LogStream, Response, ServerMessage, ServiceChange, ServiceState,
        ServiceStatus, Workspace,
    };

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

    fn service(name: &str, state: ServiceState) -> ServiceStatus {
        let started_at = Some(jiff::Timestamp::now().to_string());
        let urls = match (name, state) {
            // A program that is found at its name as well, without and with TLS.
            ("web", ServiceState::Ready) => {
                &["http://shop.localhost:8080", "https://shop.localhost:8443", "http://127.0.0.1:20000"][..]
            }
            (_, ServiceState::Ready) => &["http://127.0.0.1:20000"],
            _ => &[],
        };
        let urls = urls.iter().map(ToString::to_string).collect();
        ServiceStatus { started_at, urls, pid: Some(12), ..sample::service("shop", name, state) }
    }

    fn workspace(services: Vec<ServiceStatus>) -> ServerMessage {
        let projects = vec![sample::project("shop")];
        ServerMessage::Workspace(Box::new(Workspace { projects, services, ..Workspace::default() }))
    }

    /// A daemon whose `up` ends in `changes` after its services were in these states, and whose services have printed one line.
    fn answer(request: &Request, states: &[(&str, ServiceState)], changes: &[ServiceChange]) -> Reply {
        match request {
            Request::WatchWorkspace => Reply::of(Response::Done),
            Request::Up { root, .. } => {
                assert_eq!(root, "/code/shop");
                let starting = states.iter().map(|(name, _)| service(name, ServiceState::Starting)).collect();
                let last = states.iter().map(|(name, state)| service(name, *state)).collect();
                let reply =
                    if changes.is_empty() { Reply::silence() } else { Reply::of(Response::Changes(changes.to_vec())) };
                reply.after(vec![workspace(starting), workspace(last)])
            }
            Request::Status(target) => {
                assert!(target.names.iter().all(|name| name.starts_with("shop-1a2b:")));
                let services = states.iter().map(|(name, state)| service(name, *state)).collect();
                Reply::of(Response::Status { projects: vec![], services, degraded: vec![] })
            }
            Request::Logs(query) => {
                assert_eq!((&query.target.names[..], query.tail), (&["shop-1a2b:web".to_owned()][..], Some(20)));
                let event = LogEvent::Text { stream: LogStream::Tty, text: "cannot find module".to_owned() };
                let service = sample::service("shop", "web", ServiceState::Failed).id;
                let lines = vec![LogLine { time: clock::nanoseconds(jiff::Timestamp::now()), service, event }];
                Reply::of(Response::Logs(LogPage { lines, cursor: String::new(), end: true }))
            }
            Request::Projects => Reply::of(Response::Projects(vec![])),
            other => panic!("{other:?}"),
        }
    }

    async fn run(
        states: &'static [(&'static str, ServiceState)],
        changes: Vec<ServiceChange>,
        json: bool,
        timeout: Option<Duration>,
    ) -> (Result<(), CommandError>, fake::Written) {
        let (mut ui, written) = fake::ui();
        let connection = served::by(move |request| answer(request, states, &changes)).await;
        let args = UpArgs { services: vec![], wait: false, timeout, json };
        (start(connection, project(), args, &mut ui).await, written)
    }

    /// The text without the times that things took.
    fn timeless(text: &str) -> String {
        regex::Regex::new("[0-9]+ ms|[0-9]{2}:[0-9]{2}:[0-9.]{6}")
            .expect("a pattern")
            .replace_all(text, "…")
            .into_owned()
    }

    #[tokio::test]
    async fn each_service_is_told_with_its_time_and_place_and_the_workspace_recommended() {
        let changes = vec![change("web", Change::Started { pid: 12 }), change("db", Change::Started { pid: 12 })];
        let states = &[("web", ServiceState::Ready), ("db", ServiceState::Ready)];
        let (result, written) = run(states, changes, false, None).await;
        assert_eq!((result, written.data()), (Ok(()), String::new()));
        insta::assert_snapshot!(timeless(&written.status()), @"
        web: starting
        db: starting
        web started in … (pid 12): http://shop.localhost:8080  http://127.0.0.1:20000
        db started in … (pid 12): http://127.0.0.1:20000
        `locald` opens the workspace
        ");
    }

    #[tokio::test]
    async fn a_service_that_fails_has_its_reason_and_last_lines_under_it_and_fails_the_command() {
        let changes = vec![
            change("web", Change::Failed { reason: "exited with code 1".to_owned() }),
            change("job", Change::Started { pid: 12 }),
        ];
        let states = &[("web", ServiceState::Failed), ("job", ServiceState::Completed)];
        let (result, written) = run(states, changes, false, None).await;
        assert_eq!(result.unwrap_err().exit, ExitKind::Failed);
        insta::assert_snapshot!(timeless(&written.status()), @"
        web: starting
        job: starting
        web: failed
        job completed in …
        web failed: exited with code 1
          … │ cannot find module
        ");
    }

    #[tokio::test]
    async fn json_goes_to_standard_output_even_when_a_service_fails() {
        let changes = vec![change("web", Change::Failed { reason: "gone".to_owned() })];
        let (result, written) = run(&[("web", ServiceState::Failed)], changes, true, None).await;
        assert!(result.is_err());
        insta::assert_snapshot!(written.data(), @r#"[{"project":"shop","name":"web","change":"failed","reason":"gone","state":"failed","ports":[],"urls":[],"last_lines":["cannot find module"]}]"#);
    }

    #[tokio::test]
    async fn when_time_is_up_it_is_said_what_is_not_ready_and_how_it_is() {
        let states = &[("db", ServiceState::Ready), ("web", ServiceState::Starting)];
        let (result, written) = run(states, vec![], false, Some(Duration::from_millis(200))).await;
        let error = result.unwrap_err();
        assert_eq!(
            (error.exit, error.message.as_str()),
            (ExitKind::Failed, "not ready after 0.2 s: `web` is starting")
        );
        insta::assert_snapshot!(timeless(&written.status()), @"
        db: starting
        web: starting
        db started in … (pid 12): http://127.0.0.1:20000
        web is not ready yet: it is starting
          … │ cannot find module
        ");
    }
}
