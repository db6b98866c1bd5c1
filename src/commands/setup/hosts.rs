//! `locald setup hosts`: has the names of services stand in the hosts file, for programs that do not know what `.localhost` is.

use locald_machine::{Change, HostsBlock};

use super::{enter, strike};
use crate::context::Context;
use crate::error::CommandError;
use crate::helper::{self, Consent};
use crate::hosts_file;
use crate::ui::Ui;

pub(crate) async fn hosts(context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    let (client, _) = context.daemon().await?;
    let (names, foreign) = hosts_file::registered(&client).await?;
    if !foreign.is_empty() {
        ui.warn(&format!(
            "names that are not below `localhost` or `test` are left out, as they may be somebody's: {}; they need DNS, or lines of your own",
            foreign.join(", ")
        ))?;
    }
    if names.is_empty() {
        ui.note("no project is up, so there are no names yet; `locald up` adds those of its project")?;
    }
    let user = rustix::process::geteuid().as_raw();
    let block = HostsBlock { place: locald_helper::hosts::HOSTS.into(), user };
    helper::installed()?;
    let change = Change::Hosts(block);
    enter(&change, context)?;
    let count = names.len();
    let changed = match hosts_file::put(names, Consent::Given) {
        Ok(changed) => changed,
        Err(error) => {
            if hosts_file::current(user).is_ok_and(|names| names.is_empty()) {
                strike(&change, context)?;
            }
            return Err(error.into());
        }
    };
    let place = locald_helper::hosts::HOSTS;
    let names = if count == 1 { "1 name".to_owned() } else { format!("{count} names") };
    match changed {
        locald_helper::HostsChange::None => ui.note(&format!("{place} has these names already"))?,
        _ => writeln!(ui.status(), "{place} has {names}, each at 127.0.0.1 and ::1")?,
    }
    Ok(())
}

/// Takes the block away.
pub(crate) fn undo(block: &HostsBlock) -> Result<(), CommandError> {
    if hosts_file::current(block.user).is_ok_and(|names| names.is_empty()) {
        return Ok(());
    }
    hosts_file::put(Vec::new(), Consent::Given)?;
    Ok(())
}
