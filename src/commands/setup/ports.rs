//! `locald setup ports`: has the proxy listen on ports 80 and 443, so that URLs need no port, now and whenever the daemon begins.

use locald_machine::Change;

use super::{enter, strike};
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::ExitKind;
use crate::helper::Consent;
use crate::low_ports;
use crate::ui::Ui;

pub(crate) async fn ports(context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    let (client, _) = context.daemon().await?;
    let before = low_ports::of_proxy(&client).await?;
    if before.wanting.is_empty() {
        let where_it_is = low_ports::described(&before);
        return match (before.http, before.https) {
            (Some(80), _) | (_, Some(443)) => Ok(ui.note(&format!("the proxy has them: it listens on {where_it_is}"))?),
            _ => Err(CommandError::new(ExitKind::Failed, format!("the proxy is not to have them: it listens on {where_it_is}"))
                .hint("`[proxy]` in `config.toml`, LOCALD_HTTP_PORT and LOCALD_HTTPS_PORT say otherwise, or this is a sandbox")),
        };
    }
    let change = Change::Ports;
    enter(&change, context)?;
    let ports = low_ports::obtain(&client, context, &before.wanting, Consent::Given).await;
    if ports.is_err() && !low_ports::has_any(&before) {
        // Nothing came of it, and so there is nothing to undo.
        strike(&change, context)?;
    }
    let (ports, faults) = ports?;
    for fault in faults {
        ui.warn(&fault)?;
    }
    writeln!(ui.status(), "The proxy listens on {}", low_ports::described(&ports))?;
    Ok(ui.note("services that run have the URLs of before, which go on; `locald restart` tells them the new ones")?)
}
