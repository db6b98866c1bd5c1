//! Worktrees of Git: the same project several times on one machine, each with a branch of its own.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// A worktree beside the repository's own (git-worktree(1)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Worktree {
    /// Its folder.
    pub(super) folder: PathBuf,
    /// The folder of the repository that it belongs to.
    pub(super) main: PathBuf,
    /// Its branch, or its folder's name where none is checked out.
    pub(super) branch: String,
}

/// The worktree that `root` lies in; `None` in a repository's own folder, and outside of any.
pub(super) fn around(root: &Path) -> Option<Worktree> {
    let folder = root.ancestors().find(|folder| folder.join(".git").symlink_metadata().is_ok())?;
    let link = read(&folder.join(".git"))?;
    let git = folder.join(link.strip_prefix("gitdir:")?.trim());
    let worktrees = git.parent()?;
    // A submodule has such a link too, and is nobody's second copy.
    if worktrees.file_name()? != "worktrees" {
        return None;
    }
    let repository = worktrees.parent()?;
    let main = if repository.file_name()? == ".git" { repository.parent()? } else { repository };
    let head = read(&git.join("HEAD")).unwrap_or_default();
    let branch = head.trim().strip_prefix("ref: refs/heads/").map(str::to_owned);
    let branch = branch.or_else(|| Some(folder.file_name()?.to_string_lossy().into_owned()))?;
    Some(Worktree { folder: folder.to_owned(), main: main.to_owned(), branch })
}

/// A file of one line. Git's are short; whatever else lies there is none of them.
fn read(path: &Path) -> Option<String> {
    let mut text = String::new();
    File::open(path).ok()?.take(4096).read_to_string(&mut text).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn worktree(scratch: &Path, head: &str) -> PathBuf {
        let git = scratch.join("shop/.git/worktrees/second");
        fs::create_dir_all(&git).unwrap();
        fs::write(git.join("HEAD"), head).unwrap();
        let folder = scratch.join("second");
        fs::create_dir_all(folder.join("app")).unwrap();
        fs::write(folder.join(".git"), format!("gitdir: {}\n", git.display())).unwrap();
        folder
    }

    #[test]
    fn a_worktree_is_known_with_its_branch_and_its_repository_from_anywhere_in_it() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = worktree(scratch.path(), "ref: refs/heads/feature/login\n");
        let found = around(&folder.join("app")).unwrap();
        assert_eq!((&found.branch[..], &found.main), ("feature/login", &scratch.path().join("shop")));
        assert_eq!(found.folder, folder);
        let detached = worktree(scratch.path(), "1234567890abcdef\n");
        assert_eq!(around(&detached).unwrap().branch, "second");
    }

    #[test]
    fn the_repository_itself_a_submodule_and_no_repository_are_none() {
        let scratch = tempfile::tempdir().unwrap();
        worktree(scratch.path(), "x");
        assert_eq!(around(&scratch.path().join("shop")), None);
        let module = scratch.path().join("module");
        fs::create_dir_all(&module).unwrap();
        fs::write(module.join(".git"), "gitdir: ../shop/.git/modules/module\n").unwrap();
        assert_eq!(around(&module), None);
        assert_eq!(around(Path::new("/proc/self")), None);
    }
}
