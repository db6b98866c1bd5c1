//! The helper as root has it: what it does for whom, what it refuses, and that nothing of it is left afterwards. Each test has a
//! machine of its own.

use std::fs::{self, File};
use std::io::{IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use locald_helper::{AUDIT_LOG, Answer, HostsChange, Link, PROTOCOL, Port, Refusal, Request, Verb, described};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendFlags, SocketFlags, SocketType,
};

use crate::namespace::{self, Own, Place, enter};

/// A hosts file with lines that end as on DOS, and a last one that does not end.
const TEXT: &str = "127.0.0.1 localhost\r\n# mine\r\n10.0.0.1\tprinter";
/// A user who is nobody in particular.
const SOMEBODY: u32 = 65534;

#[expect(clippy::disallowed_methods, reason = "tests start the real program")]
fn helper() -> Command {
    Command::new(env!("CARGO_BIN_EXE_locald-helper"))
}

fn prepare() {
    namespace::empty("/var/log");
    namespace::raise_loopback();
}

/// Asks on behalf of whoever this thread is.
fn asked(verb: Verb) -> (Link, OwnedFd) {
    Link::ask(&Request { protocol: *PROTOCOL.end(), verb }).expect("a question")
}

fn ask(verb: Verb) -> (Answer, Vec<OwnedFd>) {
    let (link, theirs) = asked(verb);
    finish(&link, theirs)
}

fn finish(link: &Link, theirs: OwnedFd) -> (Answer, Vec<OwnedFd>) {
    let said = helper().stdin(theirs).output().expect("the helper");
    link.answer().unwrap_or_else(|error| panic!("{error}: {said:?}"))
}

/// Does something as another user. Only this thread becomes that one, and it ends with it.
fn as_somebody<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let changed = || {
            let (uid, gid) = (rustix::process::Uid::from_raw(SOMEBODY), rustix::process::Gid::from_raw(SOMEBODY));
            rustix::thread::set_thread_res_gid(gid, gid, gid).expect("a group");
            rustix::thread::set_thread_res_uid(uid, uid, uid).expect("a user");
            work()
        };
        scope.spawn(changed).join().expect("no panic")
    })
}

/// Whether there are other users here; in a namespace that somebody without privileges has made there are none.
fn has_users() -> bool {
    let map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    let has = map.split_ascii_whitespace().nth(2).is_some_and(|count| count != "1");
    if !has {
        println!("skipped in part: there is one user here");
    }
    has
}

fn audit() -> String {
    fs::read_to_string(AUDIT_LOG).unwrap_or_default()
}

#[test]
fn ports_are_opened_on_loopback_alone_and_belong_to_whoever_asked() {
    if enter("helper::ports_are_opened_on_loopback_alone_and_belong_to_whoever_asked", Own::Machine) == Place::Elsewhere
    {
        return;
    }
    prepare();
    let (answer, sockets) = ask(Verb::Bind(Port::ALL.to_vec()));
    let Answer::Bound { sockets: bound, failed } = answer else { panic!("{answer:?}") };
    assert_eq!((failed.len(), bound.len()), (0, sockets.len()));
    let listeners: Vec<TcpListener> = sockets.into_iter().map(TcpListener::from).collect();
    let addresses: Vec<String> = listeners.iter().map(|it| it.local_addr().expect("an address").to_string()).collect();
    assert!(addresses.starts_with(&["127.0.0.1:80".to_owned()]), "{addresses:?}");
    assert!(addresses.iter().all(|it| it.starts_with("127.0.0.1:") || it.starts_with("[::1]:")), "{addresses:?}");
    assert!(addresses.contains(&"127.0.0.1:443".to_owned()), "{addresses:?}");
    // The helper is gone, and they work.
    let mut client = TcpStream::connect("127.0.0.1:80").expect("a listener");
    let (mut server, _) = listeners[0].accept().expect("a client");
    server.write_all(b"x").expect("a byte");
    client.read_exact(&mut [0]).expect("a byte");
    // Who has one of the two already keeps it, and the other is had all the same.
    drop(listeners);
    let taken =
        TcpListener::bind("127.0.0.1:80").expect("the port is free again: nobody else has a copy of its socket");
    let (answer, sockets) = ask(Verb::Bind(Port::ALL.to_vec()));
    let Answer::Bound { sockets: bound, failed } = answer else { panic!("{answer:?}") };
    assert_eq!(failed, [(Port::Http, rustix::io::Errno::ADDRINUSE.raw_os_error())]);
    assert!(bound.iter().all(|it| it.port == Port::Https) && bound.len() == sockets.len());
    drop(taken);
    let log = audit();
    let pid = std::process::id();
    assert!(log.lines().count() == 2, "{log}");
    assert!(log.contains(&format!("user 0 (pid {pid}) asked for ports 80, 443: opened [127.0.0.1:80")), "{log}");
    let found = fs::metadata(AUDIT_LOG).expect("the record");
    assert_eq!((found.permissions().mode() & 0o777, found.uid()), (0o600, 0));
}

#[test]
fn the_helper_has_nothing_open_but_its_question_and_answers_as_whoever_asked() {
    let name = "helper::the_helper_has_nothing_open_but_its_question_and_answers_as_whoever_asked";
    if enter(name, Own::Machine) == Place::Elsewhere {
        return;
    }
    prepare();
    let pair = || rustix::net::socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None);
    let somebody = has_users();
    let (ours, theirs) = if somebody { as_somebody(pair) } else { pair() }.expect("a pair");
    rustix::net::sockopt::set_socket_passcred(&ours, true).expect("an option");
    // A pipe that would be open in it as long as it lives, as programs that are started are given all that is not marked.
    let (mut reading, writing) = std::io::pipe().expect("a pipe");
    rustix::io::fcntl_setfd(&writing, rustix::io::FdFlags::empty()).expect("a mark");
    let mut command = helper();
    command.stdin(theirs).env("LD_BIND_NOW", "1").env("SECRET", "x");
    let mut child = command.spawn().expect("the helper");
    drop((writing, command));
    // It waits for its question still.
    assert_eq!(reading.read(&mut [0]).expect("an end"), 0, "somebody has the pipe still");
    assert!(child.try_wait().expect("a child").is_none());
    let question = Request { protocol: 1, verb: Verb::SelfCheck }.encode().expect("a question");
    rustix::net::send(&ours, &question, SendFlags::NOSIGNAL).expect("sent");
    let mut bytes = [0; 4096];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmCredentials(1))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let mut buffers = [IoSliceMut::new(&mut bytes)];
    rustix::net::recvmsg(&ours, &mut buffers, &mut ancillary, RecvFlags::empty()).expect("an answer");
    let sender = ancillary.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmCredentials(sender) => Some(sender),
        _ => None,
    });
    let sender = sender.expect("whoever has sent it");
    let user = if somebody { SOMEBODY } else { 0 };
    assert_eq!((sender.uid.as_raw(), sender.gid.as_raw()), (user, user), "it has given its privileges back");
    assert!(child.wait().expect("an end").success());
    assert!(audit().contains(&format!("user {user} (pid ")), "{}", audit());
}

#[test]
fn the_block_in_the_hosts_file_is_the_callers_and_the_rest_is_as_it_was() {
    let name = "helper::the_block_in_the_hosts_file_is_the_callers_and_the_rest_is_as_it_was";
    if enter(name, Own::Machine) == Place::Elsewhere {
        return;
    }
    prepare();
    let hosts = Path::new("/etc/hosts");
    let names = |list: &[&str]| Verb::Hosts(list.iter().map(|it| it.parse().expect("a name")).collect());
    let scratch = tempfile::tempdir().expect("a folder");
    // First a folder where another file can take its place, then a file that is mounted where it is, as in containers.
    for is_mounted in [false, true] {
        let etc = scratch.path().join(format!("etc-{is_mounted}"));
        fs::create_dir(&etc).expect("a folder");
        fs::write(etc.join("hosts"), TEXT).expect("a hosts file");
        fs::set_permissions(etc.join("hosts"), fs::Permissions::from_mode(0o640)).expect("a mode");
        namespace::show(&etc, Path::new("/etc"));
        if is_mounted {
            fs::write(scratch.path().join("hosts"), TEXT).expect("a hosts file");
            fs::set_permissions(scratch.path().join("hosts"), fs::Permissions::from_mode(0o640)).expect("a mode");
            namespace::show(&scratch.path().join("hosts"), hosts);
        }
        let change = |expected| if is_mounted { HostsChange::Overwritten } else { expected };
        let (answer, _) = ask(names(&["shop.localhost", "api.shop.localhost"]));
        assert_eq!(answer, Answer::Hosts(change(HostsChange::Replaced)));
        let text = fs::read_to_string(hosts).expect("the hosts file");
        assert!(text.starts_with(TEXT) && text.contains("::1 api.shop.localhost\r\n"), "{text:?}");
        assert_eq!(fs::metadata(hosts).expect("the file").permissions().mode() & 0o777, 0o640);
        assert_eq!(ask(names(&["api.shop.localhost", "shop.localhost"])).0, Answer::Hosts(HostsChange::None));
        if has_users() {
            let (link, theirs) = as_somebody(|| asked(names(&["other.localhost"])));
            finish(&link, theirs);
            let text = fs::read(hosts).expect("the hosts file");
            let of = |user| locald_helper::hosts::names_of(&text, user).expect("a block").len();
            assert_eq!((of(0), of(SOMEBODY)), (2, 1), "each has their own");
            let (link, theirs) = as_somebody(|| asked(names(&[])));
            finish(&link, theirs);
        }
        ask(names(&[]));
        assert_eq!(fs::read_to_string(hosts).expect("the hosts file"), TEXT);
        let mut left: Vec<String> = fs::read_dir("/etc")
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name().into_string().expect("text"))
            .collect();
        left.sort();
        assert_eq!(left, ["hosts"]);
    }
    let log = audit();
    assert!(log.contains("names in the hosts file: shop.localhost, api.shop.localhost: replaced"), "{log}");
    assert!(log.contains("asked for no names in the hosts file: overwritten"), "{log}");
}

#[test]
fn what_is_no_request_of_its_own_is_refused_and_changes_nothing() {
    let name = "helper::what_is_no_request_of_its_own_is_refused_and_changes_nothing";
    if enter(name, Own::Machine) == Place::Elsewhere {
        return;
    }
    prepare();
    let before = fs::read("/etc/hosts").expect("the hosts file");
    let tell = |bytes: &[u8]| {
        let (link, theirs) = asked_raw(bytes);
        let said = helper().stdin(theirs).output().expect("the helper");
        assert!(!said.status.success());
        link.answer().expect("an answer").0
    };
    let head = |protocol: u16| [&b"lcld"[..], &protocol.to_le_bytes()].concat();
    let malformed = Answer::Refused(Refusal::Malformed);
    for bytes in [
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        head(1),
        [head(1), vec![9]].concat(),
        [head(1), vec![1, 1, 22, 0]].concat(),
        [head(1), vec![2, 1, 0, 10, 0], b"google.com".to_vec()].concat(),
        [head(1), vec![2, 255, 255]].concat(),
        vec![0; 70_000],
    ] {
        assert_eq!(tell(&bytes), malformed, "{:?}", bytes.get(..20));
    }
    // One of another time is told which release it meets.
    let Answer::Refused(Refusal::Protocol(version)) = tell(&[head(999), vec![0]].concat()) else {
        panic!("it speaks a protocol that is not there yet")
    };
    assert_eq!(version.release, env!("CARGO_PKG_VERSION"));
    assert_eq!(fs::read("/etc/hosts").expect("the hosts file"), before);
    assert_eq!(audit(), "", "nothing was done");
}

/// A question that is none.
fn asked_raw(bytes: &[u8]) -> (Link, OwnedFd) {
    let (ours, theirs) =
        rustix::net::socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
            .expect("a pair");
    rustix::net::sockopt::set_socket_send_buffer_size(&ours, 1 << 20).expect("a large buffer");
    rustix::net::send(&ours, bytes, SendFlags::NOSIGNAL).expect("sent");
    (Link::from(ours), theirs)
}

#[test]
fn it_says_its_version_to_everybody_and_does_nothing_for_whoever_is_not_root() {
    let name = "helper::it_says_its_version_to_everybody_and_does_nothing_for_whoever_is_not_root";
    if enter(name, Own::Machine) == Place::Elsewhere {
        return;
    }
    prepare();
    let text = |said: &Output| String::from_utf8_lossy(&said.stdout).into_owned();
    let said = helper().arg("--version").output().expect("the helper");
    let version = described(&text(&said)).expect("a version");
    assert_eq!((version.release.as_str(), version.protocol), (env!("CARGO_PKG_VERSION"), PROTOCOL));
    if !has_users() {
        return;
    }
    // Where nobody but root can have put it, and where everybody can start it.
    namespace::empty("/usr/local/libexec");
    let path = Path::new(locald_helper::INSTALLED);
    fs::copy(env!("CARGO_BIN_EXE_locald-helper"), path).expect("a copy");
    #[expect(clippy::disallowed_methods, reason = "tests start the real program")]
    let installed = || Command::new(path);
    for mode in [0o755, 0o4755] {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
        let said = installed().arg("--version").uid(SOMEBODY).output().expect("the helper");
        assert!(described(&text(&said)).is_some(), "{said:?}");
        let (link, theirs) = asked(Verb::Bind(vec![Port::Http]));
        let said = installed().stdin(theirs).uid(SOMEBODY).output().expect("the helper");
        assert_eq!(link.answer().expect("an answer").0, Answer::Refused(Refusal::NotRoot), "mode {mode:o}: {said:?}");
    }
    assert_eq!(audit(), "");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("a mode");
    let (link, theirs) = asked(Verb::SelfCheck);
    installed().stdin(theirs).output().expect("the helper");
    let Answer::Checked(check) = link.answer().expect("an answer").0 else { panic!("another answer") };
    assert_eq!((check.caller, check.audit.as_str(), check.faults), (0, AUDIT_LOG, vec![]));
    let Answer::Checked(check) = ask(Verb::SelfCheck).0 else { panic!("another answer") };
    assert!(check.faults.iter().any(|fault| fault.contains("and not from /usr/local/libexec")), "{:?}", check.faults);
}

#[test]
fn standard_input_that_is_not_its_socket_is_told_with_the_reason_and_the_way_out() {
    let (stream, _other) = UnixStream::pair().expect("a pair");
    let inputs = [
        Stdio::null(),
        Stdio::piped(),
        Stdio::from(File::open("/etc/hosts").expect("a file")),
        Stdio::from(OwnedFd::from(stream)),
        Stdio::from(OwnedFd::from(TcpListener::bind("127.0.0.1:0").expect("a listener"))),
    ];
    for input in inputs {
        let said = helper().stdin(input).output().expect("the helper");
        let text = String::from_utf8_lossy(&said.stderr).into_owned();
        assert_eq!(said.status.code(), Some(2), "{text}");
        assert!(text.contains("standard input is not the socket") && text.contains("!log_input"), "{text}");
    }
    for arguments in [&["bind"][..], &["--version", "x"], &["/bin/sh"]] {
        let said = helper().args(arguments).stdin(Stdio::null()).output().expect("the helper");
        assert_eq!(said.status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn acts_are_recorded_in_the_systems_log_where_there_is_one() {
    if enter("helper::acts_are_recorded_in_the_systems_log_where_there_is_one", Own::Machine) == Place::Elsewhere {
        return;
    }
    prepare();
    let scratch = tempfile::tempdir().expect("a folder");
    namespace::empty(scratch.path().to_str().expect("text"));
    let log = UnixDatagram::bind(scratch.path().join("log")).expect("a log");
    File::create(scratch.path().join("null")).expect("a place");
    namespace::show(Path::new("/dev/null"), &scratch.path().join("null"));
    assert!(namespace::run("mount", &["--rbind", scratch.path().to_str().expect("text"), "/dev"]), "a /dev of its own");
    ask(Verb::SelfCheck);
    let mut line = [0; 1000];
    let length = log.recv(&mut line).expect("a line");
    let line = String::from_utf8_lossy(&line[..length]).into_owned();
    assert!(line.starts_with("<85>locald-helper["), "{line}");
    assert!(line.contains("]: user 0 (pid ") && line.ends_with(" asked for a check: answered"), "{line}");
    assert_eq!(audit(), "", "one record is enough");
}
