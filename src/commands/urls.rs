//! `locald urls`: where services are: at their names, and at their ports.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use locald_api::{CallError, NamedPort, Request, Response, ServiceStatus, Target};
use locald_config::shown_host;
use serde::Serialize;

use crate::context::Context;
use crate::error::CommandError;
use crate::progress::state_tone;
use crate::resolver;
use crate::table::{self, Cell, Column, Shrink};
use crate::ui::Ui;

/// Print where services are
///
/// Each at its name, which browsers and curl find, and at its port, which every program finds. A name works whether its service runs
/// or not: then it says so.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  locald urls            Of the services of this project\n  locald urls --all      Of every project\n  locald urls web --json For a script"
)]
pub(crate) struct UrlsArgs {
    /// Services, or `project:service` [default: all of the project]
    names: Vec<String>,
    /// Print those of every project
    #[arg(long, short, conflicts_with = "names")]
    all: bool,
    /// Print an array of services as JSON
    #[arg(long)]
    json: bool,
}

/// Where a service is, as `--json` shows it.
#[derive(Debug, Serialize, PartialEq, Eq)]
struct Place<'a> {
    project: &'a str,
    name: &'a str,
    /// The one to show.
    url: Option<&'a str>,
    /// All of its name.
    urls: &'a [String],
    loopback_url: Option<String>,
    /// Its further ports.
    ports: Vec<PortPlace<'a>>,
    /// Where its further names lead.
    aliases: Vec<AliasPlace>,
    /// Whether programs find the name that ask the system's resolver, as most do that are neither a browser nor curl.
    resolves: Option<bool>,
}

/// Where a port with a name is, as `--json` shows it.
#[derive(Debug, Serialize, PartialEq, Eq)]
struct PortPlace<'a> {
    name: &'a str,
    /// The one to show.
    url: Option<&'a str>,
    /// All of its name.
    urls: &'a [String],
    loopback_url: String,
}

/// A further name of a service, as `--json` shows it.
#[derive(Debug, Serialize, PartialEq, Eq)]
struct AliasPlace {
    /// As people read it.
    name: String,
    /// As browsers send it.
    url: String,
}

pub(crate) async fn urls(args: UrlsArgs, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    let target = if args.all { Target::default() } else { context.target(args.names)? };
    let Some((client, _)) = context.running_daemon().await? else {
        ui.note("no daemon runs, and so no service; `locald up` starts both")?;
        return if args.json { Ok(ui.json(&[(); 0])?) } else { Ok(()) };
    };
    let Response::Status { services, .. } = client.call(Request::Status(target)).await? else {
        return Err(CallError::Unfitting.into());
    };
    let reached: Vec<&ServiceStatus> = services.iter().filter(|service| !service.ports.is_empty()).collect();
    let resolves = |place: &Place| place.url.and_then(resolver::host_of).map(|host| resolver::finds(context, host));
    if args.json {
        let places = reached.iter().map(|service| place(service));
        let places: Vec<Place> = places.map(|place| Place { resolves: resolves(&place), ..place }).collect();
        return Ok(ui.json(&places)?);
    }
    if reached.is_empty() {
        return Ok(ui.note("no service here has a port")?);
    }
    let table = table(&reached, ui);
    ui.data().write_all(table.as_bytes())?;
    note_reasons(&services, ui)?;
    warn_of_refused(&services, ui)?;
    for note in resolver::unfound_further(context, &services) {
        ui.note(&note)?;
    }
    if reached.iter().any(|service| resolves(&place(service)) == Some(false)) {
        ui.note(
            "browsers and curl find these names; programs that ask this machine's resolver do not, and take the port",
        )?;
        ui.note("`locald setup hosts` has every program find them")?;
    }
    Ok(())
}

/// Says which host names of configurations lead nowhere, and why.
pub(crate) fn warn_of_refused(services: &[ServiceStatus], ui: &mut Ui) -> io::Result<()> {
    let refused: BTreeSet<&String> = services.iter().flat_map(|service| &service.refused_hosts).collect();
    refused.into_iter().try_for_each(|refused| ui.warn(refused))
}

/// Says why services are at other names than they would be.
pub(crate) fn note_reasons(services: &[ServiceStatus], ui: &mut Ui) -> io::Result<()> {
    let mut reasons: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for service in services {
        if let Some(reason) = &service.site_reason {
            // Several that run beside each other have one name.
            let family = service.name.split_once('.').map_or(&*service.name, |(family, _)| family);
            reasons.entry(reason).or_default().insert(family);
        }
    }
    for (reason, names) in reasons {
        let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
        let verb = if names.len() == 1 { "is at a name" } else { "are at names" };
        ui.note(&format!("{} {verb} of one label: {reason}", names.join(", ")))?;
    }
    Ok(())
}

const LAYOUT: [Column; 4] = [
    Column { title: "NAME", shrink: Some(Shrink { least: 12, good: 12 }), rank: None, right: false },
    Column { title: "STATE", shrink: None, rank: Some(0), right: false },
    Column { title: "URL", shrink: None, rank: Some(2), right: false },
    Column { title: "PORT", shrink: None, rank: Some(1), right: false },
];

fn table(services: &[&ServiceStatus], ui: &Ui) -> String {
    let several_projects = services.windows(2).any(|pair| pair[0].id.project != pair[1].id.project);
    let rows = |service: &&ServiceStatus| {
        let place = place(service);
        let name = if several_projects { format!("{}:{}", place.project, place.name) } else { place.name.to_owned() };
        let row = |name: String, url: Option<&str>, loopback_url: Option<String>| {
            let state = Cell::toned(state_tone(service.state), service.state.word());
            let url = Cell::new(url.unwrap_or_default().to_owned());
            vec![Cell::new(name), state, url, Cell::new(loopback_url.unwrap_or_default())]
        };
        let aliases = place.aliases.into_iter().map(|it| row(it.name, Some(&it.url), None));
        let aliases: Vec<_> = aliases.collect();
        let named =
            place.ports.into_iter().map(|it| row(format!("{name} ({})", it.name), it.url, Some(it.loopback_url)));
        std::iter::once(row(name.clone(), place.url, place.loopback_url))
            .chain(named)
            .chain(aliases)
            .collect::<Vec<_>>()
    };
    table::render(&LAYOUT, &services.iter().flat_map(rows).collect::<Vec<_>>(), ui.data_columns, ui.data_paint)
}

fn place(service: &ServiceStatus) -> Place<'_> {
    // Where it listens, if that is elsewhere than it was told.
    let listens = service.urls.last().filter(|url| !service.sites.contains(url)).cloned();
    Place {
        project: &service.project,
        name: &service.name,
        url: service.sites.first().map(String::as_str),
        urls: &service.sites,
        loopback_url: listens.or_else(|| service.ports.first().map(|port| loopback_url(*port))),
        ports: service.named_ports.iter().map(port_place).collect(),
        aliases: aliases(service),
        resolves: None,
    }
}

/// Where a service with a port is found, in words: at its name, if it has one, and at its port, whether it runs or not.
pub(crate) fn found_at(service: &ServiceStatus) -> Option<String> {
    if service.ports.is_empty() {
        return None;
    }
    let Place { url, loopback_url, .. } = place(service);
    let both: Vec<&str> = url.into_iter().chain(loopback_url.as_deref()).collect();
    Some(both.join(" and "))
}

/// The names that lead to one place each: all but those that stand for many.
fn aliases(service: &ServiceStatus) -> Vec<AliasPlace> {
    let single = service.aliases.iter().filter(|alias| !alias.starts_with("*."));
    let place = |(alias, url): (&String, &String)| AliasPlace { name: shown_alias(alias), url: url.clone() };
    single.zip(&service.alias_urls).map(place).collect()
}

/// A further name of a service as people read it.
pub(crate) fn shown_alias(alias: &str) -> String {
    let (name, path) = parted(alias);
    shown_host(name) + path
}

/// A host name, and the path behind it.
fn parted(alias: &str) -> (&str, &str) {
    alias.split_at(alias.find('/').unwrap_or(alias.len()))
}

fn port_place(named: &NamedPort) -> PortPlace<'_> {
    PortPlace {
        name: &named.name,
        url: named.sites.first().map(String::as_str),
        urls: &named.sites,
        loopback_url: loopback_url(named.port),
    }
}

/// The URL of a port of this machine.
pub(crate) fn loopback_url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

#[cfg(test)]
mod tests {
    use locald_api::ServiceState;

    use super::*;
    use crate::sample;
    use crate::ui::fake;

    #[test]
    fn a_service_is_at_its_name_and_at_its_port_or_where_it_listens_instead() {
        let mut web = sample::service("shop", "web", ServiceState::Stopped);
        web.ports = vec![20000];
        web.sites = vec!["http://shop.localhost".to_owned()];
        let told = |service: &ServiceStatus| {
            let place = place(service);
            (place.url.map(str::to_owned), place.loopback_url)
        };
        let name = Some("http://shop.localhost".to_owned());
        assert_eq!(told(&web), (name.clone(), Some("http://127.0.0.1:20000".to_owned())));
        web.urls = vec!["http://shop.localhost".to_owned(), "http://127.0.0.1:3000".to_owned()];
        assert_eq!(told(&web), (name, Some("http://127.0.0.1:3000".to_owned())));
    }

    #[test]
    fn why_services_are_at_other_names_is_said_once() {
        let narrow = |name: &str| ServiceStatus {
            site_reason: Some("Next.js 16.1 takes no other".to_owned()),
            ..sample::service("shop", name, ServiceState::Ready)
        };
        let services = ["docs", "admin.1", "admin.2"].map(narrow);
        let (mut ui, written) = fake::ui();
        note_reasons(&services, &mut ui).unwrap();
        note_reasons(&services[..1], &mut ui).unwrap();
        note_reasons(&[], &mut ui).unwrap();
        insta::assert_snapshot!(written.status(), @"
        `admin`, `docs` are at names of one label: Next.js 16.1 takes no other
        `docs` is at a name of one label: Next.js 16.1 takes no other
        ");
    }

    #[test]
    fn a_named_port_a_further_name_and_a_path_have_lines_of_their_own_below_their_service() {
        let admin = NamedPort {
            name: "admin".to_owned(),
            port: 20001,
            urls: vec![],
            sites: vec!["http://admin.web.shop.localhost".to_owned()],
        };
        let web = ServiceStatus {
            ports: vec![20000, 20001],
            named_ports: vec![admin],
            sites: vec!["http://shop.localhost:8080".to_owned()],
            aliases: ["xn--bcher-kva.localhost", "*.shop.localhost", "shop.test/API"].map(str::to_owned).into(),
            alias_urls: ["http://xn--bcher-kva.localhost:8080", "https://shop.test/API"].map(str::to_owned).into(),
            ..sample::service("shop", "web", ServiceState::Ready)
        };
        insta::assert_snapshot!(table(&[&web], &fake::ui().0), @"
        NAME              STATE  URL                                  PORT
        web               ready  http://shop.localhost:8080           http://127.0.0.1:20000
        web (admin)       ready  http://admin.web.shop.localhost      http://127.0.0.1:20001
        bücher.localhost  ready  http://xn--bcher-kva.localhost:8080
        shop.test/API     ready  https://shop.test/API
        ");
    }
}
