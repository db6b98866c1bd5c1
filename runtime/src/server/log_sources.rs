//! Which logs a query means: those of services that are loaded, else those that lie on disk, for logs outlive everything.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use locald_api::{Failure, FailureKind, ProjectId, ServiceId, Target};
use locald_config::nearest;
use tokio::sync::watch;

use super::Server;
use crate::panes::Pane;
use crate::supervisor::{Meant, root_suffix};

/// One log that was meant.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) id: ServiceId,
    pub(super) dir: PathBuf,
    /// Moves with every record, while the service is loaded.
    pub(super) logged: Option<watch::Receiver<u64>>,
    /// What writes it, likewise.
    pub(super) pane: Option<Arc<Pane>>,
}

/// The logs that `target` means.
pub(super) fn find(server: &Server, target: &Target) -> Result<Vec<Source>, Failure> {
    let not_loaded = match server.supervisor.resolve(target) {
        Ok(meant) => return Ok(meant.iter().map(loaded).collect()),
        Err(failure) => failure,
    };
    let on_disk = on_disk(&server.home.state_dir().join("logs"));
    if target.names.is_empty() {
        let found: Vec<Source> = on_disk.into_iter().filter(|source| is_of_root(source, target)).collect();
        return if found.is_empty() { Err(not_loaded) } else { Ok(found) };
    }
    let mut found: Vec<Source> = Vec::new();
    for name in &target.names {
        let one = Target { root: target.root.clone(), names: vec![name.clone()] };
        let sources = match server.supervisor.resolve(&one) {
            Ok(meant) => meant.iter().map(loaded).collect(),
            Err(failure) => named(&on_disk, target, name, failure)?,
        };
        for source in sources {
            if found.iter().all(|known| known.id != source.id) {
                found.push(source);
            }
        }
    }
    Ok(found)
}

fn loaded(meant: &Meant) -> Source {
    let pane = &meant.service.pane;
    Source { id: pane.id.clone(), dir: pane.log_dir.clone(), logged: Some(pane.logged()), pane: Some(pane.clone()) }
}

/// The logs on disk that `name` means; `failure` says why no loaded service is meant.
fn named(on_disk: &[Source], target: &Target, name: &str, failure: Failure) -> Result<Vec<Source>, Failure> {
    let (project, service) = name.split_once(':').map_or((None, name), |(project, service)| (Some(project), service));
    let candidates: Vec<&Source> = on_disk
        .iter()
        .filter(|source| match project {
            Some(project) => is_named(&source.id.project, project),
            None => is_of_root(source, target),
        })
        .collect();
    let found: Vec<Source> =
        candidates.iter().filter(|source| source.id.service == service).map(|&source| source.clone()).collect();
    match &found[..] {
        [] => {}
        // Of two projects with one name, that of the folder is meant.
        [_, _, ..] if project.is_some() => {
            let here: Vec<Source> = found.iter().filter(|source| is_of_root(source, target)).cloned().collect();
            return if here.is_empty() { Err(several(name, &found)) } else { Ok(here) };
        }
        _ => return Ok(found),
    }
    match nearest(service, candidates.iter().map(|source| source.id.service.as_str())) {
        // The project is loaded, and has a better answer.
        _ if failure.hint.as_ref().is_some_and(|hint| hint.starts_with("did you mean")) => Err(failure),
        Some(near) => {
            let message = format!("there is no log of a service `{service}`");
            Err(Failure::new(FailureKind::UnknownName, message).hint(format!("did you mean `{near}`?")))
        }
        None => Err(failure),
    }
}

fn several(name: &str, found: &[Source]) -> Failure {
    let ids: Vec<String> = found.iter().map(|source| source.id.to_string()).collect();
    Failure::new(FailureKind::UnknownName, format!("several projects have a log of `{name}`"))
        .hint(format!("say which: {}", ids.join(", ")))
}

/// All logs there are. Names are read from the disk and never made into paths, so that none can lead elsewhere.
fn on_disk(logs: &Path) -> Vec<Source> {
    let mut found = Vec::new();
    for (project, folder) in folders(logs) {
        for (service, dir) in folders(&folder) {
            found.push(Source {
                id: ServiceId { project: ProjectId(project.clone()), service },
                dir,
                logged: None,
                pane: None,
            });
        }
    }
    found
}

/// The folders in `folder` by name. One that cannot be read has none.
fn folders(folder: &Path) -> Vec<(String, PathBuf)> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let named = entries.filter_map(|entry| {
        let entry = entry.ok().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))?;
        Some((entry.file_name().into_string().ok()?, entry.path()))
    });
    let mut found: Vec<(String, PathBuf)> = named.collect();
    found.sort();
    found
}

fn is_of_root(source: &Source, target: &Target) -> bool {
    target.root.as_deref().is_some_and(|root| source.id.project.0.ends_with(&root_suffix(Path::new(root))))
}

/// Whether `name` is the project's id, or the name in it.
fn is_named(project: &ProjectId, name: &str) -> bool {
    project.0 == name || project.0.rsplit_once('-').is_some_and(|(own, _)| own == name)
}
