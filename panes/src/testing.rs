//! What tests share: services to show, and a way to press keys by name.

use locald_api::{
    Activity, Exit, Modifiers, MouseAction, MouseButton, Progress, ProjectId, ProjectStatus, ServiceId, ServiceState,
    ServiceStatus, Workspace,
};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::{Position, Size};

use crate::extras::Extras;
use crate::layout::Arrangement;
use crate::model::Model;
use crate::mouse::{Mouse, Targets};
use crate::msg::{Cmd, Msg};
use crate::options::Options;
use crate::reconnect::Unreached;
use crate::theme::{Appearance, Depth, Theme, ThemeFile};
use crate::update::update;
use crate::view::view;

pub(crate) fn id(project: &str, service: &str) -> ServiceId {
    ServiceId { project: ProjectId(format!("{project}-1f")), service: service.into() }
}

pub(crate) fn service(project: &str, name: &str, state: ServiceState) -> ServiceStatus {
    ServiceStatus {
        id: id(project, name),
        name: name.into(),
        project: project.into(),
        kind: "exec".into(),
        state,
        pid: state.is_alive().then_some(4121),
        exit: (state == ServiceState::Exited).then_some(Exit::Code(1)),
        restarts: 0,
        started_at: None,
        ports: Vec::new(),
        urls: Vec::new(),
        sites: Vec::new(),
        reason: None,
        health: None,
        starts_at: None,
        usage: None,
        log_fault: None,
        named_ports: Vec::new(),
        site_reason: None,
        aliases: Vec::new(),
        alias_urls: Vec::new(),
        refused_hosts: Vec::new(),
        stray_port: None,
    }
}

pub(crate) fn activity(name: &str, output: u64, bells: u64) -> Activity {
    Activity {
        service: id("shop", name),
        output,
        bells,
        title: String::new(),
        directory: String::new(),
        notifications: 0,
        notification: None,
        progress: Progress::None,
        commands: 0,
        command: None,
    }
}

/// A failed attempt to connect, of which the next may succeed.
pub(crate) fn unreached(why: &str) -> Unreached {
    Unreached { why: why.into(), gone: false }
}

pub(crate) fn workspace(services: Vec<ServiceStatus>) -> Workspace {
    let mut projects: Vec<ProjectStatus> = Vec::new();
    for service in &services {
        if projects.iter().all(|project| project.id != service.id.project) {
            let root = format!("/code/{}", service.project);
            projects.push(ProjectStatus {
                id: service.id.project.clone(),
                name: service.project.clone(),
                root,
                faults: vec![],
            });
        }
    }
    Workspace { revision: 1, projects, services, ..Workspace::default() }
}

pub(crate) fn web_and_worker() -> Workspace {
    workspace(vec![service("shop", "web", ServiceState::Ready), service("shop", "worker", ServiceState::Ready)])
}

/// The dark theme with so many colours.
pub(crate) fn theme(depth: Depth) -> Theme {
    ThemeFile::builtin(Appearance::Dark).theme(depth)
}

/// A workspace that shows panes.
pub(crate) fn model(options: Options, size: (u16, u16)) -> Model {
    let mut model = Model::new(options, Size::new(size.0, size.1), theme(Depth::Sixteen));
    model.arrangement = Arrangement::Panes;
    model
}

/// A connected workspace of these services.
pub(crate) fn showing(workspace: Workspace, size: (u16, u16)) -> Model {
    let mut model = model(Options::default(), size);
    let _ = update(&mut model, Msg::Connected);
    let _ = update(&mut model, Msg::Workspace(Box::new(workspace)));
    model
}

/// Does something with the mouse at a place of the screen, as it would be painted now.
pub(crate) fn mouse(model: &mut Model, action: MouseAction, x: u16, y: u16, clicks: u8) -> Cmd {
    let mut terminal =
        Terminal::new(TestBackend::new(model.size.width, model.size.height)).expect("a terminal in memory");
    let mut targets = Targets::default();
    terminal.draw(|frame| targets = view(model, frame, &mut Extras::new(true))).expect("painting");
    let at = Position::new(x, y);
    update(model, Msg::Mouse(Mouse { action, at, modifiers: Modifiers::default(), clicks, target: targets.at(at) }))
}

/// Presses the left button there and lets it go.
pub(crate) fn click(model: &mut Model, x: u16, y: u16, clicks: u8) -> Cmd {
    let pressed = mouse(model, MouseAction::Press(MouseButton::Left), x, y, clicks);
    pressed.and(mouse(model, MouseAction::Release(MouseButton::Left), x, y, 1))
}

/// Presses keys by name, separated by blanks.
pub(crate) fn press(model: &mut Model, keys: &str) -> Cmd {
    keys.split(' ').map(|name| update(model, Msg::Key(name.to_owned()))).fold(Cmd::none(), Cmd::and)
}
