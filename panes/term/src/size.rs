//! The size of a screen, kept within bounds that neither the emulator nor memory minds.

/// Rows and columns of a screen, each from 1 to 1000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Size {
    rows: u16,
    columns: u16,
}

impl Size {
    /// The most rows or columns a screen can have.
    pub const MAX: u16 = 1000;

    /// Takes the nearest size within bounds.
    pub fn new(rows: u16, columns: u16) -> Self {
        Self { rows: rows.clamp(1, Self::MAX), columns: columns.clamp(1, Self::MAX) }
    }

    /// How many rows there are, at least 1.
    pub fn rows(self) -> u16 {
        self.rows
    }

    /// How many columns there are, at least 1.
    pub fn columns(self) -> u16 {
        self.columns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_clamped_to_its_bounds() {
        assert_eq!(Size::new(0, u16::MAX), Size::new(1, 1000));
        assert_eq!((Size::new(24, 80).rows(), Size::new(24, 80).columns()), (24, 80));
    }
}
