//! `ports`: further ports of a service, each with a name of its own.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::port::Port;
use crate::fault::{Invalid, list, quoted};
use crate::reader::{Reader, too_large};
use crate::tree::{Entry, Value};

/// The most that a service may have.
const MAX: usize = 16;
/// The longest label of a host name (RFC 1035 §2.3.4), in octets.
const MAX_NAME: usize = 63;

/// What a port is called that locald chooses.
const WORDS: &[(&str, Port)] = &[("auto", Port::Leased)];

/// What may stand in the place of a number.
pub(crate) fn words() -> Vec<&'static str> {
    WORDS.iter().map(|(word, _)| *word).collect()
}

/// The name of a port: a label of a host name that begins with a letter, so that it also makes the name of a variable.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PortName(String);

/// A port beside the first.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NamedPort {
    /// Unique in its service.
    pub name: PortName,
    /// Which port it is.
    pub port: Port,
}

impl PortName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands at the end of variables about the port: `ADMIN_API` for `admin-api`. No two names have the same.
    pub fn in_variables(&self) -> String {
        self.0.to_ascii_uppercase().replace('-', "_")
    }
}

impl FromStr for PortName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let is_label = text.starts_with(|first: char| first.is_ascii_lowercase())
            && text.len() <= MAX_NAME
            && text.bytes().all(is_allowed)
            && !text.ends_with('-');
        if is_label {
            return Ok(Self(text.to_owned()));
        }
        let invalid = Invalid::new(format!("{} is not the name of a port", quoted(text)), "not a label");
        Err(invalid.with_help(format!(
            "1 to {MAX_NAME} lower-case letters, digits and hyphens, beginning with a letter and not ending with a hyphen"
        )))
    }
}

impl TryFrom<String> for PortName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse().map_err(|invalid: Invalid| invalid.message)
    }
}

impl From<PortName> for String {
    fn from(name: PortName) -> Self {
        name.0
    }
}

impl fmt::Display for PortName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A table from names to numbers, or to `"auto"`. `first` is the port that has no name.
pub(crate) fn read(reader: &mut Reader, entry: &Entry, first: Port) -> Option<Vec<NamedPort>> {
    let table = reader.table(entry)?;
    if let Some(first_too_many) = table.iter().nth(MAX) {
        let message = format!("{} named ports, at most {MAX} are allowed", table.iter().len());
        reader.fault(first_too_many.key_place, Invalid::new(message, "one too many"));
    }
    let mut ports: Vec<NamedPort> = Vec::new();
    for entry in table.iter().take(MAX) {
        let name: Option<PortName> = reader.accept(entry.key_place, entry.key.parse());
        let Some((name, port)) = name.zip(reader.value(entry, number)) else { continue };
        let fixed = |port: Port| if let Port::Fixed(number) = port { Some(number) } else { None };
        if let Some(number) = fixed(port) {
            let of_first = (fixed(first) == Some(number)).then(|| "`port`".to_owned());
            let other = ports.iter().find(|other| other.port == port).map(|other| format!("`ports.{}`", other.name));
            if let Some(other) = of_first.or(other) {
                let message = format!("the port {number} is that of {other} already");
                reader.fault(entry.node.place, Invalid::new(message, "the same number"));
            }
        }
        ports.push(NamedPort { name, port });
    }
    Some(ports)
}

fn number(reader: &mut Reader, entry: &Entry) -> Option<Port> {
    let port = match &entry.node.value {
        Value::Integer(number) => number.ok_or_else(too_large).and_then(Port::from_number),
        Value::Text(text) => {
            let known = WORDS.iter().find(|(word, _)| word == text).map(|(_, port)| *port);
            known.ok_or_else(|| {
                let invalid = Invalid::new(format!("{} is not a port", quoted(text)), "not a number");
                invalid
                    .with_help(format!("a number from 1 to 65535, or {} for one that locald chooses", list(&words())))
            })
        }
        _ => return reader.wrong_type(entry, "a port, or \"auto\""),
    };
    reader.accept(entry.node.place, port)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::manifest::parse_manifest;

    fn parse(ports: &str) -> Result<Vec<(String, Port)>, String> {
        let text = format!("[services.api]\ncommand = 'x'\nport = 3000\nports = {ports}\n");
        let project = parse_manifest("locald.toml".as_ref(), &text, "/p".as_ref());
        let ports = |it: crate::Project| it.services[0].ports.iter().map(|it| (it.name.to_string(), it.port)).collect();
        project.map(ports).map_err(|faults| faults.to_string())
    }

    #[test]
    fn a_port_has_a_number_or_one_of_ours() {
        let expected = [("hmr", Port::Fixed(5174)), ("admin", Port::Leased), ("any", Port::Leased)];
        let expected = expected.map(|(name, port)| (name.to_owned(), port));
        assert_eq!(parse("{ hmr = 5174, admin = 'auto', any = 0 }").unwrap(), expected);
    }

    #[test]
    fn what_is_no_port_is_shown_where_it_stands() {
        for (written, place, message) in [
            ("{ admin = 'automatic' }", "4:19", "`automatic` is not a port"),
            ("{ admin = 70000 }", "4:19", "`70000` is not a port"),
            ("{ admin = true }", "4:19", "`admin`: expected a port, or \"auto\", found a boolean"),
            ("{ Admin = 1 }", "4:11", "`Admin` is not the name of a port"),
            ("{ a = 3000 }", "4:15", "the port 3000 is that of `port` already"),
            ("{ a = 3001, b = 3001 }", "4:25", "the port 3001 is that of `ports.a` already"),
            ("5174", "4:9", "`ports`: expected a table, found an integer"),
        ] {
            let faults = parse(written).unwrap_err();
            assert!(faults.contains(&format!("{place}: {message}")), "{written}: {faults}");
        }
    }

    #[test]
    fn only_so_many_are_taken() {
        let many = |count: usize| (0..count).map(|n| format!("p{n} = 'auto'")).collect::<Vec<_>>().join(", ");
        assert_eq!(parse(&format!("{{ {} }}", many(MAX))).unwrap().len(), MAX);
        let faults = parse(&format!("{{ {} }}", many(100))).unwrap_err();
        assert!(faults.contains("100 named ports, at most 16 are allowed"), "{faults}");
    }

    proptest! {
        #[test]
        fn a_name_is_a_label_and_makes_a_variable_that_no_other_makes(one in "[a-c0-2-]{0,4}", other in "[a-c0-2-]{0,4}", any in ".{0,80}") {
            let names: BTreeSet<PortName> = [one, other, any].iter().filter_map(|text| text.parse().ok()).collect();
            let variables: BTreeSet<String> = names.iter().map(PortName::in_variables).collect();
            prop_assert_eq!(names.len(), variables.len());
            for variable in variables {
                prop_assert!(variable.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'), "{}", variable);
            }
            for name in names {
                prop_assert_eq!(name.as_str().parse::<PortName>().unwrap(), name);
            }
        }
    }
}
