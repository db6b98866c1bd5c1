//! The proxy's sockets. They are opened here and held by the keeper, so that whoever connects while a daemon is replaced waits.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::os::fd::OwnedFd;

use locald_config::Entrance;
use locald_keeper::ToKeeper;
use tracing::warn;

use crate::keeper_link::KeeperLink;

/// How many connections wait in a socket's queue while nobody takes them. The kernel has its own limit below that.
const QUEUE: i32 = 4096;

/// What is known of the ports of this machine.
pub(super) struct Neighbours<'a> {
    /// The port of our own.
    pub(super) own: &'a dyn Fn() -> Option<u16>,
    /// Who has a port.
    pub(super) owner: &'a dyn Fn(u16) -> String,
}

/// What is spoken on a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    Http,
    Https,
}

/// The sockets of one port, one for each address.
#[derive(Debug, Default)]
pub(super) struct Listeners(Vec<TcpListener>);

impl Scheme {
    pub(super) const ALL: [Self; 2] = [Self::Http, Self::Https];

    /// What a client calls it in one octet.
    pub(super) fn of_octet(octet: u8) -> Option<Self> {
        match octet {
            b'h' => Some(Self::Http),
            b's' => Some(Self::Https),
            _ => None,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The port that URLs need not name, and the next best.
    pub(super) fn usual(self) -> [u16; 2] {
        match self {
            Self::Http => [80, 8080],
            Self::Https => [443, 8443],
        }
    }

    fn key(self, address: IpAddr) -> String {
        format!("proxy/{}/{address}", self.word())
    }

    /// The name of a socket that was handed out in URLs before a better one was had.
    fn former_key(self, address: SocketAddr) -> String {
        format!("proxy-former/{}/{address}", self.word())
    }

    /// Whose former socket the keeper holds under this name.
    pub(super) fn of_former_key(key: &str) -> Option<Self> {
        Self::of_word(key.strip_prefix("proxy-former/")?.split_once('/')?.0)
    }

    fn of_word(word: &str) -> Option<Self> {
        [Self::Http, Self::Https].into_iter().find(|scheme| scheme.word() == word)
    }

    /// Whose socket the keeper holds under this name.
    pub(super) fn of_key(key: &str) -> Option<Self> {
        Self::of_word(key.strip_prefix("proxy/")?.split_once('/')?.0)
    }
}

impl std::fmt::Display for Scheme {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.word().to_uppercase())
    }
}

/// Which port is wanted, and which others will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    None,
    /// One of these, the first that can be had; else one of our own.
    First {
        ports: [u16; 2],
        is_asked: bool,
    },
    Own,
}

impl Wish {
    fn new(scheme: Scheme, entrance: Entrance) -> Self {
        match entrance {
            Entrance::Off => Self::None,
            Entrance::Free => Self::Own,
            Entrance::Usual => Self::First { ports: scheme.usual(), is_asked: false },
            Entrance::Port(port) => Self::First { ports: [port, scheme.usual()[1]], is_asked: true },
        }
    }

    /// What is to be told where the first port was refused with `error`, and these are used. That a usual port may not be opened is
    /// as it is on most machines, and nobody has asked for it; that another program has it, somebody may not know.
    fn notice(self, error: &io::Error, used: &Listeners, neighbours: &Neighbours<'_>) -> Option<String> {
        let Self::First { ports: [port, _], is_asked } = self else { return None };
        let reason = match error.kind() {
            // To look who has it costs a file for each descriptor of each process.
            io::ErrorKind::AddrInUse => format!("is in use by {}", (neighbours.owner)(port)),
            _ if !is_asked => return None,
            io::ErrorKind::PermissionDenied => "may not be opened without privileges".to_owned(),
            _ => format!("cannot be opened: {error}"),
        };
        let instead = used.port().map_or_else(String::new, |port| format!("; the proxy listens on {port} instead"));
        Some(format!("port {port} {reason}{instead}"))
    }

    /// Whether sockets at this port, which are open already, stay.
    fn keeps(self, port: u16) -> bool {
        match self {
            Self::None => false,
            Self::First { ports, is_asked: true } => ports[0] == port,
            Self::First { is_asked: false, .. } | Self::Own => true,
        }
    }
}

impl Listeners {
    /// The sockets for `entrance`, those that are held if they will do; and what is to be told if they are not as they were asked for.
    /// `neighbours` know the port of our own, and who has others.
    pub(super) fn open(
        scheme: Scheme,
        entrance: Entrance,
        addresses: &[IpAddr],
        neighbours: &Neighbours<'_>,
        held: &mut Vec<(String, OwnedFd)>,
        keeper: &KeeperLink,
    ) -> (Self, Option<String>) {
        let wish = Wish::new(scheme, entrance);
        let ours = held.extract_if(.., |(key, _)| Scheme::of_key(key) == Some(scheme)).collect();
        let (kept, given_up) = keep(scheme, wish, addresses, ours);
        for key in given_up {
            release(keeper, &key);
        }
        if wish == Wish::None {
            return (kept, None);
        }
        let (opened, notice) = if kept.0.is_empty() {
            find(wish, addresses, neighbours)
        } else {
            let notice = still_taken(wish, addresses, &kept, neighbours);
            return (kept, notice.map(|notice| format!("{scheme}: {notice}")));
        };
        opened.hold_all(scheme, keeper);
        let notice = notice.or_else(|| opened.0.is_empty().then(|| "no port can be had".to_owned()));
        (opened, notice.map(|notice| format!("{scheme}: {notice}")))
    }

    /// Sockets that somebody has handed in, which listen already.
    pub(super) fn handed_in(sockets: Vec<TcpListener>) -> io::Result<Self> {
        for socket in &sockets {
            socket.set_nonblocking(true)?;
            rustix::net::listen(socket, QUEUE)?;
        }
        Ok(Self(sockets))
    }

    /// The same sockets once more.
    pub(super) fn try_clone(&self) -> io::Result<Self> {
        self.0.iter().map(TcpListener::try_clone).collect::<io::Result<_>>().map(Self)
    }

    /// Has the keeper hold them under the names of those that URLs name.
    pub(super) fn hold_all(&self, scheme: Scheme, keeper: &KeeperLink) {
        for listener in &self.0 {
            Self::hold(listener, |address| scheme.key(address.ip()), keeper);
        }
    }

    /// Has the keeper hold them beside others, which URLs name from now on.
    pub(super) fn hold_former(&self, scheme: Scheme, keeper: &KeeperLink) {
        for listener in &self.0 {
            Self::hold(listener, |address| scheme.former_key(address), keeper);
        }
    }

    /// Has the keeper close those of them whose names the ones that `next` has do not take: what is held under such names is of one port.
    pub(super) fn release_unless_in(&self, next: &Self, scheme: Scheme, keeper: &KeeperLink) {
        let next = next.addresses();
        for address in self.addresses().into_iter().filter(|address| !next.contains(address)) {
            release(keeper, &scheme.key(address));
        }
    }

    fn addresses(&self) -> Vec<IpAddr> {
        self.0.iter().filter_map(|listener| Some(listener.local_addr().ok()?.ip())).collect()
    }

    /// Their port.
    pub(super) fn port(&self) -> Option<u16> {
        Some(self.0.first()?.local_addr().ok()?.port())
    }

    /// The sockets for the runtime, from which this is called.
    pub(super) fn into_async(self) -> impl Iterator<Item = tokio::net::TcpListener> {
        self.0.into_iter().filter_map(|listener| {
            let listener = tokio::net::TcpListener::from_std(listener);
            listener.map_err(|error| warn!(%error, "a socket of the proxy cannot be used")).ok()
        })
    }

    fn hold(listener: &TcpListener, key: impl FnOnce(SocketAddr) -> String, keeper: &KeeperLink) {
        let held = listener.local_addr().and_then(|address| {
            let order = ToKeeper::Hold { key: key(address) };
            keeper.send_with(&order, vec![listener.try_clone()?.into()])
        });
        if let Err(error) = held {
            warn!(%error, "a socket of the proxy is not held for the next daemon");
        }
    }
}

/// Has the keeper close a socket.
pub(super) fn release(keeper: &KeeperLink, key: &str) {
    // A keeper that is gone holds nothing.
    let _ = keeper.send(&ToKeeper::Release { key: key.to_owned() });
}

/// The held sockets that stay, and the names of those that do not.
fn keep(scheme: Scheme, wish: Wish, addresses: &[IpAddr], held: Vec<(String, OwnedFd)>) -> (Listeners, Vec<String>) {
    let keys: Vec<String> = held.iter().map(|(key, _)| key.clone()).collect();
    let listeners: Vec<TcpListener> = held.into_iter().map(|(_, socket)| TcpListener::from(socket)).collect();
    let found: Vec<SocketAddr> = listeners.iter().filter_map(|listener| listener.local_addr().ok()).collect();
    let port = found.first().map(SocketAddr::port);
    let is_one_port = found.len() == listeners.len() && found.iter().all(|it| Some(it.port()) == port);
    let are_asked_for = found.iter().all(|it| addresses.contains(&it.ip()));
    // An address that this machine does not have is missing among them, as it will be again.
    let is_whole = addresses.iter().filter(|it| it.is_ipv4()).all(|address| keys.contains(&scheme.key(*address)));
    if port.is_some_and(|port| wish.keeps(port)) && is_one_port && are_asked_for && is_whole {
        return (Listeners(listeners), Vec::new());
    }
    (Listeners::default(), keys)
}

/// Opens the first port of those that are wanted.
fn find(wish: Wish, addresses: &[IpAddr], neighbours: &Neighbours<'_>) -> (Listeners, Option<String>) {
    let mut refused = None;
    if let Wish::First { ports, .. } = wish {
        for port in ports {
            match bind_all(addresses, port) {
                Ok(listeners) => {
                    let notice = refused.and_then(|error| wish.notice(&error, &listeners, neighbours));
                    return (listeners, notice);
                }
                Err(error) => {
                    refused.get_or_insert(error);
                }
            }
        }
    }
    let own = (neighbours.own)().and_then(|port| bind_all(addresses, port).ok());
    // Whoever took that port in this moment, the kernel knows another.
    let own = own.or_else(|| bind_all(addresses, 0).ok()).unwrap_or_default();
    let notice = refused.and_then(|error| wish.notice(&error, &own, neighbours));
    (own, notice)
}

/// What is to be told of sockets that stay where they are, if they are not where they would rather be.
fn still_taken(wish: Wish, addresses: &[IpAddr], kept: &Listeners, neighbours: &Neighbours<'_>) -> Option<String> {
    let Wish::First { ports, .. } = wish else { return None };
    if kept.port() == Some(ports[0]) {
        return None;
    }
    // If it can be had now it is let go of: URLs stay as they are until the keeper ends.
    wish.notice(&bind_all(addresses, ports[0]).err()?, kept, neighbours)
}

/// Opens one port on all addresses that this machine has; 0 is any port.
fn bind_all(addresses: &[IpAddr], port: u16) -> io::Result<Listeners> {
    let mut listeners: Vec<TcpListener> = Vec::new();
    for address in addresses {
        let port = listeners.first().map_or(Ok(port), |first| first.local_addr().map(|it| it.port()))?;
        match TcpListener::bind((*address, port)) {
            Ok(listener) => {
                listener.set_nonblocking(true)?;
                rustix::net::listen(&listener, QUEUE)?;
                listeners.push(listener);
            }
            // Many machines have no IPv6.
            Err(error) if address.is_ipv6() && is_absent(&error) => {}
            Err(error) => return Err(error),
        }
    }
    if listeners.is_empty() { Err(io::ErrorKind::AddrNotAvailable.into()) } else { Ok(Listeners(listeners)) }
}

fn is_absent(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrNotAvailable
        || error.raw_os_error() == Some(rustix::io::Errno::AFNOSUPPORT.raw_os_error())
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const BOTH: [IpAddr; 2] = [V4, IpAddr::V6(std::net::Ipv6Addr::LOCALHOST)];

    fn alone(own: Option<u16>) -> Neighbours<'static> {
        let own: &dyn Fn() -> Option<u16> = if own.is_some() { Box::leak(Box::new(move || own)) } else { &|| None };
        Neighbours { own, owner: &|_| "somebody".to_owned() }
    }

    fn free() -> u16 {
        TcpListener::bind((V4, 0)).unwrap().local_addr().unwrap().port()
    }

    #[test]
    fn the_first_port_that_can_be_had_is_taken_on_all_addresses() {
        let taken = TcpListener::bind((V4, 0)).unwrap();
        let (busy, next) = (taken.local_addr().unwrap().port(), free());
        for is_asked in [true, false] {
            let wish = Wish::First { ports: [busy, next], is_asked };
            let (listeners, notice) = find(wish, &BOTH, &alone(None));
            assert_eq!(listeners.port(), Some(next));
            assert!(listeners.0.iter().all(|it| it.local_addr().unwrap().port() == next));
            let told = format!("port {busy} is in use by somebody; the proxy listens on {next} instead");
            assert_eq!(notice.as_ref(), Some(&told), "somebody may not know what has it");
            assert_eq!(still_taken(wish, &BOTH, &listeners, &alone(None)), notice, "the next daemon tells it too");
        }
        let (listeners, _) = find(Wish::First { ports: [busy, next], is_asked: false }, &BOTH, &alone(None));
        let wish = Wish::First { ports: [next, busy], is_asked: false };
        assert_eq!(still_taken(wish, &BOTH, &listeners, &alone(None)), None, "these are where they would be");
    }

    #[test]
    fn a_usual_port_that_may_not_be_opened_is_nothing_to_tell_of() {
        let ports = [1, 2];
        let notice = |is_asked, kind: io::ErrorKind| {
            Wish::First { ports, is_asked }.notice(&kind.into(), &Listeners::default(), &alone(None))
        };
        assert_eq!(notice(false, io::ErrorKind::PermissionDenied), None);
        assert_eq!(notice(false, io::ErrorKind::AddrNotAvailable), None);
        let asked = notice(true, io::ErrorKind::PermissionDenied);
        assert_eq!(asked.as_deref(), Some("port 1 may not be opened without privileges"));
    }

    #[test]
    fn without_any_wanted_port_one_of_our_own_is_taken() {
        let taken = TcpListener::bind((V4, 0)).unwrap();
        let (busy, own) = (taken.local_addr().unwrap().port(), free());
        let ports = [busy, busy];
        assert_eq!(find(Wish::First { ports, is_asked: false }, &[V4], &alone(Some(own))).0.port(), Some(own));
        assert!(find(Wish::Own, &[V4], &alone(Some(busy))).0.port().is_some_and(|port| port != busy));
    }

    #[test]
    fn held_sockets_stay_unless_others_are_asked_for() {
        let held = |port: u16| {
            let listener = TcpListener::bind((V4, port)).unwrap();
            let port = listener.local_addr().unwrap().port();
            (port, vec![(Scheme::Http.key(V4), OwnedFd::from(listener))])
        };
        let usual = Wish::new(Scheme::Http, Entrance::Usual);
        let (port, sockets) = held(0);
        let (kept, given_up) = keep(Scheme::Http, usual, &BOTH, sockets);
        assert_eq!((kept.port(), given_up.len()), (Some(port), 0));
        drop(kept);
        for (wish, addresses) in [
            (Wish::new(Scheme::Http, Entrance::Port(1)), &[V4][..]),
            (Wish::None, &[V4]),
            (usual, &["127.0.0.2".parse().unwrap()]),
        ] {
            let (_, sockets) = held(0);
            let (kept, given_up) = keep(Scheme::Http, wish, addresses, sockets);
            assert_eq!((kept.port(), given_up), (None, vec!["proxy/http/127.0.0.1".to_owned()]), "{wish:?}");
        }
    }

    #[test]
    fn a_held_socket_is_known_by_its_name() {
        assert_eq!(Scheme::of_key(&Scheme::Https.key(V4)), Some(Scheme::Https));
        assert_eq!(Scheme::of_key("proxy/quic/::1"), None);
        let former = Scheme::Http.former_key(SocketAddr::from((V4, 8080)));
        assert_eq!((Scheme::of_former_key(&former), Scheme::of_key(&former)), (Some(Scheme::Http), None));
        assert_eq!(Scheme::of_key("x"), None);
    }
}
