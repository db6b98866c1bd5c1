//! Values with their places: what stands in one file, or in several laid over each other.
//!
//! Tables are merged key by key; whatever else an upper file says takes the place of what a lower one says. What was
//! replaced is kept, so that its faults are found all the same.

use std::borrow::Cow;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Where something stands: in which of the files that are read together, and at which bytes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) file: usize,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// A value and what it replaced.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) place: Place,
    /// What lower files say in its place, the lowest first.
    pub(crate) replaced: Vec<Node>,
}

/// A value of TOML.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Text(String),
    /// `None`: a number that does not fit the 64 bits that TOML promises.
    Integer(Option<i64>),
    /// As it is written.
    Float(String),
    Boolean(bool),
    Date(String),
    List(Vec<Node>),
    Table(Table),
}

/// Keys and their values, in the order of the files.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Table(Vec<Entry>);

/// A key with its value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_place: Place,
    pub(crate) node: Node,
}

impl Place {
    pub(crate) fn new(file: usize, span: Range<usize>) -> Self {
        Self { file, start: span.start, end: span.end }
    }

    pub(crate) fn span(self) -> Range<usize> {
        self.start..self.end
    }
}

impl Node {
    pub(crate) fn new(value: Value, place: Place) -> Self {
        Self { value, place, replaced: Vec::new() }
    }

    /// This value as `upper` leaves it.
    pub(crate) fn under(self, upper: Self) -> Self {
        match (self, upper) {
            (Self { value: Value::Table(lower), place, replaced }, Self { value: Value::Table(upper), .. }) => {
                Self { value: Value::Table(lower.under(upper)), place, replaced }
            }
            (mut lower, mut upper) => {
                upper.replaced.append(&mut lower.replaced);
                upper.replaced.push(lower);
                upper
            }
        }
    }
}

impl Table {
    pub(crate) fn get(&self, key: &str) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.key == key)
    }

    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Entry> {
        self.0.iter_mut().find(|entry| entry.key == key)
    }

    pub(crate) fn take(&mut self, key: &str) -> Option<Entry> {
        let at = self.0.iter().position(|entry| entry.key == key)?;
        Some(self.0.remove(at))
    }

    pub(crate) fn push(&mut self, key: String, key_place: Place, node: Node) {
        self.0.push(Entry { key, key_place, node });
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Entry> {
        self.0.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> std::slice::IterMut<'_, Entry> {
        self.0.iter_mut()
    }

    /// These keys as `upper` leaves them.
    pub(crate) fn under(self, upper: Self) -> Self {
        let mut merged = self;
        // By name, not one by one: files may hold a thousand services each.
        let known: std::collections::HashMap<String, usize> =
            merged.0.iter().enumerate().map(|(at, entry)| (entry.key.clone(), at)).collect();
        for entry in upper.0 {
            let Some(at) = known.get(&entry.key) else {
                merged.0.push(entry);
                continue;
            };
            let lower = &mut merged.0[*at];
            let placeholder = Node::new(Value::Boolean(false), lower.node.place);
            let is_merged = matches!((&lower.node.value, &entry.node.value), (Value::Table(_), Value::Table(_)));
            lower.node = std::mem::replace(&mut lower.node, placeholder).under(entry.node);
            if !is_merged {
                lower.key_place = entry.key_place;
            }
        }
        merged
    }
}

/// The document of the file numbered `file`.
pub(crate) fn from_toml(file: usize, document: &Spanned<DeTable<'_>>) -> Node {
    Node::new(Value::Table(table(file, document.get_ref())), Place::new(file, document.span()))
}

fn table(file: usize, table: &DeTable<'_>) -> Table {
    let mut entries: Vec<(&Spanned<Cow<'_, str>>, &Spanned<DeValue<'_>>)> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    let entry = |(key, value): (&Spanned<Cow<'_, str>>, &Spanned<DeValue<'_>>)| Entry {
        key: key.get_ref().to_string(),
        key_place: Place::new(file, key.span()),
        node: node(file, value),
    };
    Table(entries.into_iter().map(entry).collect())
}

/// No deeper than the parser goes, which has a limit.
fn node(file: usize, value: &Spanned<DeValue<'_>>) -> Node {
    let read = match value.get_ref() {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => Value::Integer(i64::from_str_radix(number.as_str(), number.radix()).ok()),
        DeValue::Float(number) => Value::Float(number.as_str().to_owned()),
        DeValue::Boolean(value) => Value::Boolean(*value),
        DeValue::Datetime(date) => Value::Date(date.to_string()),
        DeValue::Array(list) => Value::List(list.iter().map(|item| node(file, item)).collect()),
        DeValue::Table(inner) => Value::Table(table(file, inner)),
    };
    Node::new(read, Place::new(file, value.span()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values in the order of their keys, with the file each comes from.
    fn merged(files: &[&str]) -> String {
        let mut trees = files.iter().enumerate().map(|(file, text)| from_toml(file, &DeTable::parse(text).unwrap()));
        let first = trees.next().unwrap();
        let mut lines = Vec::new();
        write(&trees.fold(first, Node::under), "", &mut lines);
        lines.join(" ")
    }

    fn write(node: &Node, way: &str, lines: &mut Vec<String>) {
        if let Value::Table(table) = &node.value {
            for entry in table.iter() {
                write(&entry.node, &format!("{way}{}.", entry.key), lines);
            }
        } else {
            lines.push(format!("{}={}", way.trim_end_matches('.'), node.place.file));
        }
    }

    #[test]
    fn tables_are_merged_and_everything_else_is_replaced() {
        let (low, high) = ("a = 1\nt.x = 1\nt.y = [1, 2]\nl = {}", "t.y = [3]\nt.z = 2\nb = 1\nl = 1");
        assert_eq!(merged(&[low, high]), "a=0 t.x=0 t.y=1 t.z=1 l=1 b=1");
        assert_eq!(merged(&[low, high, "t = 5"]), "a=0 t=2 l=1 b=1");
    }

    #[test]
    fn what_is_replaced_is_kept() {
        let files = ["a = 1", "a = 'x'", "a = true"];
        let mut trees = files.iter().enumerate().map(|(file, text)| from_toml(file, &DeTable::parse(text).unwrap()));
        let first = trees.next().unwrap();
        let Value::Table(table) = trees.fold(first, Node::under).value else { panic!("a table") };
        let files: Vec<usize> = table.get("a").unwrap().node.replaced.iter().map(|node| node.place.file).collect();
        assert_eq!(files, [0, 1]);
    }
}
