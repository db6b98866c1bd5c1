//! Where a service with a port is reached: what it is told itself, and what others may ask of it.

use std::net::Ipv4Addr;

use crate::settings::ports::PortName;

/// What may be asked of a service, as in `${services.db.url}`.
pub(crate) const ASKED: [&str; 4] = ["url", "loopback_url", "host", "port"];
/// What stands before the name of a port in such a question, as in `${services.db.ports.admin}`.
pub(crate) const PORTS: &str = "ports";

/// What a reference asks of a service: of its first port, or of one that has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked<'a> {
    /// The service, by its name in the configuration.
    pub service: &'a str,
    /// The name of the port; `None`: the first.
    pub port: Option<&'a str>,
    /// What of it, for [`Address::answer`].
    pub what: &'a str,
}

impl<'a> Asked<'a> {
    /// What the name in a reference asks, such as `services.db.url`; `None` where it is about no service.
    pub fn of(name: &'a str) -> Option<Self> {
        let rest = name.strip_prefix("services.")?;
        let Some((service, port)) = rest.split_once(".ports.") else {
            let (service, what) = rest.rsplit_once('.')?;
            return Some(Self { service, port: None, what });
        };
        // A port by itself is its number.
        let (port, what) = port.split_once('.').unwrap_or((port, "port"));
        Some(Self { service, port: Some(port), what })
    }
}

/// Where a service is reached, at one of its ports.
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

    /// The variables that tell a service of its port with this name, such as `PORT_ADMIN`, `URL_ADMIN` and `LOOPBACK_URL_ADMIN`.
    pub fn offered_as(&self, name: &PortName) -> Vec<(String, String)> {
        let end = name.in_variables();
        let asked = ASKED.iter().filter(|asked| **asked != "host");
        asked.filter_map(|asked| Some((format!("{}_{end}", asked.to_uppercase()), self.answer(asked)?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_asks_of_the_first_port_or_of_one_with_a_name() {
        let asked = |name| Asked::of(name).map(|it| (it.service, it.port, it.what));
        assert_eq!(asked("services.db.url"), Some(("db", None, "url")));
        assert_eq!(asked("services.db.ports.admin"), Some(("db", Some("admin"), "port")));
        assert_eq!(asked("services.db.ports.url.url"), Some(("db", Some("url"), "url")));
        assert_eq!(asked("services.ports.url"), Some(("ports", None, "url")));
        assert_eq!((asked("services.db"), asked("project.root"), asked("HOME")), (None, None, None));
    }

    #[test]
    fn a_port_with_a_name_has_variables_of_its_own() {
        let address = Address { port: 20001, url: Some("http://admin-api.web.shop.localhost".to_owned()) };
        let offered = address.offered_as(&"admin-api".parse().unwrap());
        let offered: Vec<String> = offered.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(
            offered,
            [
                "URL_ADMIN_API=http://admin-api.web.shop.localhost",
                "LOOPBACK_URL_ADMIN_API=http://127.0.0.1:20001",
                "PORT_ADMIN_API=20001"
            ]
        );
    }

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
