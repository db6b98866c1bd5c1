//! Reaching a port of this machine, by whichever family of addresses it is served.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::TcpStream;

/// A connection to `port`, by IPv4 or, where nobody listens there, by IPv6.
///
/// # Errors
/// That of IPv4: a machine without IPv6 has nothing to say of it.
pub(super) async fn connect(port: u16) -> io::Result<TcpStream> {
    let v4 = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await;
    match v4 {
        Ok(stream) => Ok(stream),
        Err(error) => TcpStream::connect(SocketAddr::from((Ipv6Addr::LOCALHOST, port))).await.map_err(|_| error),
    }
}

/// The error in a few words, without its number.
pub(super) fn in_words(error: &io::Error) -> String {
    let text = error.to_string();
    let words = text.split(" (os error").next().unwrap_or_default();
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_port_is_reached_by_either_family() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            // A machine without IPv6 has nothing to reach there.
            let Ok(listener) = TcpListener::bind(address).await else { continue };
            connect(listener.local_addr().unwrap().port()).await.unwrap();
        }
    }

    #[test]
    fn an_error_is_told_in_a_few_words() {
        let refused = io::Error::from_raw_os_error(rustix::io::Errno::CONNREFUSED.raw_os_error());
        assert_eq!(in_words(&refused), "connection refused");
    }
}
