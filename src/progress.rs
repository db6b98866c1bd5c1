//! The live lines while services start: painted over in place on a terminal, one line per change elsewhere.

use std::collections::HashMap;
use std::io;

use locald_api::{ServiceId, ServiceState, ServiceStatus, Workspace};

use crate::paint::{Tone, plain};
use crate::table::truncate;
use crate::ui::Ui;

/// What has been shown so far.
pub(crate) struct Progress {
    of: Of,
    seen: HashMap<String, ServiceState>,
    painted: usize,
}

/// Which services are shown.
enum Of {
    /// Those of these names, or all, of the project in this folder, which may not be loaded yet.
    Project {
        root: String,
        wanted: Vec<String>,
    },
    Services(Vec<ServiceId>),
}

impl Progress {
    /// Nothing shown yet, of the services `wanted` (all when empty) of the project in `root`.
    pub(crate) fn new(root: &str, wanted: &[String]) -> Self {
        Self::begin(Of::Project { root: root.to_owned(), wanted: wanted.to_vec() })
    }

    /// Nothing shown yet, of exactly these services.
    pub(crate) fn of(services: &[ServiceId]) -> Self {
        Self::begin(Of::Services(services.to_vec()))
    }

    fn begin(of: Of) -> Self {
        Self { of, seen: HashMap::new(), painted: 0 }
    }

    /// Shows what is new in `workspace`.
    pub(crate) fn show(&mut self, workspace: &Workspace, ui: &mut Ui) -> io::Result<()> {
        let services = self.services(workspace);
        match ui.status_screen {
            // A block taller than the screen cannot be painted over: its top has scrolled away.
            Some(screen) if services.len() < screen.rows => self.paint(&services, screen.columns, ui),
            _ => self.append(&services, ui),
        }
    }

    /// Takes painted lines away, to make room for what became of it all.
    pub(crate) fn clear(&mut self, ui: &mut Ui) -> io::Result<()> {
        let painted = std::mem::take(&mut self.painted);
        if painted == 0 { Ok(()) } else { write!(ui.status(), "\x1b[{painted}A\r\x1b[J") }
    }

    fn services<'a>(&self, workspace: &'a Workspace) -> Vec<&'a ServiceStatus> {
        let is_meant = |service: &&ServiceStatus| match &self.of {
            Of::Services(ids) => ids.contains(&service.id),
            Of::Project { root, wanted } => {
                let project = workspace.projects.iter().find(|project| project.id == service.id.project);
                let is_wanted = wanted.is_empty() || wanted.contains(&service.name);
                is_wanted && project.is_some_and(|project| project.root == *root)
            }
        };
        workspace.services.iter().filter(is_meant).collect()
    }

    fn paint(&mut self, services: &[&ServiceStatus], columns: usize, ui: &mut Ui) -> io::Result<()> {
        let mut text = String::new();
        if self.painted > 0 {
            text.extend(["\x1b[", &self.painted.to_string(), "A\r"]);
        }
        let widest = services.iter().map(|service| service.name.len()).max().unwrap_or(0);
        for service in services {
            let (tone, words) = describe(service);
            let name = format!("{:widest$}  ", plain(&service.name));
            let room = columns.saturating_sub(name.len());
            let line = truncate(&name, columns) + &ui.status_paint.tone(tone, &truncate(&words, room));
            text.extend(["\x1b[2K", &line, "\n"]);
        }
        // One write, so that no half-painted block is ever seen.
        text.push_str("\x1b[J");
        self.painted = services.len();
        ui.status().write_all(text.as_bytes())?;
        ui.status().flush()
    }

    fn append(&mut self, services: &[&ServiceStatus], ui: &mut Ui) -> io::Result<()> {
        for service in services {
            // Everybody waits for an instant; only who has a reason is worth a line.
            if service.state == ServiceState::Waiting && service.reason.is_none() {
                continue;
            }
            let before = self.seen.insert(service.name.clone(), service.state);
            if before.unwrap_or(ServiceState::Stopped) == service.state {
                continue;
            }
            let (tone, words) = describe(service);
            let words = ui.status_paint.tone(tone, &words);
            writeln!(ui.status(), "{}: {words}", plain(&service.name))?;
        }
        Ok(())
    }
}

fn describe(service: &ServiceStatus) -> (Tone, String) {
    let tone = state_tone(service.state);
    let more = match service.state {
        ServiceState::Ready => service.urls.first().or(service.reason.as_ref()),
        _ => service.reason.as_ref(),
    };
    let word = service.state.word();
    (tone, more.map_or_else(|| word.to_owned(), |more| format!("{word} ({})", plain(more))))
}

/// The colour of a state.
pub(crate) fn state_tone(state: ServiceState) -> Tone {
    match state {
        ServiceState::Ready => Tone::Good,
        ServiceState::Waiting | ServiceState::Starting | ServiceState::Stopping | ServiceState::Backoff => Tone::Busy,
        ServiceState::Unhealthy | ServiceState::CrashLoop | ServiceState::Failed => Tone::Bad,
        ServiceState::Stopped => Tone::Quiet,
        ServiceState::Exited | ServiceState::Completed => Tone::Plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use crate::ui::{Screen, fake};

    fn workspace(states: &[(&str, ServiceState)]) -> Workspace {
        let services = states.iter().map(|(name, state)| sample::service("shop", name, *state)).collect();
        Workspace { services, projects: vec![sample::project("shop")], ..Workspace::default() }
    }

    #[test]
    fn without_a_screen_each_change_is_one_line() {
        let (mut ui, written) = fake::ui();
        let mut progress = Progress::new("/code/shop", &[]);
        let (starting, ready) = (ServiceState::Starting, ServiceState::Ready);
        for states in [[starting, starting], [starting, starting], [ready, starting], [ready, ServiceState::Failed]] {
            progress.show(&workspace(&[("web", states[0]), ("api", states[1])]), &mut ui).unwrap();
        }
        progress.clear(&mut ui).unwrap();
        assert_eq!(written.status(), "web: starting\napi: starting\nweb: ready\napi: failed\n");
    }

    #[test]
    fn on_a_screen_the_lines_are_painted_over_and_never_wrap() {
        let (mut ui, written) = fake::ui();
        ui.status_screen = Some(Screen { columns: 12, rows: 10 });
        let mut progress = Progress::new("/code/shop", &["web".to_owned()]);
        progress.show(&workspace(&[("web", ServiceState::Starting), ("api", ServiceState::Ready)]), &mut ui).unwrap();
        progress.show(&workspace(&[("web", ServiceState::Ready)]), &mut ui).unwrap();
        progress.clear(&mut ui).unwrap();
        let expected = "\x1b[2Kweb  starti…\n\x1b[J\x1b[1A\r\x1b[2Kweb  ready\n\x1b[J\x1b[1A\r\x1b[J";
        assert_eq!(written.status(), expected);
    }

    #[test]
    fn other_projects_are_not_shown() {
        let (mut ui, written) = fake::ui();
        let workspace = workspace(&[("web", ServiceState::Ready)]);
        Progress::new("/code/blog", &[]).show(&workspace, &mut ui).unwrap();
        assert_eq!(written.status(), "");
    }
}
