//! A daemon for tests: answers each request by a closure, over a real socket.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use locald_api::wire::{self, Payload};
use locald_api::{Client, ClientMessage, Events, Failure, Hello, PROTOCOL, Request, Response, ServerMessage, Welcome};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

/// An answer, and what is sent unasked before it.
pub(crate) struct Reply {
    before: Vec<ServerMessage>,
    then: Then,
}

/// What comes then.
enum Then {
    Answer(Result<Box<Response>, Failure>),
    HangUp,
    Silence,
}

impl Reply {
    /// Just this answer.
    pub(crate) fn of(response: Response) -> Self {
        Self { before: vec![], then: Then::Answer(Ok(Box::new(response))) }
    }

    /// A refusal.
    pub(crate) fn failed(failure: Failure) -> Self {
        Self { before: vec![], then: Then::Answer(Err(failure)) }
    }

    /// No answer: the daemon goes away.
    pub(crate) fn hang_up() -> Self {
        Self { before: vec![], then: Then::HangUp }
    }

    /// No answer for as long as anybody waits.
    pub(crate) fn silence() -> Self {
        Self { before: vec![], then: Then::Silence }
    }

    /// The same answer, after `messages`.
    pub(crate) fn after(mut self, messages: Vec<ServerMessage>) -> Self {
        self.before = messages;
        self
    }
}

/// A client of a daemon that answers by `answer`.
pub(crate) async fn by(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> (Client, Events) {
    let folder = tempfile::Builder::new().permissions(std::fs::Permissions::from_mode(0o700)).tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        serve(stream, Arc::new(answer)).await;
        drop(folder);
    });
    Client::connect(&path, Hello::new("test")).await.unwrap()
}

async fn serve(mut stream: UnixStream, answer: Arc<dyn Fn(&Request) -> Reply + Send + Sync>) {
    while let Some(message) = read(&mut stream).await {
        match message {
            ClientMessage::Hello(_) => {
                let welcome = Welcome { protocol: PROTOCOL, version: "0.1.0".to_owned(), pid: 1 };
                write(&mut stream, &ServerMessage::Welcome(welcome)).await;
            }
            ClientMessage::Request { id, request } => {
                let reply = answer(&request);
                for message in &reply.before {
                    write(&mut stream, message).await;
                }
                match reply.then {
                    Then::Answer(result) => write(&mut stream, &ServerMessage::Response { id, result }).await,
                    Then::HangUp => return,
                    Then::Silence => {}
                }
            }
            _ => {}
        }
    }
}

async fn read(stream: &mut UnixStream) -> Option<ClientMessage> {
    let length = stream.read_u32().await.ok()?;
    let mut frame = vec![0; length as usize];
    stream.read_exact(&mut frame).await.ok()?;
    match wire::read(&frame).unwrap() {
        Payload::Control(message) => Some(message),
        Payload::Pane(_) => None,
    }
}

async fn write(stream: &mut UnixStream, message: &ServerMessage) {
    let frame = wire::control(message);
    // A client that has what it wanted may be gone.
    let _ = stream.write_u32(u32::try_from(frame.len()).unwrap()).await;
    let _ = stream.write_all(&frame).await;
}
