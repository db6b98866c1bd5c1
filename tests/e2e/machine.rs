//! What locald may change on a machine, as a user without privileges has it done: through the real sudo, on a machine of the test's own
//! (mounts and network), where everything is looked at afterwards.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use locald_helper::{AUDIT_LOG, INSTALLED};
use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::fake;
use crate::home::{Said, TestHome, signal};
use crate::named::curl;
use crate::namespace::{self, Own, Place, enter};
use crate::wait;

/// A user without privileges that every system has.
const NOBODY: u32 = 65534;
/// Where they find our programs; their folder here may be closed to them.
const PROGRAMS: &str = "/mnt";
const HOSTS: &str = "127.0.0.1 localhost\n# mine\n10.0.0.1 printer";

/// A user's machine.
struct Machine {
    folder: TempDir,
}

impl Machine {
    /// A machine whose sudoers(5) have this rule for the user; nothing where that cannot be had.
    fn new(rule: &str) -> Option<Self> {
        let map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
        if map.split_ascii_whitespace().nth(2) == Some("1") || !namespace::run("sudo", &["--version"]) {
            println!("skipped: there is no other user here, or no sudo");
            return None;
        }
        fake::service();
        let programs = TestHome::executable().parent().expect("a folder of programs");
        namespace::show(programs, Path::new(PROGRAMS));
        namespace::empty("/usr/local");
        namespace::empty("/var/log");
        namespace::empty("/etc/sudoers.d");
        write("/etc/sudoers.d/test", &format!("nobody ALL=(root) NOPASSWD: {rule}\n"), 0o440);
        namespace::raise_loopback();
        let folder = tempfile::Builder::new().prefix("locald-e2e-").tempdir().expect("a folder");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("a mode");
        write(folder.path().join("hosts"), HOSTS, 0o644);
        namespace::show(&folder.path().join("hosts"), Path::new("/etc/hosts"));
        let machine = Self { folder };
        for folder in [machine.home(), machine.project()] {
            fs::create_dir(&folder).expect("a folder");
            chown(&folder, Some(NOBODY), Some(NOBODY)).expect("an owner");
        }
        let config = format!(
            "[services.web]\ncommand = [\"{PROGRAMS}/fake-service\", \"http\", \"web\"]\nhealth = {{ tcp = true }}\n"
        );
        write(machine.project().join("locald.toml"), &config, 0o644);
        write(machine.project().join("web"), "200", 0o644);
        Some(machine)
    }

    fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    fn project(&self) -> PathBuf {
        self.folder.path().join("demo")
    }

    /// A program in the project's folder, run by the user.
    #[expect(clippy::disallowed_methods, reason = "tests start the real program")]
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.uid(NOBODY).gid(NOBODY).current_dir(self.project()).stdin(Stdio::null()).env_clear();
        command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("HOME", self.home()).env("LOCALD_HOME", self.home());
        command.env("NO_COLOR", "1").env("TZ", "UTC");
        command
    }

    fn run(&self, arguments: &[&str]) -> Said {
        let program = format!("{PROGRAMS}/locald");
        Said::from(self.command(&program).args(arguments).output().expect("locald"))
    }

    fn ok(&self, arguments: &[&str]) -> Said {
        let said = self.run(arguments);
        assert_eq!(said.code, 0, "locald {arguments:?}: {said:?}");
        said
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.ok(arguments).out).expect("JSON")
    }

    /// The URLs of the service's name.
    fn urls(&self) -> Vec<String> {
        let urls = self.json(&["urls", "web", "--json"])[0]["urls"].clone();
        serde_json::from_value(urls).expect("URLs")
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.run(&["shutdown"]);
    }
}

fn write(path: impl AsRef<Path>, text: &str, mode: u32) {
    fs::write(&path, text).expect("a file");
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("a mode");
}

fn owner(pid: i64) -> u32 {
    fs::metadata(format!("/proc/{pid}")).expect("a process").uid()
}

#[test]
fn with_the_helper_urls_lose_their_port_names_are_found_and_all_of_it_can_be_undone() {
    let name = "machine::with_the_helper_urls_lose_their_port_names_are_found_and_all_of_it_can_be_undone";
    if enter(name, Own::Machine) == Place::Elsewhere {
        return;
    }
    let Some(machine) = Machine::new("ALL") else { return };
    // Without the helper everything works that needs no privilege.
    machine.ok(&["up"]);
    assert_eq!(machine.urls(), ["http://demo.localhost:8080", "https://demo.localhost:8443"]);
    assert_eq!(curl(&["http://demo.localhost:8080/"]), "200");
    let said = machine.run(&["setup", "ports"]);
    assert!(said.code == 1 && said.err.contains("`locald setup helper` installs it"), "{said:?}");
    assert_eq!(machine.json(&["setup", "list", "--json"]), Value::Array(vec![]));

    machine.ok(&["setup", "helper"]);
    let found = fs::metadata(INSTALLED).expect("the helper");
    assert_eq!((found.uid(), found.gid(), found.permissions().mode() & 0o7777), (0, 0, 0o755));
    assert!(machine.ok(&["setup", "helper"]).err.contains("is there already"));

    let said = machine.ok(&["setup", "ports"]);
    assert!(said.err.contains("The proxy listens on 80 (HTTP) and 443 (HTTPS)"), "{said:?}");
    let bare = ["http://demo.localhost", "https://demo.localhost"];
    assert_eq!(machine.urls(), bare);
    for url in ["http://demo.localhost/", "http://demo.localhost:8080/"] {
        assert_eq!(curl(&[url]), "200", "{url}");
    }
    let status = machine.json(&["daemon", "status", "--json"]);
    let daemon =
        |status: &Value| status["pid"].as_i64().or_else(|| status["daemon"]["pid"].as_i64()).expect("a process");
    assert_eq!(owner(daemon(&status)), NOBODY, "the sockets are a user's");
    // Another daemon has them too, however the last one ended; and whoever had the old URL keeps it.
    signal(i32::try_from(daemon(&status)).expect("a number"), Signal::KILL);
    for url in ["http://demo.localhost/", "http://demo.localhost:8080/"] {
        assert_eq!(curl(&[url]), "200", "{url}");
    }
    machine.ok(&["daemon", "restart"]);
    assert_eq!(curl(&["http://demo.localhost:8080/"]), "200");
    assert_eq!(machine.urls(), bare);
    // A keeper that begins anew has lost them, and the next command has them again, without a question.
    machine.ok(&["shutdown"]);
    machine.ok(&["up"]);
    assert_eq!(machine.urls(), bare);
    assert!(machine.ok(&["setup", "ports"]).err.contains("the proxy has them"));

    assert_eq!(
        machine.json(&["urls", "web", "--json"])[0]["loopback_url"].as_str().map(|url| &url[..17]),
        Some("http://127.0.0.1:")
    );
    machine.ok(&["setup", "hosts"]);
    let text = fs::read_to_string("/etc/hosts").expect("the hosts file");
    assert!(text.starts_with(HOSTS) && text.contains(&format!("\n# BEGIN locald, user {NOBODY}")), "{text}");
    let finds = |host: &str| machine.command("getent").args(["ahosts", host]).status().expect("getent").success();
    assert!(finds("demo.localhost") && finds("web-demo.localhost"));
    assert_eq!(machine.json(&["urls", "web", "--json"])[0]["resolves"], true);
    // A service that comes later is found later, without a question.
    let config = machine.project().join("locald.toml");
    let text = fs::read_to_string(&config).expect("a file");
    write(&config, &format!("{text}{}", text.replace("services.web", "services.late")), 0o644);
    machine.ok(&["up"]);
    assert!(finds("late.demo.localhost") && finds("demo.localhost"));

    let listed = machine.json(&["setup", "list", "--json"]);
    let sorts: Vec<&str> =
        listed.as_array().expect("a list").iter().map(|entry| entry["change"].as_str().expect("a sort")).collect();
    assert_eq!(sorts, ["helper", "ports", "hosts"]);
    machine.ok(&["setup", "undo"]);
    assert_eq!(fs::read_to_string("/etc/hosts").expect("the hosts file"), HOSTS);
    assert!(!Path::new(INSTALLED).exists());
    assert_eq!(machine.json(&["setup", "list", "--json"]), Value::Array(vec![]));
    let log = fs::read_to_string(AUDIT_LOG).expect("the record");
    assert!(log.lines().all(|line| line.contains(&format!(": user {NOBODY} (pid "))), "{log}");
    machine.ok(&["shutdown"]);
    machine.ok(&["up"]);
    assert_eq!(machine.urls()[0], "http://demo.localhost:8080");
}

#[test]
fn where_sudo_does_not_allow_it_that_is_said_and_everything_else_works() {
    let name = "machine::where_sudo_does_not_allow_it_that_is_said_and_everything_else_works";
    if enter(name, Own::Machine) == Place::Elsewhere {
        return;
    }
    let Some(machine) = Machine::new("/bin/true") else { return };
    let said = machine.run(&["setup", "helper"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("this does it: sudo /bin/sh -c ") && said.err.contains(INSTALLED), "{said:?}");
    assert_eq!(machine.json(&["setup", "list", "--json"]), Value::Array(vec![]), "what was not done is not listed");
    // Root has typed it.
    #[expect(clippy::disallowed_methods, reason = "what was printed is typed")]
    let typed = |line: &str| Command::new("sh").args(["-c", line]).status().expect("a shell").success();
    let line = said.err.split_once("this does it: ").expect("a command").1.trim().to_owned();
    assert!(typed(line.strip_prefix("sudo ").expect("sudo")));
    let said = machine.run(&["setup", "ports"]);
    assert!(said.code == 1 && said.err.contains("sudo has not run the helper"), "{said:?}");
    let said = machine.run(&["setup", "hosts"]);
    assert!(said.code == 1 && said.err.contains("run this command in a terminal"), "{said:?}");
    machine.ok(&["up"]);
    assert_eq!(machine.urls()[0], "http://demo.localhost:8080");
    assert_eq!(fs::read_to_string("/etc/hosts").expect("the hosts file"), HOSTS);
    assert_eq!(machine.json(&["setup", "list", "--json"]), Value::Array(vec![]));

    // A copy that others could change is not run, whatever sudo allows.
    write("/etc/sudoers.d/test", "nobody ALL=(root) NOPASSWD: ALL\n", 0o440);
    for spoil in [
        || fs::set_permissions("/usr/local/libexec", fs::Permissions::from_mode(0o777)),
        || chown(INSTALLED, Some(NOBODY), None),
    ] {
        spoil().expect("root may do that");
        let said = machine.run(&["setup", "ports"]);
        assert!(said.code == 1 && said.err.contains("the helper is not run as root: "), "{said:?}");
        fs::set_permissions("/usr/local/libexec", fs::Permissions::from_mode(0o755)).expect("a mode");
    }
    // One of another time names both versions and the command that ends it; the user's programs go on.
    write(INSTALLED, "#!/bin/sh\necho 'locald-helper 9.9.9 (protocol 90 to 99)'\n", 0o755);
    chown(INSTALLED, Some(0), Some(0)).expect("an owner");
    let said = machine.run(&["setup", "ports"]);
    let ours = format!("this is {} (protocol ", env!("CARGO_PKG_VERSION"));
    for part in ["9.9.9 (protocol 90 to 99)", &ours, "`locald setup helper` installs the one of this release"] {
        assert!(said.err.contains(part), "{said:?}");
    }
    machine.ok(&["restart"]);
    machine.ok(&["setup", "helper"]);
    machine.ok(&["setup", "ports"]);
    assert_eq!(machine.urls()[0], "http://demo.localhost");
}

#[test]
fn sockets_that_locald_was_started_with_are_the_proxys() {
    if enter("machine::sockets_that_locald_was_started_with_are_the_proxys", Own::Machine) == Place::Elsewhere {
        return;
    }
    let Some(machine) = Machine::new("/bin/true") else { return };
    let listener = TcpListener::bind("127.0.0.1:80").expect("root may");
    // As sd_listen_fds(3) has it: the third descriptor, and whose they are.
    let script =
        format!("exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=http exec {PROGRAMS}/locald up");
    let given = listener.try_clone().expect("a copy");
    let mut command = machine.command("/bin/sh");
    let said =
        Said::from(command.args(["-c", &script]).stdin(std::os::fd::OwnedFd::from(given)).output().expect("a shell"));
    assert_eq!(said.code, 0, "{said:?}");
    drop((listener, command));
    wait::until("the name has no port", || (machine.urls()[0] == "http://demo.localhost").then_some(()));
    assert_eq!(curl(&["http://demo.localhost/"]), "200");
    // The next daemon has it too, and the port of before beside it, though that was at one address more.
    machine.ok(&["daemon", "restart"]);
    assert_eq!(machine.urls()[0], "http://demo.localhost");
    for url in ["http://demo.localhost/", "http://demo.localhost:8080/"] {
        assert_eq!(curl(&[url]), "200", "{url}");
    }
    // One that the world could reach is refused, and told.
    machine.ok(&["shutdown"]);
    let open = TcpListener::bind("0.0.0.0:80").expect("root may");
    let said = Said::from(
        machine
            .command("/bin/sh")
            .args(["-c", &script])
            .stdin(std::os::fd::OwnedFd::from(open))
            .output()
            .expect("a shell"),
    );
    assert!(said.code == 0 && said.err.contains("open to other machines"), "{said:?}");
    assert_eq!(machine.urls()[0], "http://demo.localhost:8080");
}
