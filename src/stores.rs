//! What `trust`, `untrust` and `setup` share: the machine, who may change it, and what is said of its stores of certificates.

use std::io::IsTerminal;
use std::path::PathBuf;

use locald_api::Request;
use locald_config::UserConfig;
use locald_keeper::Home;
use locald_machine::{
    Change, Check, Door, Kind, Ledger, Presence, Privilege, Programs, Root, Store, StoreError, Verdict, World,
};
use locald_runtime::authority::{HomeAuthority, HomeRoot};
use serde::Serialize;

use crate::context::Context;
use crate::error::{CommandError, chain};
use crate::exit::ExitKind;
use crate::paint::{Paint, Tone};
use crate::table::{self, Cell, Column, Shrink};
use crate::ui::Ui;

/// An authority, and how it is told from others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) root: Root,
    /// The suffixes that it is for; its own name where that is not known any more.
    pub(crate) told: String,
}

impl From<&HomeRoot> for Shown {
    fn from(root: &HomeRoot) -> Self {
        Self { root: root.root.clone(), told: root.told().to_owned() }
    }
}

impl Shown {
    /// An authority of the ledger or of a store, which may be one of the home's, or may have been.
    pub(crate) fn of(root: Root, home: &[HomeRoot]) -> Self {
        let known = home.iter().find(|known| known.root.fingerprint == root.fingerprint);
        let told = known.map_or_else(|| root.name.clone(), |known| known.told().to_owned());
        Self { root, told }
    }
}

/// A store as it is shown, and an authority.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    /// Which authority: below what the names are that it is for.
    #[serde(rename = "for")]
    pub(crate) of: String,
    /// The SHA-256 of its certificate.
    pub(crate) fingerprint: String,
    pub(crate) store: &'static str,
    pub(crate) place: PathBuf,
    /// Who can change it: `you` or `root`.
    pub(crate) by: &'static str,
    pub(crate) state: State,
    /// The program with which trying it succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) verified_by: Option<&'static str>,
    /// Whether that was a handshake through it, and not its own check alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) handshake: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<String>,
}

/// How a store stands to the authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    /// It is to trust it.
    ToTrust,
    /// It trusts it.
    Trusted,
    /// It trusts it, and nobody has a use for that any more.
    Unneeded,
    /// It has traces of it, and does not trust it.
    Traces,
    /// It does not.
    Untrusted,
    /// It did, and nothing is left of that.
    Removed,
    /// It cannot be looked at or changed.
    Failed,
}

impl State {
    fn cell(self) -> Cell {
        let (tone, word) = match self {
            Self::ToTrust => (Tone::Busy, "to trust"),
            Self::Trusted => (Tone::Good, "trusted"),
            Self::Unneeded => (Tone::Busy, "no longer needed"),
            Self::Traces => (Tone::Busy, "traces"),
            Self::Untrusted => (Tone::Quiet, "not trusted"),
            Self::Removed => (Tone::Good, "removed"),
            Self::Failed => (Tone::Bad, "failed"),
        };
        Cell::toned(tone, word)
    }
}

impl Row {
    /// How a store stands to the authority now.
    pub(crate) fn of(store: &Store, shown: &Shown, world: &World<'_>) -> Self {
        let row = Self::new(store, shown, State::Untrusted);
        match store.presence(&shown.root, world) {
            Ok(Presence::Trusted) => Self { state: State::Trusted, ..row },
            Ok(Presence::Traces) => Self { state: State::Traces, ..row },
            Ok(Presence::Absent) => row,
            Err(error) => row.failed(&error),
        }
    }

    pub(crate) fn new(store: &Store, shown: &Shown, state: State) -> Self {
        Self {
            of: shown.told.clone(),
            fingerprint: shown.root.fingerprint.clone(),
            store: store.kind.word(),
            place: store.place.clone(),
            by: if store.as_root { "root" } else { "you" },
            state,
            verified_by: None,
            handshake: None,
            error: None,
            hint: None,
        }
    }

    /// The same, with what went wrong.
    pub(crate) fn failed(self, error: &StoreError) -> Self {
        let hint = match error {
            StoreError::Missing { how, .. } => Some(format!("install it: {how}")),
            StoreError::NeedsRoot { commands } => Some(format!("run: {commands}")),
            StoreError::Failed { said, .. } if said.contains("SEC_ERROR_TOKEN_NOT_LOGGED_IN") => {
                Some("the profile has a primary password; import the certificate in the browser's settings".to_owned())
            }
            StoreError::Failed { .. } | StoreError::Io { .. } | StoreError::Unchanged => None,
        };
        Self { state: State::Failed, error: Some(chain(error)), hint, ..self }
    }

    /// By what it was verified, for people.
    fn told_verified(&self) -> String {
        let Some(program) = self.verified_by else { return String::new() };
        let check = if self.handshake == Some(true) { Check::Handshake } else { Check::Store };
        format!("{check} ({program})")
    }

    /// The same, with what came of trying it.
    pub(crate) fn judged(self, verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Good(program, check) => {
                Self { verified_by: Some(program), handshake: Some(*check == Check::Handshake), ..self }
            }
            Verdict::Bad(why) => Self { state: State::Failed, error: Some(why.clone()), ..self },
            Verdict::Unknown => self,
        }
    }
}

const LAYOUT: [Column; 6] = [
    Column { title: "FOR", shrink: Some(Shrink { least: 12, good: 24 }), rank: None, right: false },
    Column { title: "STORE", shrink: None, rank: None, right: false },
    Column { title: "PLACE", shrink: Some(Shrink { least: 12, good: 40 }), rank: Some(1), right: false },
    Column { title: "CHANGED BY", shrink: None, rank: Some(0), right: false },
    Column { title: "STATE", shrink: None, rank: None, right: false },
    Column { title: "VERIFIED BY", shrink: None, rank: Some(2), right: false },
];

/// The rows as a table, and below it what went wrong.
pub(crate) fn show(rows: &[Row], ui: &mut Ui) -> Result<(), CommandError> {
    // Where there is one alone, it need not be told from others.
    let are_several = rows.windows(2).any(|pair| pair[0].of != pair[1].of);
    let layout = if are_several { &LAYOUT[..] } else { &LAYOUT[1..] };
    let cells = |row: &Row| {
        let of = are_several.then(|| Cell::new(row.of.clone()));
        let rest = [
            Cell::new(row.store),
            Cell::new(row.place.display().to_string()),
            Cell::new(row.by),
            row.state.cell(),
            Cell::new(row.told_verified()),
        ];
        of.into_iter().chain(rest).collect::<Vec<_>>()
    };
    let table = table::render(layout, &rows.iter().map(cells).collect::<Vec<_>>(), ui.data_columns, ui.data_paint);
    ui.data().write_all(table.as_bytes())?;
    for row in rows {
        let Some(error) = &row.error else { continue };
        let of = if are_several { format!("{}: ", row.of) } else { String::new() };
        ui.warn(&format!("{of}{} {}: {error}", row.store, row.place.display()))?;
        if let Some(hint) = &row.hint {
            let label = ui.status_paint.cyan_bold("hint:");
            writeln!(ui.status(), "{label} {}", crate::paint::plain(hint))?;
        }
    }
    Ok(())
}

/// The programs of this machine. Root's part is done by `sudo` where somebody sits before a terminal, and else only told.
pub(crate) fn programs() -> Programs {
    let privilege = if rustix::process::geteuid().is_root() {
        Privilege::Root
    } else if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() {
        Privilege::Sudo
    } else {
        Privilege::None
    };
    Programs { path: std::env::var_os("PATH").unwrap_or_default(), privilege }
}

/// The machine; its user must have a home.
pub(crate) fn world(programs: &Programs) -> Result<World<'_>, CommandError> {
    World::of_process(programs).ok_or_else(|| {
        CommandError::new(ExitKind::Failed, "it is not known whose stores are meant, as `HOME` names no folder")
    })
}

/// Refuses in a sandbox: it is removed with its folder, and whatever it had done elsewhere would stay.
pub(crate) fn check_outside_of_sandbox(context: &Context) -> Result<(), CommandError> {
    if !context.home().is_sandbox() {
        return Ok(());
    }
    let file = context.home().state_dir().join("ca/root.pem");
    let message = "a sandbox changes nothing outside of its folder, and no store is in there";
    let hint = format!("hand the certificate to a program instead, such as `curl --cacert {}`", file.display());
    Err(CommandError::new(ExitKind::Usage, message).hint(hint))
}

/// Tries a store. On a thread of its own, as the server at the other end is ours.
pub(crate) async fn verify(store: &Store, door: &Door, root: &Root, home: &Home) -> Verdict {
    let (store, door, root, scratch) = (store.clone(), door.clone(), root.clone(), home.runtime_dir().to_owned());
    let tried = tokio::task::spawn_blocking(move || {
        let programs = programs();
        World::of_process(&programs).map(|world| store.verify(&door, &root, &scratch, &world))
    });
    tried.await.ok().flatten().unwrap_or(Verdict::Unknown)
}

/// The stores that are in the ledger, each with the authority that it trusts.
pub(crate) fn in_ledger(ledger: &Ledger, world: &World<'_>) -> Vec<(Store, Root)> {
    let trusted = ledger.entries().iter().filter_map(|entry| match &entry.change {
        Change::Trust(trusted) => Some(trusted),
        Change::Helper(_) | Change::Hosts(_) | Change::Ports => None,
    });
    trusted.filter_map(|trusted| Some((Store::of(trusted, world)?, trusted.root()))).collect()
}

/// Whether links may be `https`: whether every store of a browser here trusts the authority, and where there are none, that of the
/// system does.
pub(crate) fn browsers_trust(ledger: &Ledger, root: &Root, world: &World<'_>) -> bool {
    let is_noted = |store: &Store| {
        in_ledger_verified(ledger, store, root)
            && store.presence(root, world).is_ok_and(|found| found == Presence::Trusted)
    };
    let all = locald_machine::stores(&[Kind::System, Kind::Nss, Kind::Windows], root, world);
    let (browsers, others): (Vec<&Store>, Vec<&Store>) = all.iter().partition(|store| store.is_of_browsers(world));
    if browsers.is_empty() { others.into_iter().any(is_noted) } else { browsers.into_iter().all(is_noted) }
}

fn in_ledger_verified(ledger: &Ledger, store: &Store, root: &Root) -> bool {
    ledger.entries().iter().any(|entry| match &entry.change {
        Change::Trust(trusted) => {
            trusted.verified && trusted.place == store.place && trusted.fingerprint == root.fingerprint
        }
        Change::Helper(_) | Change::Hosts(_) | Change::Ports => false,
    })
}

/// The suffixes that the user has configured.
pub(crate) fn suffixes(context: &Context, paint: Paint) -> Result<Vec<String>, CommandError> {
    match UserConfig::load(&context.home().config_file()) {
        Ok(config) => Ok(config.proxy.suffixes),
        Err(error) => Err(context.config_error(error, "; nothing was done", paint)),
    }
}

/// Whether an authority of the ledger is still the home's, and for a suffix that is configured. A configuration that makes no sense
/// makes none superfluous.
pub(crate) fn is_needed(fingerprint: &str, context: &Context) -> bool {
    let suffixes = UserConfig::load(&context.home().config_file()).ok().map(|config| config.proxy.suffixes);
    let is_meant = |root: &HomeRoot| match (&root.suffix, &suffixes) {
        (Some(suffix), Some(configured)) => configured.contains(suffix),
        _ => true,
    };
    HomeAuthority::roots(context.home()).iter().any(|root| root.root.fingerprint == fingerprint && is_meant(root))
}

/// Has a daemon that runs look at the ledger again.
pub(crate) async fn tell_daemon(request: Request, context: &Context) -> Result<(), CommandError> {
    if let Some((client, _)) = context.running_daemon().await? {
        client.call(request).await?;
    }
    Ok(())
}
