//! `.env`: variables for the whole project, read as Docker Compose reads them.
//!
//! The text is parsed once, when the project is loaded, so that its faults show at once. What the values become depends
//! on the environment of whoever starts the project, so that is asked for later, by [`DotEnv::resolve`].

mod parse;

use std::collections::BTreeMap;
use std::path::Path;

use crate::faults::{Faults, Report};
use crate::source::Source;
use crate::template::{Scope, Template};

pub(crate) use parse::{Parser, Quotes};

/// A parsed `.env` whose values are not expanded yet. The default is an empty one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DotEnv {
    source: Source,
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    name: String,
    /// Where the line begins, in bytes.
    at: usize,
    /// `None`: the name stands alone and takes its value from the environment.
    value: Option<Template>,
}

impl DotEnv {
    /// Reads the text of an `.env`. `path` names it in faults.
    ///
    /// # Errors
    /// All faults of the text.
    pub fn parse(path: &Path, text: &str) -> Result<Self, Faults> {
        let source = Source::new(path, text);
        let (entries, report) = Parser::new(&source).file();
        report.finish(Self { source, entries })
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The line, counted from 1, that gives a variable its value.
    pub fn line_of(&self, name: &str) -> Option<usize> {
        let entry = self.entries.iter().rev().find(|entry| entry.name == name)?;
        Some(self.source.line(entry.at))
    }

    /// The variables with all references replaced, each name once, in the order of the file.
    ///
    /// `lookup` is the environment. As in Compose, a reference takes the environment's value before that of an earlier
    /// line, of two lines with one name the later counts, and a name without `=` is left out where the environment
    /// lacks it. The values together hold at most 1 MiB.
    ///
    /// # Errors
    /// A variable that `${NAME:?…}` demands is missing, or the values grow too large.
    pub fn resolve(&self, lookup: &dyn Fn(&str) -> Option<String>) -> Result<Vec<(String, String)>, Faults> {
        let mut report = Report::new(&self.source);
        let mut scope = Scope::new(lookup);
        let mut order: Vec<&str> = Vec::new();
        let mut resolved: BTreeMap<&str, String> = BTreeMap::new();
        for Entry { name, value, .. } in &self.entries {
            let value = match value {
                Some(template) => template.expand(&mut scope).map(Some),
                None => Ok(lookup(name)),
            };
            match value {
                Ok(Some(value)) => {
                    scope.set(name, &value);
                    if resolved.insert(name, value).is_none() {
                        order.push(name);
                    }
                }
                Ok(None) => {}
                Err(stop) => report.add(stop.span, stop.invalid),
            }
        }
        report.finish(())?;
        Ok(order.into_iter().filter_map(|name| Some((name.to_owned(), resolved.remove(name)?))).collect())
    }
}

impl Default for DotEnv {
    fn default() -> Self {
        Self { source: Source::new(Path::new(".env"), ""), entries: Vec::new() }
    }
}

#[cfg(test)]
mod tests;
