//! `command`: what a service runs, either a line for the shell or a program with its arguments.

use toml::de::DeValue;

use crate::fault::Invalid;
use crate::reader::{Entry, Reader, type_of};

/// What a service runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// A line that `/bin/sh -c` is given. Not blank.
    Shell(String),
    /// A program and its arguments, run without a shell. Not empty, nor is its first word.
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

    /// Reads a string or an array of strings.
    pub(crate) fn read(reader: &mut Reader, entry: Entry<'_>) -> Option<Self> {
        let words = match entry.value() {
            DeValue::String(line) => return reader.accept(entry.value_span(), Self::shell(line)),
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
