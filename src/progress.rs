//! The live lines while services start: painted over in place on a terminal, one line per change elsewhere.

mod block;
mod seen;

use std::io;

use jiff::{SignedDuration, Timestamp};
use locald_api::{ServiceId, ServiceState, ServiceStatus, Workspace};

use crate::paint::{Tone, plain};
use crate::ui::Ui;
pub(crate) use seen::Seen;

/// What has been shown so far.
pub(crate) struct Progress {
    of: Of,
    elsewhere: Elsewhere,
    /// Runs that began earlier were there before anybody asked for them.
    began: Timestamp,
    services: Vec<Seen>,
    painted: usize,
}

/// Which services are shown.
enum Of {
    /// Those of these names, or all, of the project in this folder, which may not be loaded yet; and what starts with them.
    Project { root: String, wanted: Vec<String> },
    /// These.
    Services(Vec<ServiceId>),
}

/// What is shown where nothing can be painted over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Elsewhere {
    /// A line for each change.
    Lines,
    Nothing,
}

impl Progress {
    /// Nothing shown yet, of the services `wanted` (all when empty) of the project in `root`.
    pub(crate) fn new(root: &str, wanted: &[String], elsewhere: Elsewhere) -> Self {
        Self::begin(Of::Project { root: root.to_owned(), wanted: wanted.to_vec() }, elsewhere)
    }

    /// Nothing shown yet, of exactly these services.
    pub(crate) fn of(services: &[ServiceId], elsewhere: Elsewhere) -> Self {
        Self::begin(Of::Services(services.to_vec()), elsewhere)
    }

    fn begin(of: Of, elsewhere: Elsewhere) -> Self {
        Self { of, elsewhere, began: Timestamp::now(), services: Vec::new(), painted: 0 }
    }

    /// When this began to look.
    pub(crate) fn began(&self) -> Timestamp {
        self.began
    }

    /// What is known of a service.
    pub(crate) fn seen(&self, service: &ServiceId) -> Option<&Seen> {
        self.services.iter().find(|seen| seen.status.id == *service)
    }

    /// What is known of every service that was asked for.
    pub(crate) fn meant(&self) -> impl Iterator<Item = &Seen> {
        self.services.iter().filter(|seen| self.is_named(&seen.status))
    }

    /// Shows what is new in `workspace`; answers which services have just come to grief.
    pub(crate) fn show(&mut self, workspace: &Workspace, now: Timestamp, ui: &mut Ui) -> io::Result<Vec<ServiceId>> {
        self.services = self.services(workspace).map(|status| self.next(status, now)).collect();
        self.repaint(now, ui)?;
        let fallen = self.services.iter_mut().filter_map(|seen| seen.has_fallen().then(|| seen.status.id.clone()));
        Ok(fallen.collect())
    }

    /// Takes note of how services are, and shows nothing.
    pub(crate) fn learn(&mut self, services: &[ServiceStatus], now: Timestamp) {
        for status in services {
            let seen = self.next(status, now);
            match self.services.iter_mut().find(|known| known.status.id == status.id) {
                Some(known) => *known = seen,
                None => self.services.push(seen),
            }
        }
    }

    fn next(&self, status: &ServiceStatus, now: Timestamp) -> Seen {
        Seen::next(self.seen(&status.id).cloned(), status, self.began, now)
    }

    /// Shows what a service printed before it came to grief, where there is a place for that.
    pub(crate) fn note_lines(&mut self, service: &ServiceId, lines: Vec<String>) {
        if let Some(seen) = self.services.iter_mut().find(|seen| seen.status.id == *service) {
            seen.lines = lines;
        }
    }

    /// Shows what is known, as of `now`.
    pub(crate) fn repaint(&mut self, now: Timestamp, ui: &mut Ui) -> io::Result<()> {
        match ui.status_screen {
            Some(screen) => {
                let lines = block::lines(&self.services, screen, now, ui.status_paint);
                self.paint(&lines, ui)
            }
            None => self.append(now, ui),
        }
    }

    /// Takes painted lines away, to make room for what became of it all.
    pub(crate) fn clear(&mut self, ui: &mut Ui) -> io::Result<()> {
        let painted = std::mem::take(&mut self.painted);
        if painted == 0 { Ok(()) } else { write!(ui.status(), "\x1b[{painted}A\r\x1b[J") }
    }

    fn services<'a>(&'a self, workspace: &'a Workspace) -> impl Iterator<Item = &'a ServiceStatus> {
        let project = workspace.projects.iter().find(|project| match &self.of {
            Of::Project { root, .. } => project.root == *root,
            Of::Services(_) => false,
        });
        let is_meant = move |service: &&ServiceStatus| match &self.of {
            Of::Services(_) => self.is_named(service),
            Of::Project { .. } => {
                let is_here = project.is_some_and(|project| project.id == service.id.project);
                is_here && (self.is_named(service) || is_on_its_way(service.state) || self.seen(&service.id).is_some())
            }
        };
        workspace.services.iter().filter(is_meant)
    }

    fn is_named(&self, service: &ServiceStatus) -> bool {
        match &self.of {
            Of::Services(ids) => ids.contains(&service.id),
            Of::Project { wanted, .. } => wanted.is_empty() || wanted.iter().any(|name| is_called(&service.name, name)),
        }
    }

    fn paint(&mut self, lines: &[String], ui: &mut Ui) -> io::Result<()> {
        let mut text = String::new();
        if self.painted > 0 {
            text.extend(["\x1b[", &self.painted.to_string(), "A\r"]);
        }
        for line in lines {
            text.extend(["\x1b[2K", line, "\n"]);
        }
        // One write, so that no half-painted block is ever seen.
        text.push_str("\x1b[J");
        self.painted = lines.len();
        ui.status().write_all(text.as_bytes())?;
        ui.status().flush()
    }

    fn append(&mut self, now: Timestamp, ui: &mut Ui) -> io::Result<()> {
        if self.elsewhere == Elsewhere::Nothing {
            return Ok(());
        }
        for seen in self.services.iter_mut().filter(|seen| seen.is_worth_a_line()) {
            seen.told = seen.status.state;
            let (there, tone) = (there(seen), state_tone(seen.status.state));
            let (sign, words) =
                there.map_or_else(|| (":", describe(seen, now)), |there| ("", plain(&there).into_owned()));
            let words = ui.status_paint.tone(tone, &words);
            writeln!(ui.status(), "{}{sign} {words}", plain(&seen.status.name))?;
        }
        Ok(())
    }
}

/// Whether a service of this name is meant by `name`, which may have the project before it, and may mean all of `NAME.1` and on.
fn is_called(service: &str, name: &str) -> bool {
    let name = name.rsplit_once(':').map_or(name, |(_, service)| service);
    let numbered = service.strip_prefix(name).and_then(|rest| rest.strip_prefix('.'));
    service == name || numbered.is_some_and(|number| number.parse::<u32>().is_ok())
}

fn is_on_its_way(state: ServiceState) -> bool {
    use ServiceState::{Backoff, Starting, Stopping, Unhealthy, Waiting};
    matches!(state, Waiting | Starting | Unhealthy | Stopping | Backoff)
}

/// What a service is doing, for how long, and why or where.
fn describe(seen: &Seen, now: Timestamp) -> String {
    let service = &seen.status;
    let more = match service.state {
        ServiceState::Ready => service.urls.first().or(service.reason.as_ref()),
        _ => service.reason.as_ref(),
    };
    let mut text = service.state.word().to_owned();
    match (seen.took, seen.lasts(now)) {
        (Some(took), _) => text.extend([" in ", &in_words(took)]),
        (None, Some(lasts)) if lasts.as_secs() > 0 => text.extend([" for ", &format!("{} s", lasts.as_secs())]),
        _ => {}
    }
    if let Some(more) = more {
        text.extend([" (", &plain(more), ")"]);
    }
    text
}

/// That its run is there or done, how long that took, and where it can be reached; to follow the service's name. Nothing while it is not.
pub(crate) fn there(seen: &Seen) -> Option<String> {
    let (service, took) = (&seen.status, in_words(seen.took?));
    let pid = service.pid.map(|pid| format!(" (pid {pid})")).unwrap_or_default();
    Some(match service.state {
        ServiceState::Completed => format!("completed in {took}"),
        _ => format!("started in {took}{pid}{}", place(seen)),
    })
}

/// `: ` and the URLs at which it can be reached, if there are any: that of its name, and that of its port.
pub(crate) fn place(seen: &Seen) -> String {
    match &seen.status.urls[..] {
        [] => String::new(),
        [only] => format!(": {only}"),
        [first, .., last] => format!(": {first}  {last}"),
    }
}

/// A short time, as exact as anybody wants it.
pub(crate) fn in_words(time: SignedDuration) -> String {
    let tenths = time.as_millis() / 100;
    match tenths {
        ..10 => format!("{} ms", time.as_millis()),
        10..600 => format!("{}.{} s", tenths / 10, tenths % 10),
        _ => format!("{} min {} s", tenths / 600, tenths % 600 / 10),
    }
}

/// The colour of a state.
pub(crate) fn state_tone(state: ServiceState) -> Tone {
    match state {
        ServiceState::Ready => Tone::Good,
        ServiceState::Waiting | ServiceState::Starting | ServiceState::Stopping | ServiceState::Backoff => Tone::Busy,
        ServiceState::Unhealthy | ServiceState::CrashLoop | ServiceState::Failed => Tone::Bad,
        ServiceState::Stopped | ServiceState::Idle => Tone::Quiet,
        ServiceState::Exited | ServiceState::Completed => Tone::Plain,
    }
}

#[cfg(test)]
mod tests;
