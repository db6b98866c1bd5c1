//! Ports 80 and 443 for the proxy: from whoever started this command with them, or from the helper; handed over to the daemon.

use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use locald_api::{CallError, Client, MAX_HANDED_OVER, ProxyPorts, Request, Response};
use locald_helper::{Answer, Port, Verb};
use locald_machine::{Change, Ledger};
use rustix::io::Errno;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags};
use tokio::net::UnixListener;

use crate::context::Context;
use crate::error::CommandError;
use crate::exit::ExitKind;
use crate::helper::{self, Consent, HelperError};
use crate::inherited;
use crate::ui::Ui;

/// How long the daemon may take to fetch sockets.
const PATIENCE: Duration = Duration::from_secs(5);

/// A socket that listens, and what is to be spoken on it, as [`Request::TakeSockets`] has it.
pub(crate) struct Offered {
    pub(crate) octet: u8,
    pub(crate) socket: OwnedFd,
}

/// Where the proxy listens.
pub(crate) async fn of_proxy(client: &Client) -> Result<ProxyPorts, CommandError> {
    expect(client.call(Request::ProxyPorts).await?)
}

fn expect(response: Response) -> Result<ProxyPorts, CommandError> {
    match response {
        Response::ProxyPorts(ports) => Ok(ports),
        _ => Err(CallError::Unfitting.into()),
    }
}

/// Whether it has one of the ports that URLs need not name.
pub(crate) fn has_any(ports: &ProxyPorts) -> bool {
    ports.http == Some(80) || ports.https == Some(443)
}

/// The ports in words.
pub(crate) fn described(ports: &ProxyPorts) -> String {
    let port = |scheme: &str, port: Option<u16>| port.map(|port| format!("{port} ({scheme})"));
    let both: Vec<String> = [port("HTTP", ports.http), port("HTTPS", ports.https)].into_iter().flatten().collect();
    if both.is_empty() { "no port".to_owned() } else { both.join(" and ") }
}

/// Has the helper open ports, and the proxy listen on them. Returns where it listens then, and what was in the way of a port.
pub(crate) async fn obtain(
    client: &Client,
    context: &Context,
    wanting: &[u16],
    consent: Consent,
) -> Result<(ProxyPorts, Vec<String>), CommandError> {
    let (offered, faults) = from_helper(wanting, consent)?;
    if offered.is_empty() {
        return Err(CommandError::new(ExitKind::Failed, faults.join("; ")));
    }
    Ok((hand_over(client, context.home().runtime_dir(), offered).await?, faults))
}

fn from_helper(wanting: &[u16], consent: Consent) -> Result<(Vec<Offered>, Vec<String>), HelperError> {
    let mut ports: Vec<Port> = wanting.iter().filter_map(|number| Port::from_number(*number)).collect();
    ports.sort();
    let (Answer::Bound { sockets, failed }, descriptors) = helper::ask(Verb::Bind(ports), consent)? else {
        return Err(HelperError::Link(locald_helper::LinkError::Malformed));
    };
    let octet = |port| match port {
        Port::Http => b'h',
        Port::Https => b's',
    };
    let offered = sockets.iter().zip(descriptors).map(|(bound, socket)| Offered { octet: octet(bound.port), socket });
    let faults = failed.iter().map(|(port, errno)| {
        let number = port.number();
        match Errno::from_raw_os_error(*errno) {
            Errno::ADDRINUSE => {
                format!("port {number} is in use: `sudo ss -ltnp 'sport = :{number}'` says by whom")
            }
            errno => format!("port {number} cannot be opened: {errno}"),
        }
    });
    Ok((offered.collect(), faults.collect()))
}

/// Hands sockets over to the daemon, through a socket in the folder `folder`, which is the user's alone.
async fn hand_over(client: &Client, folder: &Path, offered: Vec<Offered>) -> Result<ProxyPorts, CommandError> {
    let place = Place(folder.join(format!("ports-{}.sock", std::process::id())));
    let failed = |error: std::io::Error| {
        CommandError::new(ExitKind::Failed, format!("the ports could not be handed to the daemon: {error}"))
    };
    let listener = UnixListener::bind(&place.0).map_err(failed)?;
    let from = place.0.to_string_lossy().into_owned();
    let give = async {
        let accepted = tokio::time::timeout(PATIENCE, listener.accept()).await;
        let (stream, _) = accepted.map_err(|_| std::io::Error::from(std::io::ErrorKind::TimedOut))??;
        locald_api::peer::check(&stream)?;
        stream.writable().await?;
        send(&stream, &offered)?;
        // It has them once it has answered; until then the message lies in its queue.
        Ok(stream)
    };
    let (response, given) = tokio::join!(client.call(Request::TakeSockets { from }), give);
    // Its answer says more than what our own end saw.
    let ports = expect(response?)?;
    given.map(drop).map_err(failed)?;
    Ok(ports)
}

fn send(stream: impl AsFd, offered: &[Offered]) -> std::io::Result<()> {
    let words: Vec<u8> = offered.iter().map(|offered| offered.octet).collect();
    let borrowed: Vec<BorrowedFd<'_>> = offered.iter().map(|offered| offered.socket.as_fd()).collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_HANDED_OVER))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !ancillary.push(SendAncillaryMessage::ScmRights(&borrowed)) {
        return Err(std::io::Error::other("too many sockets"));
    }
    rustix::net::sendmsg(stream, &[IoSlice::new(&words)], &mut ancillary, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// A socket's path, removed when dropped.
struct Place(PathBuf);

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Before services are started: hands over the sockets that this command was started with, and, where `locald setup ports` was said
/// once, has the ports again that the proxy lost with its last keeper. Nobody is asked for a password here.
pub(crate) async fn renew(client: &Client, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    let inherited = inherited::sockets();
    if !inherited.is_empty() {
        match hand_over(client, context.home().runtime_dir(), inherited).await {
            Ok(_) => {}
            Err(error) => {
                ui.warn(&format!("the sockets that locald was started with are not used: {}", error.message))?;
            }
        }
    }
    // One that cannot be read is told by the commands that are about it.
    let ledger = Ledger::read(context.home().state_dir()).unwrap_or_default();
    if !ledger.entries().iter().any(|entry| entry.change == Change::Ports) {
        return Ok(());
    }
    let before = of_proxy(client).await?;
    if before.wanting.is_empty() {
        return Ok(());
    }
    match from_helper(&before.wanting, Consent::NotGiven) {
        Ok((offered, faults)) => {
            for fault in faults {
                ui.warn(&fault)?;
            }
            if !offered.is_empty() {
                hand_over(client, context.home().runtime_dir(), offered).await?;
            }
            Ok(())
        }
        Err(HelperError::NotAllowed) => Ok(ui.note("ports 80 and 443 need your password again: `locald setup ports`")?),
        Err(error) => {
            let CommandError { message, hint, .. } = error.into();
            let hint = hint.map(|hint| format!("; {hint}")).unwrap_or_default();
            Ok(ui.warn(&format!("ports 80 and 443 are not to be had: {message}{hint}"))?)
        }
    }
}
