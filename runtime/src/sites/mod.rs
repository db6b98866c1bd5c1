//! Under which names services are found: the host names of each, and the URLs that they make with the ports of the proxy.
//!
//! `web`, or the only service with a port, has its project's name, `project.localhost`; each also has its own below it,
//! `service.project.localhost`, and one of a single label, `service-project.localhost`, as some frameworks know no other. In a
//! worktree of Git the branch belongs to the project's label. A port that has a name of its own is below its service:
//! `port.service.project.localhost`, `port-service-project.localhost`.

mod claims;
mod framework;
mod label;
mod worktree;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use locald_api::{ProjectId, ServiceId};
use locald_config::{Kind, NamedPort, PathAt, ProjectName, Protocol, suffix_of};
use locald_machine::Ledger;
use locald_proxy::{HostName, PathPrefix, Pattern};
use tracing::warn;

use crate::state_file;
use crate::supervisor::Definition;
use claims::{Claims, Owner};

/// What all names end with that services have by themselves. Browsers and curl know that it is this machine (RFC 6761 §6.3).
const SUFFIX: &str = "localhost";
/// The service that has its project's name, where there are several.
const MAIN: &str = "web";

/// The names of all services of this home.
pub(crate) struct Sites {
    state: PathBuf,
    file: PathBuf,
    claims: Mutex<Claims>,
    projects: Mutex<BTreeMap<ProjectId, BTreeMap<String, Site>>>,
    entrances: Mutex<Entrances>,
    /// What names may end with beside `.localhost` and `.test`.
    suffixes: Mutex<Vec<String>>,
    trust: Mutex<Trust>,
}

/// Whether browsers believe what the proxy says with TLS.
#[derive(Debug, Default)]
struct Trust {
    /// The fingerprints of the authorities that it shows, by the suffixes that they are for.
    authorities: BTreeMap<Option<String>, String>,
    /// Those of all that browsers trust.
    trusted: BTreeSet<String>,
}

impl Trust {
    /// Whether a certificate is believed for a name below this suffix; `None`: one that is given.
    fn is_believed(&self, suffix: Option<&str>) -> bool {
        self.authorities.get(&suffix.map(str::to_owned)).is_some_and(|shown| self.trusted.contains(shown))
    }
}

/// The names of a service, or of several that run beside each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Site {
    /// The name that is shown.
    pub(crate) home: HostName,
    /// Why it is not the one that it would be.
    pub(crate) because: Option<String>,
    /// All that lead to it, that one included, by what the service is called.
    pub(crate) names: Vec<HostName>,
    /// Further ones that its configuration asks for.
    pub(crate) asked: Vec<Pattern>,
    /// Those among them, and among the hosts of its paths, that are below no suffix that there is: nothing leads to it there.
    pub(crate) refused: BTreeSet<String>,
    /// What is spoken to it.
    pub(crate) protocol: Protocol,
    /// Beginnings of paths at names that it shares.
    pub(crate) paths: Vec<(Pattern, PathPrefix)>,
    /// Its further ports, by their names.
    pub(crate) ports: BTreeMap<String, PortSite>,
}

/// The names of a port of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PortSite {
    /// The name that is shown.
    pub(crate) home: HostName,
    /// All that lead to it, that one included.
    pub(crate) names: Vec<HostName>,
}

/// Where the proxy listens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Entrances {
    pub(crate) http: Option<u16>,
    pub(crate) https: Option<u16>,
}

impl Sites {
    /// The names of the home whose lasting files are in `state`.
    pub(crate) fn open(state: &Path) -> Self {
        let file = state.join("names.json");
        let claims = Mutex::new(state_file::read(&file).value);
        let state = state.to_owned();
        Self {
            state,
            file,
            claims,
            projects: Mutex::default(),
            entrances: Mutex::default(),
            suffixes: Mutex::default(),
            trust: Mutex::default(),
        }
    }

    /// The proxy listens here from now on.
    pub(crate) fn set_entrances(&self, entrances: Entrances) {
        *self.entrances.lock().unwrap_or_else(PoisonError::into_inner) = entrances;
    }

    /// Names may also end with these. Said before any project is there.
    pub(crate) fn set_suffixes(&self, suffixes: &[String]) {
        suffixes.clone_into(&mut self.suffixes());
    }

    /// The proxy shows certificates of the authorities with these fingerprints from now on, each for names below a suffix; without one
    /// for those below `localhost` and `test`.
    pub(crate) fn set_authorities(&self, authorities: BTreeMap<Option<String>, String>) {
        self.trust().authorities = authorities;
        self.look_at_machine();
    }

    /// Learns which authorities browsers trust, as far as it was written down.
    pub(crate) fn look_at_machine(&self) {
        let trusted = match Ledger::read(&self.state) {
            Ok(ledger) => ledger.browsers_trust,
            Err(error) => {
                warn!(%error, "what was done to the machine cannot be read");
                BTreeSet::new()
            }
        };
        self.trust().trusted = trusted;
    }

    /// These are the services of a project from now on.
    pub(crate) fn define(&self, id: &ProjectId, name: &str, root: &Path, definitions: &[Definition]) {
        let mut claims = self.claims.lock().unwrap_or_else(PoisonError::into_inner);
        let before = claims.clone();
        let sites = sites(&mut claims, name, root, definitions, &self.suffixes());
        if *claims != before
            && let Err(error) = state_file::write(&self.file, &*claims)
        {
            warn!(file = %self.file.display(), %error, "names cannot be saved");
        }
        drop(claims);
        self.projects().insert(id.clone(), sites);
    }

    /// The project is not up any more. Its names stay its own.
    pub(crate) fn forget(&self, id: &ProjectId) {
        self.projects().remove(id);
    }

    /// The names of all services of a project, by what they are called in its configuration.
    pub(crate) fn of_project(&self, id: &ProjectId) -> BTreeMap<String, Site> {
        self.projects().get(id).cloned().unwrap_or_default()
    }

    /// The URLs by which a service is found at its first port, or at the one with this name, the one to show first.
    pub(crate) fn urls(&self, id: &ServiceId, port: Option<&str>) -> Vec<String> {
        let Some(home) = self.home(id, port) else { return Vec::new() };
        self.urls_of(&home)
    }

    /// The URL of a host name that is to be shown.
    pub(crate) fn shown_url(&self, host: &HostName) -> Option<String> {
        self.urls_of(host).into_iter().next()
    }

    /// The URLs of a host name, the one to show first.
    fn urls_of(&self, host: &HostName) -> Vec<String> {
        let Entrances { http, https } = *self.entrances.lock().unwrap_or_else(PoisonError::into_inner);
        let http = http.map(|port| url("http", host, port, 80));
        let https = https.map(|port| url("https", host, port, 443));
        let suffixes = self.suffixes();
        let further = suffix_of(host.as_str(), &suffixes).filter(|suffix| suffixes.iter().any(|it| it == suffix));
        // Nobody is sent to where the browser warns of us.
        let [first, second] = if self.trust().is_believed(further) { [https, http] } else { [http, https] };
        first.into_iter().chain(second).collect()
    }

    /// Where the further names of a service lead, those that stand for all below one left out.
    pub(crate) fn alias_urls(&self, id: &ServiceId) -> Vec<String> {
        let further = |site: &Site| {
            let (asked, paths) =
                (site.asked.iter().map(|it| (it, None)), site.paths.iter().map(|(it, path)| (it, Some(path))));
            let single = asked.chain(paths).filter_map(|(pattern, path)| match pattern {
                Pattern::Exact(name) => Some((name.clone(), path.map_or_else(String::new, ToString::to_string))),
                Pattern::Below(_) => None,
            });
            single.collect::<Vec<_>>()
        };
        let further = self.of_service(id, further).unwrap_or_default().into_iter();
        further.filter_map(|(name, path)| Some(self.shown_url(&name)? + &path)).collect()
    }

    /// Host names that the configuration asks for and at which nothing leads to the service, each with why.
    pub(crate) fn refused(&self, id: &ServiceId) -> Vec<String> {
        let refused = self.of_service(id, |site| site.refused.clone()).unwrap_or_default();
        let why = "it ends with none of the `suffixes` in `[proxy]` of config.toml; name one there, then `locald daemon restart`";
        refused.into_iter().map(|name| format!("`{name}` leads nowhere: {why}")).collect()
    }

    /// The further names of a service, `*.` before those that stand for all below one, and a path behind those that it shares.
    pub(crate) fn aliases(&self, id: &ServiceId) -> Vec<String> {
        let further = |site: &Site| {
            let paths = site.paths.iter().map(|(host, path)| format!("{host}{path}"));
            site.asked.iter().map(ToString::to_string).chain(paths).collect()
        };
        self.of_service(id, further).unwrap_or_default()
    }

    /// Why a service is shown at another name than it would be.
    pub(crate) fn because(&self, id: &ServiceId) -> Option<String> {
        self.of_service(id, |site| site.because.clone())?
    }

    fn of_service<T>(&self, id: &ServiceId, what: impl FnOnce(&Site) -> T) -> Option<T> {
        Some(what(self.projects().get(&id.project)?.get(family(&id.service))?))
    }

    fn home(&self, id: &ServiceId, port: Option<&str>) -> Option<HostName> {
        let projects = self.projects();
        let site = projects.get(&id.project)?.get(family(&id.service))?;
        Some(match port {
            None => site.home.clone(),
            Some(port) => site.ports.get(port)?.home.clone(),
        })
    }

    fn suffixes(&self) -> MutexGuard<'_, Vec<String>> {
        self.suffixes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn trust(&self) -> MutexGuard<'_, Trust> {
        self.trust.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every host name that leads to a service of a project that is up, each once, in order.
    pub(crate) fn host_names(&self) -> Vec<String> {
        let projects = self.projects();
        let names = projects.values().flat_map(BTreeMap::values).flat_map(|site| {
            let asked = site.asked.iter().filter_map(|pattern| match pattern {
                Pattern::Exact(name) => Some(name),
                Pattern::Below(_) => None,
            });
            let of_ports = site.ports.values().flat_map(|port| &port.names);
            site.names.iter().chain(of_ports).chain(asked).map(ToString::to_string)
        });
        names.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The port at which TLS is spoken.
    pub(crate) fn secure_port(&self) -> Option<u16> {
        self.entrances.lock().unwrap_or_else(PoisonError::into_inner).https
    }

    fn projects(&self) -> MutexGuard<'_, BTreeMap<ProjectId, BTreeMap<String, Site>>> {
        self.projects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn url(scheme: &str, host: &HostName, port: u16, usual: u16) -> String {
    if port == usual { format!("{scheme}://{host}") } else { format!("{scheme}://{host}:{port}") }
}

/// The name under which several of a service run beside each other.
pub(crate) fn family(service: &str) -> &str {
    service.split_once('.').map_or(service, |(family, _)| family)
}

/// The names of a project's services. Further ones that they ask for may be below `suffixes` too.
fn sites(
    claims: &mut Claims,
    name: &str,
    root: &Path,
    definitions: &[Definition],
    suffixes: &[String],
) -> BTreeMap<String, Site> {
    let mut reached: BTreeMap<&str, &Definition> = BTreeMap::new();
    for definition in definitions.iter().filter(|definition| definition.kind == Kind::Exec) {
        reached.entry(definition.family.as_str()).or_insert(definition);
    }
    claims.retain(|owner| {
        if owner.root != root {
            return owner.root.is_dir();
        }
        let Some(service) = owner.service.as_deref() else { return true };
        let has = |port: &str, definition: &Definition| definition.ports.iter().any(|it| it.name.as_str() == port);
        let definition = reached.get(service);
        definition.is_some_and(|definition| owner.port.as_deref().is_none_or(|port| has(port, definition)))
    });
    let project =
        claims.claim(&Owner { root: root.to_owned(), service: None, port: None }, name, &project_label(name, root));
    let main =
        if reached.contains_key(MAIN) || reached.len() != 1 { Some(MAIN) } else { reached.keys().next().copied() };
    let mut taken = BTreeSet::new();
    let mut sites = BTreeMap::new();
    for (family, definition) in &reached {
        let label = label::of(family);
        let label = if taken.contains(&label) { label::with_hash(&label, family) } else { label };
        taken.insert(label.clone());
        let owner = Owner { root: root.to_owned(), service: Some((*family).to_owned()), port: None };
        let flat = claims.claim(&owner, &project, &label::joined(&[&label, &project]));
        let own = host(&format!("{label}.{project}"));
        let of_project = (main == Some(*family)).then(|| host(&project));
        let names: Vec<HostName> = of_project.into_iter().chain([own, host(&flat)]).flatten().collect();
        // The last of them has one label, and the project's.
        let narrow = framework::that_wants_one_label(&definition.directory);
        let is_narrow = main != Some(*family) && narrow.is_some();
        let Some(home) = (if is_narrow { names.last() } else { names.first() }).cloned() else { continue };
        let reason = |narrow: &String| format!("{narrow} takes no name below localhost of more than one label");
        let because = narrow.as_ref().filter(|_| is_narrow).map(reason);
        let is_refused = |host: &&String| suffix_of(host, suffixes).is_none();
        let hosts_of_paths = definition.paths.iter().filter_map(|it| it.host.as_ref());
        let refused = definition.hosts.iter().chain(hosts_of_paths).filter(is_refused).cloned().collect();
        let asked = definition.hosts.iter().filter(|host| !is_refused(host));
        let asked = asked.filter_map(|text| text.parse().ok()).collect();
        let of_project = host(&project).map(Pattern::Exact);
        let paths = definition.paths.iter().filter(|it| it.host.as_ref().is_none_or(|host| !is_refused(&host)));
        let paths = paths.filter_map(|PathAt { host, path }| {
            let at = host.as_ref().map_or_else(|| of_project.clone(), |host| host.parse().ok());
            Some((at?, path.parse().ok()?))
        });
        let paths = paths.collect();
        let protocol = definition.protocol;
        let ports = definition.ports.iter().filter_map(|NamedPort { name, .. }| {
            let owner = Owner { port: Some(name.to_string()), ..owner.clone() };
            let flat = claims.claim(&owner, &project, &label::joined(&[name.as_str(), &label, &project]));
            let names: Vec<HostName> =
                [host(&format!("{name}.{label}.{project}")), host(&flat)].into_iter().flatten().collect();
            let home = if narrow.is_some() { names.last() } else { names.first() }.cloned()?;
            Some((name.to_string(), PortSite { home, names }))
        });
        let ports = ports.collect();
        sites.insert((*family).to_owned(), Site { home, because, names, asked, refused, protocol, paths, ports });
    }
    sites
}

/// The label of a project: its name and, in a worktree, the branch.
fn project_label(name: &str, root: &Path) -> String {
    let Some(worktree) = worktree::around(root) else { return label::of(name) };
    // A project that is named for its folder is meant to have the repository's name: a worktree's folder mostly says the branch.
    let is_unnamed = worktree.folder == root && ProjectName::of_folder(root).as_str() == name;
    let main = ProjectName::of_folder(&worktree.main);
    let name = if is_unnamed { main.as_str() } else { name };
    label::joined(&[name, &worktree.branch])
}

/// The host name right below the suffix.
fn host(labels: &str) -> Option<HostName> {
    // Labels fold to what a name can hold, and three of them are never too long.
    format!("{labels}.{SUFFIX}").parse().ok()
}

#[cfg(test)]
mod tests;
