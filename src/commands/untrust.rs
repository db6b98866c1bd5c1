//! `locald untrust`: removes the home's authorities from every store of certificates, and shows that nothing of it is left.

use std::path::PathBuf;

use locald_api::Request;
use locald_machine::{Change, Kind, Ledger, Root, Store, World};
use locald_runtime::authority::HomeAuthority;

use crate::context::Context;
use crate::error::CommandError;
use crate::exit::ExitKind;
use crate::stores::{self, Row, Shown, State};
use crate::ui::Ui;

/// Remove what `locald trust` has done
///
/// The authority is removed from every store, by the fingerprint of its certificate, and so are those of further suffixes, configured or
/// not any more, and earlier ones of this home.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  locald untrust            Remove it everywhere\n  locald untrust --check    Fail if anything of it is left"
)]
pub(crate) struct UntrustArgs {
    /// Change nothing, and fail if anything is left
    #[arg(long)]
    check: bool,
    /// Also authorities of other homes, such as one whose folder was deleted
    #[arg(long)]
    all: bool,
    /// Print an array of stores as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn untrust(args: UntrustArgs, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    stores::check_outside_of_sandbox(context)?;
    let programs = stores::programs();
    let world = stores::world(&programs)?;
    let ledger = Ledger::read(context.home().state_dir())?;
    let mut roots: Vec<Root> = stores::in_ledger(&ledger, &world).into_iter().map(|(_, root)| root).collect();
    let known = HomeAuthority::roots(context.home());
    roots.extend(known.iter().map(|known| known.root.clone()));
    if args.all {
        roots.extend(others(&world));
    }
    roots.sort_by(|one, other| one.fingerprint.cmp(&other.fingerprint));
    roots.dedup_by(|one, other| one.fingerprint == other.fingerprint);
    let mut rows = Vec::new();
    for shown in roots.into_iter().map(|root| Shown::of(root, &known)) {
        let root = &shown.root;
        for store in of_root(root, &ledger, &world) {
            let row = Row::of(&store, &shown, &world);
            let is_there = row.state != State::Untrusted;
            if args.check {
                rows.extend(is_there.then_some(row));
            } else if row.state == State::Failed {
                // Where nothing was done it is no fault that it cannot be looked at.
                rows.extend(is_noted(&store, root, &ledger).then_some(row));
            } else if is_there || is_noted(&store, root, &ledger) {
                rows.push(remove(&store, &shown, context, &world)?);
            }
        }
    }
    let was_trusted = !ledger.entries().is_empty() || !rows.is_empty();
    if was_trusted && !args.check {
        Ledger::update(context.home().state_dir(), |ledger| ledger.browsers_trust.clear())?;
        stores::tell_daemon(Request::MachineChanged, context).await?;
    }
    report(&rows, &args, ui)
}

/// Undoes what the ledger has of one store.
pub(crate) fn undo(store: &Store, root: &Root, context: &Context, world: &World<'_>) -> Result<Row, CommandError> {
    let shown = Shown::of(root.clone(), &HomeAuthority::roots(context.home()));
    let row = remove(store, &shown, context, world)?;
    Ledger::update(context.home().state_dir(), |ledger| ledger.browsers_trust.retain(|it| *it != root.fingerprint))?;
    Ok(row)
}

/// Removes authorities that the ledger has and that are none of the current ones.
pub(crate) fn earlier(
    is_current: impl Fn(&str) -> bool,
    context: &Context,
    world: &World<'_>,
) -> Result<Vec<Row>, CommandError> {
    let ledger = Ledger::read(context.home().state_dir())?;
    let known = HomeAuthority::roots(context.home());
    let earlier = stores::in_ledger(&ledger, world).into_iter();
    let earlier = earlier.filter(|(_, root)| !is_current(&root.fingerprint));
    earlier.map(|(store, root)| remove(&store, &Shown::of(root, &known), context, world)).collect()
}

fn remove(store: &Store, shown: &Shown, context: &Context, world: &World<'_>) -> Result<Row, CommandError> {
    let row = Row::new(store, shown, State::Removed);
    match store.remove(&shown.root, world) {
        Ok(()) => {
            let change = Change::Trust(store.noted(&shown.root, false));
            Ledger::update(context.home().state_dir(), |ledger| ledger.strike(&change))?;
            Ok(row)
        }
        Err(error) => Ok(row.failed(&error)),
    }
}

/// Every store in which the authority may be: those that there are, and those of the ledger that are not found any more.
fn of_root(root: &Root, ledger: &Ledger, world: &World<'_>) -> Vec<Store> {
    let noted = stores::in_ledger(ledger, world).into_iter();
    let mut found: Vec<Store> =
        noted.filter(|(_, noted)| noted.fingerprint == root.fingerprint).map(|(store, _)| store).collect();
    for store in locald_machine::stores(&Kind::ALL, root, world) {
        if !found.iter().any(|known| known.place == store.place) {
            found.push(store);
        }
    }
    found
}

fn is_noted(store: &Store, root: &Root, ledger: &Ledger) -> bool {
    let change = Change::Trust(store.noted(root, false));
    ledger.entries().iter().any(|entry| entry.change.is_same(&change))
}

/// The authorities of locald in any store, whosever they are.
fn others(world: &World<'_>) -> Vec<Root> {
    let nobody =
        Root { name: String::new(), file: PathBuf::new(), fingerprint: String::new(), thumbprint: String::new() };
    let found = locald_machine::stores(&Kind::ALL, &nobody, world);
    found.iter().flat_map(|store| store.authorities(world).unwrap_or_default()).collect()
}

fn report(rows: &[Row], args: &UntrustArgs, ui: &mut Ui) -> Result<(), CommandError> {
    if args.json {
        ui.json(&rows)?;
    } else if rows.is_empty() {
        ui.note(if args.check { "nothing of it is left" } else { "nothing here trusts it" })?;
    } else {
        stores::show(rows, ui)?;
    }
    let is_left = |row: &&Row| if args.check { true } else { row.state != State::Removed };
    match rows.iter().filter(is_left).count() {
        0 => Ok(()),
        _ if args.check && rows.iter().all(|row| row.state == State::Failed) => {
            Err(CommandError::new(ExitKind::Failed, "not every store can be looked at"))
        }
        _ if args.check => {
            Err(CommandError::new(ExitKind::Failed, "something of it is left").hint("`locald untrust` removes it"))
        }
        _ => Err(CommandError::new(ExitKind::Failed, "not every store could be changed")
            .hint("do what is said above, and run `locald untrust` again")),
    }
}
