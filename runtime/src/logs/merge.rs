//! The lines of several services as one sequence by time.

use std::{cmp::Reverse, collections::BinaryHeap, io};

use super::lines::LogLine;

/// Merges sources of lines by time.
///
/// Lines of one source keep their order; of lines with the same time the one from the earlier source comes first.
#[derive(Debug)]
pub struct Merge<I> {
    sources: Vec<Source<I>>,
    /// Time and source of each head.
    heads: BinaryHeap<Reverse<(u64, usize)>>,
    /// The sources without a head that were not asked since they last had one.
    to_ask: Vec<usize>,
}

#[derive(Debug)]
struct Source<I> {
    lines: I,
    head: Option<LogLine>,
}

impl<I: Iterator<Item = io::Result<LogLine>>> Merge<I> {
    /// Merges these sources.
    pub fn new(sources: impl IntoIterator<Item = I>) -> Merge<I> {
        let sources: Vec<_> = sources.into_iter().map(|lines| Source { lines, head: None }).collect();
        let to_ask = (0..sources.len()).collect();
        Merge { sources, heads: BinaryHeap::new(), to_ask }
    }

    /// Asks sources again that were at their end. Until then they are left in peace: asking is reading a directory.
    pub fn ask_again(&mut self) {
        self.to_ask = (0..self.sources.len()).filter(|at| self.sources[*at].head.is_none()).collect();
    }

    /// The source that lines with this number come from, to flush it or to ask for its position.
    pub fn source_mut(&mut self, index: usize) -> Option<&mut I> {
        self.sources.get_mut(index).map(|source| &mut source.lines)
    }

    /// Whether a line of this source was read that has not been returned yet.
    pub fn holds(&self, index: usize) -> bool {
        self.sources.get(index).is_some_and(|source| source.head.is_some())
    }

    fn ask(&mut self) -> io::Result<()> {
        while let Some(at) = self.to_ask.pop() {
            let source = &mut self.sources[at];
            let Some(line) = source.lines.next().transpose()? else { continue };
            self.heads.push(Reverse((line.time, at)));
            source.head = Some(line);
        }
        Ok(())
    }
}

impl<I: Iterator<Item = io::Result<LogLine>>> Iterator for Merge<I> {
    type Item = io::Result<(usize, LogLine)>;

    /// The next line and the number of its source. A source that fails says so once and is asked no more until
    /// [`Merge::ask_again`].
    fn next(&mut self) -> Option<Self::Item> {
        if let Err(error) = self.ask() {
            return Some(Err(error));
        }
        let Reverse((_, at)) = self.heads.pop()?;
        let line = self.sources[at].head.take()?;
        self.to_ask.push(at);
        Some(Ok((at, line)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::logs::{Kind, Outcome};

    fn lines(times: &[u64], tag: u64) -> Vec<LogLine> {
        let kind = Kind::RunEnded { outcome: Outcome::Lost };
        times.iter().map(|time| LogLine { time: *time, run: Some(tag), kind: kind.clone() }).collect()
    }

    proptest! {
        #[test]
        fn merging_is_a_stable_sort_of_all_lines(mut times in prop::collection::vec(prop::collection::vec(0u64..20, 0..9), 0..6)) {
            for times in &mut times {
                times.sort_unstable();
            }
            let sources = times.iter().zip(0..).map(|(times, tag)| lines(times, tag)).collect::<Vec<_>>();
            let mut expected: Vec<_> = sources.concat();
            expected.sort_by_key(|line| line.time);
            let merge = Merge::new(sources.into_iter().map(|lines| lines.into_iter().map(Ok)));
            let merged: Vec<_> = merge.map(|line| line.unwrap().1).collect();
            prop_assert_eq!(merged, expected);
        }
    }

    #[test]
    fn a_source_that_fails_does_not_take_the_others_with_it() {
        let good = lines(&[1, 2], 0).into_iter().map(Ok);
        let bad = [Err(io::Error::other("broken"))];
        let sources: [Box<dyn Iterator<Item = io::Result<LogLine>>>; 2] = [Box::new(good), Box::new(bad.into_iter())];
        let merged: Vec<_> = Merge::new(sources).collect();
        assert_eq!(merged.iter().filter(|line| line.is_err()).count(), 1);
        let times: Vec<_> = merged.into_iter().flatten().map(|(_, line)| line.time).collect();
        assert_eq!(times, [1, 2]);
    }

    #[test]
    fn a_source_at_its_end_is_asked_again_only_when_told() {
        let mut asked = 0;
        let mut pending = lines(&[5], 1).into_iter();
        let quiet = std::iter::from_fn(|| {
            asked += 1;
            if asked == 1 { None } else { pending.next().map(Ok) }
        });
        let busy = lines(&[1, 2, 3], 0).into_iter().map(Ok);
        let sources: [Box<dyn Iterator<Item = io::Result<LogLine>>>; 2] = [Box::new(busy), Box::new(quiet)];
        let mut merge = Merge::new(sources);
        assert_eq!(merge.by_ref().count(), 3);
        merge.ask_again();
        assert_eq!(merge.next().unwrap().unwrap().1.time, 5);
        drop(merge);
        assert_eq!(asked, 2);
    }
}
