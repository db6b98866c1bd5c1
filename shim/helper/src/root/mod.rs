//! The side that runs as root: reads one request from standard input, does it, records it, and answers as the caller.

mod audit;
mod ports;
mod surroundings;

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout, socket_domain, socket_peercred, socket_type};
use rustix::net::{AddressFamily, RecvFlags, SocketType, UCred};

use crate::hosts::{self, HOSTS};
use crate::link::reply;
use crate::message::{Answer, Check, MAX_MESSAGE, Refusal, Request, Verb};
use crate::trust::check_path;
use crate::version::{PROTOCOL, Version};
use crate::{INSTALLED, Port};
pub use audit::AUDIT_LOG;
use audit::Audit;

/// How long a request may take to come. It is there before the helper is.
const PATIENCE: Duration = Duration::from_secs(5);
/// Of the arguments, or of what standard input is.
const USAGE: u8 = 2;

const HELP: &str = "\
locald-helper opens ports and keeps names in the hosts file for locald, which runs it: \
`locald setup` says more. By hand it only says what it is: `locald-helper --version`.
";

const NO_SOCKET: &str = "\
locald-helper: standard input is not the socket on which locald asks, so there is nobody to answer.
locald runs it, through sudo, as `locald setup ports` or `locald setup hosts` does; by hand it only knows `--version`.
If locald did run it: sudo put a pipe of its own in the socket's place, which it does with `Defaults log_input`. \
`Defaults!/usr/local/libexec/locald-helper !log_input` in sudoers(5) spares the helper.
";

/// Does one act, or says which release this is. `arguments`: without the program's name.
pub fn main(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.take(2).collect();
    let say = |text: String| {
        // Whoever does not read it does not want it.
        let _ = io::stdout().write_all(text.as_bytes());
        ExitCode::SUCCESS
    };
    match arguments.as_slice() {
        [] => act(),
        [only] if only == "--version" => say(format!("locald-helper {}\n", Version::ours())),
        [only] if only == "--help" => say(HELP.to_owned()),
        _ => complain(HELP),
    }
}

fn complain(text: &str) -> ExitCode {
    let _ = io::stderr().write_all(text.as_bytes());
    ExitCode::from(USAGE)
}

fn act() -> ExitCode {
    let input = rustix::stdio::stdin();
    if !is_link(input) {
        return complain(NO_SOCKET);
    }
    if let Err(error) = surroundings::shed() {
        return complain(&format!(
            "locald-helper: the surroundings it was started in cannot be left behind: {error}\n"
        ));
    }
    // Who holds the other end, or made it: the kernel says so, and neither the environment nor the request.
    let caller = match socket_peercred(input) {
        Ok(caller) => caller,
        Err(error) => return complain(&format!("locald-helper: whoever asks cannot be made out: {error}\n")),
    };
    let (answer, sockets) = answer(input, caller);
    if let Err(error) = surroundings::become_caller(caller) {
        return complain(&format!("locald-helper: its privileges cannot be given back: {error}\n"));
    }
    let is_done = !matches!(answer, Answer::Refused(_));
    match reply(input, *PROTOCOL.end(), &answer, &sockets) {
        Ok(()) if is_done => ExitCode::SUCCESS,
        // Nobody waits for it any more, or it is a refusal: that is told in the answer.
        _ => ExitCode::FAILURE,
    }
}

/// Whether this is one end of such a pair as [`crate::Link`] makes.
fn is_link(input: BorrowedFd<'_>) -> bool {
    socket_domain(input).is_ok_and(|domain| domain == AddressFamily::UNIX)
        && socket_type(input).is_ok_and(|kind| kind == SocketType::SEQPACKET)
}

fn answer(input: BorrowedFd<'_>, caller: UCred) -> (Answer, Vec<OwnedFd>) {
    let refused = |refusal| (Answer::Refused(refusal), Vec::new());
    let request = match receive(input) {
        Ok(request) => request,
        Err(refusal) => return refused(refusal),
    };
    // By a mode bit it would run as root for everybody, and in surroundings that nobody has cleaned.
    if !(rustix::process::geteuid().is_root() && rustix::process::getuid().is_root()) {
        return refused(Refusal::NotRoot);
    }
    // What cannot be recorded is not done.
    let audit = match Audit::open() {
        Ok(audit) => audit,
        Err(error) => return refused(Refusal::Failed(format!("what is done cannot be recorded: {error}"))),
    };
    let (answer, sockets) = carry_out(&request.verb, caller, &audit);
    let line = format!("{} asked for {}: {}", who(caller), described(&request.verb), outcome(&answer));
    match audit.record(&line) {
        Ok(()) => (answer, sockets),
        Err(error) => refused(Refusal::Failed(format!("what was done could not be recorded: {error}"))),
    }
}

/// The one request there is.
fn receive(input: BorrowedFd<'_>) -> Result<Request, Refusal> {
    let mut bytes = vec![0; MAX_MESSAGE];
    let _ = set_socket_timeout(input, Timeout::Recv, Some(PATIENCE));
    let length = loop {
        match rustix::net::recv(input, &mut bytes[..], RecvFlags::TRUNC) {
            // Descriptors that came with it are closed by the kernel, as nobody asked for them.
            Ok((_, length)) => break length,
            Err(Errno::INTR) => {}
            Err(_) => return Err(Refusal::Malformed),
        }
    };
    let message = bytes.get(..length).ok_or(Refusal::Malformed)?;
    let protocol = Request::protocol_of(message).map_err(|_| Refusal::Malformed)?;
    if !PROTOCOL.contains(&protocol) {
        return Err(Refusal::Protocol(Version::ours()));
    }
    Request::decode(message).map_err(|_| Refusal::Malformed)
}

/// All that the helper can do.
fn carry_out(verb: &Verb, caller: UCred, audit: &Audit) -> (Answer, Vec<OwnedFd>) {
    match verb {
        Verb::SelfCheck => (Answer::Checked(check(caller, audit)), Vec::new()),
        Verb::Bind(ports) => ports::open(ports),
        Verb::Hosts(names) => {
            let changed = hosts::change(Path::new(HOSTS), caller.uid.as_raw(), names);
            (changed.map_or_else(|why| Answer::Refused(Refusal::Failed(why)), Answer::Hosts), Vec::new())
        }
    }
}

fn check(caller: UCred, audit: &Audit) -> Check {
    let caller = caller.uid.as_raw();
    let program = std::env::current_exe();
    let misplaced = match &program {
        Ok(path) => check_path(path).err().map(|why| why.to_string()),
        Err(error) => Some(format!("its own program cannot be found: {error}")),
    };
    let elsewhere = program.ok().filter(|path| path != Path::new(INSTALLED));
    let elsewhere = elsewhere.map(|path| format!("it runs from {} and not from {INSTALLED}", path.display()));
    let faults = [misplaced, elsewhere, hosts::fault(Path::new(HOSTS), caller)].into_iter().flatten().collect();
    Check { version: Version::ours(), caller, audit: audit.to_string(), faults }
}

fn who(caller: UCred) -> String {
    format!("user {} (pid {})", caller.uid.as_raw(), caller.pid.as_raw_nonzero())
}

/// A request in words, for the record.
fn described(verb: &Verb) -> String {
    match verb {
        Verb::SelfCheck => "a check".to_owned(),
        Verb::Bind(ports) => format!("ports {}", list(ports.iter().copied().map(Port::number))),
        Verb::Hosts(names) if names.is_empty() => "no names in the hosts file".to_owned(),
        Verb::Hosts(names) => {
            const SHOWN: usize = 8;
            let mut text = list(names.iter().take(SHOWN));
            if names.len() > SHOWN {
                let _ = write!(text, " and {} more", names.len() - SHOWN);
            }
            format!("names in the hosts file: {text}")
        }
    }
}

/// An answer in words, for the record.
fn outcome(answer: &Answer) -> String {
    match answer {
        Answer::Checked(_) => "answered".to_owned(),
        Answer::Bound { sockets, failed } => {
            let opened = list(sockets.iter().map(|it| format!("{}:{}", ports::address(it.is_v6), it.port.number())));
            let failed = list(failed.iter().map(|(port, errno)| format!("{} (errno {errno})", port.number())));
            format!("opened [{opened}], not opened [{failed}]")
        }
        Answer::Hosts(change) => format!("{change:?}").to_lowercase(),
        Answer::Refused(refusal) => format!("refused: {refusal:?}"),
    }
}

fn list(items: impl Iterator<Item = impl std::fmt::Display>) -> String {
    items.map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}
