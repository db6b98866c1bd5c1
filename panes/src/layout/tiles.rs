//! Several panes on one area: a balanced grid, chosen by how much of a usual terminal each pane would get.

use ratatui::layout::Rect;
use serde::{Deserialize, Serialize};

/// The place of one pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tile {
    /// Its title; empty only where there is no room at all.
    pub(crate) title: Rect,
    /// Its screen.
    pub(crate) screen: Rect,
}

/// Several panes side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tiling {
    /// Which of the panes there is room for: a stretch of them.
    pub(crate) first: usize,
    /// Their places.
    pub(crate) tiles: Vec<Tile>,
    /// The lines between panes that are beside each other. Those above each other are told apart by their titles.
    pub(crate) dividers: Vec<Rect>,
}

/// Where to look for another pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Direction {
    Left,
    Right,
    Up,
    Down,
}

/// Below these many columns and rows, title included, a pane is not worth showing beside others.
const LEAST: (u16, u16) = (16, 4);
/// What a program likes best.
const USUAL: (u32, u32) = (80, 24);

impl Tiling {
    /// The places of `count` panes on `area`. Where there is no room for all of them, for a page of them with the pane `focus`.
    pub(crate) fn of(area: Rect, count: usize, focus: usize) -> Self {
        let room = (1..=count).rev().find(|count| *count == 1 || columns(area, *count).is_some()).unwrap_or(0);
        if room == 0 || area.is_empty() {
            return Self { first: 0, tiles: Vec::new(), dividers: Vec::new() };
        }
        // The last page is a full one too, so that it makes no pane larger than it was.
        let first = (focus / room * room).min(count - room);
        let columns = columns(area, room).unwrap_or(1);
        let mut tiling = Self { first, tiles: Vec::with_capacity(room), dividers: Vec::new() };
        let rows = room.div_ceil(columns);
        for (row, (y, height)) in stretches(area.y, area.height, rows, 0).enumerate() {
            let row_area = Rect { y, height, ..area };
            tiling.add_row(row_area, share(room, rows, row));
        }
        tiling
    }

    fn add_row(&mut self, area: Rect, count: usize) {
        for (x, width) in stretches(area.x, area.width, count, 1) {
            let whole = Rect { x, width, ..area };
            if x > area.x {
                self.dividers.push(Rect { x: x - 1, width: 1, ..area });
            }
            let title = Rect { height: whole.height.min(1), ..whole };
            let screen = Rect { y: title.bottom(), height: whole.height - title.height, ..whole };
            self.tiles.push(Tile { title, screen });
        }
    }

    /// The pane that lies next to pane `from` in a direction, by number among those shown.
    pub(crate) fn neighbour(&self, from: usize, direction: Direction) -> Option<usize> {
        let here = self.tiles.get(from)?.whole();
        let (x, y) = (here.x + here.width / 2, here.y + here.height / 2);
        let lies_there = |tile: &Rect| match direction {
            Direction::Left => tile.right() <= here.x,
            Direction::Right => tile.x >= here.right(),
            Direction::Up => tile.bottom() <= here.y,
            Direction::Down => tile.y >= here.bottom(),
        };
        let gap = |from: u16, to: u16, at: u16| if at < from { from - at } else { (at + 1).saturating_sub(to) };
        let others = self.tiles.iter().map(Tile::whole).enumerate();
        let candidates = others.filter(|(_, tile)| lies_there(tile));
        // In the row that is nearest, the pane that is nearest.
        let nearest = candidates.min_by_key(|(_, tile)| (gap(tile.y, tile.bottom(), y), gap(tile.x, tile.right(), x)));
        nearest.map(|(index, _)| index)
    }
}

impl Tile {
    /// Title and screen together.
    pub(crate) fn whole(&self) -> Rect {
        Rect { height: self.title.height + self.screen.height, ..self.title }
    }
}

/// How many panes stand side by side when `count` share `area`: so many that the least favoured pane is as near to a usual terminal
/// as can be. `None` if there is not room for so many.
fn columns(area: Rect, count: usize) -> Option<usize> {
    let size = |columns: usize| -> Option<(u32, u32)> {
        let (rows, columns) = (u16::try_from(count.div_ceil(columns)).ok()?, u16::try_from(columns).ok()?);
        let (width, height) = (area.width.checked_sub(columns - 1)? / columns, area.height / rows);
        (width >= LEAST.0 && height >= LEAST.1).then_some((width.into(), height.into()))
    };
    // A pane larger than usual is better than a smaller one, but not as much as a small one is worse.
    let worth = |(width, height): (u32, u32)| (1000 * width / USUAL.0).min(1000 * height / USUAL.1);
    (1..=count)
        .filter_map(|columns| Some((columns, worth(size(columns)?))))
        .max_by_key(|(columns, worth)| (*worth, usize::MAX - columns))
        .map(|(columns, _)| columns)
}

/// Cuts a length into `count` stretches that differ by one at most, with a gap between them.
fn stretches(start: u16, length: u16, count: usize, gap: u16) -> impl Iterator<Item = (u16, u16)> {
    let parts = u16::try_from(count).unwrap_or(u16::MAX).max(1);
    let free = length.saturating_sub(gap * (parts - 1));
    let (least, more) = (free / parts, free % parts);
    (0..parts).scan(start, move |at, part| {
        let stretch = (*at, least + u16::from(part < more));
        *at += stretch.1 + gap;
        Some(stretch)
    })
}

/// How many of `count` things row `row` of `rows` has.
fn share(count: usize, rows: usize, row: usize) -> usize {
    count / rows + usize::from(row < count % rows)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn places(width: u16, height: u16, count: usize) -> Vec<(u16, u16, u16, u16)> {
        let tiling = Tiling::of(Rect::new(0, 0, width, height), count, 0);
        tiling.tiles.iter().map(|tile| (tile.title.x, tile.title.y, tile.screen.width, tile.screen.height)).collect()
    }

    #[test]
    fn panes_lie_beside_each_other_on_a_wide_screen_and_below_each_other_on_a_narrow_one() {
        assert_eq!(places(167, 49, 2), [(0, 0, 83, 48), (84, 0, 83, 48)]);
        assert_eq!(places(57, 23, 2), [(0, 0, 57, 11), (0, 12, 57, 10)]);
        assert_eq!(places(57, 23, 1), [(0, 0, 57, 22)]);
        assert_eq!(places(57, 23, 0), []);
    }

    #[test]
    fn the_rows_of_a_grid_have_as_many_panes_as_each_other_or_one_more() {
        assert_eq!(places(167, 49, 4), [(0, 0, 83, 24), (84, 0, 83, 24), (0, 25, 83, 23), (84, 25, 83, 23)]);
        assert_eq!(places(167, 49, 3), [(0, 0, 83, 24), (84, 0, 83, 24), (0, 25, 167, 23)]);
    }

    #[test]
    fn where_there_is_no_room_for_all_a_page_of_them_is_shown() {
        let area = Rect::new(0, 0, 27, 11);
        let shown = |focus| {
            let tiling = Tiling::of(area, 5, focus);
            (tiling.first, tiling.tiles.len())
        };
        assert_eq!([shown(0), shown(1), shown(2), shown(3), shown(4)], [(0, 2), (0, 2), (2, 2), (2, 2), (3, 2)]);
        assert_eq!(Tiling::of(Rect::new(0, 0, 9, 2), 3, 2).first, 2, "one is shown however small");
        assert_eq!(Tiling::of(Rect::ZERO, 3, 0).tiles, []);
    }

    #[test]
    fn the_neighbour_is_the_one_that_is_seen_there() {
        let three = Tiling::of(Rect::new(0, 0, 167, 49), 3, 0);
        let steps = [(0, Direction::Right), (1, Direction::Left), (0, Direction::Down), (1, Direction::Down)];
        assert_eq!(steps.map(|(from, way)| three.neighbour(from, way)), [Some(1), Some(0), Some(2), Some(2)]);
        let ends = [(0, Direction::Left), (0, Direction::Up), (1, Direction::Right), (2, Direction::Down)];
        assert_eq!(ends.map(|(from, way)| three.neighbour(from, way)), [None; 4]);
        assert_eq!(three.neighbour(2, Direction::Up), Some(0));
    }

    proptest! {
        #[test]
        fn panes_cover_the_area_with_the_lines_between_them_and_never_each_other(
            x in 0u16..50, y in 0u16..50, width in 0u16..400, height in 0u16..200, count in 0usize..60, focus in 0usize..60
        ) {
            let area = Rect::new(x, y, width, height);
            let tiling = Tiling::of(area, count, focus % count.max(1));
            let parts: Vec<Rect> = tiling.tiles.iter().flat_map(|tile| [tile.title, tile.screen]).chain(tiling.dividers.clone()).collect();
            for (index, part) in parts.iter().enumerate() {
                prop_assert!(part.is_empty() || area.union(*part) == area, "{part:?}");
                prop_assert!(parts[..index].iter().all(|other| !other.intersects(*part)), "{parts:?}");
            }
            if count > 0 && !area.is_empty() {
                prop_assert_eq!(parts.iter().map(|part| part.area()).sum::<u32>(), area.area());
                let focus = focus % count;
                prop_assert!((tiling.first..tiling.first + tiling.tiles.len()).contains(&focus));
                prop_assert!(tiling.first + tiling.tiles.len() <= count);
                if tiling.tiles.len() > 1 {
                    prop_assert!(tiling.tiles.iter().all(|tile| tile.screen.width >= LEAST.0 && tile.screen.height + 1 >= LEAST.1));
                }
            }
        }

        #[test]
        fn every_pane_can_be_reached_and_a_step_can_be_undone_by_some_step(
            width in 16u16..400, height in 4u16..200, count in 1usize..20
        ) {
            let tiling = Tiling::of(Rect::new(0, 0, width, height), count, 0);
            let ways = [Direction::Left, Direction::Right, Direction::Up, Direction::Down];
            let mut reached = vec![0];
            let mut open = vec![0];
            while let Some(from) = open.pop() {
                for way in ways {
                    if let Some(to) = tiling.neighbour(from, way) && !reached.contains(&to) {
                        reached.push(to);
                        open.push(to);
                    }
                }
            }
            prop_assert_eq!(reached.len(), tiling.tiles.len());
        }
    }
}
