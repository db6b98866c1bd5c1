//! Whether the outer terminal's background is dark or light: asked of it, and its answer picked out of what it sends.
//!
//! The answer (OSC 11, see XTerm Control Sequences) comes whenever it comes, or never, and nothing waits for it. To the reader of keys
//! it looks like somebody typing very fast, so it is recognised here by its exact form before anyone takes it for that.

use std::time::{Duration, Instant};

use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};

use crate::theme::Appearance;

/// Asks for the background's colour.
pub(crate) const QUESTION: &[u8] = b"\x1b]11;?\x1b\\";

/// How long an answer is waited for. Afterwards the key that one begins with is a key again.
const PATIENCE: Duration = Duration::from_secs(5);
/// How an answer begins.
const STARTS: [&str; 2] = ["11;rgb:", "11;rgba:"];
/// The longest answer: four parts of four digits.
const LONGEST: usize = "11;rgba:ffff/ffff/ffff/ffff".len();

/// Something the outer terminal sent.
#[derive(Debug, PartialEq)]
pub(crate) enum Heard {
    /// Keys, and whatever else happens there.
    Event(Event),
    /// The answer.
    Background(Appearance),
}

/// Picks the answer out of what the terminal sends. Without a question that waits for one, everything is let through.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    /// When the question was asked that waits for an answer.
    asked: Option<Instant>,
    /// Events that may be the beginning of an answer.
    held: Vec<Event>,
    /// What they spell.
    text: String,
}

impl Answers {
    /// A question was sent.
    pub(crate) fn expect(&mut self, now: Instant) {
        self.asked = Some(now);
    }

    /// Takes in events.
    pub(crate) fn sift(&mut self, events: Vec<Event>, now: Instant) -> Vec<Heard> {
        self.asked.take_if(|asked| now.duration_since(*asked) > PATIENCE);
        let mut heard = Vec::with_capacity(events.len());
        for event in events {
            self.take(event, &mut heard);
        }
        heard
    }

    fn take(&mut self, event: Event, heard: &mut Vec<Heard>) {
        if self.held.is_empty() {
            if self.asked.is_some() && is_key(&event, KeyCode::Char(']'), KeyModifiers::ALT) {
                self.held.push(event);
            } else {
                heard.push(Heard::Event(event));
            }
            return;
        }
        if ends(&event) {
            match appearance(&self.text) {
                Some(appearance) => {
                    *self = Self::default();
                    heard.push(Heard::Background(appearance));
                }
                None => self.give_up(event, heard),
            }
            return;
        }
        match letter(&event) {
            Some(letter) if self.goes_on_with(letter) => {
                self.text.push(letter);
                self.held.push(event);
            }
            _ => self.give_up(event, heard),
        }
    }

    /// Whether this can be more of an answer.
    fn goes_on_with(&self, letter: char) -> bool {
        let text = format!("{}{letter}", self.text);
        text.len() <= LONGEST
            && STARTS.iter().any(|start| match text.strip_prefix(start) {
                Some(color) => color.chars().all(|char| char.is_ascii_hexdigit() || char == '/'),
                None => start.starts_with(&text),
            })
    }

    /// What was held was typed after all.
    fn give_up(&mut self, event: Event, heard: &mut Vec<Heard>) {
        self.let_go(heard);
        self.take(event, heard);
    }

    fn let_go(&mut self, heard: &mut Vec<Heard>) {
        self.text.clear();
        heard.extend(self.held.drain(..).map(Heard::Event));
    }
}

fn is_key(event: &Event, code: KeyCode, modifiers: KeyModifiers) -> bool {
    matches!(event, Event::Key(key) if key.code == code && key.modifiers == modifiers)
}

/// ST or BEL, as keys.
fn ends(event: &Event) -> bool {
    is_key(event, KeyCode::Char('\\'), KeyModifiers::ALT) || is_key(event, KeyCode::Char('g'), KeyModifiers::CONTROL)
}

fn letter(event: &Event) -> Option<char> {
    match event {
        Event::Key(KeyEvent { code: KeyCode::Char(letter), modifiers, .. })
            if (*modifiers - KeyModifiers::SHIFT).is_empty() =>
        {
            Some(*letter)
        }
        _ => None,
    }
}

/// Reads `11;rgb:RRRR/GGGG/BBBB`, where each part has one to four digits.
fn appearance(text: &str) -> Option<Appearance> {
    let color = STARTS.iter().find_map(|start| text.strip_prefix(start))?;
    let mut parts = color.split('/').map(|part| {
        let most = (1u32 << (4 * part.len().min(4))) - 1;
        u32::from_str_radix(part, 16).ok().map(|value| f64::from(value) / f64::from(most))
    });
    let (red, green, blue) = (parts.next()??, parts.next()??, parts.next()??);
    let brightness = 0.299 * red + 0.587 * green + 0.114 * blue;
    Some(if brightness > 0.5 { Appearance::Light } else { Appearance::Dark })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(code: char, modifiers: KeyModifiers) -> Event {
        Event::Key(KeyEvent::new(KeyCode::Char(code), modifiers))
    }

    /// As the reader of keys makes it from the bytes.
    fn answer(color: &str) -> Vec<Event> {
        let mut events = vec![key(']', KeyModifiers::ALT)];
        events.extend(format!("11;{color}").chars().map(|char| key(char, KeyModifiers::NONE)));
        events.push(key('\\', KeyModifiers::ALT));
        events
    }

    fn asked() -> Answers {
        let mut answers = Answers::default();
        answers.expect(Instant::now());
        answers
    }

    fn sift(answers: &mut Answers, events: Vec<Event>) -> Vec<Heard> {
        answers.sift(events, Instant::now())
    }

    #[test]
    fn an_answer_is_picked_out_of_what_is_typed_around_it() {
        let mut events = vec![key('a', KeyModifiers::NONE)];
        events.extend(answer("rgb:fdfd/f6f6/e3e3"));
        events.push(key('b', KeyModifiers::NONE));
        let heard = sift(&mut asked(), events);
        let [Heard::Event(before), Heard::Background(Appearance::Light), Heard::Event(after)] = &heard[..] else {
            panic!("{heard:?}");
        };
        assert_eq!((letter(before), letter(after)), (Some('a'), Some('b')));
    }

    #[test]
    fn dark_and_light_are_told_apart_in_every_form_that_terminals_send() {
        for (color, appearance) in [
            ("rgb:0000/0000/0000", Appearance::Dark),
            ("rgb:28/2c/34", Appearance::Dark),
            ("rgb:f/f/f", Appearance::Light),
            ("rgba:ffff/ffff/ffff/0000", Appearance::Light),
        ] {
            assert_eq!(sift(&mut asked(), answer(color)), [Heard::Background(appearance)], "{color}");
        }
    }

    #[test]
    fn an_answer_may_come_in_pieces_and_only_one_is_waited_for() {
        let mut answers = asked();
        let mut events = answer("rgb:0000/0000/0000");
        let rest = events.split_off(7);
        assert_eq!(sift(&mut answers, events), []);
        assert_eq!(sift(&mut answers, rest), [Heard::Background(Appearance::Dark)]);
        assert_eq!(sift(&mut answers, answer("rgb:0000/0000/0000")).len(), 23);
    }

    #[test]
    fn the_key_that_an_answer_begins_with_is_let_through_once_none_is_waited_for() {
        let pressed = || key(']', KeyModifiers::ALT);
        let mut answers = asked();
        assert_eq!(sift(&mut answers, vec![pressed()]), []);
        assert_eq!(sift(&mut answers, vec![pressed()]), [Heard::Event(pressed())]);
        let later = Instant::now() + PATIENCE + Duration::from_secs(1);
        let after = key('.', KeyModifiers::NONE);
        assert_eq!(answers.sift(vec![after.clone()], later), [Heard::Event(pressed()), Heard::Event(after)]);
        assert_eq!(answers.sift(vec![pressed()], later), [Heard::Event(pressed())]);
    }

    proptest! {
        #[test]
        fn whatever_else_is_typed_is_let_through_in_order(keys in proptest::collection::vec(
            prop_oneof![Just((']', true)), Just(('1', false)), Just((';', false)), Just(('r', false)), Just(('\\', true))], 1..40)
        ) {
            let events: Vec<Event> = keys
                .iter()
                .map(|(char, alt)| key(*char, if *alt { KeyModifiers::ALT } else { KeyModifiers::NONE }))
                .chain([key('.', KeyModifiers::NONE)])
                .collect();
            let heard = sift(&mut asked(), events.clone());
            prop_assert_eq!(heard, events.into_iter().map(Heard::Event).collect::<Vec<_>>());
        }
    }
}
