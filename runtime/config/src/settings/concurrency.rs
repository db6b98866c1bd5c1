//! `concurrency`: how many of a service run beside each other.

use crate::fault::Invalid;

/// At most so many.
pub(crate) const MAX: u16 = 100;

/// The number for a number of the file.
pub(crate) fn from_number(number: i64) -> Result<u16, Invalid> {
    let fits = u16::try_from(number).ok().filter(|number| (1..=MAX).contains(number));
    fits.ok_or_else(|| Invalid::new(format!("`concurrency` cannot be {number}"), format!("must be from 1 to {MAX}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_at_least_one_and_an_end() {
        assert_eq!((from_number(1), from_number(100)), (Ok(1), Ok(100)));
        assert!(from_number(0).is_err() && from_number(101).is_err() && from_number(i64::MIN).is_err());
    }
}
