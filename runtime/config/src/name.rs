//! The two names a user gives: the project's and a service's.
//!
//! Parsed once, trusted after. How host names are made of them is decided elsewhere.

use std::borrow::Borrow;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

use crate::fault::{Invalid, quoted};

/// The longest label of a host name (RFC 1035 §2.3.4), in octets.
const MAX_LENGTH: usize = 63;

/// A DNS label: 1 to 63 of `a-z`, `0-9` and `-`, with no hyphen at either end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProjectName(String);

/// 1 to 63 of `A-Z`, `a-z`, `0-9`, `-` and `_`, beginning with a letter or a digit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceName(String);

impl ProjectName {
    /// The name of a project that gives none: its folder's, with what a label cannot hold turned into hyphens.
    pub fn of_folder(folder: &Path) -> Self {
        let folder = folder.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
        let words: Vec<&str> =
            folder.split(|ch: char| !ch.is_ascii_alphanumeric()).filter(|it| !it.is_empty()).collect();
        let mut label = words.join("-");
        label.truncate(MAX_LENGTH);
        let label = label.trim_end_matches('-');
        Self(if label.is_empty() { "project".into() } else { label.into() })
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ServiceName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProjectName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let allowed = |ch: char| ch.is_ascii_lowercase() || ch.is_ascii_digit() || ch == '-';
        check(text, "project", allowed, "lowercase letters, digits and hyphens")?;
        if text.starts_with('-') || text.ends_with('-') {
            return Err(invalid(text, "project", "begins or ends with a hyphen"));
        }
        Ok(Self(text.into()))
    }
}

impl FromStr for ServiceName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let allowed = |ch: char| ch.is_ascii_alphanumeric() || ch == '-' || ch == '_';
        check(text, "service", allowed, "letters, digits, `-` and `_`")?;
        if !text.starts_with(|ch: char| ch.is_ascii_alphanumeric()) {
            return Err(invalid(text, "service", "must begin with a letter or a digit"));
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for ProjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Display for ServiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl AsRef<str> for ProjectName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for ServiceName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// Lets a map keyed by names be asked with a `&str`.
impl Borrow<str> for ServiceName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

fn check(text: &str, what: &str, allowed: fn(char) -> bool, alphabet: &str) -> Result<(), Invalid> {
    if text.is_empty() {
        return Err(Invalid::new(format!("a {what} name cannot be empty"), "empty"));
    }
    if let Some(ch) = text.chars().find(|ch| !allowed(*ch)) {
        let label = format!("{} is not allowed here", quoted(&ch.to_string()));
        return Err(invalid(text, what, &label).with_help(format!("a {what} name holds {alphabet}")));
    }
    if text.len() > MAX_LENGTH {
        return Err(invalid(text, what, &format!("{} characters, at most {MAX_LENGTH}", text.len())));
    }
    Ok(())
}

fn invalid(text: &str, what: &str, label: &str) -> Invalid {
    Invalid::new(format!("{} is not a {what} name", quoted(text)), label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_name_is_a_dns_label() {
        let longest = "a".repeat(63);
        for good in ["a", "0", "my-app", "a--b", &longest] {
            assert_eq!(good.parse::<ProjectName>().unwrap().as_str(), good);
        }
        let too_long = "a".repeat(64);
        for bad in ["", "-a", "a-", "A", "a.b", "a_b", "ä", "a b", &too_long] {
            assert!(bad.parse::<ProjectName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_service_name_begins_with_a_letter_or_digit() {
        for good in ["web", "Web_2", "0", "a-", "x-y"] {
            assert_eq!(good.parse::<ServiceName>().unwrap().as_str(), good);
        }
        for bad in ["", "-web", "_web", "we b", "wéb", "a.b", "a/b", &"a".repeat(64)] {
            assert!(bad.parse::<ServiceName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_folder_without_a_usable_name_still_names_a_project() {
        for (folder, name) in [
            ("/home/me/My App_2", "my-app-2"),
            ("/srv/--x--", "x"),
            ("/", "project"),
            ("/home/me/проект", "project"),
            ("/home/me/.dotfiles", "dotfiles"),
        ] {
            assert_eq!(ProjectName::of_folder(Path::new(folder)).as_str(), name);
        }
    }

    proptest::proptest! {
        #[test]
        fn a_folder_always_names_a_valid_project(folder in ".{0,200}") {
            let name = ProjectName::of_folder(Path::new(&folder));
            assert_eq!(name.as_str().parse::<ProjectName>().unwrap(), name);
        }
    }
}
