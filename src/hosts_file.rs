//! The names of services in the hosts file: which are to be there, which are, and what follows from that.

use std::collections::BTreeSet;

use locald_api::{CallError, Client, Request, Response};
use locald_helper::hosts::{Damaged, HOSTS, names_of};
use locald_helper::{Answer, HostName, HostsChange, LinkError, MAX_NAMES, Verb};
use locald_machine::{Change, Ledger};

use crate::context::Context;
use crate::error::CommandError;
use crate::helper::{self, Consent, HelperError};
use crate::ui::Ui;

/// The names that lead to services of projects that are up, and those among them that may not stand in the hosts file.
pub(crate) async fn registered(client: &Client) -> Result<(Vec<HostName>, Vec<String>), CommandError> {
    let Response::HostNames(all) = client.call(Request::HostNames).await? else {
        return Err(CallError::Unfitting.into());
    };
    let (mut names, mut foreign) = (Vec::new(), Vec::new());
    for name in all {
        match name.parse() {
            Ok(name) => names.push(name),
            Err(_) => foreign.push(name),
        }
    }
    Ok((names, foreign))
}

/// The names that a user has in the hosts file.
pub(crate) fn current(user: u32) -> Result<Vec<HostName>, Damaged> {
    // One that cannot be read has no names.
    names_of(&std::fs::read(HOSTS).unwrap_or_default(), user)
}

/// Has these names and no others of ours stand there.
pub(crate) fn put(names: Vec<HostName>, consent: Consent) -> Result<HostsChange, HelperError> {
    match helper::ask(Verb::Hosts(names), consent)? {
        (Answer::Hosts(change), _) => Ok(change),
        _ => Err(HelperError::Link(LinkError::Malformed)),
    }
}

/// After services were started: where `locald setup hosts` was said once, adds the names that are new. Nobody is asked for a password
/// here. Names of projects that are down stay until somebody says it again, so that they do not come and go.
pub(crate) async fn follow(client: &Client, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    let ledger = Ledger::read(context.home().state_dir()).unwrap_or_default();
    if !ledger.entries().iter().any(|entry| matches!(entry.change, Change::Hosts(_))) {
        return Ok(());
    }
    let (names, _) = registered(client).await?;
    let known = match current(rustix::process::geteuid().as_raw()) {
        Ok(known) => known,
        Err(damaged) => return Ok(ui.warn(&format!("{HOSTS}: {damaged}"))?),
    };
    let Some(wanted) = grown(&known, names) else { return Ok(()) };
    match put(wanted, Consent::NotGiven) {
        Ok(_) => Ok(()),
        Err(HelperError::NotAllowed) => {
            Ok(ui.note(&format!("new names need your password to get into {HOSTS}: `locald setup hosts`"))?)
        }
        Err(error) => Ok(ui.warn(&format!("new names are not in {HOSTS}: {}", CommandError::from(error).message))?),
    }
}

/// The names with the new ones among them; nothing if there are none. Too many for one block: the new ones alone.
fn grown(known: &[HostName], names: Vec<HostName>) -> Option<Vec<HostName>> {
    if names.iter().all(|name| known.contains(name)) {
        return None;
    }
    let all: BTreeSet<HostName> = known.iter().cloned().chain(names.iter().cloned()).collect();
    Some(if all.len() > MAX_NAMES { names } else { all.into_iter().collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_added_and_never_taken_away_unasked() {
        let names = |list: &[&str]| list.iter().map(|name| name.parse().unwrap()).collect::<Vec<HostName>>();
        let known = names(&["a.localhost", "b.localhost"]);
        assert_eq!(grown(&known, names(&["b.localhost"])), None);
        assert_eq!(grown(&known, vec![]), None);
        assert_eq!(grown(&known, names(&["c.localhost"])), Some(names(&["a.localhost", "b.localhost", "c.localhost"])));
        let many: Vec<HostName> = (0..MAX_NAMES).map(|at| format!("n{at}.localhost").parse().unwrap()).collect();
        assert_eq!(grown(&many, names(&["c.localhost"])), Some(names(&["c.localhost"])));
    }
}
