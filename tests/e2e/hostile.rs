//! What anybody can send to the control socket, and what becomes of it: an answer or a closed door, and nothing more.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::time::Duration;

use crate::home::TestHome;
use crate::random::Random;
use crate::wait;

const QUIET: &str = "[services.web]\ncommand = \"seq 1 200000; exec sleep 1000\"\n";
/// What the daemon's memory may grow by, whatever is sent.
const GROWTH_KIB: u64 = 20 << 10;

/// A daemon under attack.
struct Attacked {
    home: TestHome,
    daemon: i32,
    before: u64,
}

impl Attacked {
    fn new() -> Self {
        let home = TestHome::new(QUIET);
        home.ok(&["up"]);
        wait::until("everything is printed", || home.ok(&["capture", "web"]).contains("200000").then_some(()));
        let daemon = home.daemon_pid();
        Self { before: resident_kib(daemon), home, daemon }
    }

    fn connect(&self) -> UnixStream {
        let stream = UnixStream::connect(self.home.socket()).expect("the control socket");
        stream.set_read_timeout(Some(wait::PATIENCE)).expect("a timeout");
        stream.set_write_timeout(Some(wait::PATIENCE)).expect("a timeout");
        stream
    }

    /// A connection that has said hello and was welcomed.
    fn greeted(&self) -> UnixStream {
        let mut stream = self.connect();
        stream.write_all(&message(&hello(locald_api::PROTOCOL))).expect("the daemon listens");
        assert!(answer(&mut stream).contains("welcome"));
        stream
    }

    /// The daemon is the same, has not grown much, and serves others.
    fn assert_unharmed(&self, what: &str) {
        assert_eq!(self.home.daemon_pid(), self.daemon, "{what}");
        assert_eq!(self.home.service("web")["state"], "ready", "{what}");
        let now = resident_kib(self.daemon);
        println!("{what}: {} KiB at first, {now} KiB now", self.before);
        assert!(now < self.before + GROWTH_KIB, "{what}: grown from {} to {now} KiB", self.before);
    }
}

fn resident_kib(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("a living process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

fn hello(protocol: u32) -> String {
    format!(r#"{{"hello":{{"protocol":{protocol},"version":"9.9.9","client":"test"}}}}"#)
}

fn message(json: &str) -> Vec<u8> {
    frame(&[b"\0", json.as_bytes()].concat())
}

fn frame(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).expect("a short frame").to_be_bytes(), bytes].concat()
}

/// The next message as text; empty if the daemon has hung up.
fn answer(stream: &mut UnixStream) -> String {
    let mut length = [0; 4];
    if stream.read_exact(&mut length).is_err() {
        return String::new();
    }
    let mut bytes = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut bytes).expect("a whole message");
    String::from_utf8_lossy(&bytes[1..]).into_owned()
}

/// Reads until the daemon hangs up, which it must.
fn wait_for_hang_up(stream: &mut UnixStream, what: &str) {
    let mut rest = Vec::new();
    if let Err(error) = stream.read_to_end(&mut rest) {
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{what}");
    }
}

#[test]
fn nonsense_before_a_hello_is_answered_or_hung_up_on_and_costs_nothing() {
    let attacked = Attacked::new();
    let mut random = Random::new();
    let noise: Vec<u8> = (0..65536).map(|_| u8::try_from(random.below(256)).expect("a byte")).collect();
    let line = vec![b'x'; 16 << 20];
    let cases: [(&str, &[u8]); 9] = [
        ("random bytes", &noise),
        ("a line of 16 MiB without an end", &line),
        ("an HTTP request", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        ("the largest length", &[0xff; 64]),
        ("an empty frame", &[0, 0, 0, 0, 0, 0, 0, 0]),
        ("JSON that is not UTF-8", &frame(b"\0{\"hello\":{\"protocol\":1,\"version\":\"\xff\xfe\",\"client\":\"x\"}}")),
        ("JSON of another shape", &message(r#"{"hello":[1,2,3]}"#)),
        ("JSON that nests deeply", &message(&"[".repeat(100_000))),
        ("a frame of an unknown kind", &frame(b"\x07abc")),
    ];
    for (what, bytes) in cases {
        let mut stream = attacked.connect();
        // The daemon may hang up in the middle, and should.
        let _ = stream.write_all(bytes);
        wait_for_hang_up(&mut stream, what);
        attacked.assert_unharmed(what);
    }
}

#[test]
fn nonsense_after_a_hello_ends_that_connection_and_no_other() {
    let attacked = Attacked::new();
    let mut bystander = attacked.greeted();
    let long = message(&format!(r#"{{"request":{{"id":1,"request":"{}"}}}}"#, "x".repeat(3 << 20)));
    let cases: [(&str, Vec<u8>); 6] = [
        ("a second hello", message(&hello(locald_api::PROTOCOL))),
        ("an unknown request", message(r#"{"request":{"id":1,"request":"dance"}}"#)),
        ("a request of 3 MiB", long),
        ("a length of 1 GiB", vec![0x40, 0, 0, 0, 0]),
        ("JSON that is not UTF-8", frame(b"\0{\"request\":\"\xff\"}")),
        ("a pane's frame", frame(&[1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])),
    ];
    for (what, bytes) in cases {
        let mut stream = attacked.greeted();
        let _ = stream.write_all(&bytes);
        wait_for_hang_up(&mut stream, what);
        attacked.assert_unharmed(what);
    }
    bystander.write_all(&message(r#"{"request":{"id":7,"request":"daemon-status"}}"#)).expect("the daemon listens");
    assert!(answer(&mut bystander).contains(r#""id":7"#), "a connection of another client goes on");
}

#[test]
fn frames_that_break_off_are_forgotten_with_their_connection() {
    let attacked = Attacked::new();
    for _ in 0..100 {
        let mut stream = attacked.greeted();
        // 4 MiB are announced, and 16 bytes come.
        stream.write_all(&[0, 0x3f, 0xff, 0xff]).expect("the daemon listens");
        stream.write_all(&[0; 16]).expect("the daemon listens");
    }
    let idle: Vec<UnixStream> = (0..100)
        .map(|_| {
            let mut stream = attacked.connect();
            stream.write_all(&[0, 0x3f, 0xff, 0xff, 0]).expect("the daemon listens");
            stream
        })
        .collect();
    attacked.assert_unharmed("100 frames that broke off, and 100 that are about to");
    drop(idle);
}

#[test]
fn strangers_who_send_large_hellos_all_at_once_are_not_waited_for() {
    let attacked = Attacked::new();
    let mut streams: Vec<UnixStream> = (0..60).map(|_| attacked.connect()).collect();
    let most = vec![b' '; 3 << 20];
    for stream in &mut streams {
        stream.set_write_timeout(Some(Duration::from_millis(200))).expect("a timeout");
        // 4 MiB are announced and 3 come: if the daemon took them all, it would hold 180 MiB.
        let _ = stream.write_all(&[0, 0x3f, 0xff, 0xff, 0]).and_then(|()| stream.write_all(&most));
    }
    attacked.assert_unharmed("60 hellos of 4 MiB");
}

#[test]
fn a_client_that_asks_and_never_reads_costs_little_and_slows_nobody() {
    let attacked = Attacked::new();
    let mut deaf = attacked.greeted();
    deaf.set_write_timeout(Some(Duration::from_millis(500))).expect("a timeout");
    let root = attacked.home.project();
    for id in 0..5000 {
        let target = format!(r#"{{"root":"{}","names":[]}}"#, root.display());
        let logs = format!(r#"{{"request":{{"id":{id},"request":{{"logs":{{"target":{target}}}}}}}}}"#);
        if deaf.write_all(&message(&logs)).is_err() {
            // The daemon has stopped listening to somebody who does not.
            break;
        }
    }
    attacked.assert_unharmed("a client that does not read its answers");
    // It was not thrown out for being slow: what it asked is there.
    assert!(answer(&mut deaf).contains("response"));
}

#[test]
fn two_hundred_clients_at_once_are_all_served() {
    let attacked = Attacked::new();
    let mut clients: Vec<UnixStream> = (0..200).map(|_| attacked.greeted()).collect();
    for client in &mut clients {
        client.write_all(&message(r#"{"request":{"id":1,"request":"daemon-status"}}"#)).expect("the daemon listens");
    }
    for client in &mut clients {
        assert!(answer(client).contains("keeper_pid"));
    }
    attacked.assert_unharmed("200 clients");
}

#[test]
fn a_client_of_another_version_is_told_what_to_do() {
    let attacked = Attacked::new();
    let mut stream = attacked.connect();
    stream.write_all(&message(&hello(999))).expect("the daemon listens");
    let said = answer(&mut stream);
    assert!(said.contains("refused") && said.contains("cannot talk to locald 9.9.9"), "{said}");
    assert!(said.contains("locald daemon restart"), "{said}");
}

#[test]
fn nobody_else_can_reach_the_socket_or_read_a_log() {
    let attacked = Attacked::new();
    let home = &attacked.home;
    let mode = |path: &std::path::Path| fs::symlink_metadata(path).expect("it is there").mode() & 0o7777;
    let run = home.path().join("run");
    assert_eq!(mode(&home.socket()), 0o600);
    assert_eq!((mode(&run), mode(&home.state())), (0o700, 0o700));
    let mut folders = vec![home.state()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            let (is_folder, mode) = (entry.is_dir(), mode(&entry));
            assert_eq!(mode & 0o077, 0, "{} is open to others: {mode:o}", entry.display());
            folders.extend(is_folder.then_some(entry));
        }
    }
    if !rustix::process::geteuid().is_root() {
        return println!("skipped: only root can try as another user");
    }
    // Even where somebody has opened every door on the way, a peer of another user is refused.
    for folder in [home.path(), run, home.path().parent().expect("its folder").to_owned()] {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).expect("our folder");
    }
    fs::set_permissions(home.socket(), fs::Permissions::from_mode(0o666)).expect("our socket");
    let Some(said) = as_nobody(home) else { return println!("skipped: setpriv is not here") };
    assert!(!said.contains("welcome"), "a stranger was served: {said}");
    attacked.assert_unharmed("a peer of another user");
}

/// What the daemon says to another user's hello; `None` where there is no way to be another user.
#[expect(clippy::disallowed_methods, reason = "tests start the real program")]
fn as_nobody(home: &TestHome) -> Option<String> {
    let folder = home.path().parent()?.to_owned();
    let program = folder.join("locald");
    fs::copy(TestHome::executable(), &program).ok()?;
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(program).args(["daemon", "status"]);
    let said = command
        .env("LOCALD_HOME", home.path())
        .env("LOCALD_HTTP_PORT", "0")
        .env("LOCALD_HTTPS_PORT", "0")
        .current_dir("/")
        .output()
        .ok()?;
    assert!(!said.status.success(), "another user is not refused: {said:?}");
    Some(String::from_utf8_lossy(&said.stdout).into_owned() + &String::from_utf8_lossy(&said.stderr))
}
