//! Where things are on a screen of a given size. Depends on nothing else, so that panes keep their size while states change.

mod tiles;

pub(crate) use tiles::{Direction, Tile, Tiling};

use ratatui::layout::{Rect, Size};

/// The most columns and rows that are painted: as many as the daemon has of a pane. A terminal can say that it has more, and memory
/// for all of them there is not.
const MOST: u16 = 1000;

/// As much of a screen of this size as is painted.
pub(crate) fn painted(size: Size) -> Size {
    Size::new(size.width.min(MOST), size.height.min(MOST))
}

/// The parts of the screen. Any of them may be empty on a very small one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Areas {
    /// The list of services; empty on a narrow screen.
    pub(crate) sidebar: Rect,
    /// The line beside the list.
    pub(crate) divider: Rect,
    /// Where panes are.
    pub(crate) stage: Rect,
    /// The bottom line.
    pub(crate) status: Rect,
}

/// What is on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrangement {
    /// The list of services, beside it how each does, and below that the pane of the selected one.
    Overview,
    /// The list of services, and beside it the pinned panes, or the selected one where that is not pinned.
    Panes,
    /// The selected pane alone.
    Zoomed,
}

/// Whether the list is beside panes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sidebar {
    Shown,
    Hidden,
}

/// Below this many columns the pane is shown alone.
const NARROWEST_WITH_SIDEBAR: u16 = 30;

/// The columns of the list on a screen this wide.
fn sidebar_width(width: u16) -> u16 {
    match width {
        0..NARROWEST_WITH_SIDEBAR => 0,
        NARROWEST_WITH_SIDEBAR..60 => 12,
        60..100 => 22,
        100..150 => 26,
        _ => 32,
    }
}

impl Areas {
    /// The parts of a screen of `size`.
    pub(crate) fn of(size: Size, arrangement: Arrangement, sidebar: Sidebar) -> Self {
        let list = match (arrangement, sidebar) {
            // Where there is no room for both, the list is the overview.
            (Arrangement::Overview, _) if size.width < NARROWEST_WITH_SIDEBAR => size.width,
            (Arrangement::Overview, _) | (Arrangement::Panes, Sidebar::Shown) => sidebar_width(size.width),
            (Arrangement::Panes, Sidebar::Hidden) | (Arrangement::Zoomed, _) => 0,
        };
        let body = Self::body(size);
        let gap = u16::from(list > 0 && list < size.width);
        let left = list + gap;
        Self {
            sidebar: Rect::new(0, 0, list, body),
            divider: Rect::new(list, 0, gap, body),
            stage: Rect::new(left, 0, size.width - left, body),
            status: Rect::new(0, body, size.width, size.height - body),
        }
    }

    /// The rows above the bottom line, which is there from three rows on.
    pub(crate) fn body(size: Size) -> u16 {
        size.height - u16::from(size.height >= 3)
    }

    /// Where a text of `wanted` size is laid over a screen of `size`: in the middle of the body, as far as there is room.
    pub(crate) fn overlay(size: Size, wanted: Size) -> Rect {
        let body = Self::body(size);
        let (width, height) = (wanted.width.min(size.width), wanted.height.min(body));
        Rect::new((size.width - width) / 2, (body - height) / 2, width, height)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parts(width: u16, height: u16, arrangement: Arrangement, sidebar: Sidebar) -> (u16, Rect) {
        let areas = Areas::of(Size::new(width, height), arrangement, sidebar);
        (areas.sidebar.width, areas.stage)
    }

    #[test]
    fn of_a_terminal_larger_than_any_a_part_is_painted() {
        assert_eq!(painted(Size::new(u16::MAX, 50)), Size::new(1000, 50));
    }

    #[test]
    fn a_narrow_screen_shows_either_the_list_or_panes() {
        assert_eq!(parts(29, 10, Arrangement::Panes, Sidebar::Shown), (0, Rect::new(0, 0, 29, 9)));
        assert_eq!(parts(29, 10, Arrangement::Overview, Sidebar::Shown), (29, Rect::new(29, 0, 0, 9)));
    }

    #[test]
    fn the_list_is_beside_panes_unless_it_is_hidden_or_one_is_alone() {
        assert_eq!(parts(40, 12, Arrangement::Panes, Sidebar::Shown), (12, Rect::new(13, 0, 27, 11)));
        assert_eq!(parts(40, 12, Arrangement::Overview, Sidebar::Hidden), (12, Rect::new(13, 0, 27, 11)));
        let alone = (0, Rect::new(0, 0, 40, 11));
        assert_eq!(parts(40, 12, Arrangement::Panes, Sidebar::Hidden), alone);
        assert_eq!(parts(40, 12, Arrangement::Zoomed, Sidebar::Shown), alone);
    }

    proptest! {
        #[test]
        fn the_parts_of_any_screen_cover_it_without_overlap(width in any::<u16>(), height in any::<u16>(),
            wanted in any::<(u16, u16)>()) {
            let size = Size::new(width, height);
            for arrangement in [Arrangement::Overview, Arrangement::Panes, Arrangement::Zoomed] {
                let areas = Areas::of(size, arrangement, Sidebar::Shown);
                let parts = [areas.sidebar, areas.divider, areas.stage, areas.status];
                let area = |rect: &Rect| u32::from(rect.width) * u32::from(rect.height);
                prop_assert_eq!(parts.iter().map(area).sum::<u32>(), u32::from(width) * u32::from(height));
                for part in parts.iter().chain([&Areas::overlay(size, wanted.into())]) {
                    prop_assert!(u32::from(part.x) + u32::from(part.width) <= u32::from(width));
                    prop_assert!(u32::from(part.y) + u32::from(part.height) <= u32::from(height));
                }
            }
        }
    }
}
