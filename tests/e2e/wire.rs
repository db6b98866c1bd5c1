//! A client of the control socket that shows panes without a terminal: what crosses the wire, row by row.

use std::collections::BTreeMap;
use std::time::Instant;

use locald_api::{
    Activity, Client, ClientMessage, Event, Events, Hello, Input, PaneFrame, PaneId, ProjectId, Request, Response, Row,
    ServiceId, ServiceUsage, View, WatchedPane, Workspace,
};
use tokio::runtime::Runtime;

use crate::home::TestHome;
use crate::wait::PATIENCE;

/// A client, and what it was told last.
pub(crate) struct Wire {
    runtime: Runtime,
    client: Client,
    events: Events,
    /// The panes it has frames of, by its own numbers.
    pub(crate) panes: BTreeMap<PaneId, Shown>,
    pub(crate) activity: BTreeMap<ServiceId, Activity>,
    pub(crate) clipboard: Vec<String>,
    pub(crate) usage: Vec<ServiceUsage>,
    pub(crate) workspace: Option<Workspace>,
}

/// A pane as its frames tell it.
#[derive(Default)]
pub(crate) struct Shown {
    pub(crate) rows: Vec<Row>,
    pub(crate) last: Option<PaneFrame>,
    /// How many frames have come.
    pub(crate) frames: usize,
}

impl Wire {
    pub(crate) fn connect(home: &TestHome) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let (client, events) = runtime.block_on(Client::connect(&home.socket(), Hello::new("test"))).expect("a daemon");
        let (panes, activity) = (BTreeMap::new(), BTreeMap::new());
        Self { runtime, client, events, panes, activity, clipboard: Vec::new(), usage: Vec::new(), workspace: None }
    }

    /// Sends a message, which leaves when this client does something else.
    pub(crate) fn send(&self, message: ClientMessage) {
        self.runtime.block_on(self.client.send(message)).expect("a daemon that listens");
    }

    pub(crate) fn call(&self, request: Request) -> Result<Response, locald_api::CallError> {
        self.runtime.block_on(self.client.call(request))
    }

    pub(crate) fn show(&mut self, view: View) {
        self.panes.retain(|pane, _| view.panes.iter().any(|watched| watched.pane == *pane));
        self.send(ClientMessage::View(view));
        self.arrive();
    }

    pub(crate) fn input(&self, service: &ServiceId, input: Input) {
        self.send(ClientMessage::Input { service: service.clone(), input });
        self.arrive();
    }

    /// Waits until the daemon has read everything that was sent: it reads in order.
    fn arrive(&self) {
        self.call(Request::DaemonStatus).expect("a daemon that answers");
    }

    /// Takes in and acknowledges what the daemon sends until `enough` is true.
    pub(crate) fn wait_until(&mut self, what: &str, mut enough: impl FnMut(&Self) -> bool) {
        let begun = Instant::now();
        while !enough(self) {
            let left = PATIENCE.saturating_sub(begun.elapsed());
            let next = self.runtime.block_on(async { tokio::time::timeout(left, self.events.next()).await });
            match next {
                Ok(Some(event)) => self.take(event),
                Ok(None) => panic!("the daemon hung up before {what}"),
                Err(elapsed) => panic!("{elapsed}: did not happen: {what}; shown is {:?}", self.text(PaneId(1))),
            }
        }
    }

    /// Waits until the pane shows `text`.
    pub(crate) fn wait_for(&mut self, pane: PaneId, text: &str) {
        self.wait_until(&format!("pane {pane:?} shows {text:?}"), |wire| wire.text(pane).contains(text));
    }

    fn take(&mut self, event: Event) {
        let frame = match event {
            Event::Frame(frame) => frame,
            Event::Activity(new) => return self.activity.extend(new.into_iter().map(|it| (it.service.clone(), it))),
            Event::Usage(usage) => return self.usage = usage,
            Event::Clipboard { text, .. } => return self.clipboard.push(text),
            Event::Workspace(workspace) => return self.workspace = Some(*workspace),
            Event::NotTyped { service, failure } => panic!("what was typed did not reach {service}: {failure}"),
        };
        let ack = ClientMessage::Ack { pane: frame.pane, sequence: frame.sequence };
        let shown = self.panes.entry(frame.pane).or_default();
        shown.rows.resize(frame.rows.into(), Row::default());
        for (number, row) in &frame.changed {
            shown.rows[usize::from(*number)].clone_from(row);
        }
        shown.last = Some(frame);
        shown.frames += 1;
        self.send(ack);
    }

    /// The size of the pane's screen, columns first.
    pub(crate) fn size(&self, pane: PaneId) -> Option<(u16, u16)> {
        self.panes.get(&pane)?.last.as_ref().map(|frame| (frame.columns, frame.rows))
    }

    /// What the pane shows.
    pub(crate) fn text(&self, pane: PaneId) -> String {
        let rows = self.panes.get(&pane).map_or(&[][..], |shown| &shown.rows);
        rows.iter().map(|row| row.text().trim_end().to_owned() + "\n").collect()
    }
}

/// The id of a service of the home's project.
pub(crate) fn id(home: &TestHome, service: &str) -> ServiceId {
    let status = home.service(service);
    let (project, service) = status["id"].as_str().and_then(|id| id.split_once(':')).expect("an id");
    ServiceId { project: ProjectId(project.to_owned()), service: service.to_owned() }
}

/// A view of these panes, numbered from 1, of which the first has the focus.
pub(crate) fn view(services: &[&ServiceId], (columns, rows): (u16, u16)) -> View {
    let numbered = (1..).map(PaneId).zip(services);
    let panes = numbered.map(|(pane, service)| WatchedPane {
        pane,
        service: (*service).clone(),
        columns,
        rows,
        focused: pane == PaneId(1),
    });
    View { panes: panes.collect(), ..View::default() }
}
