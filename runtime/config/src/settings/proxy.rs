//! `[proxy]` of a user's `config.toml`: where the proxy listens.

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use crate::fault::{Invalid, quoted};
use crate::keys::PROXY;
use crate::reader::Reader;
use crate::settings::certificates::{self, CertificateFiles};
use crate::settings::suffixes;
use crate::settings::time::Times;
use crate::tree::{Entry, Value};

/// Where the proxy listens.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxy {
    /// For HTTP.
    pub http: Entrance,
    /// For HTTPS.
    pub https: Entrance,
    /// The addresses, all of them of loopback. Empty: both of this machine.
    pub bind: Vec<IpAddr>,
    /// Proxies in front of this one, which are believed what they say of where a request comes from. Empty: none is.
    pub trusted_peers: Vec<IpAddr>,
    /// How long somebody who loads a page waits before being told that its service starts.
    pub page_after: Option<Duration>,
    /// What host names may end with beside `.localhost` and `.test`.
    pub suffixes: Vec<String>,
    /// Certificates that somebody has made elsewhere.
    pub certificates: Vec<CertificateFiles>,
}

/// Which port one of its listeners has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Entrance {
    /// The usual one, or the next best.
    #[default]
    Usual,
    /// This one. Never 0.
    Port(u16),
    /// Any that is free.
    Free,
    /// None: it does not listen.
    Off,
}

impl Entrance {
    /// The port for a number, in which 0 stands for any.
    pub fn from_port(port: u16) -> Self {
        if port == 0 { Self::Free } else { Self::Port(port) }
    }

    fn read(reader: &mut Reader, entry: &Entry) -> Option<Self> {
        match entry.node.value {
            Value::Boolean(false) => Some(Self::Off),
            Value::Integer(_) => reader.number(entry, |number| match u16::try_from(number) {
                Ok(port) => Ok(Self::from_port(port)),
                Err(_) => Err(Invalid::new(format!("`{number}` is not a port"), "must be from 0 to 65535")),
            }),
            _ => reader.wrong_type(entry, "a port, or false"),
        }
    }
}

const PAUSES: Times = Times { what: "a pause", min: Duration::ZERO, max: Duration::from_mins(1) };

impl Proxy {
    /// Reads the table of a file in `folder`.
    pub(crate) fn read(reader: &mut Reader, entry: &Entry, folder: &Path) -> Option<Self> {
        let table = reader.table(entry)?;
        reader.check_keys(table, "`proxy`", PROXY);
        let further = reader.setting(table, "suffixes", suffixes::read).unwrap_or_default();
        let certificates = |reader: &mut Reader, entry: &Entry| certificates::read(reader, entry, folder, &further);
        Some(Self {
            http: reader.setting(table, "http", Entrance::read).unwrap_or_default(),
            https: reader.setting(table, "https", Entrance::read).unwrap_or_default(),
            bind: reader.setting(table, "bind", |it, entry| addresses(it, entry, of_loopback)).unwrap_or_default(),
            trusted_peers: reader
                .setting(table, "trusted_peers", |it, entry| addresses(it, entry, address))
                .unwrap_or_default(),
            page_after: reader.setting(table, "page_after", |reader, entry| reader.time(entry, PAUSES)),
            certificates: reader.setting(table, "certificates", certificates).unwrap_or_default(),
            suffixes: further,
        })
    }
}

/// One address as a string, or several in an array.
fn addresses(
    reader: &mut Reader,
    entry: &Entry,
    check: impl Fn(&str) -> Result<IpAddr, Invalid>,
) -> Option<Vec<IpAddr>> {
    let written: Vec<_> = match &entry.node.value {
        Value::Text(text) => vec![(text.as_str(), &entry.node)],
        Value::List(list) => reader.strings(&entry.key, list),
        _ => return reader.wrong_type(entry, "an address, or an array of addresses"),
    };
    let mut addresses: Vec<IpAddr> = Vec::new();
    for (text, node) in written {
        let address = reader.accept(node.place, check(text));
        addresses.extend(address.filter(|address| !addresses.contains(address)));
    }
    Some(addresses)
}

fn address(text: &str) -> Result<IpAddr, Invalid> {
    text.parse().map_err(|_| Invalid::new(format!("{} is not an address", quoted(text)), "not an IP address"))
}

fn of_loopback(text: &str) -> Result<IpAddr, Invalid> {
    let address = address(text)?;
    if address.is_loopback() {
        return Ok(address);
    }
    let invalid = Invalid::new(format!("{} is not an address of loopback", quoted(text)), "others could reach it");
    Err(invalid.with_help("services are shown to this machine alone: 127.0.0.1, ::1, or another of 127.0.0.0/8"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::user_config::UserConfig;

    fn parse(text: &str) -> Result<Proxy, Vec<String>> {
        let parsed = UserConfig::parse(Path::new("config.toml"), &format!("[proxy]\n{text}\n"));
        parsed.map(|config| config.proxy).map_err(|faults| faults.iter().map(|fault| fault.message.clone()).collect())
    }

    #[test]
    fn ports_are_numbers_and_false_is_none() {
        let proxy = parse("http = 8000\nhttps = false\nbind = '127.0.0.2'").unwrap();
        assert_eq!((proxy.http, proxy.https), (Entrance::Port(8000), Entrance::Off));
        assert_eq!(proxy.bind, ["127.0.0.2".parse::<IpAddr>().unwrap()]);
        assert_eq!(parse("trusted_peers = '10.0.0.1'").unwrap().trusted_peers, ["10.0.0.1".parse::<IpAddr>().unwrap()]);
        assert_eq!(parse("trusted_peers = ['me']").unwrap_err(), ["`me` is not an address"]);
        assert_eq!(parse("http = 0").unwrap().http, Entrance::Free);
        assert_eq!(parse(""), Ok(Proxy::default()));
        assert_eq!(parse("bind = ['::1', '::1']").unwrap().bind.len(), 1);
    }

    #[test]
    fn nobody_else_is_let_in() {
        assert_eq!(parse("bind = '0.0.0.0'").unwrap_err(), ["`0.0.0.0` is not an address of loopback"]);
        assert_eq!(
            parse("bind = ['::', 'x']").unwrap_err(),
            ["`::` is not an address of loopback", "`x` is not an address"]
        );
        assert_eq!(parse("http = true").unwrap_err(), ["`http`: expected a port, or false, found a boolean"]);
        assert_eq!(parse("https = 70000").unwrap_err(), ["`70000` is not a port"]);
        assert_eq!(parse("htp = 1").unwrap_err(), ["unknown key `htp` in `proxy`"]);
    }
}
