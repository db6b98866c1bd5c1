//! The ports that may be had: those that a URL need not name. There is no way to ask for another.

/// A port below 1024 that the helper opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Port {
    /// 80.
    Http,
    /// 443.
    Https,
}

impl Port {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Http, Self::Https];

    /// Its number.
    pub const fn number(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }

    /// The port of that number, if it is one of these.
    pub fn from_number(number: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|port| port.number() == number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_other_port_can_be_named() {
        let allowed: Vec<u16> = (0..=u16::MAX).filter(|number| Port::from_number(*number).is_some()).collect();
        assert_eq!(allowed, [80, 443]);
    }
}
