//! Text with references in it, such as `${NAME:-default}`, and what they become.
//!
//! Expansion writes each character once and counts it, so a short file cannot grow a long environment.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::fault::{Invalid, printable, quoted};

/// What is expanded together, such as the values of a file, may be so large.
const MAX_EXPANDED: usize = 1024 * 1024;

/// Text and references, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Template(pub(crate) Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    Text(String),
    Reference(Reference),
}

/// `$NAME` or `${NAME…}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) name: String,
    pub(crate) span: Range<usize>,
    pub(crate) rule: Option<Rule>,
}

/// What follows the name in `${NAME:-words}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) operator: Operator,
    /// With a colon an empty value counts as none.
    pub(crate) empty_is_unset: bool,
    pub(crate) words: Template,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    /// `-`: the words instead of a missing value.
    Default,
    /// `?`: a missing value is a fault, described by the words.
    Required,
    /// `+`: the words instead of a present value.
    Alternative,
}

/// Why a value cannot be expanded.
#[derive(Debug)]
pub(crate) struct Stop {
    pub(crate) span: Range<usize>,
    pub(crate) invalid: Invalid,
}

/// What is looked up, the lines so far and how much may still be written.
pub(crate) struct Scope<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    /// Whether a name that nothing is known of is an empty text, as in a shell, or stops the expansion.
    unset_is_empty: bool,
    lines: BTreeMap<String, String>,
    room: usize,
}

impl<'a> Scope<'a> {
    pub(crate) fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { lookup, unset_is_empty: true, lines: BTreeMap::new(), room: MAX_EXPANDED }
    }

    /// In which every name must be known, or say what stands in for it.
    pub(crate) fn strict(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { unset_is_empty: false, ..Self::new(lookup) }
    }

    /// Makes a line's value known to the lines after it.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
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
    pub(crate) fn expand(&self, scope: &mut Scope<'_>) -> Result<String, Stop> {
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

impl Template {
    /// Every reference, those inside others too, in order.
    pub(crate) fn references(&self) -> Vec<&Reference> {
        let mut found = Vec::new();
        self.collect(&mut found);
        found
    }

    fn collect<'a>(&'a self, found: &mut Vec<&'a Reference>) {
        for part in &self.0 {
            if let Part::Reference(reference) = part {
                found.push(reference);
                reference.rule.iter().for_each(|rule| rule.words.collect(found));
            }
        }
    }

    /// The text it is read from.
    pub(crate) fn to_text(&self) -> String {
        let text = self.0.iter().map(|part| match part {
            Part::Text(text) => text.replace('$', "$$"),
            Part::Reference(Reference { name, rule: None, .. }) => format!("${{{name}}}"),
            Part::Reference(Reference { name, rule: Some(rule), .. }) => {
                let colon = if rule.empty_is_unset { ":" } else { "" };
                format!("${{{name}{colon}{}{}}}", rule.operator.as_str(), rule.words.to_text())
            }
        });
        text.collect()
    }
}

impl Operator {
    fn as_str(self) -> &'static str {
        match self {
            Self::Default => "-",
            Self::Required => "?",
            Self::Alternative => "+",
        }
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

    fn write_value(&self, value: Option<String>, scope: &mut Scope<'_>, out: &mut String) -> Result<(), Stop> {
        if value.is_none() && !scope.unset_is_empty {
            let help = format!(
                "write `${{{name}:-}}` for an empty text, `$${{{name}}}` to keep it as it is",
                name = self.name
            );
            let invalid = Invalid::new(format!("{} is not set", quoted(&self.name)), "not set");
            return Err(Stop { span: self.span.clone(), invalid: invalid.with_help(help) });
        }
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
