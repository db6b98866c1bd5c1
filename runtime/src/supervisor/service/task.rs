//! The task around one service's state machine: waiting is `select!`, thinking is `State::on`, doing is the controller's.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use locald_api::{Change, Exit};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use tracing::info;

use super::memory::{Remembered, Wanted};
use super::{Asked, Handle, Imprint, Memory, Request, ServiceParts, Turns, View};
use crate::health::{Doctor, Finding, Run, Source, Verdict, Watch};
use crate::supervisor::addresses::Conflict;
use crate::supervisor::backoff::Restarts;
use crate::supervisor::blocker::{self, Outlook};
use crate::supervisor::controller::{Ended, Inherited, RunEvent, ServiceController};
use crate::supervisor::definition::Definition;
use crate::supervisor::fingerprint::Fingerprint;
use crate::supervisor::graph::Advice;
use crate::supervisor::state::{AfterLaunch, AfterStop, Effect, Event, State, describe};

/// A service that fails within this time of its start has failed to start: whoever started it is still looking.
const SETTLE: Duration = Duration::from_millis(250);

pub(super) struct Task {
    controller: Box<dyn ServiceController>,
    definition: Definition,
    state: State,
    restarts: Restarts,
    view: watch::Sender<View>,
    remembered: Remembered,
    /// What was handed to `memory` last.
    kept: Remembered,
    memory: Memory,
    doctor: Box<dyn Doctor>,
    imprint: Imprint,
    /// Who looks how the current run is, if somebody has to.
    watch: Option<Watch>,
    turns: Turns,
    last_pid: u32,
    /// Who waits for the service to run.
    starters: Vec<Starter>,
    /// Who waits for it to be gone.
    stoppers: Vec<oneshot::Sender<Change>>,
    /// When a run that nobody can ask counts as started.
    settles_at: Option<Instant>,
    /// It had to give up its port once since somebody asked for it: another time is once too often.
    displaced: bool,
}

/// Somebody who waits for the service to run.
struct Starter {
    done: oneshot::Sender<Change>,
    /// What may yet come right by itself is no answer.
    is_patient: bool,
}

impl Task {
    pub(super) fn new(parts: ServiceParts) -> Self {
        let ServiceParts { controller, definition, remembered, memory, doctor, imprint, turns, kind: _ } = parts;
        let mut hasher = DefaultHasher::new();
        (&definition.name, &definition.directory).hash(&mut hasher);
        let mut restarts = Restarts::new(definition.restart, definition.backoff, hasher.finish());
        restarts.resume(remembered.in_a_row);
        let view = View {
            state: State::Stopped,
            exit: remembered.exit,
            restarts: remembered.restarts,
            since: None,
            without: Vec::new(),
            port_note: None,
            probed: None,
            history: remembered.runs.iter().cloned().collect(),
        };
        Self {
            controller,
            definition,
            state: State::Stopped,
            restarts,
            view: watch::Sender::new(view),
            kept: remembered.clone(),
            remembered,
            memory,
            doctor,
            imprint,
            watch: None,
            turns,
            last_pid: 0,
            starters: Vec::new(),
            stoppers: Vec::new(),
            settles_at: None,
            displaced: false,
        }
    }

    /// Runs the task; it ends when the last handle goes.
    pub(super) fn spawn(mut self, name: String) -> Handle {
        // Before anybody can look: what an earlier daemon left is neither stopped nor anything else that it never was.
        self.inherit();
        self.publish();
        let (requests, queue) = mpsc::channel(16);
        let view = self.view.subscribe();
        tokio::spawn(async move { self.run(queue, &name).await });
        Handle { requests, view }
    }

    async fn run(&mut self, mut requests: mpsc::Receiver<Request>, name: &str) {
        loop {
            self.take_free_turns();
            self.look_after();
            self.publish();
            // Whoever is answered may look, and must find what it was told.
            self.answer();
            let deadline = self.settles_at.into_iter().chain(self.state.deadline()).min();
            tokio::select! {
                request = requests.recv() => match request {
                    Some(request) => self.accept(request),
                    // Handles gone: the process stays with the keeper; the next daemon takes it up.
                    None => return,
                },
                event = self.controller.event() => self.happened(event, name),
                finding = found(&mut self.watch) => self.note_finding(finding, name),
                () = until(deadline) => {
                    self.settles_at = self.settles_at.filter(|at| *at > Instant::now());
                    self.apply(Event::Tick);
                }
            }
        }
    }

    /// Takes up what an earlier daemon left.
    fn inherit(&mut self) {
        let inherited = self.controller.inherited();
        let last_run = self.controller.last_run();
        self.state = self.remembered.state(inherited.as_ref(), last_run);
        match inherited {
            Some(Inherited::Alive { pid, since }) => {
                self.last_pid = pid;
                self.set_since(since);
            }
            // An end that an earlier daemon has seen is known better than the log may still tell.
            Some(Inherited::Ended(end)) if self.remembered.ended < last_run || self.remembered.exit.is_none() => {
                self.remembered.run = self.remembered.run.max(last_run);
                self.note_end(&end);
                if self.remembered.wanted == Wanted::Running && self.state.is_at_rest() {
                    self.state = State::Starting { pid: 0, found: None };
                    self.apply(Event::Ended(end.exit));
                }
            }
            Some(Inherited::Ended(end)) => self.set_since(end.since),
            _ => {}
        }
    }

    fn take_free_turns(&mut self) {
        while let (Turns::Free, Some(step)) = (self.turns, self.state.next_step()) {
            self.apply(Event::Turn(step));
        }
    }

    /// Has somebody look how the run is while there is one, and nobody when there is none.
    fn look_after(&mut self) {
        let run = self.remembered.run.max(self.controller.last_run());
        let Some(pid) = self.state.pid() else {
            self.watch = None;
            return;
        };
        if self.watch.as_ref().is_some_and(|watch| watch.run() == run) {
            return;
        }
        let known = match &self.state {
            State::Ready { source, .. } => Some(*source),
            _ => None,
        };
        let watch = self.doctor.watch(&self.definition, Run { number: run, pid, known });
        if known.is_none() && watch.is_well_by_itself() {
            self.apply(Event::Healthy(Source::Runs));
            self.settles_at = Some(Instant::now() + SETTLE);
        }
        self.watch = Some(watch);
    }

    fn accept(&mut self, request: Request) {
        match request {
            Request::Ask { what, done, noted } => {
                match what {
                    Asked::StartPatiently => self.accept_start(Starter { done, is_patient: true }),
                    Asked::Await => self.accept_await(done),
                    Asked::Demand if !self.state.rests() => drop(done.send(self.as_it_is())),
                    Asked::Start | Asked::Demand => self.accept_start(Starter { done, is_patient: false }),
                    Asked::Rest => self.accept_rest(done),
                    Asked::Stop => self.accept_stop(done),
                    Asked::Renew if matches!(self.remembered.wanted, Wanted::Stopped | Wanted::Idle) => {
                        drop(done.send(Change::WasNotRunning));
                    }
                    Asked::Restart | Asked::Renew => self.accept_restart(done),
                }
                self.publish();
                let _ = noted.send(());
            }
            Request::Free => self.turns = Turns::Free,
            Request::Redefine { definition, prints, is_another } => {
                let _ = is_another.send(self.redefine(*definition, prints));
            }
            Request::Advise(advice) => self.follow(advice),
        }
    }

    /// Takes up other settings; says whether it takes a restart for all of them to hold.
    fn redefine(&mut self, definition: Definition, prints: Option<[Fingerprint; 2]>) -> bool {
        self.restarts.redefine(definition.restart, definition.backoff);
        let old = std::mem::replace(&mut self.definition, definition);
        if (&old.health, old.opens_port) != (&self.definition.health, self.definition.opens_port) {
            // It is looked after anew; what is known of it stays known.
            self.watch = None;
        }
        let Some([as_started, now]) = prints else { return false };
        let is_another = match self.remembered.made_from {
            Some(made_from) => made_from.differs_from(as_started),
            // A run of a release that did not tell stays; what could not even begin is tried again.
            None => self.state.pid().is_none(),
        };
        if !is_another {
            self.remembered.made_from = Some(now);
        }
        is_another && self.state.was_tried()
    }

    fn accept_start(&mut self, starter: Starter) {
        let may_recover = starter.is_patient && matches!(self.state, State::Unhealthy { .. });
        if let State::Ready { pid, .. } | State::Unhealthy { pid, .. } = self.state
            && self.settles_at.is_none()
            && !may_recover
        {
            let _ = starter.done.send(Change::AlreadyRunning { pid });
            return;
        }
        self.starters.push(starter);
        self.forget_trouble();
        let stopping = matches!(self.state, State::Stopping { .. });
        self.want(if stopping { Wanted::Restarted } else { Wanted::Running });
        self.apply(Event::Start);
    }

    fn accept_await(&mut self, done: oneshot::Sender<Change>) {
        let is_ending = matches!(self.state, State::Stopping { then: AfterStop::Stay | AfterStop::Rest, .. });
        if !self.state.is_at_rest() && !is_ending {
            return self.accept_start(Starter { done, is_patient: false });
        }
        let _ = done.send(Change::Idle);
        self.forget_trouble();
        self.want(Wanted::Idle);
        self.apply(Event::Rest);
    }

    fn accept_rest(&mut self, done: oneshot::Sender<Change>) {
        if self.state.pid().is_some() && self.settles_at.is_none() && self.starters.is_empty() {
            self.want(Wanted::Idle);
            self.apply(Event::Rest);
        }
        let _ = done.send(self.as_it_is());
    }

    /// What there is to tell of it without doing anything.
    fn as_it_is(&self) -> Change {
        match self.state.pid() {
            _ if self.state.rests() => Change::Idle,
            Some(pid) => Change::AlreadyRunning { pid },
            None => Change::WasNotRunning,
        }
    }

    fn accept_stop(&mut self, done: oneshot::Sender<Change>) {
        let idle = self.state.is_at_rest() || matches!(self.state, State::Waiting { .. } | State::Backoff { .. });
        if idle {
            let _ = done.send(Change::WasNotRunning);
        } else {
            self.stoppers.push(done);
        }
        self.want(Wanted::Stopped);
        self.apply(Event::Stop);
    }

    fn accept_restart(&mut self, done: oneshot::Sender<Change>) {
        self.starters.push(Starter { done, is_patient: false });
        self.settles_at = None;
        self.forget_trouble();
        let idle = self.state.is_at_rest() || matches!(self.state, State::Waiting { .. } | State::Backoff { .. });
        self.want(if idle { Wanted::Running } else { Wanted::Restarted });
        self.apply(Event::Restart);
    }

    /// Somebody asks anew: what went wrong before does not count.
    fn forget_trouble(&mut self) {
        self.restarts.forget();
        self.displaced = false;
    }

    fn follow(&mut self, advice: Advice) {
        let without = match advice {
            Advice::Nothing => Vec::new(),
            Advice::Turn(step) => {
                self.apply(Event::Turn(step));
                Vec::new()
            }
            Advice::Hold(on) => {
                self.apply(Event::Blocked(on));
                Vec::new()
            }
            Advice::Without(missing) => missing,
        };
        self.view.send_if_modified(|view| {
            let other = view.without != without;
            view.without = without;
            other
        });
    }

    fn happened(&mut self, event: RunEvent, name: &str) {
        match event {
            RunEvent::Started { pid, since } => {
                info!(service = name, pid, "started");
                self.last_pid = pid;
                self.set_since(since);
                self.restarts.began(Instant::now());
                self.apply(Event::Launched { pid });
            }
            RunEvent::StartFailed { reason } => {
                info!(service = name, reason, "failed to start");
                self.remembered.ended = self.controller.last_run();
                // Who asked for a restart meanwhile waits for that.
                if !matches!(self.state, State::Launching { then: AfterLaunch::Restart }) {
                    self.answer_starters(&failed(&reason));
                }
                self.apply(Event::LaunchFailed { reason });
            }
            RunEvent::Ended(ended) => {
                info!(service = name, exit = ?ended.exit, killed = ?ended.killed, left = ?ended.left, "ended");
                self.note_end(&ended);
                self.note_conflict(ended.conflict.as_ref());
                let young = self.settles_at.take().is_some() || matches!(self.state, State::Launching { .. });
                let is_wanted =
                    self.state.pid().is_some() || self.state == State::Launching { then: AfterLaunch::Stay };
                let moves = ended.conflict.as_ref().is_some_and(|conflict| conflict.instead.is_some());
                if moves && is_wanted && !self.displaced {
                    self.displaced = true;
                    return self.apply(Event::Displaced);
                }
                self.apply(Event::Ended(ended.exit));
                self.answer_ended(ended, young);
            }
        }
    }

    fn note_conflict(&mut self, conflict: Option<&Conflict>) {
        let note = conflict.map(|conflict| match conflict.instead {
            Some(port) => format!("{conflict}; it has port {port} instead"),
            None => conflict.to_string(),
        });
        self.view.send_if_modified(|view| {
            let other = view.port_note != note;
            view.port_note = note;
            other
        });
    }

    fn note_finding(&mut self, finding: Finding, name: &str) {
        let before = self.state.shown();
        let event = match finding.verdict {
            Verdict::Well(source) => Some(Event::Healthy(source)),
            Verdict::NotYet(why) => Some(Event::NotYet(why)),
            Verdict::Unwell(why) if self.definition.restarts_when_unhealthy() => Some(Event::Sick(why)),
            Verdict::Unwell(why) => Some(Event::Unhealthy(why)),
            Verdict::Unsure => None,
        };
        if let Some(event) = event {
            self.apply(event);
        }
        if let Some(probed) = finding.probed {
            self.view.send_modify(|view| view.probed = Some(probed));
        }
        if self.state.shown() != before {
            info!(service = name, state = self.state.shown().word(), "its health is another");
        }
    }

    /// A run ended. Whoever waits for it to be gone learns how it ended; whoever waits for it to be well, that it will not be.
    fn answer_ended(&mut self, ended: Ended, young: bool) {
        let Ended { exit, killed, left, conflict, .. } = ended;
        let change = Change::Stopped { exit, killed, left };
        self.stoppers.drain(..).for_each(|done| drop(done.send(change.clone())));
        match (&self.state, exit) {
            (State::Completed, _) | (State::Backoff { .. }, Exit::Code(0)) => {
                self.answer_starters(&Change::Started { pid: self.last_pid });
            }
            (State::Exited | State::Backoff { .. } | State::CrashLoop { .. }, exit) => {
                let when = if young { "right after it was started" } else { "before it was ready" };
                let why = conflict.map_or_else(String::new, |conflict| format!(": {conflict}"));
                let change = Change::Failed { reason: format!("{} {when}{why}", describe(exit)) };
                match self.state {
                    State::Backoff { .. } => self.answer_impatient(&change),
                    _ => self.answer_starters(&change),
                }
            }
            // Restarting: the starters wait for the new run. Stopped: they are told that they were overtaken.
            _ => {}
        }
    }

    /// Answers whoever waits for what is so now, or for what will not come any more.
    fn answer(&mut self) {
        use AfterLaunch::{Restart, Stay, Stop};
        match &self.state {
            State::Stopped => {
                self.answer_stoppers(&Change::WasNotRunning);
                self.answer_starters(&failed("it was stopped meanwhile"));
            }
            State::Idle => {
                self.answer_stoppers(&Change::WasNotRunning);
                self.answer_starters(&Change::Idle);
            }
            State::Failed { reason } => {
                let reason = reason.clone();
                self.answer_stoppers(&Change::WasNotRunning);
                self.answer_starters(&failed(&reason));
            }
            State::Exited | State::Completed | State::CrashLoop { .. } | State::Backoff { .. } => {
                self.answer_stoppers(&Change::WasNotRunning);
            }
            State::Waiting { on, .. } => {
                let (outlook, reason) = (blocker::outlook(on), blocker::sentence(on));
                self.answer_stoppers(&failed("it was started again meanwhile"));
                match outlook {
                    Outlook::Open => {}
                    Outlook::Poor => self.answer_impatient(&Change::Waiting { reason }),
                    Outlook::Hopeless => self.answer_starters(&Change::Waiting { reason }),
                }
            }
            State::Launching { then: Stay } | State::Starting { .. } => {
                self.answer_stoppers(&failed("it was started again meanwhile"));
            }
            State::Ready { pid, .. } if self.settles_at.is_none() => {
                let pid = *pid;
                self.answer_starters(&Change::Started { pid });
            }
            State::Unhealthy { reason, .. } => {
                let reason = format!("it runs, but is unhealthy: {reason}");
                self.answer_impatient(&failed(&reason));
            }
            State::Ready { .. } | State::Launching { then: Stop | Restart } | State::Stopping { .. } => {}
        }
    }

    fn answer_stoppers(&mut self, change: &Change) {
        self.stoppers.drain(..).for_each(|done| drop(done.send(change.clone())));
    }

    fn answer_starters(&mut self, change: &Change) {
        self.starters.drain(..).for_each(|starter| drop(starter.done.send(change.clone())));
    }

    /// Answers those who want to know of what may yet come right.
    fn answer_impatient(&mut self, change: &Change) {
        let impatient = self.starters.extract_if(.., |starter| !starter.is_patient);
        impatient.for_each(|starter| drop(starter.done.send(change.clone())));
    }

    fn apply(&mut self, event: Event) {
        match self.state.on(event, Instant::now(), &mut self.restarts) {
            Effect::None => {}
            Effect::Begin => {
                self.remembered.restarts += u64::from(self.remembered.run > 0);
                self.watch = None;
                self.view.send_modify(|view| view.probed = None);
                // The order first: a daemon that dies in between leaves a run that its keeper tells of.
                // Of files that change in between, those of before are kept in mind: then they are seen to have changed.
                self.remembered.made_from = (self.imprint)(&self.definition);
                self.remembered.run = self.controller.begin(&self.definition);
                self.want(Wanted::Running);
            }
            Effect::End => self.controller.end(&self.definition),
        }
    }

    fn want(&mut self, wanted: Wanted) {
        self.remembered.wanted = wanted;
        self.remember();
    }

    fn remember(&mut self) {
        if self.kept != self.remembered {
            (self.memory)(&self.remembered);
            self.kept = self.remembered.clone();
        }
    }

    fn note_end(&mut self, ended: &Ended) {
        self.set_since(ended.since);
        self.remembered.note_end(self.controller.last_run(), ended);
        let history = self.remembered.runs.iter().cloned().collect();
        self.view.send_modify(|view| {
            view.exit = Some(ended.exit);
            view.history = history;
        });
    }

    fn set_since(&mut self, since: u64) {
        if since > 0 {
            self.view.send_modify(|view| view.since = Some(since));
        }
    }

    fn publish(&mut self) {
        self.remembered.note_state(&self.state, self.restarts.in_a_row());
        self.remember();
        self.view.send_if_modified(|view| {
            let restarts = self.remembered.restarts;
            let other = view.state != self.state || view.restarts != restarts;
            view.state = self.state.clone();
            view.restarts = restarts;
            other
        });
    }
}

fn failed(reason: &str) -> Change {
    Change::Failed { reason: reason.to_owned() }
}

/// The next that was found of the run; never resolves while nobody looks.
async fn found(watch: &mut Option<Watch>) -> Finding {
    match watch {
        Some(watch) => watch.next().await,
        None => std::future::pending().await,
    }
}

/// Resolves at a deadline; never without one.
async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
