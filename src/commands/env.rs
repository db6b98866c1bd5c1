//! `locald env`: the environment that a service is started with, and who gives each variable.

use std::collections::BTreeMap;
use std::path::Path;

use locald_api::{Request, Response, ServiceStatus, Target};
use locald_config::{
    Address, Asked, EnvironmentParts, Given, Giver, MASK, Project, Service, Setting, explain, load, nearest,
};
use locald_runtime::authority;
use serde_json::{Value, json};

use crate::commands::up::environment;
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::ExitKind;
use crate::paint::plain;
use crate::ui::Ui;

/// Show the environment of a service
///
/// It is made from the environment of this shell and the files as they are now, as `locald up` would make it here. What the
/// daemon alone knows is shown where it runs.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  locald env web            What `web` would be started with\n  locald env web --explain  And who gives each variable"
)]
pub(crate) struct EnvArgs {
    /// The service
    name: String,
    /// Say who gives each variable, and what that replaces
    #[arg(long)]
    explain: bool,
    /// Print an object as JSON, with who gives each variable
    #[arg(long)]
    json: bool,
    /// Show secrets too
    #[arg(long)]
    reveal: bool,
}

pub(crate) async fn env(args: EnvArgs, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    let root = context.required_project()?.root;
    let user = context.home().config_file();
    let failed = |error, ui: &Ui| context.config_error(error, "", ui.status_paint);
    let project = load(root.as_ref(), Some(&user)).map_err(|error| failed(error, ui))?;
    let settings = explain(root.as_ref(), Some(&user)).map_err(|error| failed(error, ui))?;
    let service = find(&project, &args.name)?;
    let addresses = addresses(context, &root).await?;
    let certificates = authority::variables(context.home(), project.ca_env);
    let given = resolve(&project, service, &addresses, &certificates)?;
    let origins = Origins { folder: context.folder(), project: &project, service: &args.name, settings: &settings };
    let hidden = |it: &Given| it.is_secret && !args.reveal;
    if args.json {
        let object: BTreeMap<&str, Value> = given
            .iter()
            .map(|(name, it)| {
                let value = if hidden(it) { MASK } else { it.value.as_str() };
                let from = origins.of(name, it.by);
                (name.as_str(), json!({ "value": value, "secret": it.is_secret, "from": from }))
            })
            .collect();
        return Ok(ui.json(&object)?);
    }
    for (name, it) in &given {
        let value = if hidden(it) { MASK.to_owned() } else { one_line(&it.value) };
        let from = if args.explain { ui.data_paint.dim(&origins.explain(name, it)) } else { String::new() };
        writeln!(ui.data(), "{}{from}", plain(&format!("{name}={value}")))?;
    }
    if !addresses.contains_key(&(args.name.clone(), None)) && !given.contains_key("PORT") {
        ui.note("its port is known once it has been started")?;
    }
    Ok(())
}

fn find<'a>(project: &'a Project, name: &str) -> Result<&'a Service, CommandError> {
    project.service(name).ok_or_else(|| {
        let error = CommandError::new(ExitKind::UnknownName, format!("no service `{name}` in {}", project.name));
        match nearest(name, project.services.iter().map(|service| service.name.as_str())) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error,
        }
    })
}

/// Where services are reached, by their names and those of their ports; that of the first port is `None`.
type Addresses = BTreeMap<(String, Option<String>), Address>;

/// Where the project's services are reached, as far as a daemon knows that.
async fn addresses(context: &Context, root: &str) -> Result<Addresses, CommandError> {
    let Some((client, _)) = context.running_daemon().await? else { return Ok(BTreeMap::new()) };
    let target = Target { root: Some(root.to_owned()), names: Vec::new() };
    // A project that is not up is unknown to the daemon, which is no fault here.
    let Ok(Response::Status { services, .. }) = client.call(Request::Status(target)).await else {
        return Ok(BTreeMap::new());
    };
    let address = |port: u16, sites: &[String]| Address { port, url: sites.first().cloned() };
    let each = services.into_iter().flat_map(|ServiceStatus { name, ports, sites, named_ports, .. }| {
        let first = ports.first().map(|port| ((name.clone(), None), address(*port, &sites)));
        let named = named_ports.into_iter().map(move |named| {
            let address = address(named.port, &named.sites);
            ((name.clone(), Some(named.name)), address)
        });
        first.into_iter().chain(named)
    });
    Ok(each.collect())
}

fn resolve(
    project: &Project,
    service: &Service,
    addresses: &Addresses,
    fallback: &[(String, String)],
) -> Result<BTreeMap<String, Given>, CommandError> {
    let shell = environment();
    let known = |port: Option<&str>| addresses.get(&(service.name.to_string(), port.map(str::to_owned)));
    let first = known(None).map(Address::offered).unwrap_or_default();
    let named = service.ports.iter().filter_map(|it| Some(known(Some(it.name.as_str()))?.offered_as(&it.name)));
    let offered: Vec<(String, String)> = first.into_iter().chain(named.flatten()).collect();
    let imposed = [("LOCALD_PROJECT", project.name.as_str()), ("LOCALD_SERVICE", service.name.as_str())]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let all = EnvironmentParts {
        shell: &shell,
        env: &project.env,
        dotenv: &project.dotenv,
        cwd: &service.cwd,
        fallback,
        offered: &offered,
        own: &service.env,
        imposed: &imposed,
    };
    let known = |name: &str| {
        let Asked { service, port, what } = Asked::of(name)?;
        // Shown as it is written where it is not known yet.
        let address = addresses.get(&(service.to_owned(), port.map(str::to_owned)));
        Some(address.and_then(|address| address.answer(what)).unwrap_or_else(|| format!("${{{name}}}")))
    };
    all.resolve(&known).map_err(|error| CommandError::from_error(ExitKind::Config, &error))
}

/// A value with its line breaks as `\n`, so that each variable has a line.
fn one_line(value: &str) -> String {
    value.replace('\n', "\\n")
}

/// Finds where a variable is written.
struct Origins<'a> {
    folder: &'a Path,
    project: &'a Project,
    service: &'a str,
    settings: &'a [Setting],
}

impl Origins<'_> {
    fn explain(&self, name: &str, given: &Given) -> String {
        let replaced: Vec<String> = given.replaced.iter().map(|by| self.of(name, *by)).collect();
        let replaced = if replaced.is_empty() { String::new() } else { format!(", replaces {}", replaced.join(", ")) };
        format!("  # {}{replaced}", self.of(name, given.by))
    }

    fn of(&self, name: &str, by: Giver) -> String {
        match by {
            Giver::Shell => "this shell".to_owned(),
            Giver::Locald => "locald".to_owned(),
            Giver::DotEnv => match self.project.dotenv.line_of(name) {
                Some(line) => format!(".env:{line}"),
                None => ".env".to_owned(),
            },
            Giver::Files => self.setting(&["env", name]),
            Giver::Service => self.setting(&["services", self.service, "env", name]),
        }
    }

    fn setting(&self, keys: &[&str]) -> String {
        let found = self.settings.iter().find(|setting| {
            setting.keys.len() >= keys.len() && setting.keys.iter().zip(keys).all(|(one, other)| one == other)
        });
        let Some(Setting { origin, .. }) = found else { return "the configuration".to_owned() };
        let path = origin.path.strip_prefix(self.folder).unwrap_or(&origin.path);
        plain(&format!("{}:{} ({})", path.display(), origin.line, origin.layer)).into_owned()
    }
}
