//! One service played through by a controller that does what each test says.

mod asking;
mod inheriting;
mod requests;
mod restarting;
mod turns;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use locald_config::{Backoff, Condition, Restart};
use tokio::sync::mpsc;

use super::memory::{Rest, Wanted};
use super::*;
use crate::health::{Finding, Run, Source, Verdict, Watch};
use crate::supervisor::addresses::Conflict;
use crate::supervisor::blocker::Outlook;
use crate::supervisor::controller::{Ended, Inherited, RunEvent, Waiting};
use crate::supervisor::definition::tests::plain;
use crate::supervisor::fingerprint::Fingerprint;
use crate::supervisor::state::{AfterStop, Order, Step};

/// As long as a run is looked at for failing right after its start.
const SETTLE: Duration = Duration::from_millis(250);

/// What a controller was asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Did {
    Begin,
    End,
}

/// A controller that does what a test says, when it says so.
struct Scripted {
    asked: Arc<Mutex<Vec<Did>>>,
    events: mpsc::Receiver<RunEvent>,
    inherited: Option<Inherited>,
    last_run: u64,
}

impl ServiceController for Scripted {
    fn begin(&mut self, _: &Definition) -> u64 {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(Did::Begin);
        self.last_run += 1;
        self.last_run
    }

    fn end(&mut self, _: &Definition) {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(Did::End);
    }

    fn event(&mut self) -> Waiting<'_, RunEvent> {
        Box::pin(async {
            match self.events.recv().await {
                Some(event) => event,
                None => std::future::pending().await,
            }
        })
    }

    fn inherited(&self) -> Option<Inherited> {
        self.inherited.clone()
    }

    fn last_run(&self) -> u64 {
        self.last_run
    }
}

/// A doctor that finds what a test says; without findings, the service is well while it runs.
struct Told(Mutex<Option<mpsc::Receiver<Finding>>>);

impl Doctor for Told {
    fn watch(&self, _: &Definition, run: Run) -> Watch {
        match self.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(findings) => Watch::of_findings(run.number, findings),
            None => Watch::of_nothing(run.number),
        }
    }
}

/// A service whose controller a test plays.
struct Stage {
    handle: Handle,
    asked: Arc<Mutex<Vec<Did>>>,
    events: mpsc::Sender<RunEvent>,
    findings: mpsc::Sender<Finding>,
    remembered: Arc<Mutex<Remembered>>,
}

/// What is different from a plain service that depends on nobody.
struct Cast {
    remembered: Remembered,
    inherited: Option<Inherited>,
    definition: Definition,
    turns: Turns,
    is_asked: bool,
}

impl Default for Cast {
    fn default() -> Self {
        Self {
            remembered: Remembered::default(),
            inherited: None,
            definition: plain("web"),
            turns: Turns::Free,
            is_asked: false,
        }
    }
}

impl Stage {
    fn set(cast: Cast) -> Self {
        let Cast { remembered, inherited, definition, turns, is_asked } = cast;
        let ((events, queue), (findings, found)) = (mpsc::channel(8), mpsc::channel(8));
        let asked = Arc::default();
        let last_run = u64::from(inherited.is_some());
        let controller = Scripted { asked: Arc::clone(&asked), events: queue, inherited, last_run };
        let kept = Arc::new(Mutex::new(remembered.clone()));
        let memory = {
            let kept = kept.clone();
            Box::new(move |remembered: &Remembered| {
                *kept.lock().unwrap_or_else(PoisonError::into_inner) = remembered.clone();
            })
        };
        let parts = ServiceParts {
            kind: "exec",
            controller: Box::new(controller),
            definition,
            remembered,
            memory,
            doctor: Box::new(Told(Mutex::new(is_asked.then_some(found)))),
            imprint: Box::new(|_| Some(Fingerprint::of_sum(1))),
            turns,
        };
        let handle = Task::new(parts).spawn("demo:web".to_owned());
        Self { handle, asked, events, findings, remembered: kept }
    }

    fn new(remembered: Remembered, inherited: Option<Inherited>) -> Self {
        Self::set(Cast { remembered, inherited, ..Cast::default() })
    }

    fn fresh() -> Self {
        Self::set(Cast::default())
    }

    /// One that is started again when it fails.
    fn restarting(limit: u32) -> Self {
        let backoff = Backoff { limit: Some(limit), ..Backoff::default() };
        let definition = Definition { restart: Restart::OnFailure, backoff, ..plain("web") };
        Self::set(Cast { definition, ..Cast::default() })
    }

    /// Asks for something, and returns once the task has taken note of it.
    async fn ask(&self, what: Asked) -> tokio::task::JoinHandle<Change> {
        let wish = self.handle.ask(what).await.unwrap();
        let asking = tokio::spawn(async { wish.done().await.unwrap() });
        tokio::task::yield_now().await;
        asking
    }

    /// Tells it that files have changed; says whether it takes a restart.
    async fn redefine(&self, definition: Definition, sum: u64) -> bool {
        let (is_another, wait) = oneshot::channel();
        let prints = Some([Fingerprint::of_sum(sum); 2]);
        let redefine = Request::Redefine { definition: Box::new(definition), prints, is_another };
        self.handle.requests.send(redefine).await.unwrap();
        wait.await.unwrap()
    }

    async fn tell(&self, event: RunEvent) {
        self.events.send(event).await.unwrap();
    }

    async fn find(&self, verdict: Verdict) {
        self.findings.send(Finding { verdict, probed: None }).await.unwrap();
    }

    async fn advise(&self, advice: Advice) {
        self.handle.requests.send(Request::Advise(advice)).await.unwrap();
    }

    async fn wait_for(&self, state: State) {
        let mut view = self.handle.view.clone();
        view.wait_for(|view| view.state == state).await.unwrap();
    }

    async fn wait_for_word(&self, word: &str) -> View {
        let mut view = self.handle.view.clone();
        view.wait_for(|view| view.state.shown().word() == word).await.unwrap().clone()
    }

    fn asked(&self) -> Vec<Did> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What the next daemon would be told.
    fn remembered(&self) -> Remembered {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn ready(pid: u32) -> State {
    State::Ready { pid, source: Source::Runs }
}

fn stopping(order: Order, then: AfterStop) -> State {
    State::Stopping { order, then }
}

fn started(pid: u32) -> RunEvent {
    RunEvent::Started { pid, since: 1 }
}

fn end(exit: Exit) -> Ended {
    Ended { exit, since: 1, killed: Vec::new(), left: Vec::new(), last_lines: Vec::new(), conflict: None }
}

fn ended(exit: Exit) -> RunEvent {
    RunEvent::Ended(Ended { killed: vec!["helper".to_owned()], ..end(exit) })
}
