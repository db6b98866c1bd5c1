//! `locald.toml`: which tables and keys there are and what each may hold.
//!
//! What a single value means stands in the file of its setting; how TOML is read stands in `reader`.

use std::path::{Path, PathBuf};

use toml::de::DeValue;

use crate::dotenv::DotEnv;
use crate::fault::{Invalid, quoted};
use crate::faults::Faults;
use crate::name::{ProjectName, ServiceName};
use crate::project::{MAX_SERVICES, Project};
use crate::reader::{Entry, Reader, entries, find, integer, too_large, type_of};
use crate::service::Service;
use crate::settings::command::{Command, without_nul};
use crate::settings::signal::StopSignal;
use crate::settings::timeout::StopTimeout;
use crate::source::Source;

/// The tables that a `locald.toml` may hold.
pub const TOP_KEYS: &[&str] = &["project", "services"];
/// The keys of `[project]`.
pub const PROJECT_KEYS: &[&str] = &["name"];
/// The keys of a service.
pub const SERVICE_KEYS: &[&str] = &["command", "cwd", "env", "tty", "size", "stop_signal", "stop_timeout", "escape"];

/// Reads the text of a `locald.toml`. `path` names it in faults; `root` is the folder that paths are relative to.
///
/// # Errors
/// All faults of the text, those of syntax included.
pub fn parse_manifest(path: &Path, text: &str, root: &Path) -> Result<Project, Faults> {
    let source = Source::new(path, text);
    let (mut reader, document) = Reader::new(&source);
    let table = document.get_ref();
    reader.check_keys(table, "locald.toml", TOP_KEYS);
    let name = find(table, "project").and_then(|entry| project_name(&mut reader, entry));
    let services = find(table, "services").map(|entry| services(&mut reader, entry, root)).unwrap_or_default();
    reader.finish(Project {
        name: name.unwrap_or_else(|| ProjectName::of_folder(root)),
        root: root.to_path_buf(),
        source: path.to_path_buf(),
        services,
        dotenv: DotEnv::default(),
    })
}

fn project_name(reader: &mut Reader, entry: Entry<'_>) -> Option<ProjectName> {
    let table = reader.table(entry)?;
    reader.check_keys(table, "`project`", PROJECT_KEYS);
    reader.parsed(find(table, "name")?)
}

fn services(reader: &mut Reader, entry: Entry<'_>, root: &Path) -> Vec<Service> {
    let Some(table) = reader.table(entry) else { return Vec::new() };
    let entries = entries(table);
    if let Some(first_too_many) = entries.get(MAX_SERVICES) {
        let message = format!("{} services, at most {MAX_SERVICES} are allowed", entries.len());
        reader.fault(first_too_many.key_span(), Invalid::new(message, "one too many"));
    }
    entries.into_iter().take(MAX_SERVICES).filter_map(|entry| service(reader, entry, root)).collect()
}

/// Every key is read before anything is given up, so that all faults of a service come at once.
fn service(reader: &mut Reader, entry: Entry<'_>, root: &Path) -> Option<Service> {
    let name: Option<ServiceName> = reader.accept(entry.key_span(), entry.key().parse());
    let place = format!("service {}", quoted(entry.key()));
    let DeValue::Table(table) = entry.value() else {
        let found = type_of(entry.value());
        let message = format!("{place}: expected a table, found {found}");
        let help =
            format!("write {}, and `command` on a line of its own", quoted(&format!("[services.{}]", entry.key())));
        reader.fault(entry.value_span(), Invalid::new(message, format!("this is {found}")).with_help(help));
        return None;
    };
    let meant = reader.check_keys(table, &place, SERVICE_KEYS);
    let command = find(table, "command").map(|entry| command(reader, entry));
    // A mistyped `command` has been reported as an unknown key.
    if command.is_none() && !meant.contains(&"command") {
        let invalid = Invalid::new(format!("{place} has no `command`"), "needs a `command`");
        reader.missing(entry.key_span(), invalid);
    }
    let cwd = find(table, "cwd").and_then(|entry| cwd(reader, entry, root));
    let env = find(table, "env").map(|entry| env(reader, entry)).unwrap_or_default();
    let tty = find(table, "tty").and_then(|entry| reader.boolean(entry));
    let size = find(table, "size").and_then(|entry| reader.parsed(entry));
    let stop_signal = find(table, "stop_signal")
        .and_then(|entry| reader.parsed_or_number(entry, "a signal's name or number", StopSignal::from_number));
    let stop_timeout = find(table, "stop_timeout").and_then(|entry| {
        reader.parsed_or_number(entry, "a time such as \"10s\" or a number of seconds", StopTimeout::from_seconds)
    });
    let escape = find(table, "escape").and_then(|entry| reader.parsed(entry));

    let plain = Service::new(name?, command.flatten()?, root);
    Some(Service {
        cwd: cwd.unwrap_or(plain.cwd),
        env,
        tty: tty.unwrap_or(plain.tty),
        size,
        stop_signal: stop_signal.unwrap_or(plain.stop_signal),
        stop_timeout: stop_timeout.map_or(plain.stop_timeout, StopTimeout::duration),
        escape: escape.unwrap_or(plain.escape),
        ..plain
    })
}

fn command(reader: &mut Reader, entry: Entry<'_>) -> Option<Command> {
    let words = match entry.value() {
        DeValue::String(line) => return reader.accept(entry.value_span(), Command::shell(line)),
        DeValue::Array(words) => words,
        _ => return reader.wrong_type(entry, "a string or an array of strings"),
    };
    let mut program = Vec::new();
    let mut complete = true;
    for word in words {
        let DeValue::String(text) = word.get_ref() else {
            let found = type_of(word.get_ref());
            let message = format!("`command`: expected an array of strings, found {found} in it");
            reader.fault(word.span(), Invalid::new(message, format!("this is {found}")));
            complete = false;
            continue;
        };
        complete &= reader.accept(word.span(), without_nul(text)).is_some();
        program.push(text.to_string());
    }
    if !complete {
        return None;
    }
    if program.first().is_none_or(|name| name.trim().is_empty()) {
        reader.fault(entry.value_span(), Invalid::new("a command cannot be empty", "nothing to run"));
        return None;
    }
    Some(Command::Exec(program))
}

fn cwd(reader: &mut Reader, entry: Entry<'_>, root: &Path) -> Option<PathBuf> {
    let text = reader.string(entry)?;
    if text.is_empty() {
        let invalid =
            Invalid::new("`cwd` cannot be empty", "empty").with_help("leave it out, or write `.`, for the root");
        reader.fault(entry.value_span(), invalid);
        return None;
    }
    reader.accept(entry.value_span(), without_nul(text))?;
    // Collected from its components, so that `./api/` reads as `api`. Where `..` leads is for the file system to say.
    Some(root.join(text).components().collect())
}

fn env(reader: &mut Reader, entry: Entry<'_>) -> Vec<(String, String)> {
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

#[cfg(test)]
#[path = "manifest_tests.rs"]
mod tests;
