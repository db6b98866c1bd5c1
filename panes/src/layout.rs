//! Where things are on a screen of a given size. Depends on nothing else, so that panes keep their size while states change.

use ratatui::layout::{Rect, Size};

/// The parts of the screen. Any of them may be empty on a very small one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Areas {
    /// The list of services; empty on a narrow screen.
    pub(crate) sidebar: Rect,
    /// The line between list and pane.
    pub(crate) divider: Rect,
    /// The pane's title.
    pub(crate) title: Rect,
    /// The pane's screen.
    pub(crate) pane: Rect,
    /// The bottom line.
    pub(crate) status: Rect,
}

/// What is on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrangement {
    /// The list of services, and beside it the pane of the selected one.
    ListAndPane,
    /// The pane alone.
    Zoomed,
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
    pub(crate) fn of(size: Size) -> Self {
        Self::with_list(size, sidebar_width(size.width))
    }

    /// The parts of a screen of `size` on which the pane is alone.
    pub(crate) fn zoomed(size: Size) -> Self {
        Self::with_list(size, 0)
    }

    fn with_list(size: Size, list: u16) -> Self {
        let status_height = u16::from(size.height >= 3);
        let title_height = u16::from(size.height >= 2);
        let body = size.height - status_height;
        let gap = u16::from(list > 0);
        let left = list + gap;
        let right = size.width - left;
        Self {
            sidebar: Rect::new(0, 0, list, body),
            divider: Rect::new(list, 0, gap, body),
            title: Rect::new(left, 0, right, title_height),
            pane: Rect::new(left, title_height, right, body - title_height),
            status: Rect::new(0, body, size.width, status_height),
        }
    }

    /// Where a text of `wanted` size is laid over a screen of `size`: in the middle of the body, as far as there is room.
    pub(crate) fn overlay(size: Size, wanted: Size) -> Rect {
        let body = Self::of(size).status.y;
        let (width, height) = (wanted.width.min(size.width), wanted.height.min(body));
        Rect::new((size.width - width) / 2, (body - height) / 2, width, height)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_narrow_screen_shows_the_pane_alone() {
        let areas = Areas::of(Size::new(29, 10));
        assert_eq!((areas.sidebar.width, areas.pane.width), (0, 29));
        assert_eq!(Areas::of(Size::new(40, 12)).pane, Rect::new(13, 1, 27, 10));
        assert_eq!(Areas::zoomed(Size::new(40, 12)).pane, Rect::new(0, 1, 40, 10));
    }

    proptest! {
        #[test]
        fn the_parts_of_any_screen_cover_it_without_overlap(width in any::<u16>(), height in any::<u16>(),
            wanted in any::<(u16, u16)>()) {
            let size = Size::new(width, height);
            for areas in [Areas::of(size), Areas::zoomed(size)] {
                let parts = [areas.sidebar, areas.divider, areas.title, areas.pane, areas.status];
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
