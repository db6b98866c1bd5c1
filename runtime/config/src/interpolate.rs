//! References in the values of a configuration: `${VAR}`, `${VAR:-default}`, `${services.db.url}`, `${project.root}`.
//!
//! What is known when the files are read is filled in then. The rest, variables and addresses, is known when a service
//! starts; until then it stands in the value, checked. `$$` stands for a dollar.

use std::path::PathBuf;

use crate::address::{ASKED, Asked, PORTS};
use crate::dotenv::{Parser, Quotes};
use crate::fault::{Invalid, quoted};
use crate::nearest::nearest;
use crate::reader::Reader;
use crate::source::Source;
use crate::template::{Part, Scope, Template};
use crate::tree::{Node, Place};

/// What may be asked of the project.
const OF_PROJECT: [&str; 2] = ["root", "name"];

/// What is known of the project when its values are read.
#[derive(Debug, Clone, Default)]
pub(crate) struct ProjectFacts {
    pub(crate) root: PathBuf,
    pub(crate) name: String,
}

/// That a value asks something of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServiceReference {
    pub(crate) service: String,
    /// The name of the port that is meant, if it is not the first.
    pub(crate) port: Option<String>,
    pub(crate) place: Place,
}

/// Where a value with references stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Context {
    /// It is handed to a program as it is.
    Value,
    /// A shell reads it, and replaces its own variables itself.
    Shell,
    /// It is needed before any variable is known.
    Early,
}

/// Why a value cannot be filled in. Displays as one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Unfilled {
    /// What is missing.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// Replaces what is known in the text of `node` and notes what is asked of services. Faults point at the reference itself.
///
/// What comes back is, for [`Context::Early`], the text itself, for a shell its line, else a value for [`fill`].
pub(crate) fn read(reader: &mut Reader, text: &str, node: &Node, context: Context) -> Option<String> {
    if !text.contains('$') {
        return Some(text.to_owned());
    }
    let source = Source::new("".as_ref(), text);
    let quotes = if context == Context::Shell { Quotes::Shell } else { Quotes::Whole };
    let (mut template, report) = Parser::new(&source).value(quotes);
    if let Err(faults) = report.finish(()) {
        for fault in &faults {
            let invalid =
                Invalid { message: fault.message.clone(), label: fault.label.clone(), help: fault.help.clone() };
            let place = within(reader, node.place, text, fault.span.clone());
            reader.fault(place, invalid);
        }
        return None;
    }
    let mut is_well = true;
    for reference in template.references() {
        let place = within(reader, node.place, text, reference.span.clone());
        let known = match reference.name.split_once('.') {
            Some(("services", _)) => service_reference(reader, &reference.name, place),
            Some((_, rest)) => project_reference(&reader.project, rest, context),
            None => Ok(()),
        };
        let known = known.and_then(|()| match context {
            Context::Early if !reference.name.starts_with("project.") => {
                let invalid = Invalid::new("only the project is known here", "known later");
                Err(invalid.with_help("`${project.root}` and `${project.name}` are known"))
            }
            _ => Ok(()),
        });
        is_well &= reader.accept(place, known).is_some();
    }
    if !is_well {
        return None;
    }
    settle(&mut template, &reader.project);
    Some(match context {
        Context::Value => template.to_text(),
        Context::Shell => line(&template),
        Context::Early => template.expand(&mut Scope::new(&|_| None)).ok()?,
    })
}

/// The text with its references replaced by what `lookup` knows of their names: those of variables, and such as
/// `services.db.port`.
///
/// # Errors
/// A name without a default is not known, or one that is demanded is missing.
pub fn fill(text: &str, lookup: &dyn Fn(&str) -> Option<String>) -> Result<String, Unfilled> {
    if !text.contains('$') {
        return Ok(text.to_owned());
    }
    let (template, report) = Parser::new(&Source::new("".as_ref(), text)).value(Quotes::Whole);
    report.finish(()).map_err(|faults| Unfilled { message: faults.to_string(), help: None })?;
    template
        .expand(&mut Scope::strict(lookup))
        .map_err(|stop| Unfilled { message: stop.invalid.message, help: stop.invalid.help })
}

/// The names that a text refers to.
pub fn names_in(text: &str) -> Vec<String> {
    if !text.contains('$') {
        return Vec::new();
    }
    let (template, _) = Parser::new(&Source::new("".as_ref(), text)).value(Quotes::Whole);
    template.references().into_iter().map(|reference| reference.name.clone()).collect()
}

/// A line for the shell as a text for [`fill`]: what is the shell's own is kept from it.
pub(crate) fn keep_from_filling(line: &str) -> String {
    Parser::new(&Source::new("".as_ref(), line)).value(Quotes::Shell).0.to_text()
}

fn service_reference(reader: &mut Reader, name: &str, place: Place) -> Result<(), Invalid> {
    let Some(Asked { service, port, what }) = Asked::of(name) else {
        let invalid = Invalid::new("a service is referred to without saying what of it", "incomplete");
        return Err(invalid.with_help(format!("write it like `${{{name}.url}}`")));
    };
    if port.is_none() && what == PORTS {
        let invalid = Invalid::new("a port is referred to without saying which", "incomplete");
        return Err(invalid.with_help(format!("write it like `${{{name}.admin}}`")));
    }
    if !ASKED.contains(&what) {
        let of = if port.is_some() { "a port" } else { "a service" };
        let invalid = Invalid::new(format!("{of} has no {}", quoted(what)), "unknown");
        return Err(invalid.with_choice(nearest(what, ASKED), &ASKED));
    }
    let (service, port) = (service.to_owned(), port.map(str::to_owned));
    reader.references.push(ServiceReference { service, port, place });
    Ok(())
}

fn project_reference(project: &ProjectFacts, asked: &str, context: Context) -> Result<(), Invalid> {
    let Some(value) = project.get(asked) else {
        let invalid = Invalid::new(format!("a project has no {}", quoted(asked)), "unknown");
        return Err(invalid.with_choice(nearest(asked, OF_PROJECT), &OF_PROJECT));
    };
    if context == Context::Shell && !is_one_word(&value) {
        let message = format!("{} would not reach the shell whole", quoted(&value));
        let help = "write the command as an array, or put the value into `env`";
        return Err(Invalid::new(message, "holds what a shell takes apart").with_help(help));
    }
    Ok(())
}

/// Whether a shell reads it as itself, quoted or not.
fn is_one_word(text: &str) -> bool {
    text.chars().all(|ch| ch.is_alphanumeric() || "_@%+=:,./-".contains(ch))
}

impl ProjectFacts {
    fn get(&self, asked: &str) -> Option<String> {
        match asked {
            "root" => Some(self.root.to_string_lossy().into_owned()),
            "name" => Some(self.name.clone()),
            _ => None,
        }
    }
}

fn settle(template: &mut Template, project: &ProjectFacts) {
    for part in &mut template.0 {
        let Part::Reference(reference) = part else { continue };
        if let Some(rule) = &mut reference.rule {
            settle(&mut rule.words, project);
        }
        if let Some(value) = reference.name.strip_prefix("project.").and_then(|asked| project.get(asked)) {
            *part = Part::Text(value);
        }
    }
}

/// The template as a line for the shell.
fn line(template: &Template) -> String {
    let text = template.0.iter().map(|part| match part {
        Part::Text(text) => text.clone(),
        Part::Reference(_) => Template(vec![part.clone()]).to_text(),
    });
    text.collect()
}

/// The place of a piece of a string's text, where the string is written without escapes; else that of the string.
fn within(reader: &Reader, whole: Place, text: &str, span: std::ops::Range<usize>) -> Place {
    let written = reader.source_of(whole.file).text().get(whole.span()).unwrap_or_default();
    match written.find(text) {
        Some(at) => Place { start: whole.start + at + span.start, end: whole.start + at + span.end, ..whole },
        None => whole,
    }
}

#[cfg(test)]
#[path = "interpolate_tests.rs"]
mod tests;
