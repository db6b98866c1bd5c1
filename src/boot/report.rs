//! What became of services that were to start: sentences with the last lines of those that failed, JSON, and the command's end.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::ZonedDateTime;
use locald_api::{Change, LogLine, ServiceChange, ServiceId, ServiceState};
use serde::Serialize;

use super::last_lines;
use crate::awaiting::described;
use crate::changes::{self, Asked, ChangeJson};
use crate::error::CommandError;
use crate::exit::ExitKind;
use crate::log_text::{LogText, Projects};
use crate::paint::plain;
use crate::progress::{Progress, Seen, place, there};
use crate::stray;
use crate::ui::Ui;

/// What became of services that were to start.
pub(crate) struct Report {
    /// Of each, what was done.
    pub(crate) changes: Vec<ServiceChange>,
    pub(super) progress: Progress,
    /// What those that failed have printed.
    pub(super) lines: BTreeMap<ServiceId, Vec<LogLine>>,
    /// Time was up, after so long.
    pub(super) overdue: Option<Duration>,
    /// What keeps the daemon from doing its whole work.
    pub(super) degraded: Vec<String>,
}

/// A service as `up --json` shows it: what was done, and how it is then.
#[derive(Serialize)]
struct StartJson<'a> {
    #[serde(flatten)]
    change: ChangeJson<'a>,
    state: Option<ServiceState>,
    ports: &'a [u16],
    urls: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    ready_after_ms: Option<i128>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    last_lines: Vec<String>,
}

impl Report {
    /// Says what became of each service, or prints it as JSON; then what is wrong with the daemon.
    pub(crate) fn show(&self, json: bool, ui: &mut Ui) -> Result<(), CommandError> {
        if json {
            ui.json(&self.changes.iter().map(|change| self.json(change)).collect::<Vec<_>>())?;
        } else {
            self.tell(ui)?;
        }
        for degraded in &self.degraded {
            ui.warn(degraded)?;
        }
        Ok(())
    }

    fn tell(&self, ui: &mut Ui) -> Result<(), CommandError> {
        let with_project = changes::are_of_several_projects(&self.changes);
        let now = ZonedDateTime::now();
        for change in &self.changes {
            let name = changes::shown_name(change, with_project);
            let (tone, text) = changes::describe(&change.change, Asked::Start);
            let text = self.in_detail(change, text);
            let line = format!("{} {}", plain(&name), ui.status_paint.tone(tone, &plain(&text)));
            if !self.is_told(change) {
                writeln!(ui.status(), "{line}")?;
            }
            if let Some(seen) = self.seen(&change.service)
                && let (Some(reason), Some(advice)) = (&seen.status.reason, stray::advice(&seen.status))
            {
                ui.note(&format!("  {}; {advice}", plain(reason)))?;
            }
            let Some(lines) = self.lines.get(&change.service) else { continue };
            let text = LogText::new(ui.status_paint, &now, false, Projects::default()).page(lines);
            for line in text.lines() {
                writeln!(ui.status(), "  {line}")?;
            }
        }
        Ok(())
    }

    /// Whether that was said when it came about, where nothing is painted over.
    fn is_told(&self, change: &ServiceChange) -> bool {
        let told = || self.seen(&change.service).is_some_and(Seen::is_told_there);
        matches!(change.change, Change::Started { .. }) && told()
    }

    /// `text`, with the time that it took and where the service is.
    fn in_detail(&self, change: &ServiceChange, text: String) -> String {
        let Some(seen) = self.seen(&change.service) else { return text };
        match &change.change {
            Change::Started { .. } => there(seen).unwrap_or_else(|| text + &place(seen)),
            Change::AlreadyRunning { .. } | Change::Idle => text + &place(seen),
            Change::Waiting { reason } if seen.status.pid.is_some() => format!("is not ready yet: {reason}"),
            _ => text,
        }
    }

    fn json<'a>(&'a self, change: &'a ServiceChange) -> StartJson<'a> {
        let seen = self.seen(&change.service);
        StartJson {
            change: ChangeJson::from(change),
            state: seen.map(|seen| seen.status.state),
            ports: seen.map(|seen| &seen.status.ports[..]).unwrap_or_default(),
            urls: seen.map(|seen| &seen.status.urls[..]).unwrap_or_default(),
            ready_after_ms: seen.and_then(|seen| seen.took).map(|took| took.as_millis()),
            last_lines: self.lines.get(&change.service).map(|lines| last_lines::texts(lines)).unwrap_or_default(),
        }
    }

    fn seen(&self, service: &ServiceId) -> Option<&Seen> {
        self.progress.seen(service)
    }

    /// The failure that it amounts to, if any.
    pub(crate) fn verdict(&self) -> Result<(), CommandError> {
        let Some(limit) = self.overdue else { return changes::verdict(&self.changes, Asked::Start) };
        let late = self.changes.iter().filter(|change| matches!(change.change, Change::Waiting { .. }));
        let late: Vec<String> = late
            .filter_map(|change| self.seen(&change.service))
            .map(|seen| format!("`{}` is {}", seen.status.name, described(&seen.status)))
            .collect();
        let late = if late.is_empty() { "the daemon has not answered".to_owned() } else { late.join(", ") };
        let message = format!("not ready after {} s: {late}", limit.as_secs_f64());
        Err(CommandError::new(ExitKind::Failed, message)
            .hint("they go on; `locald explain` says what a service waits for"))
    }
}
