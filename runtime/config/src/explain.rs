//! What is set, and where: every value of a configuration with the file, line and layer it comes from.

use std::fmt;
use std::path::PathBuf;

use crate::layers::{Input, Layer, Merged};
use crate::reader::Reader;
use crate::secret::has_secret_name;
use crate::source::Source;
use crate::tree::{Entry, Node, Place, Table, Value};

/// One value that is set.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// The way to it: `services`, `web`, `command`.
    pub keys: Vec<String>,
    /// The value that counts.
    pub value: Plain,
    /// Where that is written.
    pub origin: Origin,
    /// Where what it replaced is written, the last replaced first.
    pub replaced: Vec<Origin>,
    /// Whether the value must not be shown.
    pub is_secret: bool,
}

/// Where a value is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The kind of file.
    pub layer: Layer,
    /// The file.
    pub path: PathBuf,
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
}

/// A value of TOML without its place. Displays as TOML, on one line.
#[derive(Debug, Clone, PartialEq)]
pub enum Plain {
    /// A string.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number, as it is written.
    Float(String),
    /// `true` or `false`.
    Boolean(bool),
    /// A date or time, as it is written.
    Date(String),
    /// An array.
    List(Vec<Plain>),
    /// A table.
    Table(Vec<(String, Plain)>),
}

/// All that is set, in the order of the merged files. `sources` are those of the inputs, in their order.
pub(crate) fn settings(merged: &Merged, inputs: &[Input], reader: &Reader) -> Vec<Setting> {
    let mut found = Vec::new();
    let mut walk = Walk { inputs, reader, keys: Vec::new(), found: &mut found };
    walk.table(&merged.table, false);
    found
}

struct Walk<'a> {
    inputs: &'a [Input],
    reader: &'a Reader,
    keys: Vec<String>,
    found: &'a mut Vec<Setting>,
}

impl Walk<'_> {
    fn table(&mut self, table: &Table, is_secret: bool) {
        for entry in table.iter() {
            self.keys.push(entry.key.clone());
            let is_secret = is_secret || self.holds_secret(entry);
            match &entry.node.value {
                Value::Table(inner) => self.table(inner, is_secret),
                _ => self.found.push(Setting {
                    keys: self.keys.clone(),
                    value: plain(&entry.node),
                    origin: self.origin(entry.node.place),
                    replaced: entry.node.replaced.iter().rev().map(|node| self.origin(node.place)).collect(),
                    // Whether it is one is no secret itself.
                    is_secret: is_secret && !matches!(entry.node.value, Value::Boolean(_)),
                }),
            }
            self.keys.pop();
        }
    }

    /// Whether the entry that the keys lead to is a variable that must not be shown.
    fn holds_secret(&self, entry: &Entry) -> bool {
        let is_variable = match self.keys.as_slice() {
            [env, _] => env == "env",
            [services, _, env, _] => services == "services" && env == "env",
            _ => false,
        };
        let said = match &entry.node.value {
            Value::Table(details) => details.get("secret").map(|secret| secret.node.value == Value::Boolean(true)),
            _ => None,
        };
        is_variable && said.unwrap_or_else(|| has_secret_name(&entry.key))
    }

    fn origin(&self, place: Place) -> Origin {
        let source: &Source = self.reader.source_of(place.file);
        Origin {
            layer: self.inputs[place.file].layer,
            path: source.path().to_path_buf(),
            line: source.line(place.start),
            column: source.column(place.start),
        }
    }
}

fn plain(node: &Node) -> Plain {
    match &node.value {
        Value::Text(text) => Plain::Text(text.clone()),
        Value::Integer(number) => Plain::Integer(number.unwrap_or_default()),
        Value::Float(number) => Plain::Float(number.clone()),
        Value::Boolean(value) => Plain::Boolean(*value),
        Value::Date(date) => Plain::Date(date.clone()),
        Value::List(list) => Plain::List(list.iter().map(plain).collect()),
        Value::Table(table) => Plain::Table(table.iter().map(|it| (it.key.clone(), plain(&it.node))).collect()),
    }
}

impl fmt::Display for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => quote(text, f),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Float(text) | Self::Date(text) => f.write_str(text),
            Self::Boolean(value) => write!(f, "{value}"),
            Self::List(list) => {
                f.write_str("[")?;
                for (index, item) in list.iter().enumerate() {
                    write!(f, "{}{item}", if index > 0 { ", " } else { "" })?;
                }
                f.write_str("]")
            }
            Self::Table(table) => {
                f.write_str("{")?;
                for (index, (key, value)) in table.iter().enumerate() {
                    write!(f, "{}{} = {value}", if index > 0 { ", " } else { " " }, Key(key))?;
                }
                f.write_str(if table.is_empty() { "}" } else { " }" })
            }
        }
    }
}

/// A key as TOML has it: in quotes where it must be.
struct Key<'a>(&'a str);

impl fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_bare = !self.0.is_empty() && self.0.bytes().all(|it| it.is_ascii_alphanumeric() || b"-_".contains(&it));
        if is_bare { f.write_str(self.0) } else { quote(self.0, f) }
    }
}

impl Setting {
    /// The way to it as TOML writes it: `services.web.command`.
    pub fn name(&self) -> String {
        self.keys.iter().map(|key| Key(key).to_string()).collect::<Vec<_>>().join(".")
    }
}

/// A basic string, in which nothing can move a terminal's cursor.
fn quote(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("\"")?;
    for ch in text.chars() {
        match ch {
            '"' | '\\' => write!(f, "\\{ch}")?,
            '\n' => f.write_str("\\n")?,
            '\t' => f.write_str("\\t")?,
            '\r' => f.write_str("\\r")?,
            // Line separators and bidirectional controls too: they reorder what a reader sees.
            '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                write!(f, "\\u{:04X}", u32::from(ch))?;
            }
            _ if ch.is_control() => write!(f, "\\u{:04X}", u32::from(ch))?,
            _ => write!(f, "{ch}")?,
        }
    }
    f.write_str("\"")
}
