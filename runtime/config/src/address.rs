//! Where a service with a port is reached: what it is told itself, and what others may ask of it.

use std::net::Ipv4Addr;

/// What may be asked of a service, as in `${services.db.url}`.
pub(crate) const ASKED: [&str; 4] = ["url", "loopback_url", "host", "port"];

/// Where a service is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Its port, on loopback.
    pub port: u16,
    /// The URL of its host name, if it has one. Not every program finds such a name; the port is found by all.
    pub url: Option<String>,
}

impl Address {
    /// The answer to one of these questions; `None` where it is none of them.
    pub fn answer(&self, asked: &str) -> Option<String> {
        let host = Ipv4Addr::LOCALHOST;
        let loopback = || format!("http://{host}:{}", self.port);
        match asked {
            "port" => Some(self.port.to_string()),
            "host" => Some(host.to_string()),
            "url" => Some(self.url.clone().unwrap_or_else(loopback)),
            "loopback_url" => Some(loopback()),
            _ => None,
        }
    }

    /// The variables that tell a service its own address: `PORT`, `HOST`, `URL` and `LOOPBACK_URL`.
    pub fn offered(&self) -> Vec<(String, String)> {
        ASKED.iter().filter_map(|asked| Some((asked.to_uppercase(), self.answer(asked)?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_without_a_name_is_reached_at_its_port_alone() {
        let named = Address { port: 20000, url: Some("http://shop.localhost".to_owned()) };
        let plain = Address { port: 20000, url: None };
        assert_eq!(named.answer("url").unwrap(), "http://shop.localhost");
        assert_eq!(named.answer("loopback_url"), plain.answer("url"));
        assert_eq!(plain.answer("url").unwrap(), "http://127.0.0.1:20000");
        assert_eq!(plain.answer("name"), None);
    }
}
