//! The machine as stores of certificates are looked for: its files, its user, and its programs.

use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::tools::Tools;

/// A machine. Tests have one below a folder of their own, whose programs only note how they are called.
pub struct World<'a> {
    /// What stands for `/`.
    pub root: PathBuf,
    /// What it runs.
    pub system: System,
    /// Whose stores are meant.
    pub user: User,
    /// Its programs.
    pub tools: &'a dyn Tools,
}

/// An operating system, as far as stores differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// Linux.
    Linux,
    /// Linux within Windows, whose browsers are mostly those of Windows.
    Wsl,
    /// macOS.
    MacOs,
}

/// Where a user keeps things (XDG Base Directory Specification).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// `HOME`.
    pub home: PathBuf,
    /// `XDG_DATA_HOME`.
    pub data: PathBuf,
    /// `XDG_CONFIG_HOME`.
    pub config: PathBuf,
    /// `JAVA_HOME`.
    pub java: Option<PathBuf>,
}

impl<'a> World<'a> {
    /// This machine, as the environment tells of its user; `None` for a user without a home.
    pub fn of_process(tools: &'a dyn Tools) -> Option<Self> {
        let root = PathBuf::from("/");
        let system = if cfg!(target_os = "macos") {
            System::MacOs
        } else if is_wsl(&root) {
            System::Wsl
        } else {
            System::Linux
        };
        let folder = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let home = folder("HOME")?;
        let user = User {
            data: folder("XDG_DATA_HOME").unwrap_or_else(|| home.join(".local/share")),
            config: folder("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config")),
            java: folder("JAVA_HOME"),
            home,
        };
        Some(Self { root, system, user, tools })
    }

    /// The machine's path for an absolute one.
    pub(crate) fn at(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    /// Whether a program is there.
    pub(crate) fn has(&self, program: &str) -> bool {
        self.tools.find(program).is_some()
    }

    /// How a program of the system is called that root runs: by its path, so that nobody's namesake is meant.
    pub(crate) fn of_root(&self, program: &str) -> PathBuf {
        self.tools.find_for_root(program).unwrap_or_else(|| Path::new("/usr/bin").join(program))
    }

    /// How the package with a program is installed here, by what each distribution calls it.
    pub(crate) fn how_to_install(&self, packages: &Packages) -> String {
        if self.system == System::MacOs {
            return format!("`brew install {}`", packages.brew);
        }
        let release = fs::read_to_string(self.at("/etc/os-release")).unwrap_or_default();
        let ids: Vec<&str> = release
            .lines()
            .filter_map(|line| line.strip_prefix("ID=").or_else(|| line.strip_prefix("ID_LIKE=")))
            .flat_map(|value| value.trim_matches('"').split(' '))
            .collect();
        let is = |names: &[&str]| ids.iter().any(|id| names.contains(id));
        if is(&["debian", "ubuntu"]) {
            format!("`sudo apt install {}`", packages.debian)
        } else if is(&["fedora", "rhel", "centos"]) {
            format!("`sudo dnf install {}`", packages.fedora)
        } else if is(&["arch"]) {
            format!("`sudo pacman -S {}`", packages.arch)
        } else if is(&["suse", "opensuse", "sles"]) {
            format!("`sudo zypper install {}`", packages.suse)
        } else if is(&["alpine"]) {
            format!("`sudo apk add {}`", packages.alpine)
        } else {
            let Packages { debian, fedora, arch, .. } = packages;
            format!("the package `{debian}` (Debian), `{fedora}` (Fedora) or `{arch}` (Arch)")
        }
    }
}

/// What the package with a program is called.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Packages {
    pub(crate) debian: &'static str,
    pub(crate) fedora: &'static str,
    pub(crate) arch: &'static str,
    pub(crate) suse: &'static str,
    pub(crate) alpine: &'static str,
    pub(crate) brew: &'static str,
}

fn is_wsl(root: &Path) -> bool {
    let version = fs::read_to_string(root.join("proc/version")).unwrap_or_default();
    version.to_ascii_lowercase().contains("microsoft")
}
