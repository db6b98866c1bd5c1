//! On which ports a service's processes really listen, whatever they were told. Pure but for what it is told of the machine.

use std::collections::BTreeSet;

use super::listening::Listening;

/// Ports of debuggers, on which a program may listen long before it does on its own.
const DEBUGGERS: [u16; 4] = [5005, 5678, 9229, 9230];

/// The ports of one service.
#[derive(Debug, Default)]
pub(crate) struct PortMonitor {
    /// What was found last.
    found: BTreeSet<u16>,
    /// How often in a row another port than its own was found, and its own was not.
    strays: u32,
}

/// Something new of a service's ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PortNews {
    Found(u16),
    /// It listened on one port, and now on another instead.
    Changed {
        from: u16,
        to: u16,
    },
    Lost(u16),
}

/// On which ports a service is to listen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Promise {
    /// The first of them, if it has one.
    pub(crate) port: Option<u16>,
    /// Its command or configuration names that port: it gets time to open it. Otherwise nothing says so.
    pub(crate) is_certain: bool,
    /// Those that have names. Who listens there has not strayed.
    pub(crate) aside: BTreeSet<u16>,
}

impl PortMonitor {
    /// Takes note of what the service listens on now; says what is new.
    pub(crate) fn look(&mut self, promise: &Promise, found: BTreeSet<u16>) -> Vec<PortNews> {
        let lost: Vec<u16> = self.found.difference(&found).copied().collect();
        let new: Vec<u16> = found.difference(&self.found).copied().collect();
        let is_stray = promise.port.is_none_or(|own| !found.contains(&own)) && !found.is_subset(&promise.aside);
        self.strays = if is_stray { self.strays.saturating_add(1) } else { 0 };
        self.found = found;
        match (&lost[..], &new[..]) {
            ([from], [to]) => vec![PortNews::Changed { from: *from, to: *to }],
            _ => lost.into_iter().map(PortNews::Lost).chain(new.into_iter().map(PortNews::Found)).collect(),
        }
    }

    /// The port at which the service is to be found though it is not its own.
    pub(crate) fn stray(&self, promise: &Promise) -> Option<u16> {
        let enough = if promise.is_certain { 2 } else { 1 };
        let is_meant = |port: &u16| !DEBUGGERS.contains(port) && !promise.aside.contains(port);
        let ports = self.found.iter().copied().filter(is_meant);
        ports.min().filter(|_| self.strays >= enough)
    }

    /// What was found last.
    pub(crate) fn found(&self) -> &BTreeSet<u16> {
        &self.found
    }
}

/// The ports on which some of `processes` listen; `sockets` tells which sockets a process holds.
pub(crate) fn ports_of(
    processes: &[i32],
    listening: &[Listening],
    sockets: impl Fn(i32) -> BTreeSet<u64>,
) -> BTreeSet<u16> {
    let held: BTreeSet<u64> = processes.iter().flat_map(|&pid| sockets(pid)).collect();
    listening.iter().filter(|socket| held.contains(&socket.inode)).map(|socket| socket.port).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ports(ports: &[u16]) -> BTreeSet<u16> {
        ports.iter().copied().collect()
    }

    fn any(port: Option<u16>) -> Promise {
        Promise { port, ..Promise::default() }
    }

    fn certain(port: u16) -> Promise {
        Promise { is_certain: true, ..any(Some(port)) }
    }

    #[test]
    fn ports_are_found_change_and_are_lost() {
        let (mut monitor, promise) = (PortMonitor::default(), any(Some(20_000)));
        assert_eq!(monitor.look(&promise, ports(&[3000])), [PortNews::Found(3000)]);
        assert_eq!(monitor.look(&promise, ports(&[3000])), []);
        assert_eq!(monitor.look(&promise, ports(&[3001])), [PortNews::Changed { from: 3000, to: 3001 }]);
        let both = [PortNews::Found(3000), PortNews::Found(9229)];
        assert_eq!(monitor.look(&promise, ports(&[3000, 3001, 9229])), both);
        assert_eq!(monitor.look(&promise, ports(&[3000, 3001])), [PortNews::Lost(9229)]);
    }

    #[test]
    fn a_service_that_listens_elsewhere_is_followed_once_it_had_time_for_its_own_port() {
        let (mut monitor, own) = (PortMonitor::default(), certain(20_000));
        monitor.look(&own, ports(&[9999]));
        assert_eq!(monitor.stray(&own), None, "its own may follow in an instant");
        monitor.look(&own, ports(&[9999]));
        assert_eq!(monitor.stray(&own), Some(9999));
        monitor.look(&own, ports(&[9999, 20_000]));
        assert_eq!(monitor.stray(&own), None);
    }

    #[test]
    fn a_service_that_promised_nothing_is_followed_at_once_but_not_to_its_debugger() {
        let (mut monitor, any) = (PortMonitor::default(), any(None));
        monitor.look(&any, ports(&[9229]));
        assert_eq!(monitor.stray(&any), None);
        monitor.look(&any, ports(&[9229, 5173]));
        assert_eq!(monitor.stray(&any), Some(5173));
        monitor.look(&any, ports(&[]));
        assert_eq!(monitor.stray(&any), None);
    }

    #[test]
    fn a_service_that_listens_on_a_port_with_a_name_has_not_strayed() {
        let (mut monitor, promise) =
            (PortMonitor::default(), Promise { aside: BTreeSet::from([5174]), ..any(Some(20_000)) });
        monitor.look(&promise, ports(&[5174]));
        assert_eq!(monitor.stray(&promise), None);
        monitor.look(&promise, ports(&[3000, 5174]));
        assert_eq!(monitor.stray(&promise), Some(3000));
    }

    #[test]
    fn a_socket_belongs_to_the_processes_that_hold_it() {
        let listening = [(3000, 1), (3001, 2), (3001, 3), (22, 4)].map(|(port, inode)| Listening { port, inode });
        let sockets = |pid: i32| match pid {
            10 => BTreeSet::from([7, 1]),
            11 => BTreeSet::from([3]),
            _ => BTreeSet::from([4]),
        };
        assert_eq!(ports_of(&[10, 11], &listening, sockets), ports(&[3000, 3001]));
        assert_eq!(ports_of(&[], &listening, sockets), ports(&[]));
    }
}
