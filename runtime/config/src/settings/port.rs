//! `port`: the port that a service is told to listen on.

use serde::{Deserialize, Serialize};

use crate::fault::Invalid;

/// Where a service listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
pub enum Port {
    /// On a port of ours, which stays the same for good.
    #[default]
    Leased,
    /// On this one and no other. Never 0.
    Fixed(u16),
}

impl Port {
    /// The port for a number of the file, in which 0 stands for none in particular.
    pub(crate) fn from_number(number: i64) -> Result<Self, Invalid> {
        match u16::try_from(number) {
            Ok(0) => Ok(Self::Leased),
            Ok(port) => Ok(Self::Fixed(port)),
            Err(_) => Err(Invalid::new(format!("`{number}` is not a port"), "must be from 0 to 65535")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_leaves_the_choice_to_us() {
        assert_eq!(Port::from_number(0), Ok(Port::Leased));
        assert_eq!(Port::from_number(65_535), Ok(Port::Fixed(65_535)));
        assert!(Port::from_number(-1).is_err() && Port::from_number(65_536).is_err());
    }
}
