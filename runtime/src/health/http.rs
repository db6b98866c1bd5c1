//! One question by HTTP: a GET, of whose answer only the status counts.

use std::io;
use std::ops::RangeInclusive;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::connect::{connect, in_words};

/// No more of an answer is read: heads are much shorter, and bodies do not matter.
const MAX_HEAD: usize = 16 * 1024;

/// Asks; the error is what was wrong with the answer.
pub(super) async fn ask(
    port: u16,
    path: &str,
    headers: &[(String, String)],
    expected: &RangeInclusive<u16>,
) -> Result<(), String> {
    let mut stream = connect(port).await.map_err(|error| in_words(&error))?;
    let status = exchange(&mut stream, request(port, path, headers).as_bytes()).await;
    match status.map_err(|error| in_words(&error))? {
        status if expected.contains(&status) => Ok(()),
        status => Err(format!("answered {status}")),
    }
}

fn request(port: u16, path: &str, headers: &[(String, String)]) -> String {
    let mut text = format!("GET {path} HTTP/1.1\r\n");
    let own =
        [("Host", format!("localhost:{port}")), ("User-Agent", "locald".to_owned()), ("Accept", "*/*".to_owned())];
    let is_given = |name: &str| headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name));
    let own = own.iter().filter(|(name, _)| !is_given(name)).map(|(name, value)| (*name, value));
    for (name, value) in own.chain(headers.iter().map(|(name, value)| (name.as_str(), value))) {
        text.extend([name, ": ", value, "\r\n"]);
    }
    text + "Connection: close\r\n\r\n"
}

async fn exchange(stream: &mut TcpStream, request: &[u8]) -> io::Result<u16> {
    stream.write_all(request).await?;
    let (mut head, mut buffer) = (Vec::new(), [0; 1024]);
    loop {
        let read = stream.read(&mut buffer).await?;
        head.extend_from_slice(&buffer[..read]);
        match status(&head) {
            Status::Known(status) => return Ok(status),
            Status::Nonsense => return Err(io::Error::other("the answer is not HTTP")),
            Status::Incomplete if read == 0 => return Err(io::Error::other("hung up without an answer")),
            Status::Incomplete if head.len() > MAX_HEAD => return Err(io::Error::other("the answer has no end")),
            Status::Incomplete => {}
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Status {
    Known(u16),
    Incomplete,
    Nonsense,
}

/// The status of the answer (RFC 9112 §4). Interim answers, such as 103, are followed by the one that counts.
fn status(mut head: &[u8]) -> Status {
    loop {
        let Some(end) = head.iter().position(|&byte| byte == b'\n') else {
            let prefix = head.len().min(7);
            return if head[..prefix] == b"HTTP/1."[..prefix] { Status::Incomplete } else { Status::Nonsense };
        };
        let line = std::str::from_utf8(&head[..end]).unwrap_or_default();
        let code = line.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)?.parse().ok());
        match code {
            Some(100..=199) => {}
            Some(code @ 200..=999) => return Status::Known(code),
            _ => return Status::Nonsense,
        }
        match head.windows(4).position(|four| four == b"\r\n\r\n") {
            Some(blank) => head = &head[blank + 4..],
            None => return Status::Incomplete,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::net::TcpListener;

    use super::*;

    /// Asks a server that answers with these bytes and hangs up; also tells what it was asked.
    async fn asked(answer: &'static [u8], headers: &[(&str, &str)]) -> (Result<(), String>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let serving = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4096];
            let read = stream.read(&mut request).await.unwrap();
            stream.write_all(answer).await.unwrap();
            String::from_utf8(request[..read].to_vec()).unwrap().replace(&port.to_string(), "PORT")
        });
        let headers: Vec<_> = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let result = ask(port, "/up?x=1", &headers, &(200..=399)).await;
        (result, serving.await.unwrap())
    }

    #[tokio::test]
    async fn the_status_decides() {
        for (answer, expected) in [
            (&b"HTTP/1.1 204 No Content\r\n\r\n"[..], Ok(())),
            (b"HTTP/1.0 302 Found\r\nLocation: /\r\n\r\n", Ok(())),
            (b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", Ok(())),
            (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", Err("answered 503")),
            (b"SSH-2.0-OpenSSH_9\r\n", Err("the answer is not HTTP")),
            (b"HTTP/1.1 20", Err("hung up without an answer")),
            (b"", Err("hung up without an answer")),
        ] {
            assert_eq!(asked(answer, &[]).await.0, expected.map_err(str::to_owned), "{answer:?}");
        }
    }

    #[tokio::test]
    async fn headers_that_are_given_take_the_place_of_ours() {
        let (_, request) = asked(b"HTTP/1.1 200 OK\r\n\r\n", &[("host", "shop.localhost"), ("X-Probe", "1")]).await;
        let expected = "GET /up?x=1 HTTP/1.1\r\nUser-Agent: locald\r\nAccept: */*\r\nhost: shop.localhost\r\n\
                        X-Probe: 1\r\nConnection: close\r\n\r\n";
        assert_eq!(request, expected);
    }

    proptest! {
        #[test]
        fn arbitrary_answers_never_panic(head in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = status(&head);
            let _ = status(&[&b"HTTP/1.1 1"[..], &head].concat());
        }
    }
}
