//! What tells whether a service is well: an answer by HTTP, an open port, a command, a line of its log, or its own word.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::command::Command;
use super::port::Port;
use crate::fault::{Invalid, quoted};
use crate::reader::Reader;
use crate::tree::{Entry, Table, Value};

/// The keys of which a table of health has exactly one.
pub(crate) const KINDS: [&str; 5] = ["http", "tcp", "command", "log", "notify"];

/// The largest pattern, compiled, in bytes.
const MAX_PATTERN: usize = 1024 * 1024;

/// A way to ask a service how it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Probe {
    /// A GET to its port is answered with such a status.
    Http {
        /// Begins with a slash.
        path: String,
        /// What counts as well.
        status: RangeInclusive<u16>,
        /// Sent with it, in the order of the file.
        headers: Vec<(String, String)>,
    },
    /// The port accepts connections; `None`: its own.
    Tcp(Option<u16>),
    /// The command exits with 0. It runs in the folder and environment of the service.
    Command(Command),
    /// A line of its output matches this regular expression.
    Log(String),
    /// It says so itself (sd_notify(3)).
    Notify,
}

impl Probe {
    /// Reads the one of [`KINDS`] that `entry` is; `table` is where it stands.
    pub(crate) fn read(reader: &mut Reader, entry: &Entry, table: &Table) -> Option<Self> {
        match entry.key.as_str() {
            "http" => {
                let status = reader.setting(table, "status", |reader, entry| Some(status(reader, entry)));
                let headers = reader.setting(table, "headers", headers).unwrap_or_default();
                let path = reader.string(entry)?;
                reader.accept(entry.node.place, check_path(path))?;
                Some(Self::Http { path: path.to_owned(), status: status.unwrap_or(Some(200..=399))?, headers })
            }
            "tcp" => tcp(reader, entry),
            "command" => Command::read(reader, entry).map(Self::Command),
            "log" => {
                let pattern = reader.string(entry)?;
                reader.accept(entry.node.place, check_pattern(pattern))?;
                Some(Self::Log(pattern.to_owned()))
            }
            _ if reader.boolean(entry)? => Some(Self::Notify),
            _ => never(reader, entry),
        }
    }
}

fn tcp(reader: &mut Reader, entry: &Entry) -> Option<Probe> {
    match &entry.node.value {
        Value::Boolean(true) => Some(Probe::Tcp(None)),
        Value::Boolean(false) => never(reader, entry),
        Value::Integer(_) => match reader.number(entry, Port::from_number)? {
            Port::Leased => Some(Probe::Tcp(None)),
            Port::Fixed(port) => Some(Probe::Tcp(Some(port))),
        },
        _ => reader.wrong_type(entry, "true or a port"),
    }
}

fn never(reader: &mut Reader, entry: &Entry) -> Option<Probe> {
    let invalid = Invalid::new(format!("`{}` cannot be false", &entry.key), "asks for nothing");
    reader.fault(entry.node.place, invalid.with_help("write `health = false` where there is nothing to ask"));
    None
}

fn check_path(path: &str) -> Result<(), Invalid> {
    let wrong = |label: &str| Err(Invalid::new(format!("{} is not a path to ask for", quoted(path)), label));
    if !path.starts_with('/') {
        return wrong("must begin with `/`");
    }
    if path.bytes().any(|byte| !byte.is_ascii_graphic()) {
        return wrong("holds a blank, or what is not ASCII");
    }
    Ok(())
}

/// `200`, `"204"` or `"200-399"`.
fn status(reader: &mut Reader, entry: &Entry) -> Option<RangeInclusive<u16>> {
    let range = match &entry.node.value {
        Value::Integer(number) => status_range(&number.unwrap_or(-1).to_string()),
        Value::Text(text) => status_range(text),
        _ => return reader.wrong_type(entry, "a status such as 200, or a range such as \"200-399\""),
    };
    reader.accept(entry.node.place, range)
}

fn status_range(text: &str) -> Result<RangeInclusive<u16>, Invalid> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let code = |text: &str| text.trim().parse().ok().filter(|code| (100..=599).contains(code));
    match (code(first), code(last)) {
        (Some(first), Some(last)) if first <= last => Ok(first..=last),
        _ => Err(Invalid::new(format!("{} is not a range of statuses", quoted(text)), "must be within 100-599")
            .with_help("write it like `200` or `200-399`")),
    }
}

fn headers(reader: &mut Reader, entry: &Entry) -> Option<Vec<(String, String)>> {
    let headers = reader
        .table(entry)?
        .iter()
        .filter_map(|entry| {
            let named = reader.accept(entry.key_place, check_header(&entry.key));
            let value = reader.string(entry)?;
            let plain = if value.chars().any(char::is_control) {
                Err(Invalid::new("a header cannot hold a line break or a control character", "holds one"))
            } else {
                Ok(())
            };
            reader.accept(entry.node.place, plain)?;
            named.map(|()| (entry.key.clone(), value.to_owned()))
        })
        .collect();
    Some(headers)
}

/// A token (RFC 9110 §5.6.2).
fn check_header(name: &str) -> Result<(), Invalid> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_token) {
        return Err(Invalid::new(format!("{} is not the name of a header", quoted(name)), "not allowed"));
    }
    Ok(())
}

fn check_pattern(pattern: &str) -> Result<(), Invalid> {
    match regex::RegexBuilder::new(pattern).size_limit(MAX_PATTERN).build() {
        Ok(_) => Ok(()),
        Err(regex::Error::CompiledTooBig(_)) => {
            Err(Invalid::new(format!("{} is too large a regular expression", quoted(pattern)), "too large"))
        }
        Err(error) => {
            let text = error.to_string();
            let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            Err(Invalid::new(format!("{} is not a regular expression", quoted(pattern)), reason))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_one_code_or_a_range() {
        assert_eq!(status_range("200-399"), Ok(200..=399));
        assert_eq!(status_range("204"), Ok(204..=204));
        for bad in ["", "-", "200-", "399-200", "99", "600", "2xx", "-1"] {
            assert!(status_range(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_path_is_asked_for_as_it_is() {
        assert!(check_path("/healthz?full=1").is_ok());
        for bad in ["", "healthz", "/a b", "/a\r\nHost: x", "/ä"] {
            assert!(check_path(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_pattern_is_compiled_once_to_know_that_it_can_be() {
        assert!(check_pattern("ready in [0-9]+ ms").is_ok());
        assert_eq!(check_pattern("a(").unwrap_err().label, "unclosed group");
        assert_eq!(check_pattern(r"(\w{100}){100}").unwrap_err().label, "too large");
    }
}
