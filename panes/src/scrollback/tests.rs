//! What a view of the past promises.

use proptest::prelude::*;

use super::*;
use crate::screen::tests::{frame, row};
use crate::testing::id;

const SIZE: Size = Size::new(4, 3);

/// A screen that shows these rows below so many lines of history.
fn screen(history: u64, rows: &[&str]) -> Screen {
    let mut screen = Screen::default();
    let rows: Vec<_> = (0..).zip(rows.iter().copied()).collect();
    let mut frame = frame(1, (SIZE.width, rows.len() as u16), &rows);
    frame.history_end = history;
    screen.merge(frame);
    screen
}

fn lines(range: std::ops::Range<u64>) -> Vec<Row> {
    range.map(|number| row(&number.to_string())).collect()
}

/// A past of ten known lines and three rows of screen.
fn ten() -> Scrollback {
    let mut scrollback = Scrollback::new(id("shop", "web"), &screen(10, &["10", "11", "12"]), SIZE);
    assert!(scrollback.learn(0, 0, lines(0..10)));
    scrollback
}

fn shown(scrollback: &Scrollback) -> Vec<String> {
    let text = |part: &Part| scrollback.row(part.line).map_or_else(|| "?".into(), Row::text);
    scrollback.parts().iter().map(text).collect()
}

#[test]
fn the_screen_stands_below_history_and_moving_stops_at_both_ends() {
    let mut past = ten();
    assert_eq!((shown(&past).join(" ").as_str(), past.scrolled()), ("10 11 12", (0, 10)));
    assert!(past.is_at_end());
    past.scroll(-2);
    assert_eq!((shown(&past).join(" ").as_str(), past.scrolled()), ("8 9 10", (2, 10)));
    past.scroll(-100);
    assert_eq!((shown(&past).join(" ").as_str(), past.scrolled()), ("0 1 2", (10, 10)));
    past.scroll(4);
    assert_eq!(shown(&past).join(" "), "4 5 6");
    past.scroll(100);
    assert_eq!(shown(&past).join(" "), "10 11 12");
    past.oldest();
    assert_eq!(shown(&past).join(" "), "0 1 2");
    past.newest();
    assert!(past.is_at_end());
}

#[test]
fn output_moves_nothing_and_can_be_scrolled_down_to_after_the_next_key() {
    let mut past = ten();
    past.scroll(-1);
    let later = screen(15, &["15", "16", "17"]);
    past.notice(&later);
    assert!(past.news);
    assert_eq!((shown(&past).join(" ").as_str(), past.scrolled()), ("9 10 11", (1, 10)));
    past.refresh(&later);
    assert!(!past.news);
    assert_eq!((shown(&past).join(" ").as_str(), past.scrolled()), ("9 ? ?", (6, 15)));
    assert_eq!(past.missing(), Some((0, 15)));
    past.learn(0, 0, lines(0..15));
    assert_eq!(shown(&past).join(" "), "9 10 11");
    past.newest();
    assert_eq!(shown(&past).join(" "), "15 16 17");
    past.notice(&later);
    assert!(!past.news, "the same again is no news");
}

#[test]
fn a_line_that_was_wrapped_onto_the_screen_is_asked_for_again_once_it_is_longer() {
    let mut past = Scrollback::new(id("shop", "web"), &screen(1, &["ef", "", ""]), SIZE);
    past.learn(0, 0, vec![row("abcd")]);
    let later = screen(1, &["", "", "x"]);
    past.notice(&later);
    past.refresh(&later);
    assert_eq!(past.missing(), Some((0, 1)));
}

#[test]
fn a_long_line_takes_several_rows_and_each_can_be_the_first() {
    let mut past = Scrollback::new(id("shop", "web"), &screen(2, &["x", "y", "z"]), SIZE);
    past.learn(0, 0, vec![row("abcdefghij"), row("k")]);
    past.oldest();
    let parts = |past: &Scrollback| past.parts().iter().map(|part| (part.line, part.from)).collect::<Vec<_>>();
    assert_eq!(parts(&past), [(0, 0), (0, 4), (0, 8)]);
    past.scroll(1);
    assert_eq!(parts(&past), [(0, 4), (0, 8), (1, 0)]);
    past.resize(Size::new(5, 2));
    assert_eq!(parts(&past), [(0, 0), (0, 5)], "the row that now holds what was at the top");
    past.newest();
    past.scroll(-3);
    assert_eq!(parts(&past), [(0, 5), (1, 0)]);
    past.show(Place { line: 0, column: 9 });
    assert_eq!(parts(&past), [(0, 5), (1, 0)], "what is to be seen is not moved to");
    past.show(Place { line: 0, column: 1 });
    assert_eq!(parts(&past)[0], (0, 0));
}

#[test]
fn lines_are_asked_for_in_pieces_around_what_is_shown_and_far_ones_are_forgotten() {
    let mut past = Scrollback::new(id("shop", "web"), &screen(5000, &["a", "b", "c"]), SIZE);
    assert_eq!(past.missing(), Some((4864, 136)));
    past.learn(4864, 4864, lines(4864..5000));
    assert_eq!(past.missing(), None, "enough for the next two screens");
    past.oldest();
    assert_eq!(past.missing(), Some((0, 256)));
    past.learn(0, 0, lines(0..256));
    assert_eq!(past.missing(), None);
    assert!(past.row(4900).is_none(), "forgotten");
    assert_eq!(past.lines.len(), 256);
}

#[test]
fn lines_that_are_gone_make_the_past_shorter() {
    let mut past = Scrollback::new(id("shop", "web"), &screen(500, &["a", "b", "c"]), SIZE);
    past.oldest();
    assert!(past.learn(0, 400, lines(400..500)));
    assert_eq!((shown(&past).join(" ").as_str(), past.scrolled()), ("400 401 402", (100, 100)));
    assert!(!past.learn(300, 300, vec![]), "an empty answer is no reason to ask again");
}

proptest! {
    #[test]
    fn whatever_happens_the_pane_is_filled_as_far_as_there_are_rows(
        steps in proptest::collection::vec((0u8..8, any::<u16>(), any::<u16>()), 1..40),
    ) {
        let mut past = Scrollback::new(id("shop", "web"), &screen(40, &["a", "b", "c"]), SIZE);
        let mut end = 40;
        for (step, one, other) in steps {
            match step {
                0 => past.scroll(isize::from(one.cast_signed()) / 500),
                1 => past.oldest(),
                2 => past.newest(),
                3 => past.show(Place { line: one.into(), column: other.into() }),
                4 => past.resize(Size::new(one % 9, other % 9)),
                5 => {
                    end += u64::from(one % 50);
                    let later = screen(end, &["a", "b", "c", "d"][..usize::from(other % 5)]);
                    past.notice(&later);
                    past.refresh(&later);
                }
                6 => {
                    let (first, count) = (u64::from(one % 60), usize::from(other % 30));
                    past.learn(u64::from(other % 60), first, vec![row("a long line of some words"); count]);
                }
                _ => {
                    if let Some((first, count)) = past.missing() {
                        prop_assert!(count > 0 && count <= 256);
                        past.learn(first, first, lines(first..first + u64::from(count)));
                    }
                }
            }
            let (first, line_end) = past.range();
            let parts = past.parts();
            let few = line_end - first < u64::from(past.size.height);
            prop_assert!(few || parts.len() == usize::from(past.size.height), "{past:?}");
            prop_assert!(parts.iter().all(|part| (first..line_end).contains(&part.line)));
            prop_assert!(past.lines.len() <= 2 * KEPT as usize);
        }
    }
}
