//! The value of a line: text with references in it, and what they become.
//!
//! Expansion writes each character once and counts it, so a short file cannot grow a long environment.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::fault::{Invalid, printable, quoted};

/// The values of a file may together be so large.
const MAX_EXPANDED: usize = 1024 * 1024;

/// Text and references, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Template(pub(super) Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Text(String),
    Reference(Reference),
}

/// `$NAME` or `${NAME…}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reference {
    pub(super) name: String,
    pub(super) span: Range<usize>,
    pub(super) rule: Option<Rule>,
}

/// What follows the name in `${NAME:-words}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) operator: Operator,
    /// With a colon an empty value counts as none.
    pub(super) empty_is_unset: bool,
    pub(super) words: Template,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    /// `-`: the words instead of a missing value.
    Default,
    /// `?`: a missing value is a fault, described by the words.
    Required,
    /// `+`: the words instead of a present value.
    Alternative,
}

/// Why a value cannot be expanded.
#[derive(Debug)]
pub(super) struct Stop {
    pub(super) span: Range<usize>,
    pub(super) invalid: Invalid,
}

/// The environment, the lines so far and how much may still be written.
pub(super) struct Scope<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    lines: BTreeMap<String, String>,
    room: usize,
}

impl<'a> Scope<'a> {
    pub(super) fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { lookup, lines: BTreeMap::new(), room: MAX_EXPANDED }
    }

    /// Makes a line's value known to the lines after it.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.lines.insert(name.to_owned(), value.to_owned());
    }

    fn value(&self, name: &str) -> Option<String> {
        (self.lookup)(name).or_else(|| self.lines.get(name).cloned())
    }

    fn write(&mut self, text: &str, out: &mut String) -> Result<(), Invalid> {
        self.room = self.room.checked_sub(text.len()).ok_or_else(too_large)?;
        out.push_str(text);
        Ok(())
    }
}

impl Template {
    /// The value itself.
    pub(super) fn expand(&self, scope: &mut Scope<'_>) -> Result<String, Stop> {
        let mut out = String::new();
        self.write(scope, &mut out, &(0..0))?;
        Ok(out)
    }

    /// `around` is where to point when text rather than a reference is too much.
    fn write(&self, scope: &mut Scope<'_>, out: &mut String, around: &Range<usize>) -> Result<(), Stop> {
        for part in &self.0 {
            match part {
                Part::Text(text) => {
                    scope.write(text, out).map_err(|invalid| Stop { span: around.clone(), invalid })?;
                }
                Part::Reference(reference) => reference.write(scope, out)?,
            }
        }
        Ok(())
    }
}

impl Reference {
    fn write(&self, scope: &mut Scope<'_>, out: &mut String) -> Result<(), Stop> {
        let value = scope.value(&self.name);
        let Some(rule) = &self.rule else {
            return self.write_value(value, scope, out);
        };
        let present = value.filter(|value| !(rule.empty_is_unset && value.is_empty()));
        match (rule.operator, present) {
            (Operator::Default | Operator::Required, Some(value)) => self.write_value(Some(value), scope, out),
            (Operator::Default, None) | (Operator::Alternative, Some(_)) => rule.words.write(scope, out, &self.span),
            (Operator::Alternative, None) => Ok(()),
            (Operator::Required, None) => Err(self.missing(rule, &rule.words.expand(scope)?)),
        }
    }

    /// A variable that is not set is an empty text, as in a shell.
    fn write_value(&self, value: Option<String>, scope: &mut Scope<'_>, out: &mut String) -> Result<(), Stop> {
        let written = scope.write(&value.unwrap_or_default(), out);
        written.map_err(|invalid| Stop { span: self.span.clone(), invalid })
    }

    fn missing(&self, rule: &Rule, reason: &str) -> Stop {
        let reason: String = printable(reason).chars().take(200).collect();
        let message = match reason.as_str() {
            "" => format!("{} is required", quoted(&self.name)),
            reason => format!("{} is required: {reason}", quoted(&self.name)),
        };
        let label = if rule.empty_is_unset { "not set, or empty" } else { "not set" };
        Stop { span: self.span.clone(), invalid: Invalid::new(message, label) }
    }
}

fn too_large() -> Invalid {
    Invalid::new("the values are larger than 1 MiB together", "too much here")
}
