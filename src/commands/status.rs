//! `locald status`: what runs, as a table that fits the terminal or as JSON.

use std::io;

use jiff::Timestamp;
use locald_api::{
    CallError, Client, Exit, NamedPort, ProjectStatus, Request, Response, ServiceState, ServiceStatus, Target, Usage,
};
use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use super::urls;
use crate::changes::{ExitJson, signal_name};
use crate::clock;
use crate::context::Context;
use crate::error::CommandError;
use crate::paint::{Paint, Tone, plain};
use crate::progress::state_tone;
use crate::table::{self, Cell, Column, Shrink};
use crate::ui::Ui;

/// Show what runs, and since when
///
/// In a narrow terminal columns are cut short or left out; in a pipe nothing is.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  locald status          The services of this project\n  locald status --all    Those of every project\n  locald status --json   For a script"
)]
pub(crate) struct StatusArgs {
    /// Services to show, or `project:service` [default: all of the project]
    names: Vec<String>,
    /// Show the services of every project
    #[arg(long, short, conflicts_with = "names")]
    all: bool,
    /// Print an array of services as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn status(args: StatusArgs, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    let target = if args.all { Target::default() } else { context.target(args.names)? };
    let Some((client, _)) = context.running_daemon().await? else {
        ui.note("no daemon runs, and so no service; `locald up` starts both")?;
        return if args.json { Ok(ui.json(&[(); 0])?) } else { Ok(()) };
    };
    run(&client, target, args.json, ui).await
}

async fn run(client: &Client, target: Target, json: bool, ui: &mut Ui) -> Result<(), CommandError> {
    let Response::Status { services, degraded, projects } = client.call(Request::Status(target)).await? else {
        return Err(CallError::Unfitting.into());
    };
    if json {
        let json: Vec<ServiceJson> = services.iter().map(|service| ServiceJson::of(service, &projects)).collect();
        ui.json(&json)?;
    } else if services.is_empty() {
        ui.note("no services are loaded; `locald up` in a project's folder starts them")?;
    } else {
        let table = table(&services, Timestamp::now(), ui);
        ui.data().write_all(table.as_bytes())?;
    }
    show_faults(&projects, ui)?;
    // Faults of single services are among them.
    for fault in degraded {
        ui.warn(&fault)?;
    }
    Ok(urls::warn_of_refused(&services, ui)?)
}

/// Says what is wrong with files while what they said before stays in force.
pub(crate) fn show_faults(projects: &[ProjectStatus], ui: &mut Ui) -> io::Result<()> {
    for project in projects.iter().filter(|project| !project.faults.is_empty()) {
        ui.warn(&format!("the configuration of `{}` has faults; what it said before stays in force", project.name))?;
        for fault in &project.faults {
            writeln!(ui.status(), "  {}", plain(fault))?;
        }
    }
    Ok(())
}

/// What goes first when the terminal is narrow has the lowest rank; the last column stays longest, because nothing else
/// says where a service is or why it is not.
const LAYOUT: [Column; 10] = [
    Column { title: "NAME", shrink: Some(Shrink { least: 12, good: 12 }), rank: None, right: false },
    Column { title: "STATE", shrink: None, rank: Some(8), right: false },
    Column { title: "PID", shrink: None, rank: Some(4), right: true },
    Column { title: "EXIT", shrink: None, rank: Some(5), right: false },
    Column { title: "RESTARTS", shrink: None, rank: Some(3), right: true },
    Column { title: "PROCS", shrink: None, rank: Some(0), right: true },
    Column { title: "CPU", shrink: None, rank: Some(1), right: true },
    Column { title: "MEMORY", shrink: None, rank: Some(2), right: true },
    Column { title: "SINCE", shrink: None, rank: Some(6), right: false },
    Column { title: "URL OR REASON", shrink: Some(Shrink { least: 14, good: 22 }), rank: Some(7), right: false },
];

fn table(services: &[ServiceStatus], now: Timestamp, ui: &Ui) -> String {
    let several_projects = services.windows(2).any(|pair| pair[0].id.project != pair[1].id.project);
    let mut rows: Vec<Vec<Cell>> = services.iter().map(|service| row(service, several_projects, now)).collect();
    let room = room(&rows, ui);
    let widest = services.iter().filter_map(|service| Some(both_urls(service)?.0.width())).max().unwrap_or(0);
    for (service, row) in services.iter().zip(&mut rows) {
        let Some((first, last)) = both_urls(service) else { continue };
        let whole = with_reason(format!("{first:widest$}  {last}"), service);
        if let Some(cell) = row.last_mut().filter(|_| plain(&whole).width() <= room) {
            cell.text = whole;
        }
    }
    table::render(&LAYOUT, &rows, ui.data_columns, ui.data_paint)
}

/// The columns that are left for the last cells where everything before them is whole.
fn room(rows: &[Vec<Cell>], ui: &Ui) -> usize {
    let before = table::render(&LAYOUT[..LAYOUT.len() - 1], rows, None, Paint::new(false));
    let taken = before.lines().map(UnicodeWidthStr::width).max().unwrap_or(0) + table::GAP;
    ui.data_columns.map_or(usize::MAX, |columns| columns.saturating_sub(taken))
}

fn row(service: &ServiceStatus, several_projects: bool, now: Timestamp) -> Vec<Cell> {
    let name = if several_projects { format!("{}:{}", service.project, service.name) } else { service.name.clone() };
    let started = service.started_at.as_deref().and_then(|time| time.parse::<Timestamp>().ok());
    let quiet_zero = if service.restarts == 0 { Tone::Quiet } else { Tone::Busy };
    vec![
        Cell::new(name),
        Cell::toned(state_tone(service.state), state(service)),
        Cell::new(service.pid.map(|pid| pid.to_string()).unwrap_or_default()),
        exit(service),
        Cell::toned(quiet_zero, service.restarts.to_string()),
        Cell::new(service.usage.map(|usage| usage.processes.to_string()).unwrap_or_default()),
        Cell::new(service.usage.and_then(|usage| usage.cpu_permille).map(percent).unwrap_or_default()),
        Cell::new(service.usage.map(|usage| memory(usage.memory)).unwrap_or_default()),
        Cell::new(started.map(|then| clock::ago(then, now)).unwrap_or_default()),
        Cell::new(place_or_reason(service))
            .leading_to(service.urls.first().filter(|_| service.state.is_alive()).cloned()),
    ]
}

/// Thousandths of a processor as a percentage.
pub(crate) fn percent(permille: u32) -> String {
    format!("{}.{}%", permille / 10, permille % 10)
}

/// In mebibytes, or in gibibytes where those are many.
pub(crate) fn memory(bytes: u64) -> String {
    match bytes >> 20 {
        mebibytes @ 0..1024 => format!("{mebibytes}M"),
        mebibytes => format!("{}.{}G", mebibytes / 1024, mebibytes % 1024 * 10 / 1024),
    }
}

/// The state, and how it is known of a service that was asked.
fn state(service: &ServiceStatus) -> String {
    match (&service.health, service.state) {
        (Some(source), ServiceState::Ready) => format!("healthy ({source})"),
        _ => service.state.word().to_owned(),
    }
}

/// How the last run ended, of a service that does not run now.
fn exit(service: &ServiceStatus) -> Cell {
    let asked_for = matches!(service.state, ServiceState::Stopped | ServiceState::Idle);
    match service.exit {
        _ if service.state.is_alive() => Cell::new(""),
        None => Cell::new(""),
        Some(Exit::Code(0)) => Cell::new("0"),
        Some(Exit::Code(code)) => Cell::toned(if asked_for { Tone::Plain } else { Tone::Bad }, code.to_string()),
        Some(Exit::Signal(signal)) => Cell::toned(if asked_for { Tone::Plain } else { Tone::Bad }, signal_name(signal)),
        Some(Exit::Unknown) => Cell::toned(Tone::Quiet, "unseen"),
    }
}

/// Where a service is that runs, and why it is as it is, where that needs saying.
fn place_or_reason(service: &ServiceStatus) -> String {
    with_reason(if service.state.is_alive() { place(service) } else { String::new() }, service)
}

fn with_reason(place: String, service: &ServiceStatus) -> String {
    match &service.reason {
        Some(reason) if place.is_empty() => reason.clone(),
        Some(reason) => format!("{place} ({reason})"),
        None => place,
    }
}

/// The URL of the name of a service that runs, and that of its port, which every program finds.
fn both_urls(service: &ServiceStatus) -> Option<(&String, &String)> {
    match &service.urls[..] {
        [first, .., last] if service.state.is_alive() => Some((first, last)),
        _ => None,
    }
}

/// Where the service can be reached: its first URL, and how many there are beside it. A port on which nobody listens is no such place.
fn place(service: &ServiceStatus) -> String {
    match &service.urls[..] {
        [] => String::new(),
        [only] => only.clone(),
        [first, more @ ..] => format!("{first} +{}", more.len()),
    }
}

/// A service as `--json` shows it.
#[derive(Serialize)]
pub(crate) struct ServiceJson<'a> {
    project: &'a str,
    name: &'a str,
    id: String,
    kind: &'a str,
    state: ServiceState,
    pid: Option<u32>,
    exit: Option<ExitJson>,
    restarts: u64,
    started_at: Option<&'a str>,
    ports: &'a [u16],
    named_ports: &'a [NamedPort],
    urls: &'a [String],
    sites: &'a [String],
    site_reason: Option<&'a str>,
    aliases: &'a [String],
    refused_hosts: &'a [String],
    reason: Option<&'a str>,
    health: Option<&'a str>,
    starts_at: Option<&'a str>,
    usage: Option<Usage>,
    log_fault: Option<&'a str>,
    /// What is wrong first with its project's files, while what they said before stays in force.
    config_fault: Option<&'a String>,
}

impl<'a> From<&'a ServiceStatus> for ServiceJson<'a> {
    fn from(service: &'a ServiceStatus) -> Self {
        Self {
            project: &service.project,
            name: &service.name,
            id: service.id.to_string(),
            kind: &service.kind,
            state: service.state,
            pid: service.pid,
            exit: service.exit.map(ExitJson::from),
            restarts: service.restarts,
            started_at: service.started_at.as_deref(),
            ports: &service.ports,
            named_ports: &service.named_ports,
            urls: &service.urls,
            sites: &service.sites,
            site_reason: service.site_reason.as_deref(),
            aliases: &service.aliases,
            refused_hosts: &service.refused_hosts,
            reason: service.reason.as_deref(),
            health: service.health.as_deref(),
            starts_at: service.starts_at.as_deref(),
            usage: service.usage,
            log_fault: service.log_fault.as_deref(),
            config_fault: None,
        }
    }
}

impl<'a> ServiceJson<'a> {
    fn of(service: &'a ServiceStatus, projects: &'a [ProjectStatus]) -> Self {
        let project = projects.iter().find(|project| project.id == service.id.project);
        Self { config_fault: project.and_then(|project| project.faults.first()), ..Self::from(service) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use crate::served::{self, Reply};
    use crate::ui::fake;

    fn services() -> Vec<ServiceStatus> {
        let started_at = Some("2026-01-31T07:00:00Z".to_owned());
        let web = ServiceStatus {
            pid: Some(48213),
            ports: vec![20000],
            urls: vec!["http://127.0.0.1:20000".to_owned()],
            started_at: started_at.clone(),
            ..sample::service("shop", "web", ServiceState::Ready)
        };
        let worker = ServiceStatus {
            exit: Some(Exit::Signal(9)),
            restarts: 3,
            started_at: started_at.clone(),
            reason: Some("ended by SIGKILL; the kernel may have been out of memory".to_owned()),
            ..sample::service("shop", "background-worker", ServiceState::Exited)
        };
        let db = ServiceStatus {
            ports: vec![20001, 20002],
            reason: Some("`postgres` is not in PATH".to_owned()),
            ..sample::service("shop", "db", ServiceState::Failed)
        };
        vec![web, worker, db, sample::service("shop", "mail", ServiceState::Stopped)]
    }

    fn shown(services: &[ServiceStatus], columns: Option<usize>) -> String {
        let (mut ui, _) = fake::ui();
        ui.data_columns = columns;
        table(services, "2026-01-31T07:20:00Z".parse().unwrap(), &ui)
    }

    #[test]
    fn the_table_fits_forty_columns() {
        insta::assert_snapshot!(shown(&services(), Some(40)), @"
        NAME          STATE    URL OR REASON
        web           ready    http://127.0.0.1…
        background-…  exited   ended by SIGKILL…
        db            failed   `postgres` is no…
        mail          stopped
        ");
    }

    #[test]
    fn the_table_fits_eighty_columns() {
        insta::assert_snapshot!(shown(&services(), Some(80)), @"
        NAME          STATE      PID  EXIT     RESTARTS  SINCE    URL OR REASON
        web           ready    48213                  0  20m ago  http://127.0.0.1:20000
        background-…  exited          SIGKILL         3  20m ago  ended by SIGKILL; the…
        db            failed                          0           `postgres` is not in …
        mail          stopped                         0
        ");
    }

    #[test]
    fn the_table_shows_everything_in_two_hundred_columns() {
        insta::assert_snapshot!(shown(&services(), Some(200)), @"
        NAME               STATE      PID  EXIT     RESTARTS  SINCE    URL OR REASON
        web                ready    48213                  0  20m ago  http://127.0.0.1:20000
        background-worker  exited          SIGKILL         3  20m ago  ended by SIGKILL; the kernel may have been out of memory
        db                 failed                          0           `postgres` is not in PATH
        mail               stopped                         0
        ");
    }

    #[test]
    fn what_a_service_uses_stands_beside_it() {
        let usage = Some(Usage { cpu_permille: Some(125), memory: 300 << 20, processes: 3 });
        let web = ServiceStatus { usage, ..services().remove(0) };
        insta::assert_snapshot!(shown(&[web], Some(100)), @"
        NAME  STATE    PID  RESTARTS  PROCS    CPU  MEMORY  SINCE    URL OR REASON
        web   ready  48213         0      3  12.5%    300M  20m ago  http://127.0.0.1:20000
        ");
    }

    #[test]
    fn where_there_is_room_services_have_the_urls_of_their_names_and_of_their_ports_and_else_their_number() {
        let named = |name: &str, port: u16| ServiceStatus {
            urls: vec![
                format!("http://{name}.localhost:8080"),
                format!("https://{name}.localhost:8443"),
                format!("http://127.0.0.1:{port}"),
            ],
            ..sample::service("shop", name, ServiceState::Ready)
        };
        let mut services = services();
        services[0] = named("web", 20000);
        services.push(ServiceStatus { reason: Some("it is slow".to_owned()), ..named("docs", 20003) });
        insta::assert_snapshot!(shown(&services, Some(120)), @"
        NAME               STATE    EXIT     RESTARTS  SINCE    URL OR REASON
        web                ready                    0           http://web.localhost:8080   http://127.0.0.1:20000
        background-worker  exited   SIGKILL         3  20m ago  ended by SIGKILL; the kernel may have been out of memory
        db                 failed                   0           `postgres` is not in PATH
        mail               stopped                  0
        docs               ready                    0           http://docs.localhost:8080  http://127.0.0.1:20003 (it is slow)
        ");
        insta::assert_snapshot!(shown(&services, Some(90)), @"
        NAME               STATE    EXIT     RESTARTS  SINCE    URL OR REASON
        web                ready                    0           http://web.localhost:8080 +2
        background-worker  exited   SIGKILL         3  20m ago  ended by SIGKILL; the kernel may …
        db                 failed                   0           `postgres` is not in PATH
        mail               stopped                  0
        docs               ready                    0           http://docs.localhost:8080 +2 (it…
        ");
        assert_eq!(shown(&services, None), shown(&services, Some(200)));
    }

    #[test]
    fn a_pipe_is_never_cut_short() {
        assert_eq!(shown(&services(), None), shown(&services(), Some(200)));
    }

    #[test]
    fn services_that_run_keep_their_url_in_forty_columns() {
        insta::assert_snapshot!(shown(&services()[..1], Some(40)), @"
        NAME  STATE  URL OR REASON
        web   ready  http://127.0.0.1:20000
        ");
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_at_any_width() {
        for columns in 1..160 {
            for line in shown(&services(), Some(columns)).lines() {
                assert!(line.width() <= columns, "{columns}: {line:?}");
            }
        }
    }

    #[test]
    fn services_of_several_projects_have_whole_names() {
        let other = sample::service("blog", "web", ServiceState::Ready);
        let table = shown(&[services().remove(0), other], None);
        assert!(table.contains("\nshop:web ") && table.contains("\nblog:web "), "{table}");
    }

    fn served_status() -> Response {
        let degraded = vec!["shop:web: no space left".to_owned()];
        let mut services = services();
        services[0].log_fault = Some("no space left".to_owned());
        Response::Status { projects: vec![sample::project("shop")], services, degraded }
    }

    #[tokio::test]
    async fn json_is_an_array_with_every_field_of_every_service() {
        let (mut ui, written) = fake::ui();
        let (client, _events) = served::by(|_| Reply::of(served_status())).await;
        run(&client, Target::default(), true, &mut ui).await.unwrap();
        insta::assert_snapshot!(written.data().replace("},{", "},\n{"), @r#"
        [{"project":"shop","name":"web","id":"shop-1a2b:web","kind":"exec","state":"ready","pid":48213,"exit":null,"restarts":0,"started_at":"2026-01-31T07:00:00Z","ports":[20000],"named_ports":[],"urls":["http://127.0.0.1:20000"],"sites":[],"site_reason":null,"aliases":[],"refused_hosts":[],"reason":null,"health":null,"starts_at":null,"usage":null,"log_fault":"no space left","config_fault":null},
        {"project":"shop","name":"background-worker","id":"shop-1a2b:background-worker","kind":"exec","state":"exited","pid":null,"exit":{"code":null,"signal":9},"restarts":3,"started_at":"2026-01-31T07:00:00Z","ports":[],"named_ports":[],"urls":[],"sites":[],"site_reason":null,"aliases":[],"refused_hosts":[],"reason":"ended by SIGKILL; the kernel may have been out of memory","health":null,"starts_at":null,"usage":null,"log_fault":null,"config_fault":null},
        {"project":"shop","name":"db","id":"shop-1a2b:db","kind":"exec","state":"failed","pid":null,"exit":null,"restarts":0,"started_at":null,"ports":[20001,20002],"named_ports":[],"urls":[],"sites":[],"site_reason":null,"aliases":[],"refused_hosts":[],"reason":"`postgres` is not in PATH","health":null,"starts_at":null,"usage":null,"log_fault":null,"config_fault":null},
        {"project":"shop","name":"mail","id":"shop-1a2b:mail","kind":"exec","state":"stopped","pid":null,"exit":null,"restarts":0,"started_at":null,"ports":[],"named_ports":[],"urls":[],"sites":[],"site_reason":null,"aliases":[],"refused_hosts":[],"reason":null,"health":null,"starts_at":null,"usage":null,"log_fault":null,"config_fault":null}]
        "#);
    }

    #[tokio::test]
    async fn what_is_degraded_is_said_once_beside_the_table() {
        let (mut ui, written) = fake::ui();
        let (client, _events) = served::by(|_| Reply::of(served_status())).await;
        run(&client, Target::default(), false, &mut ui).await.unwrap();
        assert_eq!(written.status(), "warning: shop:web: no space left\n");
    }
}
