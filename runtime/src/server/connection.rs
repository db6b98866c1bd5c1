//! One client. One task reads what it asks, one writes what it gets; neither holds more for it than its open requests, one
//! workspace and one frame per pane, however slow it is.

use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use locald_api::wire::{self, MAX_FROM_CLIENT, MAX_FROM_DAEMON, Payload};
use locald_api::{
    ClientMessage, Failure, FailureKind, Hello, Input, Mouse, MouseAction, PROTOCOL, Refused, Request, Response, Role,
    ServerMessage, ServiceId, Welcome, peer,
};
use locald_term::Palette;
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Duration, Instant};
use tokio_util::codec::{FramedRead, FramedWrite, LengthDelimitedCodec};

use super::activity::Told;
use super::frames::Frames;
use super::typing::type_at_once;
use super::usage::Watch;
use super::{End, Server, requests, status};

/// How long a client may take to say hello.
const HELLO_LIMIT: Duration = Duration::from_secs(10);
/// The shortest time between two states of everything: while a large project starts there is a change in each millisecond.
const WORKSPACES: Duration = Duration::from_millis(33);
/// Requests that a client may have open at once; further ones wait.
const OPEN_REQUESTS: usize = 64;
/// Of these, the questions that may have an answer waiting to be read. An answer can be a page of logs, a change's is small.
const OPEN_QUESTIONS: usize = 8;
/// The longest hello taken. Whoever has not said who they are is not listened to for long.
const MAX_HELLO: usize = 64 * 1024;

type Reading = FramedRead<OwnedReadHalf, LengthDelimitedCodec>;
type Writing = FramedWrite<OwnedWriteHalf, LengthDelimitedCodec>;

/// An answer on its way, and what happens once it is written.
struct Answer {
    id: u64,
    result: Result<Box<Response>, Failure>,
    _then: Option<EndGuard>,
    /// Given back once the answer is written.
    _question: Option<OwnedSemaphorePermit>,
}

/// Ends the daemon when dropped: after the answer was written, or when there is nobody left to write it to.
struct EndGuard(mpsc::Sender<End>, End);

impl Drop for EndGuard {
    fn drop(&mut self) {
        // A full queue means that the daemon is ending already.
        let _ = self.0.try_send(self.1);
    }
}

/// Serves one client until it goes.
pub(super) async fn serve(stream: UnixStream, server: Arc<Server>) -> io::Result<()> {
    peer::check(&stream)?;
    let (read, write) = stream.into_split();
    let mut reading = FramedRead::new(read, wire::codec(MAX_HELLO));
    let mut writing = FramedWrite::new(write, wire::codec(MAX_FROM_DAEMON));
    let hello = tokio::time::timeout(HELLO_LIMIT, hello(&mut reading)).await;
    let answer = match hello {
        Err(_) => return Ok(()),
        Ok(Ok(hello)) if hello.protocol == PROTOCOL => Ok(hello),
        Ok(Ok(hello)) => Err(other_version(&hello)),
        Ok(Err(reason)) => Err(refused(reason, None)),
    };
    match answer {
        Ok(hello) => {
            tracing::debug!(client = hello.client, version = hello.version, "a client connected");
            let welcome = Welcome { protocol: PROTOCOL, version: version(), pid: std::process::id() };
            reading.decoder_mut().set_max_frame_length(MAX_FROM_CLIENT);
            writing.send(wire::control(&ServerMessage::Welcome(welcome))).await?;
        }
        Err(refused) => return writing.send(wire::control(&ServerMessage::Refused(refused))).await,
    }
    let (answers, answered) = mpsc::channel(OPEN_REQUESTS);
    let client = server.clients.next();
    let shared = Arc::new(Shared {
        client,
        frames: Mutex::new(Frames::new(client)),
        palette: Mutex::default(),
        wake: Arc::default(),
        not_typed: Mutex::default(),
        workspace: Mutex::new(false),
        questions: Arc::new(Semaphore::new(OPEN_QUESTIONS)),
    });
    let writer = tokio::spawn(write_all(writing, answered, shared.clone(), server.clone()));
    let outcome = read_all(reading, answers, &shared, &server).await;
    writer.abort();
    outcome
}

/// What the reading and the writing task share.
struct Shared {
    client: u64,
    frames: Mutex<Frames>,
    palette: Mutex<Option<Palette>>,
    wake: Arc<Notify>,
    /// What was typed last and reached nobody. A stream of that would help nobody.
    not_typed: Mutex<Option<(ServiceId, Failure)>>,
    /// Whether the client watches the workspace.
    workspace: Mutex<bool>,
    questions: Arc<Semaphore>,
}

async fn hello(reading: &mut Reading) -> Result<Hello, &'static str> {
    let Some(Ok(frame)) = reading.next().await else { return Err("the first message is not a hello") };
    match wire::read(&frame) {
        Ok(Payload::Control(ClientMessage::Hello(hello))) => Ok(hello),
        _ => Err("the first message is not a hello"),
    }
}

fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

fn other_version(hello: &Hello) -> Refused {
    let reason = format!("this daemon is locald {} and cannot talk to locald {}", version(), hello.version);
    let hint = "`locald daemon restart` replaces it with the installed release and stops no service";
    Refused { reason, hint: Some(hint.to_owned()), version: Some(version()) }
}

fn refused(reason: &str, hint: Option<String>) -> Refused {
    Refused { reason: reason.to_owned(), hint, version: Some(version()) }
}

/// Reads what the client asks, and has each request carried out on the side.
async fn read_all(
    mut reading: Reading,
    answers: mpsc::Sender<Answer>,
    shared: &Arc<Shared>,
    server: &Arc<Server>,
) -> io::Result<()> {
    let mut running: JoinSet<()> = JoinSet::new();
    let mut open: Vec<(u64, AbortHandle)> = Vec::new();
    while let Some(frame) = reading.next().await {
        let message = match wire::read(&frame?) {
            Ok(Payload::Control(message)) => message,
            Ok(Payload::Pane(_)) => return Err(io::Error::other("a client sent a frame")),
            Err(error) => return Err(io::Error::other(error)),
        };
        match message {
            ClientMessage::Hello(_) => return Err(io::Error::other("a second hello")),
            ClientMessage::Request { id, request } => {
                while running.try_join_next().is_some() {}
                if running.len() >= OPEN_REQUESTS {
                    running.join_next().await;
                }
                open.retain(|(_, handle)| !handle.is_finished());
                let handle = running.spawn(carry_out(id, *request, answers.clone(), shared.clone(), server.clone()));
                open.push((id, handle));
            }
            ClientMessage::Cancel { id } => {
                open.iter().filter(|(known, _)| *known == id).for_each(|(_, handle)| handle.abort());
            }
            ClientMessage::View(view) => {
                if shared.lock_frames().is_act(&view) {
                    shared.act(server);
                }
                shared.lock_frames().set_view(&view, &server.panes, &shared.wake);
                shared.wake.notify_one();
            }
            ClientMessage::Ack { pane, sequence } => {
                shared.lock_frames().acknowledge(pane, sequence);
                shared.wake.notify_one();
            }
            ClientMessage::Palette(palette) => {
                let palette = from_wire(palette);
                *shared.palette.lock().unwrap_or_else(PoisonError::into_inner) = Some(palette);
                if server.clients.is_last(shared.lock_frames().acted()) {
                    server.panes.set_palette(palette);
                }
            }
            ClientMessage::Input { .. } if shared.lock_frames().role() == Role::Onlooker => {}
            ClientMessage::Input { service, input } => type_into(server, shared, &service, &input),
        }
    }
    Ok(())
}

/// Types into a pane. Nothing waits here for a program that does not read: its client must still be able to stop it.
fn type_into(server: &Server, shared: &Shared, service: &ServiceId, input: &Input) {
    let Some(pane) = server.panes.find(service) else { return };
    let only_moves = matches!(input, Input::Mouse(Mouse { action: MouseAction::Motion(None), .. }));
    if !only_moves {
        shared.act(server);
        pane.note_typist(shared.client);
    }
    if let Err(failure) = type_at_once(&pane, input)
        && !only_moves
    {
        *shared.not_typed.lock().unwrap_or_else(PoisonError::into_inner) = Some((service.clone(), failure));
        shared.wake.notify_one();
    }
}

async fn carry_out(id: u64, request: Request, answers: mpsc::Sender<Answer>, shared: Arc<Shared>, server: Arc<Server>) {
    if matches!(request, Request::WatchWorkspace) {
        *shared.workspace.lock().unwrap_or_else(PoisonError::into_inner) = true;
    }
    let onlooker = shared.lock_frames().role() == Role::Onlooker;
    let answer = if onlooker && (requests::changes_something(&request) || matches!(request, Request::SendKeys { .. })) {
        let failure = Failure::new(FailureKind::BadRequest, "this client only looks on");
        Answer { id, result: Err(failure), _then: None, _question: None }
    } else if requests::changes_something(&request) {
        // What changes services is carried through even if the client goes away in the middle.
        let task = tokio::spawn(async move {
            let end = requests::end_after(&request);
            let ends = server.ends.clone();
            let result = requests::carry_out(request, &server).await;
            let then = end.filter(|_| result.is_ok()).map(|end| EndGuard(ends, end));
            Answer { id, result: result.map(Box::new), _then: then, _question: None }
        });
        task.await.unwrap_or_else(|error| {
            let failure = Failure::new(FailureKind::Internal, format!("the request failed: {error}"));
            Answer { id, result: Err(failure), _then: None, _question: None }
        })
    } else {
        let question = shared.questions.clone().acquire_owned().await.ok();
        let result = requests::carry_out(request, &server).await.map(Box::new);
        Answer { id, result, _then: None, _question: question }
    };
    let _ = answers.send(answer).await;
}

/// Writes what there is for the client: answers, the workspace when it changed, frames when they are due.
async fn write_all(
    mut writing: Writing,
    mut answered: mpsc::Receiver<Answer>,
    shared: Arc<Shared>,
    server: Arc<Server>,
) -> io::Result<()> {
    let mut revision = server.supervisor.revision();
    let (mut sent_revision, mut next_workspace) = (0, Instant::now());
    let (mut told, mut usage) = (Told::new(&server.panes), Watch::default());
    loop {
        let mut written = Vec::new();
        while let Ok(mut answer) = answered.try_recv() {
            write_answer(&mut writing, &mut answer).await?;
            written.push(answer);
        }
        let watches = *shared.workspace.lock().unwrap_or_else(PoisonError::into_inner);
        let current = *revision.borrow_and_update();
        let is_news = watches && current != sent_revision;
        if is_news && next_workspace <= Instant::now() {
            sent_revision = current;
            next_workspace = Instant::now() + WORKSPACES;
            shared.lock_frames().look_again(&server.panes, &shared.wake);
            let workspace = Box::new(status::workspace(&server, current));
            writing.feed(wire::control(&ServerMessage::Workspace(workspace))).await?;
        }
        let news = if watches { told.take(&server.panes, Instant::now()) } else { Vec::new() };
        if !news.is_empty() {
            writing.feed(wire::control(&ServerMessage::Activity(news))).await?;
        }
        let shows_usage = shared.lock_frames().shows_usage();
        usage.begin(shows_usage, &server);
        let clipboard = shared.lock_frames().take_clipboard();
        if let Some((service, text)) = clipboard {
            writing.feed(wire::control(&ServerMessage::Clipboard { service, text })).await?;
        }
        let not_typed = shared.not_typed.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((service, failure)) = not_typed {
            writing.feed(wire::control(&ServerMessage::NotTyped { service, failure })).await?;
        }
        let (frames, next_due) = shared.lock_frames().take_due(Instant::now());
        for frame in frames {
            writing.feed(wire::pane(&frame)).await?;
        }
        SinkExt::<Bytes>::flush(&mut writing).await?;
        drop(written);
        let held_back = (watches && current != sent_revision).then_some(next_workspace);
        let due = pin!(until(next_due.into_iter().chain(usage.due()).chain(held_back).min()));
        tokio::select! {
            answer = answered.recv() => match answer {
                Some(mut answer) => {
                    write_answer(&mut writing, &mut answer).await?;
                    SinkExt::<Bytes>::flush(&mut writing).await?;
                }
                None => return Ok(()),
            },
            _ = revision.changed(), if watches => {}
            () = told.changed(), if watches => {}
            () = shared.wake.notified() => {}
            () = due => {}
            measured = usage.measured() => if let Some(measured) = measured {
                writing.feed(wire::control(&ServerMessage::Usage(measured))).await?;
            },
        }
    }
}

async fn write_answer(writing: &mut Writing, answer: &mut Answer) -> io::Result<()> {
    let result = std::mem::replace(&mut answer.result, Ok(Box::new(Response::Done)));
    writing.feed(wire::control(&ServerMessage::Response { id: answer.id, result })).await
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

impl Shared {
    fn lock_frames(&self) -> std::sync::MutexGuard<'_, Frames> {
        self.frames.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The client's user does something: sizes and colours are the client's from now on.
    fn act(&self, server: &Server) {
        let acted = self.lock_frames().acted();
        let Some(acted) = server.clients.act(acted) else { return };
        self.lock_frames().act(acted);
        let palette = *self.palette.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(palette) = palette {
            server.panes.set_palette(palette);
        }
    }
}

fn from_wire(palette: locald_api::Palette) -> Palette {
    let locald_api::Palette { foreground, background, cursor, ansi } = palette;
    Palette { foreground, background, cursor, ansi }
}
