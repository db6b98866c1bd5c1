//! `env`: variables, of one service or of all that a file is about.

use serde::{Deserialize, Serialize};

use super::command::without_nul;
use crate::fault::{Invalid, quoted};
use crate::interpolate::{self, Context};
use crate::keys::VARIABLE;
use crate::reader::{Reader, too_large};
use crate::secret::has_secret_name;
use crate::tree::{Entry, Table, Value};

/// One variable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variable {
    /// Its name; not empty, and without `=`.
    pub name: String,
    /// Its value, as a text for [`crate::fill`].
    pub value: String,
    /// Whether the value must not be shown: it is said to be secret, or its name says so.
    pub is_secret: bool,
}

/// Reads the table, in the order of the files.
pub(crate) fn read(reader: &mut Reader, entry: &Entry) -> Option<Vec<Variable>> {
    let table = reader.table(entry)?;
    Some(table.iter().filter_map(|entry| reader.value(entry, variable)).collect())
}

fn variable(reader: &mut Reader, entry: &Entry) -> Option<Variable> {
    let name = &entry.key;
    let named = reader.accept(entry.key_place, variable_name(name));
    let said = match &entry.node.value {
        Value::Table(table) => Some(with_details(reader, entry, table)?),
        _ => None,
    };
    let (value, is_secret) = match said {
        Some((value, is_secret)) => (value, is_secret),
        None => (scalar(reader, entry, "a string, a number, a boolean or a table")?, None),
    };
    named?;
    Some(Variable { name: name.clone(), value, is_secret: is_secret.unwrap_or_else(|| has_secret_name(name)) })
}

/// `{ value = …, secret = … }`.
fn with_details(reader: &mut Reader, entry: &Entry, table: &Table) -> Option<(String, Option<bool>)> {
    let meant = reader.check_keys(table, &format!("the variable {}", quoted(&entry.key)), VARIABLE);
    let is_secret = reader.setting(table, "secret", Reader::boolean);
    if table.get("value").is_none() && !meant.contains(&"value") {
        let invalid = Invalid::new(format!("the variable {} has no `value`", quoted(&entry.key)), "needs a `value`");
        reader.missing(entry.key_place, invalid);
    }
    let value =
        reader.setting(table, "value", |reader, entry| scalar(reader, entry, "a string, a number or a boolean"));
    Some((value?, is_secret))
}

fn scalar(reader: &mut Reader, entry: &Entry, expected: &str) -> Option<String> {
    let value = match &entry.node.value {
        Value::Text(text) => interpolate::read(reader, text, &entry.node, Context::Value)?,
        Value::Boolean(value) => value.to_string(),
        // As it is written: a version `1.10` must not become `1.1`.
        Value::Float(number) => number.clone(),
        Value::Integer(number) => reader.accept(entry.node.place, number.ok_or_else(too_large))?.to_string(),
        _ => return reader.wrong_type(entry, expected),
    };
    reader.accept(entry.node.place, without_nul(&value))?;
    Some(value)
}

fn variable_name(name: &str) -> Result<(), Invalid> {
    without_nul(name)?;
    if name.is_empty() {
        return Err(Invalid::new("the name of a variable cannot be empty", "empty"));
    }
    if name.contains('=') {
        return Err(Invalid::new(format!("{} is not the name of a variable", quoted(name)), "holds a `=`"));
    }
    Ok(())
}
