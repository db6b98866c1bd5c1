//! Finds a project's files and reads them. Nothing else in this crate touches the disk.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use crate::dotenv::DotEnv;
use crate::explain::{self, Setting};
use crate::fault::Invalid;
use crate::faults::Faults;
use crate::layers::{Form, Input, Layer, merge};
use crate::manifest;
use crate::package::{self, Manager};
use crate::project::Project;
use crate::reader::Reader;
use crate::source::Source;

const MANIFEST: &str = "locald.toml";
const PROCFILE: &str = "Procfile";
const PACKAGE: &str = "package.json";
const PERSONAL: &str = "locald.local.toml";
const WORKSPACE: &str = "locald.workspace.toml";
const DOTENV: &str = ".env";

/// No file is read further, in bytes.
const MAX_FILE: u64 = 1024 * 1024;

/// Where a project was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The project's folder.
    pub root: PathBuf,
    /// The file in it that describes the project.
    pub source: PathBuf,
}

/// Why there is no project.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// None of the files that describe a project is there.
    #[error("no {MANIFEST} or {PROCFILE}, and no {PACKAGE} with a `dev` or `start` script, in `{}`", start.display())]
    NotFound {
        /// The folder in which it was looked for.
        start: PathBuf,
    },
    /// A file is there and cannot be read.
    #[error("failed to read `{}`", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file belongs to somebody else, so to run what it says is to run somebody else's commands.
    #[error("`{}` belongs to another user (uid {owner})", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
    },
    /// The files are there and wrong.
    #[error("{0}")]
    Faults(Faults),
}

impl From<Faults> for LoadError {
    fn from(faults: Faults) -> Self {
        Self::Faults(faults)
    }
}

/// Looks for a project in `start` and in the folders above it; the nearest counts.
///
/// In one folder a `locald.toml` comes before a Procfile. A `package.json` counts where neither is in any of the folders: a
/// repository has many of them, and one `locald.toml`. A relative `start` is taken from the current folder.
pub fn find_root(start: &Path) -> Option<Found> {
    let start = absolute(start).ok()?;
    let nearest = |source: fn(&Path) -> Option<PathBuf>| {
        start.ancestors().find_map(|folder| Some(Found { root: folder.to_path_buf(), source: source(folder)? }))
    };
    nearest(written_in).or_else(|| nearest(package_in))
}

/// Reads the project in the folder `root`, with all files that have a say in it; `user` is the user's own `config.toml`.
///
/// # Errors
/// All faults of all files come at once.
pub fn load(root: &Path, user: Option<&Path>) -> Result<Project, LoadError> {
    let (project, _) = load_explained(root, user)?;
    Ok(project)
}

/// All that is set for the project in the folder `root`, each with its place; in the order of the files.
///
/// # Errors
/// As of [`load`].
pub fn explain(root: &Path, user: Option<&Path>) -> Result<Vec<Setting>, LoadError> {
    let (_, settings) = load_explained(root, user)?;
    Ok(settings)
}

/// Whether the folder `root` holds a project, whatever its files say.
pub fn is_project(root: &Path) -> bool {
    source_in(root).is_some()
}

/// Finds the faults that [`load`] would find if the file `path` held `text`. Nothing is written.
///
/// # Errors
/// As of [`load`].
pub fn check(root: &Path, user: Option<&Path>, path: &Path, text: &str) -> Result<(), LoadError> {
    load_with(root, user, Some((path, text))).map(drop)
}

/// As [`check`], for the user's own `config.toml` where there is no project.
///
/// # Errors
/// All faults of the text.
pub fn check_user(path: &Path, text: &str) -> Result<(), LoadError> {
    let mut reader = Reader::default();
    let input = Input { layer: Layer::Global, form: Form::Toml, source: Source::new(path, text) };
    let merged = merge(&mut reader, &[input]);
    manifest::read(&mut reader, &merged, path, path.parent().unwrap_or(path));
    Ok(reader.finish(())?)
}

fn load_explained(root: &Path, user: Option<&Path>) -> Result<(Project, Vec<Setting>), LoadError> {
    load_with(root, user, None)
}

/// Reads all files; `instead` is what one of them would say.
fn load_with(
    root: &Path,
    user: Option<&Path>,
    instead: Option<(&Path, &str)>,
) -> Result<(Project, Vec<Setting>), LoadError> {
    let root = absolute(root).map_err(|source| LoadError::Io { path: root.to_path_buf(), source })?;
    let source = source_in(&root).ok_or_else(|| LoadError::NotFound { start: root.clone() })?;
    let (mut inputs, mut unreadable) = (Vec::new(), Vec::new());
    for (layer, path) in candidates(&root, &source, user) {
        let form = match path.file_name().and_then(|name| name.to_str()) {
            Some(PROCFILE) => Form::Procfile,
            Some(PACKAGE) => Form::Package(Manager::beside(&workspace_folders(&root))),
            _ => Form::Toml,
        };
        let text = match instead.filter(|(replaced, _)| *replaced == path) {
            Some((_, text)) => Ok(text.to_owned()),
            None if is_absent(&path) => continue,
            None => read(&path, path.parent().unwrap_or(&root))?,
        };
        match text {
            Ok(text) => inputs.push(Input { layer, form, source: Source::new(&path, &text) }),
            Err(faults) => unreadable.push(faults),
        }
    }
    let files = files(&root, user);
    let mut reader = Reader::default();
    let merged = merge(&mut reader, &inputs);
    let project = manifest::read(&mut reader, &merged, &source, &root);
    let settings = explain::settings(&merged, &inputs, &reader);
    for faults in unreadable {
        reader.absorb(faults);
    }
    let dotenv = read_dotenv(&root)?.unwrap_or_else(|faults| {
        reader.absorb(faults);
        DotEnv::default()
    });
    Ok((reader.finish(Project { files, dotenv, ..project })?, settings))
}

/// Every file that has a say in the project in the folder `root`, or would have one if it were there; `user` is the user's own
/// `config.toml`.
pub fn files(root: &Path, user: Option<&Path>) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        candidates(root, &root.join(MANIFEST), user).into_iter().map(|(_, path)| path).collect();
    files.extend([PROCFILE, PACKAGE, DOTENV].map(|name| root.join(name)));
    files
}

/// The files that may have a say, in the order of their layers.
fn candidates(root: &Path, source: &Path, user: Option<&Path>) -> Vec<(Layer, PathBuf)> {
    let user = user.map(|path| (Layer::Global, path.to_path_buf()));
    let workspaces = workspace_folders(root).into_iter().rev();
    let workspaces = workspaces.map(|folder| (Layer::Workspace, folder.join(WORKSPACE)));
    let own = [(Layer::Project, source.to_path_buf()), (Layer::Personal, root.join(PERSONAL))];
    user.into_iter().chain(workspaces).chain(own).collect()
}

/// The project's folder and those above it, up to the top of its repository; without one, the folder alone: whose the
/// folders above it are is not known.
fn workspace_folders(root: &Path) -> Vec<&Path> {
    let top = root.ancestors().find(|folder| folder.join(".git").exists()).unwrap_or(root);
    root.ancestors().take_while(|folder| folder.starts_with(top)).collect()
}

/// Links stay as the user knows them, unless there is a `..`, which only the file system can follow.
fn absolute(path: &Path) -> io::Result<PathBuf> {
    let climbs = path.components().any(|part| part == Component::ParentDir);
    if climbs { fs::canonicalize(path) } else { std::path::absolute(path) }
}

fn source_in(folder: &Path) -> Option<PathBuf> {
    written_in(folder).or_else(|| package_in(folder))
}

/// The file that somebody wrote to describe a project.
fn written_in(folder: &Path) -> Option<PathBuf> {
    [MANIFEST, PROCFILE].into_iter().map(|name| folder.join(name)).find(|path| path.is_file())
}

/// The `package.json`, if it says how the project is run.
fn package_in(folder: &Path) -> Option<PathBuf> {
    let path = folder.join(PACKAGE);
    let is_project = match read(&path, folder) {
        Ok(text) => text.map_or(true, |text| package::is_project(&text)),
        Err(LoadError::Io { .. }) => false,
        // Somebody is to be told.
        Err(_) => true,
    };
    is_project.then_some(path)
}

/// Reads the `.env` of the project in the folder `root`; empty where there is none.
///
/// # Errors
/// As of [`load`], for this file alone.
pub fn load_dotenv(root: &Path) -> Result<DotEnv, LoadError> {
    Ok(read_dotenv(root)??)
}

/// A folder named `.env` is no fault: Python's virtual environments are often kept under that name.
fn read_dotenv(root: &Path) -> Result<Result<DotEnv, Faults>, LoadError> {
    let path = root.join(DOTENV);
    if is_absent(&path) || path.is_dir() {
        return Ok(Ok(DotEnv::default()));
    }
    Ok(read(&path, root)?.and_then(|text| DotEnv::parse(&path, &text)))
}

/// Whether there is no such file, as opposed to one that cannot be reached.
fn is_absent(path: &Path) -> bool {
    let absent = |error: io::Error| matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory);
    fs::metadata(path).is_err_and(absent)
}

/// The text of a file of the user's own, which lies in no project; `None` where there is none.
pub(crate) fn read_user_file(path: &Path) -> Result<Option<Result<String, Faults>>, LoadError> {
    if is_absent(path) {
        return Ok(None);
    }
    read(path, path.parent().unwrap_or(path)).map(Some)
}

/// The text of a file; faults where it is no text or too much of it.
fn read(path: &Path, root: &Path) -> Result<Result<String, Faults>, LoadError> {
    let failed = |source| LoadError::Io { path: path.to_path_buf(), source };
    // Asked before the file is opened: to open a pipe that nobody writes to would wait for ever.
    let metadata = fs::metadata(path).map_err(failed)?;
    if !metadata.is_file() {
        return Err(failed(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")));
    }
    let folder_owner = fs::metadata(root).map_err(failed)?.uid();
    if !is_trusted(metadata.uid(), folder_owner, rustix::process::geteuid().as_raw()) {
        return Err(LoadError::Foreign { path: path.to_path_buf(), owner: metadata.uid() });
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes)).map_err(failed)?;
    Ok(text(path, bytes))
}

/// A file beside which one works may still be a stranger's: anybody can put a `locald.toml` into `/tmp`. Whoever owns
/// the folder could have replaced the file anyway, and containers often run as root over a user's files.
fn is_trusted(owner: u32, folder_owner: u32, me: u32) -> bool {
    owner == me || owner == 0 || owner == folder_owner
}

fn text(path: &Path, bytes: Vec<u8>) -> Result<String, Faults> {
    if bytes.len() as u64 > MAX_FILE {
        let invalid = Invalid::new("the file is larger than 1 MiB", "");
        return Err(Faults::one(&Source::new(path, ""), 0..0, invalid));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let source = Source::new(path, &String::from_utf8_lossy(error.as_bytes()));
        Faults::one(&source, at..at + 1, Invalid::new("the file is not UTF-8 text", "not UTF-8"))
    })
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::settings::command::Command;

    fn folder(files: &[(&str, &str)]) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn command(project: &Project) -> &Command {
        &project.services[0].command
    }

    #[test]
    fn a_project_is_found_from_the_folders_below_it() {
        let folder = folder(&[("locald.toml", ""), ("a/b/c/file", ""), ("a/Procfile", "")]);
        let root = folder.path();
        assert_eq!(find_root(root).unwrap().source, root.join("locald.toml"));
        let nearest = Found { root: root.join("a"), source: root.join("a/Procfile") };
        assert_eq!(find_root(&root.join("a/b/c")), Some(nearest));
    }

    #[test]
    fn the_folder_one_climbs_out_of_is_not_above() {
        let folder = folder(&[("a/Procfile", "")]);
        assert_eq!(find_root(&folder.path().join("a/..")), None);
    }

    #[test]
    fn a_manifest_comes_before_a_procfile_beside_it() {
        let folder = folder(&[("locald.toml", "[services.a]\ncommand = 'toml'"), ("Procfile", "a: procfile")]);
        assert_eq!(command(&load(folder.path(), None).unwrap()), &Command::Shell("toml".into()));
        fs::remove_file(folder.path().join("locald.toml")).unwrap();
        assert_eq!(command(&load(folder.path(), None).unwrap()), &Command::Shell("procfile".into()));
    }

    #[test]
    fn a_package_is_a_project_where_nobody_wrote_what_one_is() {
        let script = r#"{"scripts": {"dev": "vite"}}"#;
        let folder = folder(&[("app/package.json", script), ("app/src/file", ""), ("library/package.json", "{}")]);
        let (root, app) = (folder.path(), folder.path().join("app"));
        assert_eq!(find_root(&app.join("src")).unwrap().source, app.join("package.json"));
        assert_eq!(command(&load(&app, None).unwrap()), &Command::Shell("npm run dev".into()));
        assert_eq!(find_root(&root.join("library")), None);
        fs::write(root.join("Procfile"), "a: x").unwrap();
        assert_eq!(find_root(&app.join("src")).unwrap().source, root.join("Procfile"));
        fs::write(app.join("locald.toml"), "").unwrap();
        assert_eq!(find_root(&app).unwrap().source, app.join("locald.toml"));
    }

    #[test]
    fn a_folder_without_either_is_no_project() {
        let folder = folder(&[("locald.toml/file", ""), (".env", "A=1")]);
        assert!(matches!(load(folder.path(), None), Err(LoadError::NotFound { start }) if start == folder.path()));
    }

    #[test]
    fn the_env_file_is_read_at_load_and_resolved_later() {
        let folder = folder(&[("Procfile", "a: x"), (".env", "A=${HOME_OF_TEST}/x")]);
        let project = load(folder.path(), None).unwrap();
        let environment = |name: &str| (name == "HOME_OF_TEST").then(|| "/home".to_owned());
        assert_eq!(project.dotenv.resolve(&environment).unwrap(), [("A".to_owned(), "/home/x".to_owned())]);
    }

    #[test]
    fn faults_of_both_files_come_at_once() {
        let folder = folder(&[("locald.toml", "[services.web]\n"), (".env", "A='x\n")]);
        let Err(LoadError::Faults(faults)) = load(folder.path(), None) else { panic!("faults") };
        insta::assert_snapshot!(faults.relative_to(folder.path()).render(false), @"
        error: service `web` has no `command`
          ╭▸ locald.toml:1:11
          │
        1 │ [services.web]
          ╰╴          ━━━ needs a `command`

        error: a quote without its end
          ╭▸ .env:1:3
          │
        1 │ A='x
          ╰╴  ━ never closed
        ");
    }

    #[test]
    fn a_folder_named_like_the_env_file_is_passed_over() {
        let folder = folder(&[("Procfile", "a: x"), (".env/bin/python", "")]);
        assert!(load(folder.path(), None).unwrap().dotenv.is_empty());
    }

    #[test]
    fn a_pipe_in_place_of_a_file_is_an_error_and_not_a_wait() {
        let folder = folder(&[("Procfile", "a: x")]);
        let path = folder.path().join(".env");
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::RUSR).unwrap();
        assert!(matches!(load(folder.path(), None), Err(LoadError::Io { path: it, .. }) if it == path));
    }

    #[test]
    fn a_file_that_is_too_large_or_no_text_is_a_fault() {
        let folder = folder(&[("Procfile", &"#".repeat(1024 * 1024))]);
        assert!(load(folder.path(), None).is_ok());
        fs::write(folder.path().join("Procfile"), vec![b'#'; 1024 * 1024 + 1]).unwrap();
        fs::write(folder.path().join(".env"), b"A=1\nB=\xff\xfe\n").unwrap();
        let Err(LoadError::Faults(faults)) = load(folder.path(), None) else { panic!("faults") };
        insta::assert_snapshot!(faults.relative_to(folder.path()).render(false), @"
        error: the file is larger than 1 MiB
          ╭▸ Procfile:1:1
          │
        1 │
          ╰╴━

        error: the file is not UTF-8 text
          ╭▸ .env:2:3
          │
        2 │ B=��
          ╰╴  ━ not UTF-8
        ");
    }

    #[test]
    fn a_file_is_trusted_when_it_is_mine_the_folder_owners_or_roots() {
        assert!(is_trusted(1000, 1000, 1000));
        assert!(is_trusted(1000, 0, 1000));
        assert!(is_trusted(1000, 1000, 0));
        assert!(is_trusted(0, 1000, 1000));
        assert!(!is_trusted(1001, 0, 1000));
        assert!(!is_trusted(1001, 1000, 0));
    }
}
