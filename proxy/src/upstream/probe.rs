//! Finding out whether a program speaks HTTP/2 without being asked over TLS: whoever does begins with its settings.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// What a client begins with (RFC 9113 §3.4), and settings that say nothing.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
/// The length of the head of a frame, and the type of that of settings (RFC 9113 §4.1, §6.5).
const HEAD: usize = 9;
const SETTINGS: u8 = 4;
/// How long a program may think about it.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether the other end speaks HTTP/2; `None` if it says nothing. The connection is of no use afterwards.
pub(super) async fn speaks_http2(mut stream: TcpStream) -> Option<bool> {
    let mut head = [0; HEAD];
    let talk = async {
        stream.write_all(PREFACE).await?;
        stream.read_exact(&mut head).await
    };
    match timeout(PATIENCE, talk).await {
        Ok(Ok(_)) => Some(head[3] == SETTINGS && head[5..] == [0; 4]),
        // It cut us short, and so did not like it.
        Ok(Err(_)) => Some(false),
        Err(_) => None,
    }
}
