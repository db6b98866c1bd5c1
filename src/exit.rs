//! The exit codes of every command, in one table that the manual's page repeats and a test compares.

/// Why a command ends without success. Several kinds share a code where a script would not tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExitKind {
    /// What was asked for was tried and failed.
    Failed,
    /// The command line makes no sense.
    Usage,
    /// The configuration has faults, or there is none.
    Config,
    /// A name that nothing has, or that several things have.
    UnknownName,
    /// The daemon cannot be reached, or does not serve us.
    Unavailable,
    /// No daemon runs at all; commands that only ask tell this from the other reasons.
    NoDaemon,
    /// The service is not in a state for this.
    NotRunning,
    /// A fault of ours.
    Internal,
    /// The command that was run ended with this code.
    Child(u8),
    /// Ended by this signal, such as Ctrl-C before the answer came.
    Signal(u8),
    /// Whoever read our output went away, as `head` does. Not a failure, and nobody to tell.
    PipeClosed,
}

/// One row of the table: the code, and what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ExitRow {
    /// What the process ends with.
    pub(crate) code: u8,
    /// What that means.
    pub(crate) meaning: &'static str,
}

/// All exit codes, ascending. `docs/reference/exit-codes.md` shows the same rows.
pub(crate) const TABLE: &[ExitRow] = &[
    ExitRow { code: 0, meaning: "What was asked for is done, or was so already" },
    ExitRow { code: 1, meaning: "What was asked for failed, such as a service that did not start" },
    ExitRow { code: 2, meaning: "The command line makes no sense" },
    ExitRow { code: 3, meaning: "The configuration has faults, or there is none" },
    ExitRow { code: 4, meaning: "A name is unknown or ambiguous" },
    ExitRow { code: 5, meaning: "The daemon cannot be reached, or refuses" },
    ExitRow { code: 6, meaning: "The service is not in a state for this, such as keys for one that is stopped" },
    ExitRow { code: 70, meaning: "A fault of locald itself" },
    ExitRow { code: 130, meaning: "Ended by Ctrl-C before it was done" },
];

impl ExitKind {
    /// The process's exit code; one of [`TABLE`], or 128 and a signal's number.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::PipeClosed => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Config => 3,
            Self::UnknownName => 4,
            Self::Unavailable | Self::NoDaemon => 5,
            Self::NotRunning => 6,
            Self::Internal => 70,
            Self::Child(code) => code,
            // As shells have it.
            Self::Signal(number) => 128_u8.saturating_add(number),
        }
    }
}

/// The table as lines for the foot of `locald --help`.
pub(crate) fn help() -> String {
    TABLE.iter().fold(String::from("Exit codes:"), |text, row| format!("{text}\n  {:>3}  {}", row.code, row.meaning))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [ExitKind; 10] = [
        ExitKind::PipeClosed,
        ExitKind::Failed,
        ExitKind::Usage,
        ExitKind::Config,
        ExitKind::UnknownName,
        ExitKind::Unavailable,
        ExitKind::NoDaemon,
        ExitKind::NotRunning,
        ExitKind::Internal,
        ExitKind::Signal(2),
    ];

    #[test]
    fn every_kind_of_end_has_a_row_and_every_row_a_kind() {
        let mut used: Vec<u8> = KINDS.iter().map(|kind| kind.code()).collect();
        used.sort_unstable();
        used.dedup();
        assert_eq!(used, TABLE.iter().map(|row| row.code).collect::<Vec<_>>());
    }

    #[test]
    fn the_manual_shows_the_same_table() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference/exit-codes.md");
        let page = std::fs::read_to_string(page).expect("the page is part of the repository");
        let shown: Vec<(u8, &str)> = page.lines().filter_map(table_row).collect();
        let ours: Vec<(u8, &str)> = TABLE.iter().map(|row| (row.code, row.meaning)).collect();
        assert_eq!(shown, ours);
    }

    /// `| 4 | A name is unknown |` as its two cells.
    fn table_row(line: &str) -> Option<(u8, &str)> {
        let mut cells = line.strip_prefix('|')?.split('|').map(str::trim);
        Some((cells.next()?.parse().ok()?, cells.next()?))
    }
}
