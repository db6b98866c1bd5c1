//! `locald open`: a service in the user's browser.

use std::path::Path;
use std::process::{Command, Stdio};

use locald_api::{CallError, Request, Response, ServiceStatus};
use locald_config::nearest;

use crate::context::Context;
use crate::error::CommandError;
use crate::exit::ExitKind;
use crate::ui::Ui;

/// Open a service in the browser
///
/// With the program that `BROWSER` names, else with the system's own. Where there is none, the URL is printed.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  locald open            The project's main service\n  locald open api        Another one\n  locald open api --port admin\n                         One of its named ports\n  locald open --print    Only print the URL"
)]
pub(crate) struct OpenArgs {
    /// The service, or `project:service` [default: the one at the project's own name]
    name: Option<String>,
    /// The port of that name, of the service's `ports` [default: its first]
    #[arg(long, value_name = "NAME", requires = "name")]
    port: Option<String>,
    /// Print the URL instead
    #[arg(long)]
    print: bool,
}

pub(crate) async fn browse(args: OpenArgs, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    let names: Vec<String> = args.name.into_iter().collect();
    let target = if names.is_empty() { context.definite_target(names)? } else { context.target(names)? };
    let Some((client, _)) = context.running_daemon().await? else {
        return Err(CommandError::new(ExitKind::NoDaemon, "no daemon runs, and so no service").hint("run `locald up`"));
    };
    let Response::Status { services, .. } = client.call(Request::Status(target)).await? else {
        return Err(CallError::Unfitting.into());
    };
    let found = match &args.port {
        None => main_url(&services),
        Some(port) => port_url(&services, port)?,
    };
    let Some(url) = found else {
        let message = "no service that was meant has a URL";
        return Err(CommandError::new(ExitKind::Failed, message).hint("`locald urls` shows those that have one"));
    };
    if args.print {
        return Ok(writeln!(ui.data(), "{url}")?);
    }
    match browser().map(|browser| start(browser, url)) {
        Some(Ok(())) => Ok(ui.note(&format!("opened {url}"))?),
        Some(Err(error)) => {
            let message = format!("the browser cannot be started: {error}");
            Err(CommandError::new(ExitKind::Failed, message).hint(format!("open {url} yourself")))
        }
        None => {
            ui.note("there is no browser that could be started here; this is the URL")?;
            Ok(writeln!(ui.data(), "{url}")?)
        }
    }
}

/// The URL of the only service, or of the one whose name has the fewest labels: that is the project's own.
fn main_url(services: &[ServiceStatus]) -> Option<&str> {
    let loopback = |service: &ServiceStatus| service.sites.is_empty();
    let named = services.iter().filter(|service| !loopback(service)).filter_map(|service| service.sites.first());
    let urls = services.iter().filter_map(|service| service.urls.first());
    named.min_by_key(|url| url.matches('.').count()).or_else(|| urls.into_iter().next()).map(String::as_str)
}

/// The URL of the port of this name, of the services that were meant.
fn port_url<'a>(services: &'a [ServiceStatus], port: &str) -> Result<Option<&'a str>, CommandError> {
    let named = || services.iter().flat_map(|service| &service.named_ports);
    if let Some(found) = named().find(|named| named.name == port) {
        return Ok(found.sites.first().or_else(|| found.urls.first()).map(String::as_str));
    }
    let unknown = CommandError::new(ExitKind::UnknownName, format!("no port `{port}` of what was meant"));
    Err(match nearest(port, named().map(|named| named.name.as_str())) {
        Some(near) => unknown.hint(format!("did you mean `{near}`?")),
        None => unknown.hint("`locald urls` shows the ports that have names"),
    })
}

/// What is started with a URL behind it.
#[derive(Debug, PartialEq, Eq)]
enum Browser {
    /// A line for the shell, as `BROWSER` has it.
    Line(String),
    Program(&'static str),
}

fn browser() -> Option<Browser> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    if let Some(line) = variable("BROWSER") {
        return Some(Browser::Line(line));
    }
    let programs: &[&'static str] = if cfg!(target_os = "macos") {
        &["open"]
    } else if variable("WSL_DISTRO_NAME").is_some() {
        &["wslview", "xdg-open", "explorer.exe"]
    } else if variable("DISPLAY").or_else(|| variable("WAYLAND_DISPLAY")).is_some() {
        &["xdg-open", "gio-open", "sensible-browser"]
    } else {
        &[]
    };
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there = |program: &&&str| std::env::split_paths(&path).any(|folder| is_file(&folder.join(program)));
    programs.iter().find(is_there).copied().map(Browser::Program)
}

fn is_file(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| found.is_file())
}

#[expect(clippy::disallowed_methods, reason = "the browser is the user's own program")]
fn start(browser: Browser, url: &str) -> std::io::Result<()> {
    let mut command = match browser {
        Browser::Line(line) => {
            let mut command = Command::new("sh");
            command.args(["-c", &format!("{line} \"$1\""), "sh"]);
            command
        }
        Browser::Program(program) => Command::new(program),
    };
    command.arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // It lives on for as long as it likes.
    command.spawn().map(drop)
}

#[cfg(test)]
mod tests {
    use locald_api::ServiceState;

    use super::*;
    use crate::sample;

    #[test]
    fn the_service_at_the_projects_own_name_is_meant_where_none_is_named() {
        let service = |name: &str, url: &str| ServiceStatus {
            sites: vec![url.to_owned()],
            ..sample::service("shop", name, ServiceState::Ready)
        };
        let services = [service("api", "http://api.shop.localhost:8080"), service("web", "http://shop.localhost:8080")];
        assert_eq!(main_url(&services), Some("http://shop.localhost:8080"));
        assert_eq!(main_url(&services[..1]), Some("http://api.shop.localhost:8080"));
        assert_eq!(main_url(&[sample::service("shop", "db", ServiceState::Ready)]), None);
    }
}
