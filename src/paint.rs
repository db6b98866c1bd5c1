//! Colours for text that goes to a terminal, and the removal of what a service might smuggle into ours.

use std::borrow::Cow;

/// Wraps text in colours, or does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Paint {
    on: bool,
    links: bool,
}

/// What a word is about, which decides its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As it should be.
    Good,
    /// On its way, or worth a look.
    Busy,
    /// Failed.
    Bad,
    /// Of no weight.
    Quiet,
    /// No opinion.
    Plain,
}

/// The colours names are told apart by; red is left out, because it means failure.
const NAMES: [&str; 10] = ["36", "33", "32", "35", "34", "96", "93", "92", "95", "94"];

impl Paint {
    /// With colours when `on`.
    pub(crate) fn new(on: bool) -> Self {
        Self { on, links: on }
    }

    /// For a terminal that would print what makes a link.
    pub(crate) fn without_links(self) -> Self {
        Self { links: false, ..self }
    }

    /// Whether there are colours.
    pub(crate) fn is_on(self) -> bool {
        self.on
    }

    /// `text` in the colour of `tone`.
    pub(crate) fn tone(self, tone: Tone, text: &str) -> String {
        match tone {
            Tone::Good => self.sgr("32", text),
            Tone::Busy => self.sgr("33", text),
            Tone::Bad => self.sgr("31", text),
            Tone::Quiet => self.sgr("2", text),
            Tone::Plain => text.to_owned(),
        }
    }

    /// The label of an error.
    pub(crate) fn red_bold(self, text: &str) -> String {
        self.sgr("1;31", text)
    }

    /// The label of a warning.
    pub(crate) fn yellow_bold(self, text: &str) -> String {
        self.sgr("1;33", text)
    }

    /// The label of a hint.
    pub(crate) fn cyan_bold(self, text: &str) -> String {
        self.sgr("1;36", text)
    }

    /// Headings.
    pub(crate) fn bold(self, text: &str) -> String {
        self.sgr("1", text)
    }

    /// Remarks.
    pub(crate) fn dim(self, text: &str) -> String {
        self.sgr("2", text)
    }

    /// `text` in the colour that belongs to `name`: the same one on every day and every machine.
    pub(crate) fn by_name(self, name: &str, text: &str) -> String {
        // FNV-1a: small, and unlike the standard hasher the same in every release.
        let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        self.sgr(NAMES[hash as usize % NAMES.len()], text)
    }

    /// `text` that leads to `url` (OSC 8), where terminals can have it so.
    pub(crate) fn link(self, url: &str, text: &str) -> String {
        let is_sound = url.bytes().all(|byte| byte.is_ascii_graphic());
        if self.links && is_sound { format!("\x1b]8;;{url}\x1b\\{text}\x1b]8;;\x1b\\") } else { text.to_owned() }
    }

    fn sgr(self, code: &str, text: &str) -> String {
        if self.on && !text.is_empty() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// `text` as one harmless line: control characters other than the tab become U+FFFD.
///
/// What a service prints, and even its title, must not move the cursor of whoever reads about it.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    harmless(text, |char| char == '\t')
}

/// As [`plain`], with line breaks kept.
pub(crate) fn plain_lines(text: &str) -> String {
    harmless(text, |char| matches!(char, '\t' | '\n')).into_owned()
}

fn harmless(text: &str, keep: impl Fn(char) -> bool) -> Cow<'_, str> {
    let harmful = |char: char| char.is_control() && !keep(char);
    if !text.contains(harmful) {
        return text.into();
    }
    text.chars().map(|char| if harmful(char) { char::REPLACEMENT_CHARACTER } else { char }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_coloured_when_colours_are_off() {
        let paint = Paint::new(false);
        assert_eq!(paint.by_name("web", "web"), "web");
        assert_eq!(paint.tone(Tone::Bad, "failed"), "failed");
        assert_eq!(paint.link("http://a/", "a"), "a");
    }

    #[test]
    fn a_name_keeps_its_colour() {
        let paint = Paint::new(true);
        assert_eq!(paint.by_name("web", "x"), paint.by_name("web", "x"));
        assert_ne!(paint.by_name("web", "x"), paint.by_name("api", "x"));
    }

    #[test]
    fn a_link_is_one_only_where_a_terminal_takes_it_as_one() {
        let paint = Paint::new(true);
        assert_eq!(paint.link("http://a/", "a"), "\x1b]8;;http://a/\x1b\\a\x1b]8;;\x1b\\");
        assert_eq!(paint.link("http://a/\x1b]0;x", "a"), "a");
        assert_eq!(paint.without_links().link("http://a/", "a"), "a");
    }

    #[test]
    fn control_characters_cannot_reach_the_terminal() {
        assert_eq!(plain("a\tb\x1b]0;t\x07\u{9b}2J\r\n"), "a\tb\u{fffd}]0;t\u{fffd}\u{fffd}2J\u{fffd}\u{fffd}");
        assert_eq!(plain_lines("a\nb\x1b"), "a\nb\u{fffd}");
    }
}
