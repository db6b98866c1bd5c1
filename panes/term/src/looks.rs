//! The looks a cell of the emulator has no room for, and the hyperlinks among them.
//!
//! Each is known by a number that travels with a character as a zero-width one, a variation selector no program needs, in
//! the same cell: through insertions, scrolling and changes of screen. Numbers on no screen any more are used again. When
//! there are none left, a look is dropped, and never taken for another.

use serde::{Deserialize, Serialize};

use crate::LinkId;
use crate::history::Urls;
use crate::pen::Extra;

/// The first of the characters that stand for a look.
const FIRST: u32 = 0xe0100;

/// How many there are.
const COUNT: usize = 240;

/// The most hyperlinks known at a time, and the longest, in bytes.
const MAX_LINKS: usize = 256;
pub(crate) const MAX_LINK: usize = 2048;

/// Which looks are in use on a screen.
pub(crate) type Used = [bool; COUNT];

/// The looks and links of both screens.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Looks {
    entries: Vec<Option<Extra>>,
    links: Vec<Link>,
    last_link: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Link {
    number: u32,
    id: String,
    url: String,
}

impl Looks {
    /// Whether the tables are as large as they get, and hold what they are given.
    pub(crate) fn is_possible(&self) -> bool {
        let clean = |text: &str| crate::titles::clean(text.as_bytes(), MAX_LINK) == text;
        let is_link = |link: &Link| link.number != 0 && clean(&link.id) && clean(&link.url);
        self.entries.len() <= COUNT
            && self.entries.iter().flatten().all(Extra::is_possible)
            && self.links.len() <= MAX_LINKS
            && self.links.iter().all(is_link)
    }

    /// What a character that stands for a look says.
    pub(crate) fn get(&self, tag: char) -> Extra {
        index(tag).and_then(|index| self.entries.get(index).copied().flatten()).unwrap_or(Extra::NONE)
    }

    /// The character that stands for a look; `None` if all are in use.
    pub(crate) fn tag(&mut self, extra: Extra) -> Option<char> {
        let known = self.entries.iter().position(|entry| *entry == Some(extra));
        let index = match known.or_else(|| self.entries.iter().position(Option::is_none)) {
            Some(index) => index,
            None if self.entries.len() < COUNT => {
                self.entries.push(None);
                self.entries.len() - 1
            }
            None => return None,
        };
        self.entries[index] = Some(extra);
        char::from_u32(FIRST + index as u32)
    }

    /// Forgets all looks but those in use, and all links but theirs and those named.
    pub(crate) fn retain(&mut self, used: &Used, links: &[u32]) {
        for (entry, _) in self.entries.iter_mut().zip(used).filter(|(_, used)| !**used) {
            *entry = None;
        }
        let entries = &self.entries;
        let in_use = |number| links.contains(&number) || entries.iter().flatten().any(|entry| entry.link == number);
        self.links.retain(|link| in_use(link.number));
    }

    /// Notes that a tag is in use.
    pub(crate) fn note(used: &mut Used, tag: char) {
        if let Some(used) = index(tag).and_then(|index| used.get_mut(index)) {
            *used = true;
        }
    }

    /// The number of a hyperlink, the same for the same link; `None` if there are too many. 0 stands for none.
    pub(crate) fn link(&mut self, id: &[u8], url: &[u8]) -> Option<u32> {
        if url.is_empty() || url.len() + id.len() > MAX_LINK {
            return Some(0);
        }
        let (id, url) = (crate::titles::clean(id, MAX_LINK), crate::titles::clean(url, MAX_LINK));
        if let Some(link) = self.links.iter().find(|link| link.url == url && link.id == id) {
            return Some(link.number);
        }
        if self.links.len() == MAX_LINKS {
            return None;
        }
        self.last_link = self.last_link.wrapping_add(1).max(1);
        self.links.push(Link { number: self.last_link, id, url });
        Some(self.last_link)
    }

    /// None, for another program on the same screen: its links get other numbers.
    pub(crate) fn cleared(&self) -> Self {
        Self { last_link: self.last_link, ..Self::default() }
    }

    /// The number of a hyperlink that comes back to the screen, if there is room: the one it had, or another if it was forgotten.
    pub(crate) fn recall(&mut self, link: LinkId, url: &str) -> Option<u32> {
        if self.url(link) == Some(url) { Some(link.0) } else { self.link(b"", url.as_bytes()) }
    }
}

impl Urls for Looks {
    fn url(&self, LinkId(number): LinkId) -> Option<&str> {
        self.links.iter().find(|link| link.number == number).map(|link| link.url.as_str())
    }
}

fn index(tag: char) -> Option<usize> {
    u32::from(tag).checked_sub(FIRST).map(|index| index as usize).filter(|index| *index < COUNT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(link: u32) -> Extra {
        Extra { link, ..Extra::NONE }
    }

    #[test]
    fn a_full_table_drops_and_what_is_not_in_use_is_used_again() {
        let mut looks = Looks::default();
        let tags: Vec<char> = (1..=240).map(|link| looks.tag(look(link)).unwrap()).collect();
        assert_eq!((looks.tag(look(241)), looks.tag(look(7))), (None, Some(tags[6])));
        let mut used = [true; COUNT];
        used[3] = false;
        looks.retain(&used, &[]);
        assert_eq!(looks.get(tags[3]), Extra::NONE);
        assert_eq!((looks.tag(look(241)), looks.tag(look(242))), (Some(tags[3]), None));
        assert_eq!(looks.get(tags[3]), look(241));
    }

    #[test]
    fn links_are_numbered_once_and_bounded() {
        let mut looks = Looks::default();
        let one = looks.link(b"", b"http://one").unwrap();
        assert_eq!(looks.link(b"", b"http://one"), Some(one));
        assert_ne!(looks.link(b"id=2", b"http://one"), Some(one));
        assert_eq!(looks.url(LinkId(one)), Some("http://one"));
        assert_eq!((looks.link(b"", b""), looks.link(b"", &[b'x'; 5000])), (Some(0), Some(0)));
        while looks.link(b"", format!("http://{}", looks.last_link).as_bytes()).is_some() {}
        assert_eq!(looks.links.len(), MAX_LINKS);
        looks.retain(&[false; COUNT], &[one]);
        assert_eq!((looks.links.len(), looks.url(LinkId(one))), (1, Some("http://one")));
    }
}
