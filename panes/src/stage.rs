//! Which panes are on the screen, and where. Decides nothing about what they show.

use locald_api::{ServiceId, ServiceStatus};
use ratatui::layout::{Rect, Size};

use crate::layout::{Areas, Arrangement, Direction, Tile, Tiling};
use crate::list;
use crate::model::Model;

/// The overview keeps at least so many rows for the selected pane, title included, or has none.
const LEAST_PREVIEW: u16 = 6;

/// What is beside the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stage {
    /// Beside the rows of the list: how each service does. Empty but in the overview.
    pub(crate) table: Rect,
    /// The panes.
    pub(crate) shown: Vec<Shown>,
    /// The places of the panes, in the same order, and the lines between them.
    pub(crate) tiling: Tiling,
    /// How many panes there would be with room for all.
    pub(crate) all: usize,
}

/// A pane on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) service: ServiceId,
    pub(crate) tile: Tile,
}

impl Model {
    /// What is beside the list now.
    pub(crate) fn stage(&self) -> Stage {
        self.stage_as(self.arrangement)
    }

    fn stage_as(&self, arrangement: Arrangement) -> Stage {
        let stage = Areas::of(self.size, arrangement, self.sidebar).stage;
        let (table, rest) = match arrangement {
            Arrangement::Overview => self.split(stage),
            Arrangement::Panes | Arrangement::Zoomed => (Rect { height: 0, ..stage }, stage),
        };
        let services = match arrangement {
            Arrangement::Panes => self.chosen_panes(),
            Arrangement::Overview | Arrangement::Zoomed => self.selected.iter().cloned().collect(),
        };
        let focus = services.iter().position(|service| self.selected.as_ref() == Some(service)).unwrap_or(0);
        let tiling = Tiling::of(rest, services.len(), focus);
        let all = services.len();
        let shown = services.into_iter().skip(tiling.first).zip(&tiling.tiles);
        let shown = shown.map(|(service, tile)| Shown { service, tile: *tile }).collect();
        Stage { table, shown, tiling, all }
    }

    /// In the overview: the rows beside the list, and what is left for the selected pane.
    fn split(&self, stage: Rect) -> (Rect, Rect) {
        let listed = u16::try_from(list::entries(self).len()).unwrap_or(u16::MAX);
        // A line between them and the pane.
        let rows = match stage.height.checked_sub(listed.saturating_add(1)) {
            _ if self.services().is_empty() => 0,
            Some(left) if left >= LEAST_PREVIEW => listed + 1,
            _ => stage.height,
        };
        let table = Rect { height: rows, ..stage };
        (table, Rect { y: table.bottom(), height: stage.height - rows, ..stage })
    }

    /// The pinned panes; the selected one instead, where that is not one of them.
    fn chosen_panes(&self) -> Vec<ServiceId> {
        let pinned: Vec<ServiceId> = self.pinned().map(|service| service.id.clone()).collect();
        match &self.selected {
            Some(selected) if !pinned.contains(selected) => vec![selected.clone()],
            _ => pinned,
        }
    }

    /// The pinned services, in the order of their pins.
    pub(crate) fn pinned(&self) -> impl Iterator<Item = &ServiceStatus> {
        let pins = self.workspace.as_ref().map_or(&[][..], |workspace| &workspace.pins);
        pins.iter().filter_map(|pin| self.service(pin))
    }

    /// Whether it is pinned.
    pub(crate) fn is_pinned(&self, service: &ServiceId) -> bool {
        self.pinned().any(|pinned| pinned.id == *service)
    }

    /// The panes whose frames are wanted, each with the size of its screen where it can be opened: a program is not to be resized
    /// because the overview shows less of it.
    pub(crate) fn wanted_panes(&self) -> Vec<(ServiceId, Size)> {
        let mut wanted = self.stage().shown;
        if self.arrangement == Arrangement::Overview && !wanted.is_empty() {
            wanted = self.stage_as(Arrangement::Panes).shown;
            wanted.retain(|shown| self.selected.as_ref() == Some(&shown.service));
        }
        let sized = wanted.into_iter().map(|shown| (shown.service, shown.tile.screen.as_size()));
        sized.filter(|(_, size)| size.width > 0 && size.height > 0).collect()
    }

    /// The size of the selected pane's screen where it is shown; the least where it is not.
    pub(crate) fn pane_size(&self) -> Size {
        let stage = self.stage();
        let size =
            self.selected.as_ref().and_then(|selected| stage.tile_of(selected)).map(|tile| tile.screen.as_size());
        size.filter(|size| size.width > 0 && size.height > 0).unwrap_or(Size::new(1, 1))
    }
}

impl Stage {
    /// Where a service's pane is, if it is to be seen.
    pub(crate) fn tile_of(&self, service: &ServiceId) -> Option<Tile> {
        self.shown.iter().find(|shown| shown.service == *service).map(|shown| shown.tile)
    }

    /// The service whose pane lies next to that of `from`.
    pub(crate) fn neighbour(&self, from: &ServiceId, direction: Direction) -> Option<ServiceId> {
        let index = self.shown.iter().position(|shown| shown.service == *from)?;
        self.tiling.neighbour(index, direction).map(|index| self.shown[index].service.clone())
    }
}
