//! `locald projects`: the projects there are, up or not; which start with the daemon, and which can be forgotten.

use std::path::{Path, PathBuf};

use locald_api::{CallError, Client, RegisteredProject, Request, Response};
use locald_runtime::Registry;
use serde::Serialize;

use super::config_edit;
use crate::confirm::confirm;
use crate::context::{Context, no_project};
use crate::error::CommandError;
use crate::exit::ExitKind;
use crate::paint::{Tone, plain};
use crate::table::{self, Cell, Column, Shrink};
use crate::ui::Ui;

/// Look at projects, pin, rename or forget them
///
/// Without more words: shows every project that was up at some time. A pinned one starts with the daemon, unless somebody has brought
/// it down.
#[derive(clap::Args, Debug)]
pub(crate) struct ProjectsArgs {
    #[command(subcommand)]
    command: Option<ProjectsCommand>,
    /// Print an array as JSON
    #[arg(long)]
    json: bool,
}

#[derive(clap::Subcommand, Debug)]
enum ProjectsCommand {
    /// Have a project start with the daemon
    #[command(
        after_help = "Examples:\n  locald projects pin       The project in this folder\n  locald projects pin shop  One by its name"
    )]
    Pin {
        /// Its name, id or folder [default: the project in this folder]
        project: Option<String>,
    },
    /// Have a project no longer start with the daemon
    #[command(after_help = "Examples:\n  locald projects unpin shop")]
    Unpin {
        /// Its name, id or folder [default: the project in this folder]
        project: Option<String>,
    },
    /// Forget projects that are down, with their logs and ports
    #[command(after_help = "Examples:\n  locald projects forget shop --yes")]
    Forget {
        /// Their names, ids or folders
        #[arg(required = true)]
        projects: Vec<String>,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
    /// Forget all projects whose folders are gone
    #[command(after_help = "Examples:\n  locald projects gc --dry-run  Show which")]
    Gc {
        /// Show which, and forget none
        #[arg(long)]
        dry_run: bool,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
    /// Give a project another name, in your own `locald.local.toml`
    #[command(
        after_help = "Examples:\n  locald projects rename . shop2  Tell a second copy from the first\n\nA project that is up goes on under its new name: its services are restarted."
    )]
    Rename {
        /// Its name, id or folder
        project: String,
        /// The new name
        name: String,
    },
}

pub(crate) async fn projects(args: ProjectsArgs, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    let known = Known::open(context).await?;
    if let Known::Files(registry) = &known
        && let Some(notice) = registry.notice()
    {
        ui.warn(notice)?;
    }
    let all = known.projects().await?;
    match args.command {
        None => list(&all, args.json, ui),
        Some(ProjectsCommand::Pin { project }) => {
            let project = find(&all, project.as_deref(), context)?;
            known.pin(&project, true).await?;
            ui.note(&format!("{} starts with the daemon; `locald projects unpin` takes that back", project.name))?;
            Ok(())
        }
        Some(ProjectsCommand::Unpin { project }) => {
            let project = find(&all, project.as_deref(), context)?;
            known.pin(&project, false).await?;
            Ok(ui.note(&format!("{} starts when it is brought up", project.name))?)
        }
        Some(ProjectsCommand::Forget { projects, yes }) => {
            let found = projects.iter().map(|project| find(&all, Some(project), context));
            let found: Vec<Project> = found.collect::<Result<_, _>>()?;
            known.forget(&found, yes, ui).await
        }
        Some(ProjectsCommand::Gc { dry_run, yes }) => {
            let missing: Vec<Project> = all.iter().filter(|it| it.missing && !it.up).map(Project::from).collect();
            if missing.is_empty() {
                return Ok(ui.note("every project's folder is there")?);
            }
            if dry_run {
                for project in &missing {
                    writeln!(ui.data(), "{}", plain(&format!("{} in {}", project.name, project.root)))?;
                }
                return Ok(());
            }
            known.forget(&missing, yes, ui).await
        }
        Some(ProjectsCommand::Rename { project, name }) => {
            let project = find(&all, Some(&project), context)?;
            config_edit::rename(Path::new(&project.root), &name, context, ui)
        }
    }
}

/// Where projects are known: at the daemon, or in its files while none runs.
enum Known {
    Daemon(Client),
    Files(Registry),
}

impl Known {
    async fn open(context: &Context) -> Result<Self, CommandError> {
        if let Some((client, _)) = context.running_daemon().await? {
            return Ok(Self::Daemon(client));
        }
        match Registry::open(context.home()).map_err(|error| CommandError::from_error(ExitKind::Failed, &error))? {
            Some(registry) => Ok(Self::Files(registry)),
            // One has just begun.
            None => Ok(Self::Daemon(context.daemon().await?.0)),
        }
    }

    async fn projects(&self) -> Result<Vec<RegisteredProject>, CommandError> {
        match self {
            Self::Files(registry) => Ok(registry.projects()),
            Self::Daemon(client) => match client.call(Request::Projects).await? {
                Response::Projects(projects) => Ok(projects),
                _ => Err(CallError::Unfitting.into()),
            },
        }
    }

    async fn pin(&self, project: &Project, pinned: bool) -> Result<(), CommandError> {
        let (root, name) = (project.root.clone(), project.name.clone());
        match self {
            Self::Files(registry) => registry
                .pin(Path::new(&root), &name, pinned)
                .map_err(|error| CommandError::from_error(ExitKind::Failed, &error)),
            Self::Daemon(client) => {
                client.call(Request::PinProject { root, name, pinned }).await?;
                Ok(())
            }
        }
    }

    async fn forget(&self, projects: &[Project], yes: bool, ui: &mut Ui) -> Result<(), CommandError> {
        let names: Vec<&str> = projects.iter().map(|project| project.name.as_str()).collect();
        if !yes {
            confirm(&plain(&format!("Forget {} and remove the logs?", names.join(", "))), ui)?;
        }
        let roots: Vec<String> = projects.iter().map(|project| project.root.clone()).collect();
        match self {
            Self::Files(registry) => registry.forget(&roots.iter().map(PathBuf::from).collect::<Vec<_>>()),
            Self::Daemon(client) => drop(client.call(Request::ForgetProjects { roots }).await?),
        }
        Ok(ui.note(&format!("forgot {}", names.join(", ")))?)
    }
}

/// A project that was meant.
struct Project {
    name: String,
    root: String,
}

impl From<&RegisteredProject> for Project {
    fn from(project: &RegisteredProject) -> Self {
        Self { name: project.name.clone(), root: project.root.clone() }
    }
}

/// The project of that name, id or folder; without one, that in this folder, which need not be known yet.
fn find(all: &[RegisteredProject], wanted: Option<&str>, context: &Context) -> Result<Project, CommandError> {
    let Some(wanted) = wanted.filter(|wanted| *wanted != ".") else { return here(context) };
    if wanted.contains('/') {
        let folder = context.folder().join(wanted);
        let folder = folder.canonicalize().unwrap_or(folder);
        let known = all.iter().find(|project| Path::new(&project.root) == folder);
        return match known {
            Some(known) => Ok(known.into()),
            None => here(&context.at(&folder)),
        };
    }
    let named: Vec<&RegisteredProject> = all.iter().filter(|it| it.name == wanted || it.id.0 == wanted).collect();
    match named[..] {
        [one] => Ok(one.into()),
        [] => {
            let error = CommandError::new(ExitKind::UnknownName, format!("no project `{wanted}` is known"));
            Err(match locald_config::nearest(wanted, all.iter().map(|project| project.name.as_str())) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error.hint("`locald projects` shows those that are"),
            })
        }
        _ => {
            let ids: Vec<String> = named.iter().map(|project| format!("{} ({})", project.id, project.root)).collect();
            let error = CommandError::new(ExitKind::UnknownName, format!("several projects are named `{wanted}`"));
            Err(error.hint(format!("say which: {}", ids.join(", "))))
        }
    }
}

fn here(context: &Context) -> Result<Project, CommandError> {
    let root = context.project()?.ok_or_else(|| no_project(context.folder()))?.root;
    let user = context.home().config_file();
    let config = locald_config::load(root.as_ref(), Some(&user));
    // One that has faults has a name all the same, to be known by.
    let name = config.map(|config| config.name.to_string());
    let name = name.unwrap_or_else(|_| locald_config::ProjectName::of_folder(root.as_ref()).to_string());
    Ok(Project { name, root })
}

const LAYOUT: [Column; 4] = [
    Column { title: "NAME", shrink: Some(Shrink { least: 12, good: 16 }), rank: None, right: false },
    Column { title: "STATE", shrink: None, rank: Some(2), right: false },
    Column { title: "PINNED", shrink: None, rank: Some(1), right: false },
    Column { title: "FOLDER", shrink: Some(Shrink { least: 12, good: 30 }), rank: Some(0), right: false },
];

fn list(projects: &[RegisteredProject], json: bool, ui: &mut Ui) -> Result<(), CommandError> {
    if json {
        return Ok(ui.json(&projects.iter().map(ProjectJson::from).collect::<Vec<_>>())?);
    }
    if projects.is_empty() {
        return Ok(ui.note("no project was ever up; `locald up` in its folder brings one up")?);
    }
    let rows: Vec<Vec<Cell>> = projects.iter().map(|project| row(project, projects)).collect();
    let table = table::render(&LAYOUT, &rows, ui.data_columns, ui.data_paint);
    ui.data().write_all(table.as_bytes())?;
    for project in projects {
        for fault in &project.faults {
            ui.warn(&format!("{}: {fault}", project.name))?;
        }
    }
    if projects.iter().any(|project| project.missing && !project.up) {
        ui.note("`locald projects gc` forgets those that are missing")?;
    }
    Ok(())
}

fn row(project: &RegisteredProject, all: &[RegisteredProject]) -> Vec<Cell> {
    // Two of one name are told apart by their ids, which commands take as well.
    let is_shared = all.iter().filter(|other| other.name == project.name).count() > 1;
    let name = if is_shared { project.id.to_string() } else { project.name.clone() };
    let state = match (project.up, project.missing) {
        (true, false) => (Tone::Good, format!("up ({}/{})", project.running, project.services)),
        (true, true) => (Tone::Bad, "up, missing".to_owned()),
        (false, true) => (Tone::Bad, "missing".to_owned()),
        (false, false) => (Tone::Quiet, "down".to_owned()),
    };
    let pinned = if project.pinned { "pinned" } else { "" };
    vec![Cell::new(name), Cell::toned(state.0, state.1), Cell::new(pinned), Cell::new(project.root.clone())]
}

/// A project as `--json` shows it.
#[derive(Serialize)]
struct ProjectJson<'a> {
    id: String,
    name: &'a str,
    root: &'a str,
    up: bool,
    services: u32,
    running: u32,
    pinned: bool,
    missing: bool,
    faults: &'a [String],
}

impl<'a> From<&'a RegisteredProject> for ProjectJson<'a> {
    fn from(project: &'a RegisteredProject) -> Self {
        let RegisteredProject { id, name, root, up, services, running, pinned, missing, faults } = project;
        Self {
            id: id.to_string(),
            name,
            root,
            up: *up,
            services: *services,
            running: *running,
            pinned: *pinned,
            missing: *missing,
            faults,
        }
    }
}

#[cfg(test)]
mod tests {
    use locald_api::ProjectId;

    use super::*;
    use crate::ui::fake;

    fn project(name: &str, hash: &str) -> RegisteredProject {
        RegisteredProject {
            id: ProjectId(format!("{name}-{hash}")),
            name: name.to_owned(),
            root: format!("/code/{hash}/{name}"),
            up: false,
            services: 0,
            running: 0,
            pinned: false,
            missing: false,
            faults: vec![],
        }
    }

    #[test]
    fn each_project_is_shown_with_how_it_is() {
        let all = [
            RegisteredProject { up: true, services: 3, running: 2, pinned: true, ..project("blog", "1a") },
            project("shop", "2b"),
            RegisteredProject { missing: true, ..project("shop", "3c") },
        ];
        let (mut ui, written) = fake::ui();
        list(&all, false, &mut ui).unwrap();
        let rows: Vec<String> =
            written.data().lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        let right = [
            "NAME STATE PINNED FOLDER",
            "blog up (2/3) pinned /code/1a/blog",
            "shop-2b down /code/2b/shop",
            "shop-3c missing /code/3c/shop",
        ];
        assert_eq!(rows, right);
        assert!(written.status().contains("`locald projects gc`"));
    }
}
