//! `size`: how large the terminal of a service is: `80x25` whatever the window, or which of the clients that show it decides.

use std::fmt;
use std::str::FromStr;

use crate::fault::{Invalid, quoted};

const MAX: u16 = 1000;

/// Columns by rows, each from 1 to 1000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Size {
    /// Characters across.
    pub columns: u16,
    /// Lines down.
    pub rows: u16,
}

/// Who decides how large the terminal of a service is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum SizePolicy {
    /// The client that acted last.
    #[default]
    Latest,
    /// All clients that show it: no larger than the smallest of them.
    Smallest,
    /// All clients that show it: as large as the largest of them.
    Largest,
    /// The configuration.
    Fixed(Size),
}

impl FromStr for SizePolicy {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text {
            "latest" => Ok(Self::Latest),
            "smallest" => Ok(Self::Smallest),
            "largest" => Ok(Self::Largest),
            size => size.parse().map(Self::Fixed),
        }
    }
}

impl FromStr for Size {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = |label: String| Invalid::new(format!("{} is not a terminal size", quoted(text)), label);
        let (columns, rows) = text
            .split_once('x')
            .ok_or_else(|| invalid("expected `latest`, `smallest`, `largest` or a size such as `80x25`".into()))?;
        let side = |digits: &str, name: &str| {
            let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            let number = digits.parse().ok().filter(|number| plain && (1..=MAX).contains(number));
            number.ok_or_else(|| invalid(format!("the {name} must be a number from 1 to {MAX}")))
        };
        Ok(Self { columns: side(columns, "columns")?, rows: side(rows, "rows")? })
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.columns, self.rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_come_first() {
        assert_eq!("80x25".parse(), Ok(Size { columns: 80, rows: 25 }));
        assert_eq!("1000x1".parse::<Size>().unwrap().to_string(), "1000x1");
    }

    #[test]
    fn a_word_leaves_the_size_to_clients() {
        assert_eq!("smallest".parse(), Ok(SizePolicy::Smallest));
        assert_eq!("9x8".parse(), Ok(SizePolicy::Fixed(Size { columns: 9, rows: 8 })));
        assert!("Smallest".parse::<SizePolicy>().is_err());
    }

    #[test]
    fn what_is_not_two_small_numbers_is_refused() {
        for bad in
            ["", "80", "x", "80x", "x25", "0x25", "80x0", "1001x1", "80x25x3", "+80x25", "-1x2", " 80x25", "80X25"]
        {
            assert!(bad.parse::<Size>().is_err(), "{bad}");
        }
    }
}
