//! The loop: waits for whatever happens, has `update` think about it, and does what comes of that.
//!
//! Nothing here ticks. A timer runs only while a change waits to be painted or a daemon is being looked for, so an idle
//! workspace wakes nobody.

use std::io;
use std::path::Path;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use locald_api::{Attention, CallError, Client, ClientMessage, CursorShape, Event, Events, Request};
use ratatui::crossterm::event::{Event as TerminalEvent, EventStream};
use ratatui::layout::Size;
use rustix::process::{Signal as Number, getpid, kill_process};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};

use crate::background::{self, Answers, Heard};
use crate::keyname;
use crate::model::{Focus, Model};
use crate::mouse::{Clicks, Targets};
use crate::msg::{Cmd, Effect, Msg, Purpose, Timer};
use crate::options::{Options, Outcome};
use crate::reconnect::{Backoff, Connecting, Connector, Unreached};
use crate::recording::Recorder;
use crate::settings::{LaterSettings, Settings};
use crate::terminal::{self, Outer};
use crate::theme::{Appearance, Depth};
use crate::update::update;
use crate::view::view;

/// The time between two paintings.
const FRAME: Duration = Duration::from_millis(16);
/// How long the first painting waits for something to paint.
const FIRST_PAINT: Duration = Duration::from_millis(50);
/// How long a daemon may be gone before the user is told why.
const OVERDUE: Duration = Duration::from_secs(10);
/// How long a terminal that takes nothing may hold up what waits for it.
const PATIENCE: Duration = Duration::from_millis(300);
/// Messages on their way to a daemon that reads slowly. One that lets this many lie is as good as gone.
const OUTGOING: usize = 1024;
/// Terminal events taken in one go, so that keys typed ahead travel together.
const BURST: usize = 256;

/// Why there is no workspace.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// Input or output is no terminal.
    #[error("a workspace needs a terminal for its input and its output")]
    NotATerminal,
    /// The daemon could not be reached; nothing has been painted yet.
    #[error("{0}")]
    Connect(String),
    /// What happens cannot be recorded.
    #[error("failed to record into {path}")]
    Record {
        /// The file that was to be made.
        path: String,
        /// Why it could not be.
        source: io::Error,
    },
    /// The terminal cannot be read or painted on.
    #[error("the terminal failed")]
    Terminal(#[from] io::Error),
    /// A fault of ours; it has been reported where panics are.
    #[error("a part of the workspace failed")]
    Panicked,
}

/// Shows the workspace until the user leaves it.
///
/// The first attempt to connect is made before the terminal is touched, so its failure is the caller's to print. Must run
/// within a tokio runtime with time, network and signals.
pub async fn run(connector: impl Connector, mut options: Options) -> Result<Outcome, WorkspaceError> {
    if !Outer::is_there() {
        return Err(WorkspaceError::NotATerminal);
    }
    let (client, events) = connector.connect().await.map_err(|unreached| WorkspaceError::Connect(unreached.why))?;
    let recorder = options.record.as_deref().map(record).transpose()?;
    let later = options.later.take();
    let signals = Signals::new()?;
    let outer = Outer::open()?;
    let depth = Depth::from_env();
    let theme = options.theme.theme(Appearance::default(), depth);
    let model = Model::new(options, Outer::size()?, theme);
    let mut workspace = Workspace {
        connector,
        model,
        recorder,
        later,
        outer,
        terminal_events: EventStream::new(),
        answers: Answers::default(),
        signals,
        link: Link::up(client, events),
        backoff: Backoff::new(),
        overdue_at: None,
        timer: None,
        clicks: Clicks::default(),
        targets: Targets::default(),
        calls: FuturesUnordered::new(),
        dirty: true,
        painted: false,
        next_draw: Instant::now() + FIRST_PAINT,
        leaving: None,
    };
    workspace.ask_background()?;
    if let Some(recorder) = &mut workspace.recorder {
        recorder.begin(&workspace.model);
    }
    workspace.take(Msg::Connected);
    let outcome = workspace.live().await;
    workspace.finish().await;
    outcome
}

fn record(path: &Path) -> Result<Recorder, WorkspaceError> {
    Recorder::create(path).map_err(|source| WorkspaceError::Record { path: path.display().to_string(), source })
}

type Call = Pin<Box<dyn Future<Output = Msg> + Send>>;

struct Workspace<C> {
    connector: C,
    model: Model,
    recorder: Option<Recorder>,
    later: Option<LaterSettings>,
    outer: Outer,
    terminal_events: EventStream,
    answers: Answers,
    signals: Signals,
    link: Link,
    backoff: Backoff,
    overdue_at: Option<Instant>,
    /// What the model waits for, and until when.
    timer: Option<(Timer, Instant)>,
    clicks: Clicks,
    /// What was painted last, and where.
    targets: Targets,
    calls: FuturesUnordered<Call>,
    /// Whether the model looks different from what was painted.
    dirty: bool,
    /// Whether anything has been painted.
    painted: bool,
    /// The next painting is not before this.
    next_draw: Instant,
    leaving: Option<Outcome>,
}

/// The connection, or the attempt to have one again.
enum Link {
    Up { client: Client, events: Events, outgoing: mpsc::Sender<ClientMessage> },
    Down(Connecting),
}

/// What the loop has waited for.
enum Happened {
    Terminal(io::Result<Vec<TerminalEvent>>),
    Daemon(Option<Event>),
    Attempt(Result<(Client, Events), Unreached>),
    Answered(Msg),
    Painted(io::Result<()>),
    DrawDue,
    Overdue,
    TimerDue(Timer),
    Settings(Option<Result<Settings, String>>),
    Signal(Told),
    Panicked,
}

impl<C: Connector> Workspace<C> {
    async fn live(&mut self) -> Result<Outcome, WorkspaceError> {
        loop {
            if let Some(outcome) = self.leaving.take() {
                return Ok(outcome);
            }
            if self.dirty && !self.outer.is_busy() && Instant::now() >= self.next_draw {
                self.draw()?;
            }
            match self.happens().await {
                Happened::Terminal(events) => {
                    let heard = self.answers.sift(events?, Instant::now().into_std());
                    let msgs: Vec<_> = heard.into_iter().filter_map(|heard| self.message(heard)).collect();
                    let cmds = msgs.into_iter().map(|msg| self.think(msg));
                    let cmd = cmds.fold(Cmd::none(), Cmd::and);
                    self.carry_out(cmd);
                }
                Happened::Daemon(Some(event)) => self.hear(event),
                Happened::Daemon(None) => self.lose(),
                Happened::Attempt(Ok((client, events))) => self.connect(client, events),
                Happened::Attempt(Err(why)) => self.try_again(why),
                Happened::Answered(msg) => self.take(msg),
                Happened::Painted(result) => {
                    result?;
                    self.take(Msg::Painted);
                }
                Happened::DrawDue => {}
                Happened::Overdue => {
                    self.overdue_at = None;
                    self.take(Msg::Overdue);
                }
                Happened::TimerDue(timer) => {
                    self.timer = None;
                    self.take(Msg::Timer(timer));
                }
                Happened::Settings(Some(read)) => {
                    let asked = self.model.theme_choice.follows_background();
                    self.take(Msg::Settings(read));
                    if !asked {
                        self.ask_background()?;
                    }
                }
                Happened::Settings(None) => self.later = None,
                Happened::Signal(Told::End(number)) => return Ok(Outcome::Signal(number)),
                Happened::Signal(Told::Stop) => self.stop().await?,
                Happened::Signal(Told::GoOn) => self.go_on()?,
                Happened::Panicked => return Err(WorkspaceError::Panicked),
            }
        }
    }

    async fn happens(&mut self) -> Happened {
        let draw_waits = self.dirty && !self.outer.is_busy();
        let panicked = self.outer.panicked();
        let timer = self.timer;
        tokio::select! {
            biased;
            () = panicked => Happened::Panicked,
            told = self.signals.next() => Happened::Signal(told),
            events = burst(&mut self.terminal_events) => Happened::Terminal(events),
            result = self.outer.painted() => Happened::Painted(result),
            () = sleep_until(self.next_draw), if draw_waits => Happened::DrawDue,
            happened = self.link.next() => happened,
            Some(msg) = self.calls.next(), if !self.calls.is_empty() => Happened::Answered(msg),
            () = sleep_until(self.overdue_at.unwrap_or_else(Instant::now)), if self.overdue_at.is_some() => Happened::Overdue,
            timer = due(timer) => Happened::TimerDue(timer),
            read = latest(&mut self.later) => Happened::Settings(read),
        }
    }

    fn message(&mut self, heard: Heard) -> Option<Msg> {
        let event = match heard {
            Heard::Event(event) => event,
            Heard::Background(appearance) => return Some(Msg::Background(appearance)),
        };
        match event {
            TerminalEvent::Key(key) => keyname::of(&key).map(Msg::Key),
            TerminalEvent::Paste(text) => Some(Msg::Paste(text)),
            TerminalEvent::Resize(columns, rows) => Some(Msg::Resize(Size::new(columns, rows))),
            TerminalEvent::Mouse(event) => {
                Some(Msg::Mouse(self.clicks.mouse(event, &self.targets, Instant::now().into_std())))
            }
            TerminalEvent::FocusGained => Some(Msg::Attention(Attention::Here)),
            TerminalEvent::FocusLost => Some(Msg::Attention(Attention::Elsewhere)),
        }
    }

    /// Thinks about what happened, and does what comes of it.
    fn take(&mut self, msg: Msg) {
        let cmd = self.think(msg);
        self.carry_out(cmd);
    }

    fn think(&mut self, msg: Msg) -> Cmd {
        if let Some(recorder) = &mut self.recorder {
            recorder.note(&msg);
        }
        update(&mut self.model, msg)
    }

    fn carry_out(&mut self, cmd: Cmd) {
        self.dirty |= cmd.redraw;
        let waits = self.model.timer();
        if self.timer.map(|(timer, _)| timer) != waits {
            self.timer = waits.map(|timer| (timer, Instant::now() + timer.delay()));
        }
        for effect in cmd.effects {
            match effect {
                Effect::Send(message) => self.send(message),
                Effect::Call { request, purpose } => self.call(*request, purpose),
                // What waits in memory to be written cannot fail; the terminal itself is noticed when it is painted on.
                Effect::Copy(text) => drop(self.outer.copy(&text)),
                Effect::Leave(outcome) => self.leaving = Some(outcome),
            }
        }
    }

    fn send(&mut self, message: ClientMessage) {
        let Link::Up { outgoing, .. } = &self.link else { return };
        if outgoing.try_send(message).is_err() {
            self.lose();
        }
    }

    /// Calls are made in the order they were asked for: new ones are polled first in, first out.
    fn call(&self, request: Request, purpose: Purpose) {
        let client = match &self.link {
            Link::Up { client, .. } => Some(client.clone()),
            Link::Down(_) => None,
        };
        self.calls.push(Box::pin(async move {
            let result = match client {
                Some(client) => client.call(request).await,
                None => Err(CallError::Lost),
            };
            Msg::Answered { purpose, result }
        }));
    }

    fn hear(&mut self, event: Event) {
        // Not on connecting: a daemon that fails at once, again and again, is not to be asked every 50 ms.
        self.backoff = Backoff::new();
        match event {
            Event::Workspace(workspace) => self.take(Msg::Workspace(workspace)),
            Event::Frame(frame) => self.take(Msg::Frame(frame)),
            Event::Activity(activities) => self.take(Msg::Activity(activities)),
            Event::Usage(usage) => self.take(Msg::Usage(usage)),
            Event::Clipboard { service, text } => self.take(Msg::Clipboard { service, text }),
            Event::NotTyped { service, failure } => self.take(Msg::NotTyped { service, failure }),
        }
        // The workspace alone is not worth a painting that the frame of its pane, just asked for, would have to wait for.
        let whole = self.model.watches.is_empty() || self.model.selected_screen().is_some();
        if !self.painted && self.model.workspace.is_some() && whole {
            self.next_draw = Instant::now();
        }
    }

    fn connect(&mut self, client: Client, events: Events) {
        self.link = Link::up(client, events);
        self.overdue_at = None;
        self.take(Msg::Connected);
    }

    fn lose(&mut self) {
        self.overdue_at = Some(Instant::now() + OVERDUE);
        self.attempt();
        self.take(Msg::Lost);
    }

    fn try_again(&mut self, why: Unreached) {
        self.attempt();
        self.take(Msg::ConnectFailed(why));
    }

    fn attempt(&mut self) {
        let (pause, attempt) = (self.backoff.next(), self.connector.connect());
        self.link = Link::Down(Box::pin(async move {
            sleep(pause).await;
            attempt.await
        }));
    }

    /// Asks the outer terminal for its background, where the theme depends on it.
    fn ask_background(&mut self) -> io::Result<()> {
        if terminal::is_capable() && self.model.theme_choice.follows_background() {
            self.answers.expect(Instant::now().into_std());
            self.outer.say(background::QUESTION.to_vec())?;
        }
        Ok(())
    }

    fn draw(&mut self) -> io::Result<()> {
        let model = &self.model;
        let shape = match (model.focus, model.selected_screen()) {
            (Focus::Pane, Some(screen)) if model.scrollback.is_none() => screen.cursor.shape,
            _ => CursorShape::Default,
        };
        self.outer.report_mouse(model.mouse_reports())?;
        let targets = &mut self.targets;
        let written = self.outer.draw(shape, |frame, extras| *targets = view(model, frame, extras))?;
        (self.dirty, self.painted) = (false, true);
        self.next_draw = Instant::now() + FRAME;
        if !written {
            self.take(Msg::Painted);
        }
        Ok(())
    }

    /// Gives the terminal back, then stops this process as the signal would have done by itself.
    async fn stop(&mut self) -> io::Result<()> {
        if self.outer.is_busy()
            && let Ok(painted) = tokio::time::timeout(PATIENCE, self.outer.painted()).await
        {
            painted?;
            self.take(Msg::Painted);
        }
        self.outer.give_back();
        Ok(kill_process(getpid(), Number::STOP)?)
    }

    /// Takes the terminal again, from whoever had it meanwhile: not only our own way of stopping ends with this.
    fn go_on(&mut self) -> io::Result<()> {
        self.outer.take_again()?;
        self.dirty = true;
        // The system may have gone from light to dark meanwhile.
        self.ask_background()
    }

    /// Lets what is being painted arrive, gives the terminal back, and lets what was typed last reach the daemon.
    async fn finish(mut self) {
        if self.outer.is_busy() {
            let _ = tokio::time::timeout(PATIENCE, self.outer.painted()).await;
        }
        drop(self.outer);
        if let Link::Up { client, outgoing, .. } = self.link {
            let arrived = async {
                drop(outgoing.reserve_many(OUTGOING).await);
                // The daemon reads in order, so its answer says that it has read everything before.
                client.call(Request::DaemonStatus).await
            };
            let _ = tokio::time::timeout(PATIENCE, arrived).await;
        }
    }
}

impl Link {
    /// Messages go through a queue of their own, because the loop must not wait for a daemon that reads slowly.
    fn up(client: Client, events: Events) -> Self {
        let (outgoing, mut queue) = mpsc::channel(OUTGOING);
        let to_daemon = client.clone();
        tokio::spawn(async move {
            while let Some(message) = queue.recv().await {
                if to_daemon.send(message).await.is_err() {
                    return;
                }
            }
        });
        Self::Up { client, events, outgoing }
    }

    async fn next(&mut self) -> Happened {
        match self {
            Self::Up { events, .. } => Happened::Daemon(events.next().await),
            Self::Down(attempt) => Happened::Attempt(attempt.await),
        }
    }
}

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// To end, by this signal.
    End(i32),
    /// To stop for a while.
    Stop,
    /// To go on after a stop.
    GoOn,
}

/// The signals that would end or stop this process with the terminal still taken over.
///
/// SIGTTIN and SIGTTOU are left alone: they come when the terminal is somebody else's already, and a process that handles them is
/// told again and again instead of being stopped.
pub(crate) struct Signals(Vec<(Told, Signal)>);

/// The signals that end a program by themselves and that are not signs of a fault in it.
const ENDINGS: &[Number] = &[
    Number::HUP,
    Number::INT,
    Number::QUIT,
    Number::TERM,
    Number::USR1,
    Number::USR2,
    Number::ALARM,
    Number::VTALARM,
    Number::PROF,
    Number::XCPU,
    Number::IO,
    #[cfg(target_os = "linux")]
    Number::POWER,
];

impl Signals {
    pub(crate) fn new() -> io::Result<Self> {
        let endings = ENDINGS.iter().map(|number| (Told::End(number.as_raw()), *number));
        let pauses = [(Told::Stop, Number::TSTP), (Told::GoOn, Number::CONT)];
        let listen = |(told, number): (Told, Number)| Ok((told, signal(SignalKind::from_raw(number.as_raw()))?));
        endings.chain(pauses).map(listen).collect::<io::Result<_>>().map(Self)
    }

    pub(crate) async fn next(&mut self) -> Told {
        std::future::poll_fn(|context| {
            for (told, stream) in &mut self.0 {
                if stream.poll_recv(context).is_ready() {
                    return Poll::Ready(*told);
                }
            }
            Poll::Pending
        })
        .await
    }
}

/// The events that are there, at least one.
pub(crate) async fn burst(stream: &mut EventStream) -> io::Result<Vec<TerminalEvent>> {
    std::future::poll_fn(|context| {
        let mut events = Vec::new();
        while events.len() < BURST {
            match stream.poll_next_unpin(context) {
                Poll::Ready(Some(Ok(event))) => events.push(event),
                Poll::Ready(Some(Err(error))) if events.is_empty() => return Poll::Ready(Err(error)),
                Poll::Ready(None) if events.is_empty() => {
                    return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
                }
                Poll::Ready(_) | Poll::Pending => break,
            }
        }
        if events.is_empty() { Poll::Pending } else { Poll::Ready(Ok(events)) }
    })
    .await
}

/// The settings after the next change; `None` once nobody follows them any more. Never without anybody who does.
async fn latest(later: &mut Option<LaterSettings>) -> Option<Result<Settings, String>> {
    match later {
        Some(later) => later.changed().await.ok().map(|()| later.borrow_and_update().clone()),
        None => std::future::pending().await,
    }
}

/// Resolves when the timer is due; never without one.
async fn due(timer: Option<(Timer, Instant)>) -> Timer {
    match timer {
        Some((timer, at)) => {
            sleep_until(at).await;
            timer
        }
        None => std::future::pending().await,
    }
}
