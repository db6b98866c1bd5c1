//! `command`: what a service runs, either a line for the shell or a program with its arguments.

use crate::fault::Invalid;

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
