//! One service: a task around the pure state machine, and the handle by which everyone else asks it for something.

use std::sync::Arc;
use std::time::Duration;

use locald_api::{Change, Exit};
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use tracing::info;

use super::controller::{Ended, Inherited, RunEvent, ServiceController};
use super::definition::Definition;
use super::state::{AfterStart, AfterStop, Effect, Event, State, describe};
use crate::panes::Pane;

/// A service that fails within this time of its start has failed to start: whoever started it is still looking.
const SETTLE: Duration = Duration::from_millis(100);
/// Controls one service. Cloning is cheap; dropping handles never stops the service.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    pub(crate) pane: Arc<Pane>,
    pub(crate) kind: &'static str,
    handle: Handle,
}

/// The way to a service's task.
#[derive(Clone, Debug)]
struct Handle {
    requests: mpsc::Sender<Request>,
    view: watch::Receiver<View>,
}

/// What is known of a service at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) state: State,
    /// How its last run ended.
    pub(crate) exit: Option<Exit>,
    /// How often it was started again since the project came up.
    pub(crate) restarts: u64,
    /// When its current or last run began, in nanoseconds since the Unix epoch.
    pub(crate) since: Option<u64>,
}

/// What of a service outlives the daemon, in the keeper's memory.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Remembered {
    wanted: Wanted,
    /// The number of the run that was ordered last; 0 before the first.
    run: u64,
    /// The number of the last run whose end was seen, and how it ended.
    ended: u64,
    exit: Option<Exit>,
    restarts: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Wanted {
    #[default]
    Stopped,
    Running,
    /// Stopped now and then started.
    Restarted,
}

/// Keeps what is to be remembered.
pub(crate) type Memory = Box<dyn Fn(&Remembered) + Send>;

#[derive(Debug)]
enum Request {
    Start { done: oneshot::Sender<Change> },
    Stop { done: oneshot::Sender<Change> },
    Restart { done: oneshot::Sender<Change> },
    Redefine { definition: Box<Definition> },
}

/// The service's task is gone: the daemon is shutting down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the daemon is shutting down")]
pub(crate) struct ServiceGone;

impl Service {
    /// Takes charge of a service, as an earlier daemon left it.
    pub(crate) fn spawn(
        pane: Arc<Pane>,
        kind: &'static str,
        controller: Box<dyn ServiceController>,
        definition: Definition,
        remembered: Remembered,
        memory: Memory,
    ) -> Self {
        let name = pane.id.to_string();
        let handle = Task::new(controller, definition, remembered, memory).spawn(name);
        Self { pane, kind, handle }
    }

    /// Starts the service and returns once it runs or has failed to.
    pub(crate) async fn start(&self) -> Result<Change, ServiceGone> {
        self.handle.ask(|done| Request::Start { done }).await
    }

    /// Stops the service and returns once nothing of it is left.
    pub(crate) async fn stop(&self) -> Result<Change, ServiceGone> {
        self.handle.ask(|done| Request::Stop { done }).await
    }

    /// Stops the service if it runs, starts it, and returns once it runs or has failed to.
    pub(crate) async fn restart(&self) -> Result<Change, ServiceGone> {
        self.handle.ask(|done| Request::Restart { done }).await
    }

    /// Changes its settings from the next start on.
    pub(crate) async fn redefine(&self, definition: Definition) -> Result<(), ServiceGone> {
        let redefine = Request::Redefine { definition: Box::new(definition) };
        self.handle.requests.send(redefine).await.map_err(|_| ServiceGone)
    }

    /// What is known of it now, and a way to wait for changes.
    pub(crate) fn view(&self) -> watch::Receiver<View> {
        self.handle.view.clone()
    }
}

impl Handle {
    async fn ask(&self, request: impl FnOnce(oneshot::Sender<Change>) -> Request) -> Result<Change, ServiceGone> {
        let (done, wait) = oneshot::channel();
        self.requests.send(request(done)).await.map_err(|_| ServiceGone)?;
        wait.await.map_err(|_| ServiceGone)
    }
}

struct Task {
    controller: Box<dyn ServiceController>,
    definition: Definition,
    state: State,
    view: watch::Sender<View>,
    remembered: Remembered,
    memory: Memory,
    last_pid: u32,
    /// Who waits for the service to run.
    starters: Vec<oneshot::Sender<Change>>,
    /// Who waits for it to be gone.
    stoppers: Vec<oneshot::Sender<Change>>,
    /// When a run counts as started.
    settles_at: Option<Instant>,
}

impl Task {
    fn new(
        controller: Box<dyn ServiceController>,
        definition: Definition,
        remembered: Remembered,
        memory: Memory,
    ) -> Self {
        let view = View { state: State::Stopped, exit: remembered.exit, restarts: remembered.restarts, since: None };
        Self {
            controller,
            definition,
            state: State::Stopped,
            view: watch::Sender::new(view),
            remembered,
            memory,
            last_pid: 0,
            starters: Vec::new(),
            stoppers: Vec::new(),
            settles_at: None,
        }
    }

    /// Runs the task; it ends when the last handle goes.
    fn spawn(mut self, name: String) -> Handle {
        let (requests, queue) = mpsc::channel(16);
        let view = self.view.subscribe();
        tokio::spawn(async move { self.run(queue, &name).await });
        Handle { requests, view }
    }

    async fn run(&mut self, mut requests: mpsc::Receiver<Request>, name: &str) {
        self.inherit();
        loop {
            tokio::select! {
                request = requests.recv() => match request {
                    Some(request) => self.accept(request),
                    // Handles gone: the process stays with the keeper; the next daemon takes it up.
                    None => return,
                },
                event = self.controller.event() => self.happened(event, name),
                () = until(self.settles_at) => {
                    self.settles_at = None;
                    self.answer_starters(&Change::Started { pid: self.last_pid });
                }
            }
            self.answer_overtaken();
            self.publish();
        }
    }

    /// Takes up what an earlier daemon left.
    fn inherit(&mut self) {
        let Remembered { wanted, run, ended, .. } = self.remembered;
        let inherited = self.controller.inherited();
        // Ordered, but neither was it ever there nor is it on its way: the order was lost with the daemon that gave it.
        let lost_order = run > ended.max(self.controller.last_run());
        self.state = match (inherited, wanted) {
            (Some(Inherited::Starting), Wanted::Running) => State::Starting { then: AfterStart::Stay },
            (Some(Inherited::Starting), Wanted::Stopped) => State::Starting { then: AfterStart::Stop },
            (Some(Inherited::Starting), Wanted::Restarted) => State::Starting { then: AfterStart::Restart },
            (Some(Inherited::Alive { pid, since }), wanted) => {
                self.last_pid = pid;
                self.set_since(since);
                match wanted {
                    Wanted::Running => State::Ready { pid },
                    Wanted::Stopped => State::Stopping { then: AfterStop::Stay },
                    Wanted::Restarted => State::Stopping { then: AfterStop::Start },
                }
            }
            (Some(Inherited::Ended(end)), wanted) => {
                // An end that an earlier daemon has seen is known better than the log may still tell.
                if ended < self.controller.last_run() || self.remembered.exit.is_none() {
                    self.remembered.run = run.max(self.controller.last_run());
                    self.note_end(&end);
                }
                if wanted == Wanted::Running { State::Exited } else { State::Stopped }
            }
            (Some(Inherited::Failed { reason }), Wanted::Running) => State::Failed { reason },
            // A run of which nothing but its end is remembered, because its log could not be written.
            (None, Wanted::Running) if run > 0 => State::Exited,
            (Some(Inherited::Failed { .. }) | None, _) => State::Stopped,
        };
        match self.state {
            // The order to end may have been lost as well; giving it twice is no harm.
            State::Stopping { .. } => self.controller.end(&self.definition),
            State::Exited if lost_order => self.apply(Event::Start),
            State::Stopped if wanted == Wanted::Restarted => self.apply(Event::Start),
            _ => {}
        }
        self.publish();
    }

    fn accept(&mut self, request: Request) {
        match request {
            Request::Start { done } => {
                if let State::Ready { pid } = self.state
                    && self.settles_at.is_none()
                {
                    let _ = done.send(Change::AlreadyRunning { pid });
                    return;
                }
                self.starters.push(done);
                let stopping = matches!(self.state, State::Stopping { .. });
                self.want(if stopping { Wanted::Restarted } else { Wanted::Running });
                self.apply(Event::Start);
            }
            Request::Stop { done } => {
                let idle = matches!(self.state, State::Stopped | State::Exited | State::Failed { .. });
                if idle {
                    let _ = done.send(Change::WasNotRunning);
                } else {
                    self.stoppers.push(done);
                }
                self.want(Wanted::Stopped);
                self.apply(Event::Stop);
            }
            Request::Restart { done } => {
                self.starters.push(done);
                self.settles_at = None;
                let idle = matches!(self.state, State::Stopped | State::Exited | State::Failed { .. });
                self.want(if idle { Wanted::Running } else { Wanted::Restarted });
                self.apply(Event::Restart);
            }
            Request::Redefine { definition } => self.definition = *definition,
        }
    }

    fn happened(&mut self, event: RunEvent, name: &str) {
        match event {
            RunEvent::Started { pid, since } => {
                info!(service = name, pid, "started");
                self.last_pid = pid;
                self.set_since(since);
                self.apply(Event::Started { pid });
                let stays = matches!(self.state, State::Ready { .. });
                self.settles_at = stays.then(|| Instant::now() + SETTLE);
            }
            RunEvent::StartFailed { reason } => {
                info!(service = name, reason, "failed to start");
                self.answer_starters(&Change::Failed { reason: reason.clone() });
                self.apply(Event::StartFailed { reason });
            }
            RunEvent::Ended(ended) => {
                info!(service = name, exit = ?ended.exit, killed = ?ended.killed, left = ?ended.left, "ended");
                self.note_end(&ended);
                let Ended { exit, killed, left, .. } = ended;
                let change = Change::Stopped { exit, killed, left };
                self.answer_stoppers(&change);
                self.apply(Event::Ended);
                self.settle_ended(exit);
            }
        }
    }

    /// A run ended. Whoever waits for it to have started learns how that went.
    fn settle_ended(&mut self, exit: Exit) {
        self.settles_at = None;
        match (&self.state, exit) {
            (State::Exited, Exit::Code(0)) => self.answer_starters(&Change::Started { pid: self.last_pid }),
            (State::Exited, exit) => {
                let reason = format!("{} right after it was started", describe(exit));
                self.answer_starters(&Change::Failed { reason });
            }
            // Restarting: the starters wait for the new run. Stopped: they are told that they were overtaken.
            _ => {}
        }
    }

    /// Answers whoever waits for something that will not come any more, because somebody else wanted otherwise meanwhile.
    fn answer_overtaken(&mut self) {
        use AfterStart::{Restart, Stay, Stop};
        match self.state {
            State::Stopped | State::Exited | State::Failed { .. } => {
                self.answer_stoppers(&Change::WasNotRunning);
                self.answer_starters(&Change::Failed { reason: "it was stopped meanwhile".to_owned() });
            }
            State::Starting { then: Stay } | State::Ready { .. } => {
                self.answer_stoppers(&Change::Failed { reason: "it was started again meanwhile".to_owned() });
            }
            State::Starting { then: Stop | Restart } | State::Stopping { .. } => {}
        }
    }

    fn answer_stoppers(&mut self, change: &Change) {
        self.stoppers.drain(..).for_each(|done| drop(done.send(change.clone())));
    }

    fn answer_starters(&mut self, change: &Change) {
        self.starters.drain(..).for_each(|done| drop(done.send(change.clone())));
    }

    fn apply(&mut self, event: Event) {
        match self.state.on(event) {
            Effect::None => {}
            Effect::Begin => {
                self.remembered.restarts += u64::from(self.remembered.run > 0);
                // The order first: a daemon that dies in between leaves a run that its keeper tells of.
                self.remembered.run = self.controller.begin(&self.definition);
                self.want(Wanted::Running);
            }
            Effect::End => self.controller.end(&self.definition),
        }
    }

    fn want(&mut self, wanted: Wanted) {
        self.remembered.wanted = wanted;
        (self.memory)(&self.remembered);
    }

    fn note_end(&mut self, ended: &Ended) {
        self.set_since(ended.since);
        self.remembered.ended = self.controller.last_run();
        self.remembered.exit = Some(ended.exit);
        (self.memory)(&self.remembered);
        self.view.send_modify(|view| view.exit = Some(ended.exit));
    }

    fn set_since(&mut self, since: u64) {
        if since > 0 {
            self.view.send_modify(|view| view.since = Some(since));
        }
    }

    fn publish(&mut self) {
        self.view.send_if_modified(|view| {
            let restarts = self.remembered.restarts;
            let other = view.state != self.state || view.restarts != restarts;
            view.state = self.state.clone();
            view.restarts = restarts;
            other
        });
    }
}

/// Resolves at a deadline; never without one.
async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
