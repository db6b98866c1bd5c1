//! The window title, and the titles a program put aside to come back to.

use serde::{Deserialize, Serialize};

/// The longest title kept, in bytes.
pub(crate) const MAX_TITLE: usize = 1024;

/// The most titles put aside; more are not.
const MAX_SAVED: usize = 16;

/// A title and those below it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Titles {
    pub(crate) current: String,
    saved: Vec<String>,
}

impl Titles {
    /// Whether these are titles that were set.
    pub(crate) fn is_possible(&self) -> bool {
        let is_clean = |title: &String| clean(title.as_bytes(), MAX_TITLE) == *title;
        is_clean(&self.current) && self.saved.len() <= MAX_SAVED && self.saved.iter().all(is_clean)
    }

    /// Changes the title; says whether it is another one now.
    pub(crate) fn set(&mut self, title: &[u8]) -> bool {
        let title = clean(title, MAX_TITLE);
        let other = title != self.current;
        self.current = title;
        other
    }

    /// Puts a copy of the title aside.
    pub(crate) fn push(&mut self) {
        if self.saved.len() < MAX_SAVED {
            self.saved.push(self.current.clone());
        }
    }

    /// Goes back to the title put aside last; says whether it is another one.
    pub(crate) fn pop(&mut self) -> bool {
        let Some(title) = self.saved.pop() else { return false };
        let other = title != self.current;
        self.current = title;
        other
    }
}

/// Text for people, of at most so many bytes and without control characters.
pub(crate) fn clean(text: &[u8], limit: usize) -> String {
    // Control characters do not count, so a little more is read; a text is not all control characters.
    let head = &text[..text.len().min(4 * limit)];
    let mut text: String = String::from_utf8_lossy(head).chars().filter(|c| !c.is_control()).collect();
    text.truncate(text.floor_char_boundary(limit));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_come_back_in_reverse_and_are_bounded() {
        let mut titles = Titles::default();
        assert!(titles.set(b"one") && !titles.set(b"one"));
        titles.push();
        assert!(titles.set(b"two") && titles.pop() && !titles.pop());
        assert_eq!(titles.current, "one");
        (0..100).for_each(|_| titles.push());
        assert_eq!(titles.saved.len(), MAX_SAVED);
    }
}
