//! The task that looks after one run: it asks when the schedule says so, and listens to what the service says of itself.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use super::schedule::Schedule;
use super::watchdog::Watchdog;
use super::{Finding, LastProbe, Question, Run, Source, Times, Verdict, Watch};
use crate::panes::Notices;

/// What of a service tells how it is.
#[derive(Clone)]
pub(crate) struct Exam {
    pub(crate) kind: Kind,
    pub(crate) times: Times,
    /// What the service says of itself.
    pub(crate) notices: watch::Receiver<Notices>,
    /// Where the service is to be found now.
    pub(crate) port: Arc<dyn Fn() -> Option<u16> + Send + Sync>,
}

/// How it is known that the service is well.
#[derive(Clone)]
pub(crate) enum Kind {
    /// It is while it runs.
    Runs,
    /// It is asked. Where nobody has said how, its own word counts as well.
    Asked { question: Question, or_notice: bool },
    /// It says so.
    Notice,
    /// A line of its output says so.
    Line(watch::Receiver<bool>),
}

/// Begins to look after a run.
pub(crate) fn watch(exam: Exam, run: Run) -> Watch {
    let by_itself = matches!(exam.kind, Kind::Runs);
    let (findings, receiver) = mpsc::channel(4);
    let schedule = Schedule::new(exam.times, run.known.is_some(), Instant::now());
    let source = run.known.unwrap_or(Source::Runs);
    let watcher = Watcher { exam, schedule, watchdog: Watchdog::default(), source, findings };
    let task = AbortOnDropHandle::new(tokio::spawn(watcher.run()));
    Watch { run: run.number, by_itself, findings: receiver, _task: Some(task) }
}

struct Watcher {
    exam: Exam,
    schedule: Schedule,
    watchdog: Watchdog,
    /// How it was last known to be well.
    source: Source,
    findings: mpsc::Sender<Finding>,
}

impl Watcher {
    /// Looks until nobody wants to know any more.
    async fn run(mut self) {
        let was_well = self.source != Source::Runs;
        let mut ask_at = self.first_question(was_well);
        // One that only listens, and was not heard by the end of its time to start, is not well.
        let listens = matches!(self.exam.kind, Kind::Notice | Kind::Line(_)) && !was_well;
        let mut patient_until = listens.then(|| self.schedule.start_ends());
        if listens {
            self.tell(Verdict::NotYet(self.silence().to_owned()), None).await;
        }
        loop {
            if let Some(verdict) = self.heard() {
                (ask_at, patient_until) = (ask_at.filter(|_| verdict != Verdict::Well(Source::Notify)), None);
                self.tell(verdict, None).await;
            }
            let deadline = ask_at.into_iter().chain(patient_until).chain(self.watchdog.due()).min();
            tokio::select! {
                changed = self.exam.notices.changed() => if changed.is_err() { return },
                () = line(&mut self.exam.kind) => {
                    patient_until = None;
                    (self.exam.kind, self.source) = (Kind::Runs, Source::Log);
                    self.tell(Verdict::Well(Source::Log), None).await;
                }
                () = until(deadline) => {}
                () = self.findings.closed() => return,
            }
            let now = Instant::now();
            if let Some(why) = self.watchdog.check(now) {
                self.tell(Verdict::Unwell(why), None).await;
            }
            if patient_until.take_if(|at| *at <= now).is_some() {
                self.tell(Verdict::Unwell(self.silence().to_owned()), None).await;
            }
            if ask_at.is_some_and(|at| at <= now) {
                self.ask().await;
                ask_at = self.schedule.next(Instant::now());
            }
        }
    }

    fn first_question(&mut self, was_well: bool) -> Option<Instant> {
        match self.exam.kind {
            Kind::Asked { .. } if was_well => self.schedule.next(Instant::now()),
            Kind::Asked { .. } => Some(Instant::now()),
            Kind::Runs | Kind::Notice | Kind::Line(_) => None,
        }
    }

    async fn ask(&mut self) {
        let Kind::Asked { question, .. } = &self.exam.kind else { return };
        let (source, at) = (question.source(), SystemTime::now());
        let answer = question.ask((self.exam.port)(), self.exam.times.timeout).await;
        let probed = LastProbe { source, at, fault: answer.clone().err() };
        let verdict = self.schedule.note(answer, source, Instant::now());
        if let Verdict::Well(source) = verdict {
            self.source = source;
        }
        self.tell(verdict, Some(probed)).await;
    }

    /// What the service has said of itself since the last call amounts to.
    fn heard(&mut self) -> Option<Verdict> {
        let notices = self.exam.notices.borrow_and_update().clone();
        let alive = self.watchdog.note(notices.watchdog, notices.signs, Instant::now());
        if notices.calls_for_help {
            return Some(Verdict::Unwell("it calls for help (WATCHDOG=trigger)".to_owned()));
        }
        let counts = match self.exam.kind {
            Kind::Runs | Kind::Notice => true,
            Kind::Asked { or_notice, .. } => or_notice,
            Kind::Line(_) => false,
        };
        if notices.ready && counts && self.source != Source::Notify {
            self.source = Source::Notify;
            return Some(Verdict::Well(Source::Notify));
        }
        // A sign of life after one that was late.
        (alive && self.source == Source::Notify).then_some(Verdict::Well(Source::Notify))
    }

    /// Why one that only listens has heard nothing.
    fn silence(&self) -> &'static str {
        match self.exam.kind {
            Kind::Line(_) => "no line of its output says that it is ready yet",
            _ => "it has not said READY=1 yet",
        }
    }

    async fn tell(&self, verdict: Verdict, probed: Option<LastProbe>) {
        // Whoever does not want to know any more drops this task.
        let _ = self.findings.send(Finding { verdict, probed }).await;
    }
}

/// Resolves once a line has matched.
async fn line(kind: &mut Kind) {
    if let Kind::Line(matched) = kind
        && matched.wait_for(|matched| *matched).await.is_ok()
    {
        return;
    }
    std::future::pending::<()>().await;
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

impl Times {
    /// For what is not asked in intervals.
    pub(crate) fn of_start(start_period: Duration) -> Self {
        let start_interval = Duration::from_millis(200);
        Self { interval: None, timeout: Duration::from_secs(5), retries: 1, start_period, start_interval }
    }
}
