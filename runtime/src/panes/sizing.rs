//! Which of the clients that show a pane decides its size. Pure: who acts, shows or goes is told, and the size comes out.

use locald_api::PaneId;
use locald_term::Size;
use serde::{Deserialize, Serialize};

/// Who decides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Policy {
    /// The client that acted last.
    #[default]
    Latest,
    /// All of them: no more than the smallest can show.
    Smallest,
    /// All of them: as much as any can show.
    Largest,
    /// The configuration.
    Fixed { columns: u16, rows: u16 },
}

/// The clients that show a pane, and whose word counts.
#[derive(Debug, Default)]
pub(crate) struct Sizing {
    policy: Policy,
    shown: Vec<Shown>,
}

/// Where a pane is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Viewer {
    /// By which client.
    pub(crate) client: u64,
    /// The client's number for the pane, which it may show twice for a moment while it changes numbers.
    pub(crate) pane: PaneId,
}

#[derive(Debug)]
struct Shown {
    viewer: Viewer,
    size: Size,
    /// When the client acted last, as a count of all clients' acts.
    acted: u64,
}

impl Sizing {
    pub(super) fn set_policy(&mut self, policy: Policy) {
        self.policy = policy;
    }

    /// A client shows the pane with this size.
    pub(super) fn show(&mut self, viewer: Viewer, size: Size, acted: u64) {
        self.hide(viewer);
        self.shown.push(Shown { viewer, size, acted });
    }

    /// A client shows it no longer.
    pub(super) fn hide(&mut self, viewer: Viewer) {
        self.shown.retain(|shown| shown.viewer != viewer);
    }

    /// The size that the pane is to have; `None` while nobody minds.
    pub(super) fn wanted(&self) -> Option<Size> {
        let rows = || self.shown.iter().map(|shown| shown.size.rows());
        let columns = || self.shown.iter().map(|shown| shown.size.columns());
        match self.policy {
            Policy::Latest => self.shown.iter().max_by_key(|shown| shown.acted).map(|shown| shown.size),
            Policy::Smallest => Some(Size::new(rows().min()?, columns().min()?)),
            Policy::Largest => Some(Size::new(rows().max()?, columns().max()?)),
            Policy::Fixed { columns, rows } => Some(Size::new(rows, columns)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn viewer(client: u64) -> Viewer {
        Viewer { client, pane: PaneId(1) }
    }

    fn three(policy: Policy) -> Sizing {
        let mut sizing = Sizing::default();
        sizing.set_policy(policy);
        sizing.show(viewer(1), Size::new(24, 80), 1);
        sizing.show(viewer(2), Size::new(50, 200), 3);
        sizing.show(viewer(3), Size::new(60, 40), 2);
        sizing
    }

    #[test]
    fn each_policy_has_its_size() {
        assert_eq!(three(Policy::Latest).wanted(), Some(Size::new(50, 200)));
        assert_eq!(three(Policy::Smallest).wanted(), Some(Size::new(24, 40)));
        assert_eq!(three(Policy::Largest).wanted(), Some(Size::new(60, 200)));
        assert_eq!(three(Policy::Fixed { columns: 9, rows: 8 }).wanted(), Some(Size::new(8, 9)));
    }

    #[test]
    fn who_acts_decides_and_who_goes_leaves_the_decision_to_who_acted_before() {
        let mut sizing = three(Policy::Latest);
        sizing.show(viewer(1), Size::new(24, 80), 4);
        assert_eq!(sizing.wanted(), Some(Size::new(24, 80)));
        sizing.hide(viewer(1));
        sizing.hide(viewer(2));
        assert_eq!(sizing.wanted(), Some(Size::new(60, 40)));
        let other_number = Viewer { pane: PaneId(2), ..viewer(3) };
        sizing.show(other_number, Size::new(60, 40), 2);
        sizing.hide(viewer(3));
        assert_eq!(sizing.wanted(), Some(Size::new(60, 40)), "it is still shown, under another number");
        sizing.hide(other_number);
        assert_eq!(sizing.wanted(), None);
    }
}
