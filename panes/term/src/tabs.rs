//! Tab stops. The emulator knows only the usual ones, every eight columns.

use serde::{Deserialize, Serialize};

use crate::Size;

/// The tab stops of a screen.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Tabs {
    /// One flag per column; `None` while the stops are the usual ones.
    stops: Option<Box<[bool]>>,
}

impl Tabs {
    /// Whether there is a flag for each column, if for any.
    pub(crate) fn is_possible(&self) -> bool {
        self.stops.as_ref().is_none_or(|stops| stops.len() == usize::from(Size::MAX) + 1)
    }

    /// Whether the stops are as the emulator has them.
    pub(crate) fn are_usual(&self) -> bool {
        self.stops.is_none()
    }

    /// Sets or removes the stop at a column.
    pub(crate) fn set(&mut self, column: u16, on: bool) {
        if self.is_stop(column) == on {
            return;
        }
        let stops = self.stops.get_or_insert_with(|| (0..=Size::MAX).map(|column| column % 8 == 0).collect());
        if let Some(stop) = stops.get_mut(usize::from(column)) {
            *stop = on;
        }
    }

    /// Removes all stops.
    pub(crate) fn clear(&mut self) {
        self.stops = Some(vec![false; usize::from(Size::MAX) + 1].into());
    }

    /// The column `count` stops to the right, at most `last`.
    pub(crate) fn forward(&self, column: u16, count: u16, last: u16) -> u16 {
        let mut stops = (column.saturating_add(1)..=last).filter(|&column| self.is_stop(column));
        stops.nth(usize::from(count.max(1)) - 1).unwrap_or(last)
    }

    /// The column `count` stops to the left.
    pub(crate) fn backward(&self, column: u16, count: u16) -> u16 {
        let mut stops = (0..column).rev().filter(|&column| self.is_stop(column));
        stops.nth(usize::from(count.max(1)) - 1).unwrap_or(0)
    }

    fn is_stop(&self, column: u16) -> bool {
        match &self.stops {
            None => column.is_multiple_of(8),
            Some(stops) => stops.get(usize::from(column)).copied().unwrap_or(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stops_are_every_eight_columns_until_changed() {
        let mut tabs = Tabs::default();
        assert_eq!([tabs.forward(0, 1, 79), tabs.forward(8, 2, 79), tabs.forward(75, 1, 79)], [8, 24, 79]);
        assert_eq!([tabs.backward(9, 1), tabs.backward(8, 1), tabs.backward(3, 9)], [8, 0, 0]);
        tabs.set(8, true);
        assert!(tabs.are_usual());
        tabs.set(8, false);
        tabs.set(11, true);
        assert_eq!([tabs.forward(0, 1, 79), tabs.forward(11, 1, 79), tabs.backward(16, 1)], [11, 16, 11]);
        tabs.clear();
        assert_eq!([tabs.forward(0, 1, 79), tabs.backward(79, 1)], [79, 0]);
    }
}
