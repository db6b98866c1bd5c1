//! `locald trust`: has the stores of certificates of this machine trust the home's authorities, and tries each of them.

use std::collections::BTreeSet;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use locald_api::Request;
use locald_machine::{Change, Door, Kind, Ledger, Root, Store, World};
use locald_runtime::authority::{HomeAuthority, HomeRoot, SOON};
use serde::Serialize;

use super::untrust;
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::ExitKind;
use crate::stores::{self, Row, Shown, State};
use crate::ui::Ui;

/// Trust the certificates of services
///
/// Has this machine's stores of certificates trust the authority of your services: that of the system, and one for each browser and
/// profile. The authority can vouch for names below `localhost` and `test`, and for nothing else; each of your `suffixes` has another
/// one, for names below that alone. Each store is tried, with a real handshake where a client for it is there. `locald untrust` undoes
/// all of it.
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
    /// Show which stores trust which authority, and try them
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
    let before = HomeAuthority::roots(context.home());
    let authority = authority(context, ui)?;
    let kinds = if args.kinds.is_empty() { USUAL.to_vec() } else { args.kinds };
    // All of them are found before any is changed: what is made for one authority is made for the others, too.
    let found: Vec<Step> = authority.roots.iter().flat_map(|root| steps(root, &kinds, &world)).collect();
    let plan: Vec<Row> = found.iter().map(|step| planned(Row::of(&step.store, &step.shown, &world))).collect();
    if args.dry_run {
        return dry_run(&found, &plan, args.json, &world, ui);
    }
    if !args.json {
        stores::show(&plan, ui)?;
        ui.flush()?;
    }
    let mut rows = Vec::new();
    let door = authority.open_door().await?;
    for (step, row) in found.iter().zip(plan) {
        rows.push(make_trusted(step, row, &door.door(step.root), context, &world).await?);
    }
    let is_current = |fingerprint: &str| authority.roots.iter().any(|it| it.root.fingerprint == fingerprint);
    let are_others = !authority.roots.iter().all(|root| before.contains(root));
    // Nobody needs an authority that another one has replaced, or whose suffix is configured no more.
    rows.extend(untrust::earlier(is_current, context, &world)?);
    let ledger = Ledger::read(context.home().state_dir())?;
    let trusted = authority.roots.iter().filter(|root| stores::browsers_trust(&ledger, &root.root, &world));
    let trusted: BTreeSet<String> = trusted.map(|root| root.root.fingerprint.clone()).collect();
    let all_are = trusted.len() == authority.roots.len();
    Ledger::update(context.home().state_dir(), |ledger| ledger.browsers_trust = trusted)?;
    let is_to_restart = are_others && !before.is_empty();
    stores::tell_daemon(if is_to_restart { Request::DaemonRestart } else { Request::MachineChanged }, context).await?;
    report(&rows, all_are, args.json, ui)
}

/// One authority in one store.
struct Step<'a> {
    root: &'a HomeRoot,
    shown: Shown,
    store: Store,
}

fn steps<'a>(root: &'a HomeRoot, kinds: &[Kind], world: &World<'_>) -> Vec<Step<'a>> {
    let found = locald_machine::stores(kinds, &root.root, world).into_iter();
    found.map(|store| Step { root, shown: root.into(), store }).collect()
}

fn authority(context: &Context, ui: &Ui) -> Result<HomeAuthority, CommandError> {
    let suffixes = stores::suffixes(context, ui.status_paint)?;
    context.home().prepare().map_err(|error| CommandError::from_error(ExitKind::Failed, &error))?;
    HomeAuthority::take_up(context.home(), &suffixes, SOON)
        .map_err(|error| CommandError::from_error(ExitKind::Failed, &error))
}

/// A row as it is shown before anything is done.
fn planned(row: Row) -> Row {
    let is_to_be_done = matches!(row.state, State::Untrusted | State::Traces);
    if is_to_be_done { Row { state: State::ToTrust, ..row } } else { row }
}

fn dry_run(found: &[Step<'_>], plan: &[Row], json: bool, world: &World<'_>, ui: &mut Ui) -> Result<(), CommandError> {
    if json {
        return Ok(ui.json(&plan)?);
    }
    stores::show(plan, ui)?;
    for (step, _) in found.iter().zip(plan).filter(|(_, row)| row.state == State::ToTrust) {
        for call in step.store.adding(&step.root.root, world).unwrap_or_default() {
            writeln!(ui.data(), "{call}")?;
        }
    }
    Ok(ui.note("nothing was done")?)
}

/// Has a store trust an authority if it does not, and tries it.
async fn make_trusted(
    step: &Step<'_>,
    row: Row,
    door: &Door,
    context: &Context,
    world: &World<'_>,
) -> Result<Row, CommandError> {
    let (state, store, root) = (context.home().state_dir(), &step.store, &step.root.root);
    if row.state == State::Failed {
        return Ok(row);
    }
    // Before it is done: whoever interrupts this must be able to undo it.
    Ledger::update(state, |ledger| ledger.enter(Change::Trust(store.noted(root, false))))?;
    if row.state == State::ToTrust
        && let Err(error) = store.add(root, world)
    {
        let row = Row::of(store, &step.shown, world);
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
    /// That of `localhost` and `test`; `None`: there is none yet.
    authority: Option<AuthorityJson<'a>>,
    /// How services are shown: `http` or `https`.
    links: &'a str,
    /// Those of further suffixes.
    further: Vec<AuthorityJson<'a>>,
    stores: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct AuthorityJson<'a> {
    /// Below what the names are that it is for.
    #[serde(rename = "for")]
    of: &'a str,
    /// How they are shown: `http` or `https`.
    links: &'a str,
    name: &'a str,
    fingerprint: &'a str,
    file: &'a std::path::Path,
    until: String,
}

impl<'a> AuthorityJson<'a> {
    fn new(root: &'a HomeRoot, ledger: &Ledger) -> Self {
        let HomeRoot { root: Root { name, fingerprint, file, .. }, .. } = root;
        Self { of: root.told(), links: links(root, ledger), name, fingerprint, file, until: root.until.to_string() }
    }
}

/// How names of an authority are shown.
fn links(root: &HomeRoot, ledger: &Ledger) -> &'static str {
    if ledger.browsers_trust.contains(&root.root.fingerprint) { "https" } else { "http" }
}

async fn status(json: bool, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    if HomeAuthority::roots(context.home()).is_empty() {
        let nothing = StatusJson { authority: None, links: "http", further: Vec::new(), stores: Vec::new() };
        return if json {
            Ok(ui.json(&nothing)?)
        } else {
            Ok(ui.note("there is no authority yet, so nothing trusts it")?)
        };
    }
    let suffixes = stores::suffixes(context, ui.status_paint)?;
    let authority = HomeAuthority::take_up(context.home(), &suffixes, locald_runtime::authority::LAST)
        .map_err(|error| CommandError::from_error(ExitKind::Failed, &error))?;
    let programs = stores::programs();
    let world = stores::world(&programs)?;
    let ledger = Ledger::read(context.home().state_dir())?;
    let rows = rows(&authority, &ledger, context, &world).await?;
    if json {
        let mut told = authority.roots.iter().map(|root| AuthorityJson::new(root, &ledger));
        let own = told.next();
        let links = own.as_ref().map_or("http", |own| own.links);
        return Ok(ui.json(&StatusJson { authority: own, links, further: told.collect(), stores: rows })?);
    }
    for root in &authority.roots {
        let of = if authority.roots.len() > 1 { format!("for        {}\n", root.told()) } else { String::new() };
        let (links, until) = (links(root, &ledger), root.until.strftime("%Y-%m-%d"));
        let Root { name, file, fingerprint, .. } = &root.root;
        writeln!(
            ui.data(),
            "{of}authority  {name}\nfile       {}\nsha256     {fingerprint}\nholds to   {until}\nlinks      {links}\n",
            file.display(),
        )?;
    }
    stores::show(&rows, ui)?;
    if rows.iter().any(|row| row.state == State::Unneeded) {
        ui.note("what is no longer needed goes with the next `locald trust`, or with `locald untrust`")?;
    }
    Ok(())
}

/// How each store stands to each authority, and to those of the ledger that are needed no more.
async fn rows(
    authority: &HomeAuthority,
    ledger: &Ledger,
    context: &Context,
    world: &World<'_>,
) -> Result<Vec<Row>, CommandError> {
    let noted = stores::in_ledger(ledger, world);
    let door = authority.open_door().await?;
    let mut rows = Vec::new();
    for root in &authority.roots {
        let mut found = locald_machine::stores(&USUAL, &root.root, world);
        let its = noted.iter().filter(|(_, noted)| noted.fingerprint == root.root.fingerprint);
        found.extend(its.map(|(store, _)| store.clone()).filter(|store| store.kind == Kind::Java));
        for store in &found {
            let row = Row::of(store, &root.into(), world);
            let is_trusted = row.state == State::Trusted;
            rows.push(if is_trusted {
                row.judged(&stores::verify(store, &door.door(root), &root.root, context.home()).await)
            } else {
                row
            });
        }
    }
    let known = HomeAuthority::roots(context.home());
    let is_current = |root: &Root| authority.roots.iter().any(|it| it.root.fingerprint == root.fingerprint);
    for (store, root) in noted.into_iter().filter(|(_, root)| !is_current(root)) {
        let row = Row::of(&store, &Shown::of(root, &known), world);
        rows.push(match row.state {
            State::Trusted | State::Traces => Row { state: State::Unneeded, ..row },
            _ => row,
        });
    }
    Ok(rows)
}
