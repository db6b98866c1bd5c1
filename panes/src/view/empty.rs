//! What a pane says that has no program's screen to show: where things stand, and what to do next.

use locald_api::{ServiceState, ServiceStatus};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::put;
use crate::keymap::Action;
use crate::model::{Connection, Focus, Model};
use crate::{text, wording};

/// Where a sentence is broken, however wide the pane.
const LONGEST_LINE: u16 = 72;

/// A sentence, and the next step where there is one. Neither ends with a period.
pub(super) struct Say {
    pub(super) sentence: String,
    pub(super) step: String,
}

/// What there is to say where there is no pane at all.
pub(super) fn paint(model: &Model, area: Rect, buffer: &mut Buffer) {
    let say = |sentence: &str, step: &str| Say { sentence: sentence.into(), step: step.into() };
    let say = match (&model.connection, &model.workspace) {
        // Where there is no room for one beside the overview.
        _ if model.selected.is_some() => return,
        (Connection::Lost { .. }, _) => say("The daemon is not answering", "its services keep running meanwhile"),
        _ if model.starting => say("Starting the project", "its services appear here"),
        (Connection::Up, None) => say("Connected to the daemon", "its services are on their way"),
        (Connection::Up, Some(_)) => say("No services are running", "run `locald up` in the folder of a project"),
    };
    say.paint(model, area, buffer);
}

/// What there is to say in the place of a screen. Nothing of a program that runs: its screen is there in an instant.
pub(super) fn instead_of_screen(model: &Model, service: &ServiceStatus) -> Option<Say> {
    let starting = matches!(service.state, ServiceState::Waiting | ServiceState::Starting);
    let appears = || Say { sentence: wording::sentence(service), step: "its screen appears here".into() };
    about(model, service).or_else(|| starting.then(appears))
}

/// What there is to say of a service that has no running program.
pub(super) fn about(model: &Model, service: &ServiceStatus) -> Option<Say> {
    let key = |in_list: Action| match model.focus {
        Focus::Services => model.keymap.typed_in_list(in_list),
        Focus::Pane => model.keymap.typed_in_pane(Action::Restart),
    };
    let step = match service.state {
        // Keys are for the selected service alone.
        state if !model.is_selected(service) && !state.is_alive() && state != ServiceState::Waiting => String::new(),
        ServiceState::Stopped => format!("press {} to start it", key(Action::Start)),
        ServiceState::Idle => format!("press {} to start it without one", key(Action::Start)),
        ServiceState::Exited | ServiceState::CrashLoop => format!("press {} to restart it", key(Action::Restart)),
        ServiceState::Completed => format!("press {} to run it again", key(Action::Restart)),
        ServiceState::Backoff => format!("press {} to restart it now", key(Action::Restart)),
        ServiceState::Failed => format!("once that is mended, press {} to try again", key(Action::Restart)),
        ServiceState::Waiting
        | ServiceState::Starting
        | ServiceState::Ready
        | ServiceState::Unhealthy
        | ServiceState::Stopping => return None,
    };
    Some(Say { sentence: wording::sentence(service), step })
}

impl Say {
    /// In the middle of the pane, its lines below each other.
    pub(super) fn paint(&self, model: &Model, area: Rect, buffer: &mut Buffer) {
        let width = area.width.saturating_sub(4).min(LONGEST_LINE);
        let mut lines: Vec<_> = text::wrap(&text::printable(&self.sentence), width)
            .into_iter()
            .map(|line| (line, model.theme.heading))
            .collect();
        lines.extend(text::wrap(&self.step, width).into_iter().map(|line| (line, model.theme.muted)));
        let widest = lines.iter().map(|(line, _)| text::width(line)).max().unwrap_or(0);
        let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).min(area.height);
        let x = area.x + area.width.saturating_sub(widest) / 2;
        let top = area.y + (area.height - height) / 2;
        for ((line, style), y) in lines.iter().zip(top..area.bottom()) {
            put(buffer, area, x, y, line, *style);
        }
    }
}
