//! Where a service with a port is reached: what it is told itself, and what others may ask of it.
//!
//! A service that is reached at its port alone has one address, so both URLs are the same.

use std::net::Ipv4Addr;

/// What may be asked of a service, as in `${services.db.url}`.
pub(crate) const ASKED: [&str; 4] = ["url", "loopback_url", "host", "port"];

/// The answer to one of these questions; `None` where it is none of them.
pub fn of_service(asked: &str, port: u16) -> Option<String> {
    let host = Ipv4Addr::LOCALHOST;
    match asked {
        "port" => Some(port.to_string()),
        "host" => Some(host.to_string()),
        "url" | "loopback_url" => Some(format!("http://{host}:{port}")),
        _ => None,
    }
}

/// The variables that tell a service its own address: `PORT`, `HOST`, `URL` and `LOOPBACK_URL`.
pub fn offered(port: u16) -> Vec<(String, String)> {
    ASKED.iter().filter_map(|asked| Some((asked.to_uppercase(), of_service(asked, port)?))).collect()
}
