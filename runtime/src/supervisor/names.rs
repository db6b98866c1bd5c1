//! Which services a client means: `service` in the project it stands in, `project:service` anywhere.

use std::path::Path;

use locald_api::{Failure, FailureKind, Target};
use locald_config::nearest;

use super::project::Project;
use super::service::Service;

/// A service that was meant, with its project's name for display.
#[derive(Debug, Clone)]
pub(crate) struct Meant {
    pub(crate) project: String,
    pub(crate) service: Service,
}

/// The services that `target` means; all of its project, or of all projects, where it names none.
pub(crate) fn resolve(projects: &[Project], target: &Target) -> Result<Vec<Meant>, Failure> {
    let here = target.root.as_deref().map(|root| find_root(projects, root));
    if target.names.is_empty() {
        return match here {
            Some(project) => Ok(all_of(project?).collect()),
            None => Ok(projects.iter().flat_map(all_of).collect()),
        };
    }
    let mut meant: Vec<Meant> = Vec::new();
    for name in &target.names {
        let found = match name.split_once(':') {
            Some((project, service)) => find_services(find_project(projects, project, here.as_ref())?, service)?,
            None => match &here {
                Some(Ok(project)) => find_services(project, name)?,
                Some(Err(failure)) => return Err(failure.clone()),
                None => return Err(bare(projects, name)),
            },
        };
        for found in found {
            if meant.iter().all(|known| known.service.pane.id != found.service.pane.id) {
                meant.push(found);
            }
        }
    }
    Ok(meant)
}

/// The one service that `target` means.
pub(crate) fn resolve_one(projects: &[Project], target: &Target) -> Result<Meant, Failure> {
    let mut meant = resolve(projects, target)?;
    let names: Vec<String> = meant.iter().map(|meant| format!("`{}`", meant.service.pane.id.service)).collect();
    if let (Some(one), true) = (meant.pop(), meant.is_empty()) {
        return Ok(one);
    }
    let failure = Failure::new(FailureKind::BadRequest, "exactly one service must be named");
    Err(if names.is_empty() { failure } else { failure.hint(format!("say which: {}", names.join(", "))) })
}

/// The project in `root`.
pub(crate) fn find_root<'a>(projects: &'a [Project], root: &str) -> Result<&'a Project, Failure> {
    projects.iter().find(|project| project.root == Path::new(root)).ok_or_else(|| {
        Failure::new(FailureKind::UnknownName, format!("the project in {root} is not up")).hint("run `locald up`")
    })
}

fn all_of(project: &Project) -> impl Iterator<Item = Meant> {
    project.services.iter().map(|service| Meant { project: project.name.clone(), service: service.clone() })
}

/// The service of that name, or all that run under it beside each other.
fn find_services(project: &Project, name: &str) -> Result<Vec<Meant>, Failure> {
    let found: Vec<Meant> = all_of(project).filter(|meant| is_called(&meant.service.pane.id.service, name)).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let names: Vec<&str> = project.services.iter().map(|service| service.pane.id.service.as_str()).collect();
    Err(unknown_service(&project.name, &names, name))
}

/// Whether `name` means the service: it is the service's own, or that under which several run beside each other.
pub(super) fn is_called(service: &str, name: &str) -> bool {
    service == name || service.split_once('.').is_some_and(|(family, _)| family == name)
}

/// No service of the project, whose services are `names`, is called `name`.
pub(super) fn unknown_service(project: &str, names: &[&str], name: &str) -> Failure {
    let failure = Failure::new(FailureKind::UnknownName, format!("project `{project}` has no service `{name}`"));
    match nearest(name, names.iter().copied()) {
        Some(near) => failure.hint(format!("did you mean `{near}`?")),
        None if names.is_empty() => failure,
        None => failure.hint(format!("its services are: {}", names.join(", "))),
    }
}

fn find_project<'a>(
    projects: &'a [Project],
    name: &str,
    here: Option<&Result<&'a Project, Failure>>,
) -> Result<&'a Project, Failure> {
    if let Some(Ok(project)) = here
        && project.name == name
    {
        return Ok(project);
    }
    let mut found = projects.iter().filter(|project| project.name == name || project.id.0 == name);
    match (found.next(), found.next()) {
        (Some(project), None) => Ok(project),
        (Some(_), Some(_)) => {
            let same = projects.iter().filter(|project| project.name == name);
            let ids: Vec<String> = same.map(|it| format!("{} ({})", it.id, it.root.display())).collect();
            let message = format!("several projects are named `{name}`");
            Err(Failure::new(FailureKind::UnknownName, message).hint(format!("say which: {}", ids.join(", "))))
        }
        (None, _) => {
            let failure = Failure::new(FailureKind::UnknownName, format!("no project `{name}` is up"));
            Err(match nearest(name, projects.iter().map(|project| project.name.as_str())) {
                Some(near) => failure.hint(format!("did you mean `{near}`?")),
                None => failure.hint("run `locald up` in its folder"),
            })
        }
    }
}

fn bare(projects: &[Project], name: &str) -> Failure {
    let with_it = projects.iter().filter(|project| find_services(project, name).is_ok());
    let whole: Vec<String> = with_it.map(|project| format!("`{}:{name}`", project.name)).collect();
    let failure = Failure::new(FailureKind::UnknownName, format!("there is no project here to look for `{name}` in"));
    if whole.is_empty() { failure } else { failure.hint(format!("did you mean {}?", whole.join(" or "))) }
}
