//! Asking before something is lost.

use std::io::{self, IsTerminal};

use crate::error::CommandError;
use crate::exit::ExitKind;
use crate::ui::Ui;

/// Asks `question`, to which only a `y` agrees. Fails where nobody can be asked, and where the answer is no.
pub(crate) fn confirm(question: &str, ui: &mut Ui) -> Result<(), CommandError> {
    if !io::stdin().is_terminal() {
        return Err(CommandError::new(ExitKind::Usage, "there is no terminal to ask on").hint("say `--yes`"));
    }
    write!(ui.status(), "{question} [y/N] ")?;
    ui.status().flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    if agrees(&answer) { Ok(()) } else { Err(CommandError::new(ExitKind::Failed, "nothing was done")) }
}

fn agrees(answer: &str) -> bool {
    matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_agrees() {
        assert!(["y", "Y\n", " yes "].into_iter().all(agrees));
        assert!(!["", "\n", "n", "yeah", "ja"].into_iter().any(agrees));
    }
}
