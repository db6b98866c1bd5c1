//! `command`: what a service runs, either a line for the shell or a program with its arguments.

use serde::{Deserialize, Serialize};

use crate::fault::Invalid;
use crate::interpolate::{self, Context, keep_from_filling};
use crate::reader::Reader;
use crate::tree::{Entry, Value};

/// What a service runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// A line that `/bin/sh -c` is given; `${services.…}` in it is not the shell's. Not blank.
    Shell(String),
    /// A program and its arguments, run without a shell; each a text for [`crate::fill`]. Not empty, nor is its first word.
    Exec(Vec<String>),
}

impl Command {
    /// A line for the shell, unless it is blank.
    pub(crate) fn shell(line: &str) -> Result<Self, Invalid> {
        if line.trim().is_empty() {
            return Err(Invalid::new("a command cannot be empty", "nothing to run"));
        }
        without_nul(line)?;
        Ok(Self::Shell(line.into()))
    }

    /// The program and its arguments, each as a text for [`crate::fill`].
    pub fn arguments(&self) -> Vec<String> {
        match self {
            Self::Shell(line) => vec!["/bin/sh".to_owned(), "-c".to_owned(), keep_from_filling(line)],
            Self::Exec(words) => words.clone(),
        }
    }

    /// Reads a string or an array of strings.
    pub(crate) fn read(reader: &mut Reader, entry: &Entry) -> Option<Self> {
        let words = match &entry.node.value {
            Value::Text(line) => {
                reader.accept(entry.node.place, Self::shell(line))?;
                return interpolate::read(reader, line, &entry.node, Context::Shell).map(Self::Shell);
            }
            Value::List(words) => words,
            _ => return reader.wrong_type(entry, "a string or an array of strings"),
        };
        let mut program = Vec::new();
        for (text, node) in reader.strings(&entry.key, words) {
            if reader.accept(node.place, without_nul(text)).is_some() {
                program.extend(interpolate::read(reader, text, node, Context::Value));
            }
        }
        if program.len() < words.len() {
            return None;
        }
        if program.first().is_none_or(|name| name.trim().is_empty()) {
            reader.fault(entry.node.place, Invalid::new("a command cannot be empty", "nothing to run"));
            return None;
        }
        Some(Self::Exec(program))
    }
}

/// No text with a NUL in it can be handed to another program: there it would end at the NUL.
pub(crate) fn without_nul(text: &str) -> Result<(), Invalid> {
    if text.contains('\0') {
        return Err(Invalid::new("no argument, path or variable can hold a NUL character", "holds a NUL"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blank_line_is_no_command() {
        assert!(Command::shell("").is_err());
        assert!(Command::shell(" \t").is_err());
        assert!(Command::shell("a\0b").is_err());
        assert_eq!(Command::shell("npm start"), Ok(Command::Shell("npm start".into())));
    }
}
