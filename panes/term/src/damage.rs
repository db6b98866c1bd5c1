//! Which rows of a screen changed: one hash and one version per row.

use crate::{Cell, Color, Style};

/// What was last known of each visible row.
#[derive(Debug, Default)]
pub(crate) struct Damage {
    rows: Vec<Row>,
    version: u64,
    stale: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Row {
    hash: u64,
    version: u64,
}

impl Damage {
    /// Notes that the screen may have changed.
    pub(crate) fn mark(&mut self) {
        self.stale = true;
    }

    /// Whether something may have changed since the last [`update`](Self::update).
    pub(crate) fn is_stale(&self) -> bool {
        self.stale || self.rows.is_empty()
    }

    /// The version of the newest change.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// The version of a row, 0 outside the screen.
    pub(crate) fn row_version(&self, row: u16) -> u64 {
        self.rows.get(usize::from(row)).map_or(0, |row| row.version)
    }

    /// Whether a row is as it was at the last [`update`](Self::update).
    pub(crate) fn is_as_known(&self, row: u16, hash: u64) -> bool {
        self.rows.get(usize::from(row)).is_some_and(|row| row.version > 0 && row.hash == hash)
    }

    /// Takes the hashes of all visible rows, but for those that cannot have changed, and gives each row that differs a new
    /// version.
    pub(crate) fn update(&mut self, hashes: impl ExactSizeIterator<Item = Option<u64>>) {
        let next = self.version + 1;
        self.rows.resize(hashes.len(), Row::default());
        for (row, hash) in self.rows.iter_mut().zip(hashes) {
            if let Some(hash) = hash
                && (row.version == 0 || row.hash != hash)
            {
                *row = Row { hash, version: next };
                self.version = next;
            }
        }
        self.stale = false;
    }
}

/// A hash of a row's cells. Equal rows have equal hashes; it is no defence against a program that constructs two
/// rows of one hash, which could only keep its own screen from being redrawn.
pub(crate) struct RowHash(u64);

impl RowHash {
    /// Starts with the number of columns, as after a change of width every row is new, and with whether the row goes on in the next.
    pub(crate) fn new(columns: u16, wrapped: bool) -> Self {
        let mut hash = Self(0x243f_6a88_85a3_08d3);
        hash.word(u64::from(columns) << 1 | u64::from(wrapped));
        hash
    }

    /// Adds the next cell of the row.
    pub(crate) fn add(&mut self, cell: Cell<'_>) {
        for part in cell.text.as_bytes().chunks(8) {
            let mut word = [0; 8];
            word[..part.len()].copy_from_slice(part);
            self.word(u64::from_le_bytes(word));
        }
        self.word(u64::from(cell.width) << 8 | cell.text.len() as u64);
        if cell.style != Style::DEFAULT {
            self.style(cell.style);
        }
        if let Some(link) = cell.link {
            self.word(0x2_0000_0000 | u64::from(link.0));
        }
    }

    /// The hash of all cells added.
    pub(crate) fn finish(self) -> u64 {
        self.0
    }

    fn style(&mut self, style: Style) {
        self.word(u64::from(color(style.foreground)) << 32 | u64::from(color(style.background)));
        let underline = u64::from(color(style.underline_color)) << 32 | u64::from(style.underline as u8) << 24;
        self.word(underline | 0x1_0000 | u64::from(style.attributes.bits()));
    }

    /// Multiplies into 128 bits and folds the halves, so that every bit of the word reaches every bit of the hash.
    fn word(&mut self, word: u64) {
        let wide = u128::from(self.0 ^ word) * 0x9e37_79b9_7f4a_7c15_u128;
        self.0 = (wide as u64) ^ ((wide >> 64) as u64).rotate_left(23) ^ word.rotate_left(32);
    }
}

fn color(color: Color) -> u32 {
    match color {
        Color::Default => 0,
        Color::Indexed(index) => 0x0100_0000 | u32::from(index),
        Color::Rgb(red, green, blue) => u32::from_be_bytes([2, red, green, blue]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(texts: &[&str], style: Style) -> u64 {
        let mut hash = RowHash::new(80, false);
        for text in texts {
            hash.add(Cell { text, width: 1, style, link: None });
        }
        hash.finish()
    }

    #[test]
    fn hashes_tell_texts_orders_and_styles_apart() {
        let red = Style { foreground: Color::Indexed(1), ..Style::DEFAULT };
        let on_red = Style { background: Color::Indexed(1), ..Style::DEFAULT };
        let all = [
            hash(&["a", "b"], Style::DEFAULT),
            hash(&["b", "a"], Style::DEFAULT),
            hash(&["ab"], Style::DEFAULT),
            hash(&["a", "b"], red),
            hash(&["a", "b"], on_red),
        ];
        for (index, one) in all.iter().enumerate() {
            assert!(!all[index + 1..].contains(one));
        }
    }

    #[test]
    fn only_rows_that_differ_get_a_new_version() {
        let mut damage = Damage::default();
        damage.update([Some(1), Some(2)].into_iter());
        assert_eq!((damage.row_version(0), damage.row_version(1), damage.row_version(2)), (1, 1, 0));
        damage.update([Some(1), Some(3)].into_iter());
        assert_eq!((damage.row_version(0), damage.row_version(1), damage.version()), (1, 2, 2));
        damage.update([None, Some(3), Some(3)].into_iter());
        assert_eq!((damage.row_version(1), damage.row_version(2), damage.version()), (2, 3, 3));
    }
}
