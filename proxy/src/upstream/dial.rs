//! Connecting to a port of loopback where the address family is not known: programs listen on `127.0.0.1`, on `::1`, or on both.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

pub(super) const V4: u8 = 4;
const V6: u8 = 6;

/// How long the family that answered last is alone.
const HEAD_START: Duration = Duration::from_millis(50);
/// How long connecting may take in all. A debugger that has stopped the program does not keep the kernel from accepting.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why no connection came about.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DialError {
    /// Nobody listens on either family.
    #[error("nobody listens on port {0}")]
    Refused(u16),
    /// Neither family answered in time.
    #[error("port {0} did not answer within 10s")]
    Silent(u16),
    /// Anything else.
    #[error("failed to connect")]
    Failed(#[source] io::Error),
}

/// Connects; says which family answered. `family`: the one to try first.
pub(super) async fn dial(port: u16, family: u8) -> Result<(TcpStream, u8), DialError> {
    let other = if family == V6 { V4 } else { V6 };
    match timeout(PATIENCE, race(port, family, other)).await {
        Err(_) => Err(DialError::Silent(port)),
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => Err(DialError::Refused(port)),
        Ok(Err(error)) => Err(DialError::Failed(error)),
        Ok(Ok(connected)) => Ok(connected),
    }
}

async fn race(port: u16, first: u8, second: u8) -> io::Result<(TcpStream, u8)> {
    let one = connect(port, first);
    tokio::pin!(one);
    tokio::select! {
        connected = &mut one => match connected {
            Ok(stream) => return Ok((stream, first)),
            // A machine without the other family refuses for its own reasons; the first's is the one to tell.
            Err(error) => return connect(port, second).await.map(|stream| (stream, second)).map_err(|_| error),
        },
        () = sleep(HEAD_START) => {}
    }
    let two = connect(port, second);
    tokio::pin!(two);
    tokio::select! {
        connected = &mut one => match connected {
            Ok(stream) => Ok((stream, first)),
            Err(error) => two.await.map(|stream| (stream, second)).map_err(|_| error),
        },
        connected = &mut two => match connected {
            Ok(stream) => Ok((stream, second)),
            Err(_) => one.await.map(|stream| (stream, first)),
        },
    }
}

async fn connect(port: u16, family: u8) -> io::Result<TcpStream> {
    let address = if family == V6 { IpAddr::V6(Ipv6Addr::LOCALHOST) } else { IpAddr::V4(Ipv4Addr::LOCALHOST) };
    TcpStream::connect((address, port)).await
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn whichever_family_listens_is_found_and_told() {
        for (address, family) in [("127.0.0.1:0", V4), ("[::1]:0", V6)] {
            // A machine without IPv6 has one family to find.
            let Ok(listener) = TcpListener::bind(address).await else { continue };
            let port = listener.local_addr().unwrap().port();
            for first in [V4, V6] {
                assert_eq!(dial(port, first).await.unwrap().1, family, "{address} by {first} first");
            }
        }
    }

    #[tokio::test]
    async fn a_port_without_a_listener_is_told_from_other_failures() {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        assert!(matches!(dial(port, V4).await, Err(DialError::Refused(told)) if told == port));
    }
}
