//! Where the proxy is to listen: what the user's configuration and the environment of whoever started the keeper say.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use locald_config::{CertificateFiles, Entrance, LoadError, UserConfig};
use locald_keeper::Home;

/// Where the proxy is to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) http: Entrance,
    pub(super) https: Entrance,
    /// At least one.
    pub(super) bind: Vec<IpAddr>,
    /// Proxies in front of this one.
    pub(super) trusted_peers: Vec<IpAddr>,
    pub(super) page_after: Option<Duration>,
    pub(super) certificates: Vec<CertificateFiles>,
    /// What host names may end with beside `.localhost` and `.test`.
    pub(super) suffixes: Vec<String>,
}

impl Settings {
    /// What is said, and what is wrong with it, for which the usual is taken.
    pub(super) fn read(home: &Home) -> (Self, Vec<String>) {
        let mut notices = Vec::new();
        let proxy = match UserConfig::load(&home.config_file()) {
            Ok(config) => config.proxy,
            Err(error) => {
                notices.push(format!("the proxy listens as usual, as {}", why(home, &error)));
                locald_config::Proxy::default()
            }
        };
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let mut port = |name: &str, configured: Entrance| match variable(name).map(|value| (value.parse(), value)) {
            None => configured,
            Some((Ok(port), _)) => Entrance::from_port(port),
            Some((Err(_), value)) => {
                notices.push(format!("`{name}` is no port: {}", value.chars().take(40).collect::<String>()));
                configured
            }
        };
        let http = port("LOCALD_HTTP_PORT", proxy.http);
        let https = port("LOCALD_HTTPS_PORT", proxy.https);
        let both = || vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        let bind = if proxy.bind.is_empty() { both() } else { proxy.bind.clone() };
        // Sandboxes run beside each other and beside the user's own home, which has the usual ports.
        let unless_usual = |entrance| match entrance {
            Entrance::Usual if home.is_sandbox() => Entrance::Free,
            other => other,
        };
        let locald_config::Proxy { trusted_peers, page_after, certificates, suffixes, .. } = proxy;
        let (http, https) = (unless_usual(http), unless_usual(https));
        (Self { http, https, bind, trusted_peers, page_after, certificates, suffixes }, notices)
    }
}

fn why(home: &Home, error: &LoadError) -> String {
    let file = home.config_file();
    match error {
        LoadError::Faults(_) => format!("{} has faults", file.display()),
        other => format!("{} cannot be read: {other}", file.display()),
    }
}
