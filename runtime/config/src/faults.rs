//! All the faults of a load, and how they are drawn for a reader.
//!
//! [`Report`] collects while a file is read; [`Faults`] is what comes out when there was anything to collect. Both are
//! bounded: a file of nothing but mistakes yields its first hundred and a count.

use std::fmt;
use std::ops::Range;
use std::path::Path;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use crate::fault::{Fault, Invalid, printable};
use crate::source::Source;
use crate::tree::Place;

/// Faults beyond these are counted, not kept.
const MAX_KEPT: usize = 100;

/// One fault or more, in the order of their files and places, with the texts needed to draw them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults {
    list: Vec<Fault>,
    omitted: usize,
    sources: Vec<Source>,
}

/// Collects the faults of one file, or of several that are read together.
#[derive(Debug, Default)]
pub(crate) struct Report {
    sources: Vec<Source>,
    /// Each with the number of its file.
    list: Vec<(usize, Fault)>,
    omitted: usize,
}

impl Faults {
    pub(crate) fn one(source: &Source, span: Range<usize>, invalid: Invalid) -> Self {
        Self { list: vec![Fault::new(source, span, invalid)], omitted: 0, sources: vec![source.clone()] }
    }

    /// Never empty.
    pub fn as_slice(&self) -> &[Fault] {
        &self.list
    }

    /// The faults one by one.
    pub fn iter(&self) -> std::slice::Iter<'_, Fault> {
        self.list.iter()
    }

    /// How many further faults were found and not kept.
    pub fn omitted(&self) -> usize {
        self.omitted
    }

    /// The same faults with file names as seen from `folder`, which makes them shorter to read.
    #[must_use]
    pub fn relative_to(mut self, folder: &Path) -> Self {
        for fault in &mut self.list {
            if let Ok(short) = fault.path.strip_prefix(folder) {
                fault.path = short.to_path_buf();
            }
        }
        for source in &mut self.sources {
            if let Ok(short) = source.path().strip_prefix(folder) {
                let short = short.to_path_buf();
                source.set_path(short);
            }
        }
        self
    }

    /// Draws every fault with its line of source. Ends with a line break.
    pub fn render(&self, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() }.decor_style(DecorStyle::Unicode);
        let mut drawn: Vec<String> = self.list.iter().map(|fault| self.draw(fault, &renderer) + "\n").collect();
        if self.omitted > 0 {
            let noun = if self.omitted == 1 { "fault" } else { "faults" };
            drawn.push(format!("and {} more {noun}\n", self.omitted));
        }
        drawn.join("\n")
    }

    fn draw(&self, fault: &Fault, renderer: &Renderer) -> String {
        let Some(source) = self.sources.iter().find(|source| source.path() == fault.path) else {
            return fault.to_string();
        };
        // Only the first line of a fault is handed over: the rest would be drawn in full, however long it is.
        let line = source.line_range(fault.line);
        let start = fault.span.start.min(line.end);
        let end = fault.span.end.clamp(start, line.end);
        let mark = AnnotationKind::Primary.span(start - line.start..end - line.start);
        let mark = if fault.label.is_empty() { mark } else { mark.label(fault.label.as_str()) };
        let snippet = Snippet::source(harmless(&source.text()[line]))
            .line_start(fault.line)
            .path(printable(&fault.path.to_string_lossy()))
            .annotation(mark);
        let mut group = Level::ERROR.primary_title(fault.message.as_str()).element(snippet);
        if let Some(help) = &fault.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        renderer.render(&[group])
    }
}

/// The line with what a terminal would obey and the renderer lets pass replaced, byte for byte: the marks stay in place.
fn harmless(line: &str) -> String {
    line.chars().map(|ch| if ('\u{80}'..='\u{9f}').contains(&ch) { '·' } else { ch }).collect()
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, rest) = self.list.split_first().ok_or(fmt::Error)?;
        write!(f, "{first}")?;
        rest.iter().try_for_each(|fault| write!(f, "\n{fault}"))?;
        if self.omitted > 0 {
            write!(f, "\nand {} more", self.omitted)?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

impl<'a> IntoIterator for &'a Faults {
    type Item = &'a Fault;
    type IntoIter = std::slice::Iter<'a, Fault>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Report {
    /// For one file.
    pub(crate) fn new(source: &Source) -> Self {
        Self { sources: vec![source.clone()], ..Self::default() }
    }

    /// Takes a further file in; what comes back is its number.
    pub(crate) fn add_source(&mut self, source: &Source) -> usize {
        self.sources.push(source.clone());
        self.sources.len() - 1
    }

    /// The first file, which is the only one where one is read.
    pub(crate) fn source(&self) -> &Source {
        self.source_of(0)
    }

    pub(crate) fn source_of(&self, file: usize) -> &Source {
        &self.sources[file]
    }

    pub(crate) fn add(&mut self, span: Range<usize>, invalid: Invalid) {
        self.add_at(Place::new(0, span), invalid);
    }

    pub(crate) fn add_at(&mut self, place: Place, invalid: Invalid) {
        if self.list.len() < MAX_KEPT {
            self.list.push((place.file, Fault::new(&self.sources[place.file], place.span(), invalid)));
        } else {
            self.omitted += 1;
        }
    }

    /// Takes over what was reported of a file that is read apart.
    pub(crate) fn absorb(&mut self, faults: Faults) {
        self.omitted += faults.omitted;
        let file = self.sources.len();
        self.list.extend(faults.list.into_iter().map(|fault| (file, fault)));
        self.sources.extend(faults.sources);
    }

    /// `value`, unless something was reported.
    pub(crate) fn finish<T>(mut self, value: T) -> Result<T, Faults> {
        if self.list.is_empty() {
            return Ok(value);
        }
        self.list.sort_by_key(|(file, fault)| (*file, fault.span.start, fault.span.end));
        let list = self.list.into_iter().map(|(_, fault)| fault).collect();
        Err(Faults { list, omitted: self.omitted, sources: self.sources })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// What holds for the faults of any text at all.
    pub(crate) fn check(faults: &Faults, text: &str) {
        assert!(!faults.as_slice().is_empty());
        let mark = if text.starts_with('\u{feff}') { 3 } else { 0 };
        for fault in faults {
            assert!(text.get(fault.span.clone()).is_some(), "{fault:?} in {text:?}");
            let before = &text[mark..fault.span.start];
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            assert_eq!((fault.line, fault.column), (line, column), "{fault:?} in {text:?}");
            assert!(!fault.to_string().contains(char::is_control), "{fault}");
        }
        let drawn = faults.render(false);
        assert!(!drawn.contains(|ch: char| ch.is_control() && ch != '\n'), "{drawn:?}");
    }

    fn faults(text: &str, span: Range<usize>) -> Faults {
        let source = Source::new(Path::new("/home/me/app/locald.toml"), text);
        Faults::one(&source, span, Invalid::new("no such thing", "this").with_help("did you mean `that`?"))
    }

    #[test]
    fn a_fault_is_drawn_with_its_place_line_label_and_help() {
        let faults = faults("# ä\r\n  öö thing\r\n", 12..17).relative_to(Path::new("/home/me/app"));
        insta::assert_snapshot!(faults.render(false), @"
        error: no such thing
          ╭▸ locald.toml:2:5
          │
        2 │   öö thing
          │     ━━━━━ this
          │
          ╰ help: did you mean `that`?
        ");
    }

    #[test]
    fn a_range_over_many_lines_is_drawn_on_its_first() {
        insta::assert_snapshot!(faults("one\ntwo\nthree\n", 4..14).render(false), @"
        error: no such thing
          ╭▸ /home/me/app/locald.toml:2:1
          │
        2 │ two
          │ ━━━ this
          │
          ╰ help: did you mean `that`?
        ");
    }

    #[test]
    fn the_drawn_place_is_the_place_of_the_fault() {
        for (text, span) in [("\u{feff}x = 1", 3..4), ("a\n\tä\tb", 6..7), ("", 0..0), ("a\n", 2..2)] {
            let faults = faults(text, span);
            let fault = &faults.as_slice()[0];
            let place = format!("locald.toml:{}:{}", fault.line, fault.column);
            assert!(faults.render(false).contains(&place), "{place} in {}", faults.render(false));
        }
    }

    #[test]
    fn colour_is_only_used_when_asked_for() {
        let faults = faults("one", 0..3);
        assert!(faults.render(true).contains("\u{1b}["));
        assert!(!faults.render(false).contains('\u{1b}'));
    }

    #[test]
    fn escape_sequences_of_the_source_are_not_drawn() {
        let faults = faults("\u{1b}[2J\u{9b}31m thing", 0..2);
        let drawn = faults.render(false);
        assert!(!drawn.contains('\u{1b}') && !drawn.contains('\u{9b}'), "{drawn:?}");
    }

    #[test]
    fn a_file_of_nothing_but_mistakes_yields_a_hundred_and_a_count() {
        let mut report = Report::new(&Source::new(Path::new("locald.toml"), "x"));
        for _ in 0..250 {
            report.add(0..1, Invalid::new("wrong", ""));
        }
        let faults = report.finish(()).unwrap_err();
        assert_eq!((faults.as_slice().len(), faults.omitted()), (100, 150));
        assert!(faults.render(false).ends_with("and 150 more faults\n"));
    }
}
