//! A pane's screen as last known: frames go in, rows come out.

use locald_api::{Cursor, Modes, PaneFrame, PaneId, Row};

/// What a pane showed when its last frame came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Screen {
    /// The watch that the rows come from.
    pane: Option<PaneId>,
    /// Its columns.
    pub(crate) columns: u16,
    /// Its rows, from the top; as many as the program's terminal has.
    pub(crate) rows: Vec<Row>,
    /// Where the cursor is.
    pub(crate) cursor: Cursor,
    /// The title the program set.
    pub(crate) title: String,
    /// Whether this is the alternate screen, which has no history.
    pub(crate) alternate: bool,
    /// What the program has switched on.
    pub(crate) modes: Modes,
    /// The oldest line of history, by its absolute number.
    pub(crate) history_first: u64,
    /// One past the youngest line of history; the first row follows it.
    pub(crate) history_end: u64,
}

impl Screen {
    /// Takes a frame in. The first frame of a watch, or one of another size, starts from a blank screen, because its rows are
    /// all there is; rows beyond the screen's end are ignored.
    pub(crate) fn merge(&mut self, frame: PaneFrame) {
        let goes_on = self.pane == Some(frame.pane)
            && self.columns == frame.columns
            && self.rows.len() == usize::from(frame.rows);
        if !goes_on {
            self.rows.clear();
            self.rows.resize(usize::from(frame.rows), Row::default());
        }
        self.pane = Some(frame.pane);
        self.columns = frame.columns;
        self.cursor = frame.cursor;
        self.title = frame.title;
        self.modes = frame.modes;
        self.alternate = frame.modes.contains(Modes::ALTERNATE_SCREEN);
        self.history_first = frame.history_first;
        self.history_end = frame.history_end.max(frame.history_first);
        for (number, row) in frame.changed {
            if let Some(place) = self.rows.get_mut(usize::from(number)) {
                *place = row;
            }
        }
    }

    /// Whether there is nothing to read on it.
    pub(crate) fn is_blank(&self) -> bool {
        self.rows.iter().all(|row| row.runs.iter().all(|run| run.cells.text().trim().is_empty()))
    }

    /// The row and column to show at the top left of an area of this size: the screen's own, unless the cursor would be
    /// out of sight.
    pub(crate) fn origin(&self, width: u16, height: u16) -> (u16, u16) {
        let follow = |at: u16, size: u16, visible: u16| {
            if size <= visible { 0 } else { (at.min(size - 1) + 1).saturating_sub(visible) }
        };
        let column = if self.cursor.visible { self.cursor.column } else { 0 };
        (follow(self.cursor.row, self.rows.len() as u16, height), follow(column, self.columns, width))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use locald_api::{Cells, Color, Run, Style};
    use proptest::prelude::*;

    use super::*;

    pub(crate) fn row(text: &str) -> Row {
        Row { runs: vec![Run::new(Style::default(), Cells::Narrow(text.into()))], ..Row::default() }
    }

    pub(crate) fn frame(pane: u32, size: (u16, u16), changed: &[(u16, &str)]) -> PaneFrame {
        PaneFrame {
            pane: PaneId(pane),
            sequence: 1,
            columns: size.0,
            rows: size.1,
            cursor: Cursor::default(),
            modes: Modes::default(),
            title: String::new(),
            history_first: 0,
            history_end: 0,
            changed: changed.iter().map(|(number, text)| (*number, row(text))).collect(),
        }
    }

    fn texts(screen: &Screen) -> Vec<String> {
        screen.rows.iter().map(Row::text).collect()
    }

    fn color() -> impl Strategy<Value = Color> {
        prop_oneof![
            Just(Color::Default),
            any::<u8>().prop_map(Color::Indexed),
            any::<(u8, u8, u8)>().prop_map(|(r, g, b)| Color::Rgb(r, g, b))
        ]
    }

    fn run() -> impl Strategy<Value = Run> {
        let text = || prop_oneof!["[ -~]{0,12}", "[世界é\u{301}\u{fe0f}❤👩\u{200d}\u{1b}\u{7}\t]{0,6}", ".{0,8}"];
        let cells = prop_oneof![
            text().prop_map(Cells::Narrow),
            text().prop_map(Cells::Wide),
            (any::<u8>(), text()).prop_map(|(width, text)| Cells::Cluster { width, text })
        ];
        (color(), color(), any::<u16>(), cells).prop_map(|(foreground, background, attributes, cells)| {
            Run::new(Style { foreground, background, attributes, ..Style::default() }, cells)
        })
    }

    prop_compose! {
        pub(crate) fn any_frame()(
            pane in 0u32..3, size in prop_oneof![(0u16..40, 0u16..12), any::<(u16, u16)>()],
            place in prop_oneof![(0u16..40, 0u16..12), any::<(u16, u16)>()], visible in any::<bool>(),
            title in ".{0,20}", history in (0u64..50, 0u64..5000), modes in 0u16..2,
            changed in proptest::collection::vec((prop_oneof![0u16..14, any::<u16>()],
                proptest::collection::vec(run(), 0..4)), 0..6),
        ) -> PaneFrame {
            PaneFrame {
                pane: PaneId(pane), sequence: 1, columns: size.0, rows: size.1,
                cursor: Cursor { row: place.0, column: place.1, visible, ..Cursor::default() },
                modes: Modes(modes), title, history_first: history.0, history_end: history.1,
                changed: changed.into_iter().map(|(number, runs)| (number, Row { runs, ..Row::default() })).collect(),
            }
        }
    }

    #[test]
    fn a_frame_replaces_the_rows_it_names_and_no_others() {
        let mut screen = Screen::default();
        screen.merge(frame(1, (5, 3), &[(0, "one"), (1, "two")]));
        screen.merge(frame(1, (5, 3), &[(1, "2"), (2, "3")]));
        assert_eq!(texts(&screen), ["one", "2", "3"]);
    }

    #[test]
    fn a_frame_of_another_size_or_another_watch_starts_from_a_blank_screen() {
        let mut screen = Screen::default();
        screen.merge(frame(1, (5, 2), &[(0, "one"), (1, "two")]));
        screen.merge(frame(1, (6, 2), &[(1, "2")]));
        assert_eq!(texts(&screen), ["", "2"]);
        screen.merge(frame(2, (6, 2), &[(0, "1")]));
        assert_eq!(texts(&screen), ["1", ""]);
    }

    #[test]
    fn a_screen_that_is_too_large_is_shown_from_its_top_left_unless_the_cursor_is_elsewhere() {
        let mut screen = Screen::default();
        let mut large = frame(1, (100, 50), &[]);
        large.cursor.visible = true;
        screen.merge(large.clone());
        assert_eq!(screen.origin(80, 24), (0, 0));
        large.cursor = Cursor { row: 49, column: 99, ..large.cursor };
        screen.merge(large.clone());
        assert_eq!(screen.origin(80, 24), (26, 20));
        assert_eq!(screen.origin(100, 50), (0, 0));
        large.cursor = Cursor { row: 30, column: 99, visible: false, ..large.cursor };
        screen.merge(large);
        assert_eq!(screen.origin(80, 24), (7, 0), "a hidden cursor still says where a program writes");
    }

    proptest! {
        #[test]
        fn no_series_of_frames_panics_and_the_screen_has_the_size_of_the_last(
            frames in proptest::collection::vec(any_frame(), 1..6), area in any::<(u16, u16)>()
        ) {
            let mut screen = Screen::default();
            for frame in frames {
                let size = (frame.columns, usize::from(frame.rows));
                let last = frame.changed.last().filter(|(number, _)| *number < frame.rows).cloned();
                screen.merge(frame);
                prop_assert_eq!((screen.columns, screen.rows.len()), size);
                if let Some((number, row)) = last {
                    prop_assert_eq!(&screen.rows[usize::from(number)], &row);
                }
                let (row, column) = screen.origin(area.0, area.1);
                prop_assert!(usize::from(row) <= screen.rows.len() && column <= screen.columns);
            }
        }
    }
}
