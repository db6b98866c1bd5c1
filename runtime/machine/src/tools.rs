//! The programs by which a machine is changed: how they are called, and the one door through which they are.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Variables that lead programs to other certificates than the system's.
const MISLEADING: [&str; 5] = ["CURL_CA_BUNDLE", "CURL_HOME", "SSL_CERT_FILE", "SSL_CERT_DIR", "JAVA_TOOL_OPTIONS"];
/// Where programs of the system lie that are not in every user's `PATH`.
const FURTHER: [&str; 4] = ["/usr/sbin", "/sbin", "/usr/lib64/nss/unsupported-tools", "/usr/lib/nss/unsupported-tools"];

/// Where programs are looked for that root runs, and where those look for others: folders in which only root can put any. Somebody's own
/// `PATH` would have root run a namesake from a folder of theirs, whatever sudo's `secure_path` says.
const OF_ROOT: [&str; 4] = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// A program with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Its name or path. What root runs is named by its path, so that it is shown which one that is.
    pub program: OsString,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// What it reads.
    pub input: String,
    /// Whether only root may do it.
    pub as_root: bool,
}

/// What a program said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// Whether it ended with 0.
    pub success: bool,
    /// Its standard output.
    pub out: String,
    /// Its standard error.
    pub err: String,
}

/// The door to the programs of the machine.
pub trait Tools {
    /// Where a program is, if it is there.
    fn find(&self, program: &str) -> Option<PathBuf>;
    /// Where the program of this name is that root runs, if it is there: only folders of the system count.
    fn find_for_root(&self, program: &str) -> Option<PathBuf>;
    /// Runs a program to its end.
    fn run(&self, call: &Call) -> io::Result<Said>;
}

impl Call {
    /// A call that anybody may make.
    pub fn new<A: AsRef<OsStr>>(program: impl Into<OsString>, arguments: impl IntoIterator<Item = A>) -> Self {
        let arguments = arguments.into_iter().map(|argument| argument.as_ref().to_owned()).collect();
        Self { program: program.into(), arguments, input: String::new(), as_root: false }
    }

    /// The same, made by root if `yes`.
    #[must_use]
    pub fn by_root(self, yes: bool) -> Self {
        Self { as_root: yes, ..self }
    }

    /// The same, reading `input`.
    #[must_use]
    pub fn reading(self, input: String) -> Self {
        Self { input, ..self }
    }
}

/// As it is typed in a shell, with `sudo` where root is needed.
impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.input.is_empty() {
            write!(f, "echo {} | ", quoted(self.input.trim_end()))?;
        }
        if self.as_root {
            f.write_str("sudo ")?;
        }
        f.write_str(&quoted(&self.program.to_string_lossy()))?;
        self.arguments.iter().try_for_each(|argument| write!(f, " {}", quoted(&argument.to_string_lossy())))
    }
}

fn quoted(word: &str) -> String {
    let is_plain = |ch: char| ch.is_ascii_alphanumeric() || "-_./:=,@%+".contains(ch);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// How a process comes by what only root may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Privilege {
    /// It is root.
    Root,
    /// There is somebody whom `sudo` can ask.
    Sudo,
    /// Not at all.
    None,
}

/// The real programs of this machine.
#[derive(Debug, Clone)]
pub struct Programs {
    /// Where programs are looked for first, unless root runs them; as `PATH` has it.
    pub path: OsString,
    /// How calls are made that need root. Without a way they are refused as `PermissionDenied`.
    pub privilege: Privilege,
}

impl Tools for Programs {
    fn find(&self, program: &str) -> Option<PathBuf> {
        search(program, std::env::split_paths(&self.path).chain(FURTHER.map(PathBuf::from)))
    }

    fn find_for_root(&self, program: &str) -> Option<PathBuf> {
        search(program, OF_ROOT.map(PathBuf::from))
    }

    #[expect(clippy::disallowed_methods, reason = "the door through which programs that change the machine are run")]
    fn run(&self, call: &Call) -> io::Result<Said> {
        let name = call.program.to_string_lossy();
        let found = if call.as_root { self.find_for_root(&name) } else { self.find(&name) };
        let program = found.ok_or(io::ErrorKind::NotFound)?;
        let mut command = match (call.as_root, self.privilege) {
            (false, _) | (true, Privilege::Root) => Command::new(program),
            (true, Privilege::Sudo) => {
                let mut sudo = Command::new(self.find("sudo").ok_or(io::ErrorKind::NotFound)?);
                sudo.arg("--").arg(program);
                sudo
            }
            (true, Privilege::None) => return Err(io::ErrorKind::PermissionDenied.into()),
        };
        if call.as_root {
            // Not every sudo has a `secure_path`, and what root runs may be a script.
            command.env("PATH", OF_ROOT.join(":"));
        }
        for name in MISLEADING {
            command.env_remove(name);
        }
        command.args(&call.arguments).env("LC_ALL", "C");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            // One that reads nothing has said what it thinks of it by its end.
            let _ = stdin.write_all(call.input.as_bytes());
        }
        let output = child.wait_with_output()?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok(Said { success: output.status.success(), out: text(&output.stdout), err: text(&output.stderr) })
    }
}

/// The first program of this name in `folders`. A path is itself, wherever it is.
fn search(program: &str, folders: impl IntoIterator<Item = PathBuf>) -> Option<PathBuf> {
    folders.into_iter().map(|folder| folder.join(program)).find(|path| is_program(path))
}

fn is_program(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok() && path.is_file()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_call_is_shown_as_it_can_be_typed() {
        let call = Call::new("rm", ["-f", "/a b/it's"]).by_root(true);
        assert_eq!(call.to_string(), r"sudo rm -f '/a b/it'\''s'");
        let call = Call::new("/etc/hook", [""; 0]).by_root(true).reading("-/x.pem\n".to_owned());
        assert_eq!(call.to_string(), "echo -/x.pem | sudo /etc/hook");
    }

    /// The programs of this machine, and before them one that says what it is.
    fn with_namesake(folder: &Path, name: &str, privilege: Privilege) -> Programs {
        let path = folder.join(name);
        std::fs::write(&path, "#!/bin/sh\necho namesake \"$@\" by \"$PATH\"\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let path = std::env::join_paths([folder, Path::new("/usr/bin"), Path::new("/bin")]).unwrap();
        Programs { path, privilege }
    }

    #[test]
    fn programs_say_how_they_ended_and_root_is_not_made_up() {
        let folder = tempfile::tempdir().unwrap();
        let tools = with_namesake(folder.path(), "true", Privilege::None);
        let said = tools.run(&Call::new("sh", ["-c", "cat; echo no >&2; exit 3"]).reading("in".to_owned())).unwrap();
        assert_eq!(said, Said { success: false, out: "in".to_owned(), err: "no\n".to_owned() });
        let refused = tools.run(&Call::new("true", [""; 0]).by_root(true)).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::PermissionDenied);
        assert_eq!(tools.find("no-such-program-as-this"), None);
        let missing = tools.run(&Call::new("no-such-program-as-this", [""; 0])).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_namesake_of_the_user_is_run_by_the_user_alone() {
        let folder = tempfile::tempdir().unwrap();
        let tools = with_namesake(folder.path(), "echo", Privilege::Root);
        let call = Call::new("echo", ["it"]);
        assert_eq!(tools.find("echo"), Some(folder.path().join("echo")));
        assert!(tools.run(&call).unwrap().out.starts_with("namesake it by "));
        let of_root = tools.find_for_root("echo").unwrap();
        assert!(OF_ROOT.iter().any(|folder| of_root.parent() == Some(Path::new(folder))), "{}", of_root.display());
        assert_eq!(tools.run(&call.by_root(true)).unwrap().out, "it\n");
        // Nothing that a script of root's calls is one, either.
        let script = Call::new("sh", ["-c", "echo $PATH"]).by_root(true);
        assert_eq!(tools.run(&script).unwrap().out, "/usr/sbin:/usr/bin:/sbin:/bin\n");
        let only_here = with_namesake(folder.path(), "no-such-program-as-this", Privilege::Root);
        let missing = only_here.run(&Call::new("no-such-program-as-this", [""; 0]).by_root(true)).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn sudo_is_told_the_path_of_what_it_runs_and_where_that_may_look() {
        let folder = tempfile::tempdir().unwrap();
        let tools = with_namesake(folder.path(), "sudo", Privilege::Sudo);
        let of_root = tools.find_for_root("echo").unwrap();
        let said = tools.run(&Call::new("echo", ["it"]).by_root(true)).unwrap();
        let wanted = format!("namesake -- {} it by /usr/sbin:/usr/bin:/sbin:/bin\n", of_root.display());
        assert_eq!(said.out, wanted);
    }

    #[test]
    fn programs_of_the_system_are_found_that_are_not_in_the_users_path() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("no-program"), "").unwrap();
        let tools = Programs { path: folder.path().into(), privilege: Privilege::None };
        assert_eq!(tools.find("no-program"), None, "nobody may run it");
        let found = search("sh", FURTHER.iter().chain(&OF_ROOT).map(PathBuf::from));
        assert!(found.is_some_and(|path| is_program(&path)));
        assert_eq!(tools.find("/bin/sh"), Some("/bin/sh".into()));
    }
}
