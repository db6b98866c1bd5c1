//! `locald trust`: has the stores of certificates of this machine trust the home's authority, and tries each of them.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use locald_api::Request;
use locald_machine::{Change, Kind, Ledger, Root, Store, World};
use locald_runtime::authority::{HomeAuthority, SOON};
use serde::Serialize;

use super::untrust;
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::ExitKind;
use crate::stores::{self, Row, State};
use crate::ui::Ui;

/// Trust the certificates of services
///
/// Has this machine's stores of certificates trust the authority of your services: that of the system, and one for each browser and
/// profile. The authority can vouch for names below `localhost` and `test`, and for nothing else. Each store is tried, with a
/// real handshake where a client for it is there. `locald untrust` undoes all of it.
#[derive(clap::Args, Debug)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  locald trust                 Every store that is found\n  locald trust --dry-run       Only say what would be done\n  locald trust --store java    That of Java, which is left alone otherwise"
)]
pub(crate) struct TrustArgs {
    #[command(subcommand)]
    command: Option<TrustCommand>,
    /// Only stores of this sort [default: all but java]
    #[arg(long = "store", value_name = "STORE", value_parser = kinds())]
    kinds: Vec<Kind>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Print an array of stores as JSON
    #[arg(long)]
    json: bool,
}

#[derive(clap::Subcommand, Debug)]
enum TrustCommand {
    /// Show which stores trust the authority, and try them
    #[command(after_help = "Examples:\n  locald trust status --json")]
    Status {
        /// Print an object as JSON
        #[arg(long)]
        json: bool,
    },
}

/// A sort of store by its name, which shells can complete.
fn kinds() -> impl TypedValueParser<Value = Kind> {
    PossibleValuesParser::new(Kind::ALL.map(Kind::word)).try_map(|word| word.parse::<Kind>())
}

/// The stores that are meant where nobody says which.
const USUAL: [Kind; 3] = [Kind::System, Kind::Nss, Kind::Windows];

pub(crate) async fn trust(args: TrustArgs, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    if let Some(TrustCommand::Status { json }) = args.command {
        return status(json, context, ui).await;
    }
    stores::check_outside_of_sandbox(context)?;
    let programs = stores::programs();
    let world = stores::world(&programs)?;
    let before = HomeAuthority::root(context.home());
    let authority = authority(context)?;
    let root = &authority.root;
    let kinds = if args.kinds.is_empty() { USUAL.to_vec() } else { args.kinds };
    let found = locald_machine::stores(&kinds, root, &world);
    let plan: Vec<Row> = found.iter().map(|store| planned(Row::of(store, root, &world))).collect();
    if args.dry_run {
        return dry_run(&found, &plan, args.json, root, &world, ui);
    }
    if !args.json {
        stores::show(&plan, ui)?;
        ui.flush()?;
    }
    let mut rows = Vec::new();
    let door = authority.open_door().await?;
    for (store, row) in found.iter().zip(plan) {
        rows.push(make_trusted(store, row, &door.door, root, context, &world).await?);
    }
    let is_other = before.is_some_and(|before| before.fingerprint != root.fingerprint);
    // Nobody needs an authority that another one has replaced.
    rows.extend(untrust::earlier(root, context, &world)?);
    let ledger = Ledger::read(context.home().state_dir())?;
    let trusted = stores::browsers_trust(&ledger, root, &world).then(|| root.fingerprint.clone());
    Ledger::update(context.home().state_dir(), |ledger| ledger.browsers_trust.clone_from(&trusted))?;
    stores::tell_daemon(if is_other { Request::DaemonRestart } else { Request::MachineChanged }, context).await?;
    report(&rows, trusted.is_some(), args.json, ui)
}

fn authority(context: &Context) -> Result<HomeAuthority, CommandError> {
    context.home().prepare().map_err(|error| CommandError::from_error(ExitKind::Failed, &error))?;
    HomeAuthority::take_up(context.home(), SOON).map_err(|error| CommandError::from_error(ExitKind::Failed, &error))
}

/// A row as it is shown before anything is done.
fn planned(row: Row) -> Row {
    let is_to_be_done = matches!(row.state, State::Untrusted | State::Traces);
    if is_to_be_done { Row { state: State::ToTrust, ..row } } else { row }
}

fn dry_run(
    found: &[Store],
    plan: &[Row],
    json: bool,
    root: &Root,
    world: &World<'_>,
    ui: &mut Ui,
) -> Result<(), CommandError> {
    if json {
        return Ok(ui.json(&plan)?);
    }
    stores::show(plan, ui)?;
    for (store, _) in found.iter().zip(plan).filter(|(_, row)| row.state == State::ToTrust) {
        for call in store.adding(root, world).unwrap_or_default() {
            writeln!(ui.data(), "{call}")?;
        }
    }
    Ok(ui.note("nothing was done")?)
}

/// Has a store trust the authority if it does not, and tries it.
async fn make_trusted(
    store: &Store,
    row: Row,
    door: &locald_machine::Door,
    root: &Root,
    context: &Context,
    world: &World<'_>,
) -> Result<Row, CommandError> {
    let state = context.home().state_dir();
    if row.state == State::Failed {
        return Ok(row);
    }
    // Before it is done: whoever interrupts this must be able to undo it.
    Ledger::update(state, |ledger| ledger.enter(Change::Trust(store.noted(root, false))))?;
    if row.state == State::ToTrust
        && let Err(error) = store.add(root, world)
    {
        let row = Row::of(store, root, world);
        if row.state == State::Untrusted {
            Ledger::update(state, |ledger| ledger.strike(&Change::Trust(store.noted(root, false))))?;
        }
        return Ok(row.failed(&error));
    }
    let row = Row { state: State::Trusted, ..row }.judged(&stores::verify(store, door, root, context.home()).await);
    if row.verified_by.is_some() {
        Ledger::update(state, |ledger| ledger.enter(Change::Trust(store.noted(root, true))))?;
    }
    Ok(row)
}

fn report(rows: &[Row], trusted: bool, json: bool, ui: &mut Ui) -> Result<(), CommandError> {
    if json {
        ui.json(&rows)?;
    } else if rows.is_empty() {
        ui.warn("no store of certificates is known here")?;
    } else {
        writeln!(ui.data())?;
        stores::show(rows, ui)?;
        let links = if trusted {
            "services are shown at https from now on; browsers that run may have to be started again"
        } else {
            "services are shown at http, as not every browser here trusts them"
        };
        ui.note(links)?;
    }
    if rows.iter().any(|row| row.state == State::Failed) {
        return Err(CommandError::new(ExitKind::Failed, "not every store trusts the authority")
            .hint("do what is said above, and run `locald trust` again"));
    }
    Ok(())
}

/// What `status --json` prints.
#[derive(Debug, Serialize)]
struct StatusJson<'a> {
    /// `None`: there is none yet.
    authority: Option<AuthorityJson<'a>>,
    /// How services are shown: `http` or `https`.
    links: &'a str,
    stores: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct AuthorityJson<'a> {
    name: &'a str,
    fingerprint: &'a str,
    file: &'a std::path::Path,
    until: String,
}

async fn status(json: bool, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    if HomeAuthority::root(context.home()).is_none() {
        let nothing = StatusJson { authority: None, links: "http", stores: Vec::new() };
        return if json {
            Ok(ui.json(&nothing)?)
        } else {
            Ok(ui.note("there is no authority yet, so nothing trusts it")?)
        };
    }
    let authority = HomeAuthority::take_up(context.home(), locald_runtime::authority::LAST)
        .map_err(|error| CommandError::from_error(ExitKind::Failed, &error))?;
    let programs = stores::programs();
    let (world, root) = (stores::world(&programs)?, &authority.root);
    let ledger = Ledger::read(context.home().state_dir())?;
    let mut found = locald_machine::stores(&USUAL, root, &world);
    let java = stores::in_ledger(&ledger, &world).into_iter().map(|(store, _)| store);
    found.extend(java.filter(|store| store.kind == Kind::Java));
    let door = authority.open_door().await?;
    let mut rows = Vec::new();
    for store in &found {
        let row = Row::of(store, root, &world);
        let is_trusted = row.state == State::Trusted;
        rows.push(if is_trusted {
            row.judged(&stores::verify(store, &door.door, root, context.home()).await)
        } else {
            row
        });
    }
    let links = if ledger.browsers_trust.as_ref() == Some(&root.fingerprint) { "https" } else { "http" };
    if json {
        let until = authority.until.to_string();
        let told = AuthorityJson { name: &root.name, fingerprint: &root.fingerprint, file: &root.file, until };
        return Ok(ui.json(&StatusJson { authority: Some(told), links, stores: rows })?);
    }
    let until = authority.until.strftime("%Y-%m-%d");
    writeln!(
        ui.data(),
        "authority  {}\nfile       {}\nsha256     {}\nholds to   {until}\nlinks      {links}\n",
        root.name,
        root.file.display(),
        root.fingerprint
    )?;
    stores::show(&rows, ui)
}
