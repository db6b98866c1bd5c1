//! `env`: variables of one service.

use toml::de::DeValue;

use super::command::without_nul;
use crate::fault::{Invalid, quoted};
use crate::reader::{Entry, Reader, entries, integer, too_large};

/// Reads the table.
pub(crate) fn read(reader: &mut Reader, entry: Entry<'_>) -> Vec<(String, String)> {
    let Some(table) = reader.table(entry) else { return Vec::new() };
    entries(table).into_iter().filter_map(|entry| variable(reader, entry)).collect()
}

fn variable(reader: &mut Reader, entry: Entry<'_>) -> Option<(String, String)> {
    let name = entry.key();
    let named = reader.accept(entry.key_span(), variable_name(name));
    let value = match entry.value() {
        DeValue::String(text) => text.to_string(),
        DeValue::Boolean(value) => value.to_string(),
        // As it is written: a version `1.10` must not become `1.1`.
        DeValue::Float(number) => number.as_str().to_owned(),
        DeValue::Integer(number) => {
            reader.accept(entry.value_span(), integer(number).ok_or_else(too_large))?.to_string()
        }
        _ => return reader.wrong_type(entry, "a string, a number or a boolean"),
    };
    reader.accept(entry.value_span(), without_nul(&value))?;
    named.map(|()| (name.to_owned(), value))
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
