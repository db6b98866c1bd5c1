//! `locald completion`: the script that teaches a shell our words.

use clap_complete::Shell;

use crate::cli;
use crate::error::CommandError;
use crate::ui::Ui;

/// Print a shell's completion script
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  locald completion bash > ~/.local/share/bash-completion/completions/locald\n  locald completion fish > ~/.config/fish/completions/locald.fish\n  locald completion zsh > ~/.zfunc/_locald"
)]
pub(crate) struct CompletionArgs {
    /// Which shell
    shell: Shell,
}

pub(crate) fn completion(args: &CompletionArgs, ui: &mut Ui) -> Result<(), CommandError> {
    // Into memory first: clap_complete panics when a write fails, as it does for `| head`.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut cli::command(), "locald", &mut script);
    Ok(ui.data().write_all(&script)?)
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;
    use crate::ui::fake;

    #[test]
    fn every_shell_gets_a_script_that_knows_the_commands() {
        for shell in Shell::value_variants() {
            let (mut ui, written) = fake::ui();
            completion(&CompletionArgs { shell: *shell }, &mut ui).unwrap();
            assert!(written.data().contains("send-keys"), "{shell}");
        }
    }
}
