//! The client's end of the control socket: calls that are answered, and events that arrive on their own.
//!
//! One task reads and one writes, so a slow answer delays nothing else. Starting a daemon where none runs is the caller's
//! business: this crate knows a socket's path and nothing more.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use serde::{Deserialize, Serialize};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, oneshot};
use tokio_util::codec::{FramedRead, FramedWrite, LengthDelimitedCodec};

use crate::wire::{self, MAX_FROM_CLIENT, MAX_FROM_DAEMON, Payload, WireError};
use crate::{
    Activity, ClientMessage, Failure, Hello, PaneFrame, Refused, Request, Response, ServerMessage, ServiceId,
    ServiceUsage, Welcome, Workspace, peer,
};

/// How long a daemon may take to answer the hello. It may just be starting, with other clients waiting before this one.
const HELLO_TIMEOUT: Duration = Duration::from_secs(10);
/// Frames on their way to a slow owner of [`Events`]. The daemon sends one per pane and waits, so this is never long.
const EVENTS: usize = 64;

/// Asks the daemon. Cloning is cheap; the connection ends when the last clone and the [`Events`] are gone.
#[derive(Clone, Debug)]
pub struct Client {
    outgoing: mpsc::Sender<ClientMessage>,
    calls: Arc<Calls>,
    welcome: Arc<Welcome>,
}

/// What the daemon sends unasked. Whoever holds this must read it, or drop it.
#[derive(Debug)]
pub struct Events(mpsc::Receiver<Event>);

/// Something the daemon sends unasked.
#[derive(Debug)]
pub enum Event {
    /// The state of everything, after a change.
    Workspace(Box<Workspace>),
    /// Changed rows of a pane that the client watches. To be acknowledged once it is painted.
    Frame(PaneFrame),
    /// What programs have done: of each service of which something is new.
    Activity(Vec<Activity>),
    /// What all services use.
    Usage(Vec<ServiceUsage>),
    /// A program that the user typed into wants this text in the clipboard.
    Clipboard {
        /// Whose program.
        service: ServiceId,
        /// The text.
        text: String,
    },
    /// What the user typed did not reach a program.
    NotTyped {
        /// Whose program.
        service: ServiceId,
        /// Why.
        failure: Failure,
    },
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The socket cannot be reached; the usual kinds are [`io::ErrorKind::NotFound`] and `ConnectionRefused`.
    #[error("failed to reach the daemon")]
    Io(#[from] io::Error),
    /// The daemon, or the keeper in its place, does not serve this client.
    #[error("{}", .0.reason)]
    Refused(Refused),
    /// What answers does not speak this protocol.
    #[error("what answers on the socket is not a locald daemon")]
    Garbled(#[source] Option<WireError>),
    /// Nobody answered in time.
    #[error("the daemon did not answer within {} s", HELLO_TIMEOUT.as_secs())]
    Silent,
}

/// Why a call has no answer.
#[derive(Debug, Serialize, Deserialize, thiserror::Error)]
pub enum CallError {
    /// The daemon says no.
    #[error(transparent)]
    Failed(#[from] Failure),
    /// The connection ended before the answer came.
    #[error("the connection to the daemon was lost")]
    Lost,
    /// The answer is not one to this request.
    #[error("the daemon's answer does not fit the question")]
    Unfitting,
}

type Answer = Result<Box<Response>, Failure>;

#[derive(Debug, Default)]
struct Calls(Mutex<Option<Open>>);

#[derive(Debug, Default)]
struct Open {
    next: u64,
    waiting: HashMap<u64, oneshot::Sender<Answer>>,
}

impl Client {
    /// Connects to the daemon's socket at `path` and exchanges the hello.
    pub async fn connect(path: &Path, hello: Hello) -> Result<(Self, Events), ConnectError> {
        let stream = UnixStream::connect(path).await?;
        peer::check(&stream)?;
        let (read, write) = stream.into_split();
        let mut reading = FramedRead::new(read, wire::codec(MAX_FROM_DAEMON));
        let mut writing = FramedWrite::new(write, wire::codec(MAX_FROM_CLIENT));
        // A keeper without a daemon refuses and hangs up without reading, so a failed write may have an answer all the same.
        let sent = writing.send(wire::control(&ClientMessage::Hello(hello))).await;
        let answer = tokio::time::timeout(HELLO_TIMEOUT, reading.next()).await.map_err(|_| ConnectError::Silent)?;
        let welcome = match answer {
            Some(Ok(frame)) => match wire::read(&frame) {
                Ok(Payload::Control(ServerMessage::Welcome(welcome))) => welcome,
                Ok(Payload::Control(ServerMessage::Refused(refused))) => return Err(ConnectError::Refused(refused)),
                Ok(_) => return Err(ConnectError::Garbled(None)),
                Err(error) => return Err(ConnectError::Garbled(Some(error))),
            },
            Some(Err(error)) => return Err(error.into()),
            None => return Err(sent.err().unwrap_or_else(|| io::ErrorKind::ConnectionReset.into()).into()),
        };
        let (outgoing, queue) = mpsc::channel(32);
        let (events, event_queue) = mpsc::channel(EVENTS);
        let calls = Arc::new(Calls(Mutex::new(Some(Open::default()))));
        tokio::spawn(write_all(writing, queue));
        tokio::spawn(read_all(reading, calls.clone(), events));
        Ok((Self { outgoing, calls, welcome: Arc::new(welcome) }, Events(event_queue)))
    }

    /// What the daemon said of itself.
    pub fn welcome(&self) -> &Welcome {
        &self.welcome
    }

    /// Asks, and waits for the answer. Dropping the future cancels the request.
    pub async fn call(&self, request: Request) -> Result<Response, CallError> {
        let (id, answer) = self.calls.open().ok_or(CallError::Lost)?;
        let mut guard = CancelOnDrop { client: self, id, answered: false };
        self.send(ClientMessage::Request { id, request: Box::new(request) }).await?;
        let result = answer.await;
        guard.answered = true;
        Ok(*result.map_err(|_| CallError::Lost)??)
    }

    /// Sends a message that has no answer: a view, an acknowledgement, input.
    pub async fn send(&self, message: ClientMessage) -> Result<(), CallError> {
        self.outgoing.send(message).await.map_err(|_| CallError::Lost)
    }
}

impl Events {
    /// The next event; `None` once the connection has ended.
    pub async fn next(&mut self) -> Option<Event> {
        self.0.recv().await
    }
}

impl Calls {
    fn open(&self) -> Option<(u64, oneshot::Receiver<Answer>)> {
        let mut guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let open = guard.as_mut()?;
        open.next += 1;
        let (sender, receiver) = oneshot::channel();
        open.waiting.insert(open.next, sender);
        Some((open.next, receiver))
    }

    fn take(&self, id: u64) -> Option<oneshot::Sender<Answer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut()?.waiting.remove(&id)
    }

    /// Ends all open calls, and refuses new ones.
    fn close(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

struct CancelOnDrop<'a> {
    client: &'a Client,
    id: u64,
    answered: bool,
}

impl Drop for CancelOnDrop<'_> {
    fn drop(&mut self) {
        self.client.calls.take(self.id);
        if !self.answered {
            // With a full queue the daemon finishes in vain: no harm.
            let _ = self.client.outgoing.try_send(ClientMessage::Cancel { id: self.id });
        }
    }
}

async fn write_all(
    mut writing: FramedWrite<OwnedWriteHalf, LengthDelimitedCodec>,
    mut queue: mpsc::Receiver<ClientMessage>,
) {
    while let Some(message) = queue.recv().await {
        if writing.feed(wire::control(&message)).await.is_err() {
            return;
        }
        if queue.is_empty() && SinkExt::<Bytes>::flush(&mut writing).await.is_err() {
            return;
        }
    }
}

async fn read_all(
    mut reading: FramedRead<OwnedReadHalf, LengthDelimitedCodec>,
    calls: Arc<Calls>,
    events: mpsc::Sender<Event>,
) {
    while let Some(Ok(frame)) = reading.next().await {
        let event = match wire::read(&frame) {
            Ok(Payload::Control(ServerMessage::Response { id, result })) => {
                if let Some(caller) = calls.take(id) {
                    let _ = caller.send(result);
                }
                continue;
            }
            Ok(Payload::Control(ServerMessage::Workspace(workspace))) => Event::Workspace(workspace),
            Ok(Payload::Control(ServerMessage::Activity(activity))) => Event::Activity(activity),
            Ok(Payload::Control(ServerMessage::Usage(usage))) => Event::Usage(usage),
            Ok(Payload::Control(ServerMessage::Clipboard { service, text })) => Event::Clipboard { service, text },
            Ok(Payload::Control(ServerMessage::NotTyped { service, failure })) => Event::NotTyped { service, failure },
            Ok(Payload::Pane(frame)) => Event::Frame(frame),
            Ok(Payload::Control(ServerMessage::Welcome(_) | ServerMessage::Refused(_))) | Err(_) => break,
        };
        // A client that only calls drops its `Events`; that must not end the connection.
        let _ = events.send(event).await;
    }
    calls.close();
}
