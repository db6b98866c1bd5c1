//! What a command knows of the place it was started in: the folder, the project around it, and the way to the daemon.

use std::path::{Path, PathBuf};

use locald_api::{Client, Events, Target};
use locald_config::LoadError;
use locald_keeper::{Home, SandboxName};

use crate::connect::{self, Start};
use crate::error::CommandError;
use crate::exit::ExitKind;
use crate::paint::Paint;

/// The place a command was started in.
pub(crate) struct Context {
    folder: PathBuf,
    home: Home,
}

/// A project found around the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Project {
    /// Its folder, absolute and without links, as the daemon knows it.
    pub(crate) root: String,
}

impl Context {
    /// Where the process stands, with the user's home or the sandbox in it.
    pub(crate) fn of_process(sandbox: Option<&SandboxName>) -> Result<Self, CommandError> {
        let folder = std::env::current_dir().map_err(|error| {
            CommandError::new(ExitKind::Failed, format!("failed to find the current folder: {error}"))
        })?;
        let home = Home::discover().map_err(|error| CommandError::from_error(ExitKind::Unavailable, &error))?;
        let home = sandbox.map(|name| home.sandbox(name)).unwrap_or(home);
        Ok(Self { folder, home })
    }

    /// The same in another folder.
    pub(crate) fn at(&self, folder: &Path) -> Self {
        Self { folder: folder.to_owned(), home: self.home.clone() }
    }

    /// Where locald lives, as far as this command is concerned.
    pub(crate) fn home(&self) -> &Home {
        &self.home
    }

    /// The folder itself.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The project around the folder, if there is one.
    pub(crate) fn project(&self) -> Result<Option<Project>, CommandError> {
        let Some(found) = locald_config::find_root(&self.folder) else { return Ok(None) };
        let root = found.root.canonicalize().unwrap_or(found.root);
        match root.into_os_string().into_string() {
            Ok(root) => Ok(Some(Project { root })),
            Err(root) => Err(CommandError::new(
                ExitKind::Config,
                format!("the project's folder {} has a name that is not UTF-8", root.display()),
            )),
        }
    }

    /// The project around the folder, for a command that has nothing to do without one.
    pub(crate) fn required_project(&self) -> Result<Project, CommandError> {
        let project = self.project()?;
        project.ok_or_else(|| {
            no_project(&self.folder)
                .hint("a `locald.toml`, a `Procfile`, or a `package.json` with a `dev` script makes a folder a project")
        })
    }

    /// What is said of a configuration that cannot be read. `outcome` is what that means for the command.
    pub(crate) fn config_error(&self, error: LoadError, outcome: &str, paint: Paint) -> CommandError {
        let LoadError::Faults(faults) = error else { return CommandError::from_error(ExitKind::Config, &error) };
        let found = faults.as_slice().len() + faults.omitted();
        let message = if found == 1 { "the configuration has a fault" } else { "the configuration has faults" };
        let details = faults.relative_to(&self.folder).render(paint.is_on());
        CommandError::new(ExitKind::Config, format!("{message}{outcome}")).details(details)
    }

    /// What `names` mean here: bare ones in the project around the folder, `project:service` anywhere.
    pub(crate) fn target(&self, names: Vec<String>) -> Result<Target, CommandError> {
        Ok(Target { root: self.project()?.map(|project| project.root), names })
    }

    /// As [`Context::target`], for a command that changes something: outside a project every name must be whole.
    pub(crate) fn definite_target(&self, names: Vec<String>) -> Result<Target, CommandError> {
        let target = self.target(names)?;
        if target.root.is_some() {
            return Ok(target);
        }
        if target.names.is_empty() {
            return Err(
                no_project(&self.folder).hint("go to a project's folder, or name services as `project:service`")
            );
        }
        if let Some(bare) = target.names.iter().find(|name| !name.contains(':')) {
            return Err(CommandError::new(ExitKind::UnknownName, format!("no project here to look for `{bare}` in"))
                .hint(format!("go to the project's folder, or say `project:{bare}`")));
        }
        Ok(target)
    }

    /// The way to the daemon, which is started where none runs.
    pub(crate) async fn daemon(&self) -> Result<(Client, Events), CommandError> {
        connect::connect(&self.home, Start::IfNeeded).await
    }

    /// The way to the daemon that runs; `None` when none does.
    pub(crate) async fn running_daemon(&self) -> Result<Option<(Client, Events)>, CommandError> {
        match connect::connect(&self.home, Start::Never).await {
            Ok(connection) => Ok(Some(connection)),
            Err(error) if error.exit == ExitKind::NoDaemon => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// There is no project in `folder` or above it.
pub(crate) fn no_project(folder: &Path) -> CommandError {
    CommandError::new(ExitKind::Config, format!("no project in {} or above it", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(folder: &Path) -> Context {
        let home = Home::from_arguments(["/run", "/state", "/config"].map(Into::into).into_iter()).unwrap();
        Context { folder: folder.to_owned(), home }
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_bare_name_is_looked_up_in_the_project_around_the_folder() {
        let project = tempfile::tempdir().unwrap();
        std::fs::write(project.path().join("locald.toml"), "").unwrap();
        let inside = project.path().join("src/deep");
        std::fs::create_dir_all(&inside).unwrap();
        let target = context(&inside).definite_target(names(&["web", "shop:api"])).unwrap();
        assert_eq!(target.root.as_deref(), project.path().canonicalize().unwrap().to_str());
        assert_eq!(target.names, names(&["web", "shop:api"]));
    }

    #[test]
    fn outside_a_project_a_change_needs_whole_names() {
        let nowhere = tempfile::tempdir().unwrap();
        let context = context(nowhere.path());
        assert_eq!(context.definite_target(vec![]).unwrap_err().exit, ExitKind::Config);
        assert_eq!(context.definite_target(names(&["shop:web", "api"])).unwrap_err().exit, ExitKind::UnknownName);
        let whole = Target { root: None, names: names(&["shop:web"]) };
        assert_eq!(context.definite_target(names(&["shop:web"])).unwrap(), whole);
    }

    #[test]
    fn outside_a_project_a_question_is_about_everything() {
        let nowhere = tempfile::tempdir().unwrap();
        let context = context(nowhere.path());
        assert_eq!(context.target(vec![]).unwrap(), Target::default());
    }
}
