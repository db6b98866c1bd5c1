//! A page of a search through a pane's history and screen. The screen is held only while text is copied out of it, a bounded
//! piece at a time; matching comes after, on a thread where it may take its moment.

use std::time::{Duration, Instant};

use locald_api::search::{MAX_HITS, MAX_PATTERN};
use locald_api::{Failure, Hit, Order, Place, SearchPage, SearchQuery};
use locald_term::{Engine, Passage, Passages};
use regex::Regex;

use super::Pane;
use crate::pattern;

/// How much text is copied out of the screen at once.
const PIECE: usize = 128 * 1024;
/// How long a page is worked on, unless a single line takes longer.
const LONGEST: Duration = Duration::from_millis(20);

impl Pane {
    /// The next page of what `query` asks. Blocks.
    pub(crate) fn search(&self, query: &SearchQuery) -> Result<SearchPage, Failure> {
        let regex = pattern::compile(&query.pattern, query.case.is_ignored_by(&query.pattern), MAX_PATTERN)?;
        let begun = Instant::now();
        let search = Search { regex, order: query.order, limit: query.limit.clamp(1, MAX_HITS) as usize };
        let mut page = SearchPage { hits: Vec::new(), next: Some(query.from.unwrap_or(search.begin())) };
        while let Some(from) = page.next
            && page.hits.len() < search.limit
            && begun.elapsed() < LONGEST
        {
            let piece = search.piece(self.screen().engine(), from);
            search.look_through(&piece, from, &mut page, || begun.elapsed() >= LONGEST);
        }
        Ok(page)
    }
}

/// What is looked for, and how.
struct Search {
    regex: Regex,
    order: Order,
    limit: usize,
}

impl Search {
    /// Before everything, or behind it.
    fn begin(&self) -> Place {
        match self.order {
            Order::NewestFirst => Place { line: u64::MAX, column: 0 },
            Order::OldestFirst => Place::default(),
        }
    }

    /// The text to look through next.
    fn piece(&self, engine: &dyn Engine, from: Place) -> Passages {
        let up = self.order == Order::NewestFirst;
        let line = if up && from.column == 0 { from.line.saturating_sub(1) } else { from.line };
        locald_term::passages(engine, line, up, PIECE)
    }

    /// Adds the hits in a piece to the page, and says where it goes on behind them.
    fn look_through(&self, piece: &Passages, from: Place, page: &mut SearchPage, late: impl Fn() -> bool) {
        for (index, passage) in piece.passages.iter().enumerate() {
            for hit in self.hits(passage, from) {
                if page.hits.len() == self.limit {
                    page.next = page.hits.last().map(|last| self.behind(*last));
                    return;
                }
                page.hits.push(hit);
            }
            let more = index + 1 < piece.passages.len() || piece.next.is_some();
            page.next = more.then(|| self.behind_passage(passage));
            if late() {
                return;
            }
        }
    }

    fn hits(&self, passage: &Passage, from: Place) -> Vec<Hit> {
        let place = |at| {
            let (line, columns) = passage.place(at);
            (Place { line, column: columns.start }, Place { line, column: columns.end })
        };
        let found = self.regex.find_iter(passage.text()).filter(|found| !found.is_empty());
        let hits = found.map(|found| Hit { start: place(found.start()).0, end: place(found.end() - 1).1 });
        match self.order {
            Order::OldestFirst => hits.filter(|hit| hit.start >= from).collect(),
            Order::NewestFirst => {
                let mut hits: Vec<Hit> = hits.take_while(|hit| hit.start < from).collect();
                hits.reverse();
                hits
            }
        }
    }

    fn behind(&self, hit: Hit) -> Place {
        match self.order {
            Order::NewestFirst => hit.start,
            Order::OldestFirst => Place { column: hit.start.column + 1, ..hit.start },
        }
    }

    fn behind_passage(&self, passage: &Passage) -> Place {
        let line = if self.order == Order::NewestFirst { passage.first_line() } else { passage.end_line() };
        Place { line, column: 0 }
    }
}

#[cfg(test)]
mod tests {
    use locald_term::{Size, VtEngine};

    use super::*;

    /// All hits in pages of so many, with a piece of text at a time.
    fn search(engine: &dyn Engine, pattern: &str, order: Order, limit: usize) -> Vec<Hit> {
        let search = Search { regex: Regex::new(pattern).expect("a pattern"), order, limit };
        let mut all = Vec::new();
        let mut next = Some(search.begin());
        while let Some(from) = next {
            let mut page = SearchPage { hits: Vec::new(), next: Some(from) };
            let late = || all.len() % 2 == 0;
            search.look_through(&search.piece(engine, from), from, &mut page, late);
            assert!(page.hits.len() <= limit && page.next != next, "{page:?}");
            all.extend(page.hits);
            next = page.next;
        }
        all
    }

    fn engine(rows: u16, columns: u16, text: &str) -> VtEngine {
        let mut engine = VtEngine::new(Size::new(rows, columns));
        engine.feed(text.as_bytes());
        engine
    }

    fn hit(start: (u64, u32), end: (u64, u32)) -> Hit {
        let place = |(line, column)| Place { line, column };
        Hit { start: place(start), end: place(end) }
    }

    #[test]
    fn hits_come_in_order_from_either_end_however_small_the_pages_are() {
        let lines: Vec<String> =
            (0..60).map(|line| format!("{line} x {}", if line % 7 == 0 { "xx" } else { "" })).collect();
        let engine = engine(5, 20, &lines.join("\r\n"));
        let all = search(&engine, "x+", Order::OldestFirst, 1000);
        assert_eq!(all.len(), 60 + 9);
        assert_eq!(all[..3], [hit((0, 2), (0, 3)), hit((0, 4), (0, 6)), hit((1, 2), (1, 3))]);
        for limit in [1, 2, 7] {
            assert_eq!(search(&engine, "x+", Order::OldestFirst, limit), all);
            let mut newest = search(&engine, "x+", Order::NewestFirst, limit);
            newest.reverse();
            assert_eq!(newest, all);
        }
        assert_eq!(search(&engine, "y", Order::NewestFirst, 1), []);
    }

    #[test]
    fn a_match_crosses_the_rows_of_one_line_and_is_never_nothing() {
        let engine = engine(2, 4, "abcdefgh\r\nend");
        assert_eq!(search(&engine, "c.*f", Order::NewestFirst, 9), [hit((0, 2), (1, 2))]);
        assert_eq!(search(&engine, "z*", Order::NewestFirst, 9), []);
        assert_eq!(search(&engine, "^e..$", Order::OldestFirst, 9), [hit((2, 0), (2, 3))]);
    }
}
