//! Everything the workspace knows. Changed by `update` alone, read by `view`.

use std::collections::HashMap;

use locald_api::{
    Attention, Modes, MouseButton, PaneId, ProjectStatus, Request, Role, ServiceId, ServiceStatus, ServiceUsage,
    Workspace,
};
use ratatui::layout::{Position, Rect, Size};

use crate::keymap::Keymap;
use crate::layout::{self, Areas, Arrangement, Sidebar};
use crate::marks::Marks;
use crate::mouse::Reports;
use crate::msg::Timer;
use crate::options::{Options, Wanted};
use crate::overlay::Overlay;
use crate::screen::Screen;
use crate::scrollback::Scrollback;
use crate::theme::{Appearance, Theme, ThemeChoice};

/// Everything the workspace knows.
#[derive(Debug)]
pub(crate) struct Model {
    /// The terminal's size.
    pub(crate) size: Size,
    /// What things look like.
    pub(crate) theme: Theme,
    /// Which key does what.
    pub(crate) keymap: Keymap,
    /// Which theme was asked for.
    pub(crate) theme_choice: ThemeChoice,
    /// What the background of the outer terminal is like, as far as it was asked.
    pub(crate) background: Appearance,
    /// What is wrong with the user's settings, while those before stay in force.
    pub(crate) settings_fault: Option<String>,
    /// The folder of the user's own project.
    pub(crate) project: Option<String>,
    /// The latest snapshot, with the services of the user's own project first; `None` until the first one came.
    pub(crate) workspace: Option<Workspace>,
    /// The selected service; `None` only while there are none.
    pub(crate) selected: Option<ServiceId>,
    /// Whether the user chose the selection. Until then the workspace may choose a better one.
    pub(crate) chosen: bool,
    /// The service that was selected when a shell was opened.
    pub(crate) before_shell: Option<ServiceId>,
    /// The service to select as soon as it is known.
    pub(crate) wanted: Option<Wanted>,
    /// Where keys go.
    pub(crate) focus: Focus,
    /// Whether the prefix was pressed and its command is awaited.
    pub(crate) prefix: Prefix,
    /// Whether all keys but one go to the program.
    pub(crate) locked: bool,
    /// Whose the mouse is.
    pub(crate) mouse: MouseOwner,
    /// What goes on while a button of the mouse is held.
    pub(crate) gesture: Option<Gesture>,
    /// Whether the outer terminal has the focus.
    pub(crate) attention: Attention,
    /// What is on the screen.
    pub(crate) arrangement: Arrangement,
    /// What is shown at first.
    pub(crate) opening: Opening,
    /// Whether the list is beside panes.
    pub(crate) sidebar: Sidebar,
    /// The selected service's past, while the user looks through it instead of at its screen.
    pub(crate) scrollback: Option<Scrollback>,
    /// The number of the latest request for lines of history. An answer to an earlier one is known as such.
    pub(crate) asks: u64,
    /// Text laid over the screen.
    pub(crate) overlay: Option<Overlay>,
    /// Something to tell, until the next key.
    pub(crate) notice: Option<Notice>,
    /// What the user is there for.
    pub(crate) role: Role,
    /// Whether the daemon is there.
    pub(crate) connection: Connection,
    /// What the caller wants asked first; taken when it is asked.
    pub(crate) initial: Option<Request>,
    /// Whether the answer to it is awaited.
    pub(crate) starting: bool,
    /// The last known screen of each service, so that switching shows something at once.
    pub(crate) screens: HashMap<ServiceId, Screen>,
    /// What each service uses, and what it wrote last; measured while the overview is shown.
    pub(crate) usage: HashMap<ServiceId, ServiceUsage>,
    /// What was not seen yet.
    pub(crate) marks: Marks,
    /// The panes that the daemon was told about last.
    pub(crate) watches: Vec<Watch>,
    /// Whether the daemon was asked last to measure what services use.
    pub(crate) measuring: Measuring,
    /// The number of the latest watch. Each watch has its own, so that a frame of an earlier one is known as such.
    pub(crate) latest_watch: u32,
    /// Frames taken in that were not yet painted.
    pub(crate) unpainted: Vec<(PaneId, u64)>,
}

/// Where keys go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Focus {
    /// To the list of services.
    Services,
    /// To the selected service.
    Pane,
}

/// How far a command is that begins with the prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prefix {
    /// There is none.
    No,
    /// The prefix was pressed.
    Pressed,
    /// It was pressed so long ago that all that may follow is shown.
    Told,
}

/// Whose the mouse is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MouseOwner {
    /// Ours, as far as programs do not want it.
    Workspace,
    /// The outer terminal's own.
    Terminal,
}

/// What goes on while a button of the mouse is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Gesture {
    /// It was pressed on the screen of a program that wants the mouse.
    Program { service: ServiceId, area: Rect, button: MouseButton },
    /// It was pressed on a screen or a past that is ours to select in.
    Select(Dragging),
}

/// A selection by the mouse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dragging {
    pub(crate) service: ServiceId,
    /// Where the pane is.
    pub(crate) area: Rect,
    /// Where the button was pressed.
    pub(crate) from: Position,
    /// Where the mouse is.
    pub(crate) to: Position,
    /// Whether it was the mouse that went from the live screen to the past, and will go back.
    pub(crate) returns: bool,
}

/// What a workspace shows at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opening {
    /// The pinned panes if there are any, else the overview.
    Pins,
    /// The overview.
    Overview,
}

/// Whether the daemon measures what services use, for this workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measuring {
    On,
    Off,
}

/// Whether the daemon is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Connection {
    /// It is.
    Up,
    /// It is not, and is being looked for.
    Lost {
        /// What the last attempt to connect met.
        why: Option<String>,
        /// Whether that has lasted so long that the user should know why.
        overdue: bool,
    },
}

/// A pane that the daemon sends frames of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Watch {
    pub(crate) pane: PaneId,
    pub(crate) service: ServiceId,
    pub(crate) size: Size,
    pub(crate) attention: Attention,
    /// Whether it is the selected one.
    pub(crate) focused: bool,
}

/// Something to tell in the status line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    pub(crate) level: Level,
    pub(crate) text: String,
    /// The run that it tells of, by its process: once that is over, it is true no longer.
    pub(crate) pid: Option<u32>,
}

/// How much a notice matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Info,
    Warning,
    Error,
}

impl Gesture {
    /// The button that is held.
    pub(crate) fn button(&self) -> MouseButton {
        match self {
            Self::Program { button, .. } => *button,
            Self::Select(_) => MouseButton::Left,
        }
    }
}

impl Model {
    pub(crate) fn new(options: Options, size: Size, theme: Theme) -> Self {
        Self {
            size: layout::painted(size),
            theme,
            keymap: options.keymap,
            theme_choice: options.theme,
            background: Appearance::default(),
            settings_fault: None,
            project: options.project,
            workspace: None,
            selected: None,
            chosen: false,
            before_shell: None,
            wanted: options.focus,
            focus: if options.attach { Focus::Pane } else { Focus::Services },
            prefix: Prefix::No,
            locked: false,
            mouse: MouseOwner::Workspace,
            gesture: None,
            attention: Attention::Here,
            arrangement: if options.attach { Arrangement::Panes } else { Arrangement::Overview },
            opening: if options.overview { Opening::Overview } else { Opening::Pins },
            sidebar: Sidebar::Shown,
            scrollback: None,
            asks: 0,
            overlay: None,
            notice: None,
            role: options.role,
            connection: Connection::Lost { why: None, overdue: false },
            starting: options.initial.is_some(),
            initial: options.initial,
            screens: HashMap::new(),
            usage: HashMap::new(),
            marks: Marks::default(),
            watches: Vec::new(),
            measuring: Measuring::Off,
            latest_watch: 0,
            unpainted: Vec::new(),
        }
    }

    /// All services as they are listed.
    pub(crate) fn services(&self) -> &[ServiceStatus] {
        self.workspace.as_ref().map_or(&[], |workspace| &workspace.services)
    }

    /// The selected service's place in the list.
    pub(crate) fn selected_index(&self) -> Option<usize> {
        let selected = self.selected.as_ref()?;
        self.services().iter().position(|service| service.id == *selected)
    }

    /// The selected service.
    pub(crate) fn selected_service(&self) -> Option<&ServiceStatus> {
        self.selected_index().map(|index| &self.services()[index])
    }

    /// A service by its id.
    pub(crate) fn service(&self, id: &ServiceId) -> Option<&ServiceStatus> {
        self.services().iter().find(|service| service.id == *id)
    }

    /// Whether a service is of the project that the workspace was opened for; any is where that is none.
    pub(crate) fn is_own(&self, id: &ServiceId) -> bool {
        let projects = self.workspace.as_ref().map_or(&[][..], |workspace| &workspace.projects);
        let own = projects.iter().find(|project| Some(&project.root) == self.project.as_ref());
        own.is_none_or(|own| own.id == id.project)
    }

    /// Whether it is the selected one.
    pub(crate) fn is_selected(&self, service: &ServiceStatus) -> bool {
        self.selected.as_ref() == Some(&service.id)
    }

    /// The selected service's screen as last known.
    pub(crate) fn selected_screen(&self) -> Option<&Screen> {
        self.screens.get(self.selected.as_ref()?)
    }

    /// Where things are.
    pub(crate) fn areas(&self) -> Areas {
        Areas::of(self.size, self.arrangement, self.sidebar)
    }

    /// Whether keys go to the pane: to its program, or to move through its past.
    pub(crate) fn is_in_pane(&self) -> bool {
        self.focus == Focus::Pane || self.scrollback.is_some()
    }

    /// Whether a service's past is shown instead of its screen.
    pub(crate) fn shows_past_of(&self, service: &ServiceId) -> bool {
        self.scrollback.as_ref().is_some_and(|scrollback| scrollback.service == *service)
    }

    /// What the outer terminal is to report of the mouse.
    pub(crate) fn mouse_reports(&self) -> Reports {
        if self.mouse == MouseOwner::Terminal {
            return Reports::Nothing;
        }
        let motion = self.selected_screen().is_some_and(|screen| screen.modes.contains(Modes::MOUSE_MOTION));
        if motion && self.scrollback.is_none() { Reports::Motion } else { Reports::Buttons }
    }

    /// What is to happen in a while if nothing else does.
    pub(crate) fn timer(&self) -> Option<Timer> {
        let beyond = |dragging: &Dragging| !(dragging.area.top()..dragging.area.bottom()).contains(&dragging.to.y);
        match &self.gesture {
            Some(Gesture::Select(dragging)) if self.scrollback.is_some() && beyond(dragging) => Some(Timer::Scroll),
            _ => (self.prefix == Prefix::Pressed).then_some(Timer::TellKeys),
        }
    }

    /// What is wrong with files, while what they said before stays in force, and what keeps the daemon from doing its whole work.
    pub(crate) fn troubles(&self) -> Vec<String> {
        let settings = self.settings_fault.iter().cloned();
        let Some(workspace) = &self.workspace else { return settings.collect() };
        let of_project = |project: &ProjectStatus| {
            let name = project.name.clone();
            project.faults.clone().into_iter().map(move |fault| format!("{name}: {fault}"))
        };
        let degraded = workspace.degraded.iter().map(|reason| format!("degraded: {reason}"));
        settings.chain(workspace.projects.iter().flat_map(of_project)).chain(degraded).collect()
    }

    /// The service that `wanted` means, if it is there.
    pub(crate) fn find(&self, wanted: &Wanted) -> Option<ServiceId> {
        let services = self.services();
        let found = match wanted {
            Wanted::Id(id) => services.iter().find(|service| service.id == *id),
            Wanted::Name(name) => services.iter().find(|service| service.name == *name).or_else(|| {
                let (project, name) = name.rsplit_once(':')?;
                services.iter().find(|service| {
                    service.name == name && (service.project == project || service.id.project.0 == project)
                })
            }),
        };
        found.map(|service| service.id.clone())
    }
}

impl Connection {
    pub(crate) fn is_up(&self) -> bool {
        *self == Self::Up
    }
}

impl Notice {
    pub(crate) fn info(text: impl Into<String>) -> Self {
        Self { level: Level::Info, text: text.into(), pid: None }
    }

    pub(crate) fn warning(text: impl Into<String>) -> Self {
        Self { level: Level::Warning, text: text.into(), pid: None }
    }

    pub(crate) fn error(text: impl Into<String>) -> Self {
        Self { level: Level::Error, text: text.into(), pid: None }
    }
}
