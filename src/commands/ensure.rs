//! `locald ensure`: one service runs and is ready afterwards, whatever it was before. For scripts and editors.

use std::time::{Duration, Instant};

use locald_api::Target;
use serde::Serialize;

use super::status::ServiceJson;
use super::up;
use crate::awaiting::{self, Goal};
use crate::boot::Boot;
use crate::clock;
use crate::context::Context;
use crate::error::CommandError;
use crate::low_ports;
use crate::progress::{Elsewhere, Progress};
use crate::ui::Ui;

/// Start a service, wait, and print where it is
///
/// It may run already, and is left alone then. What it depends on is started too. Prints JSON once it is ready.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  locald ensure web                 {\"name\":\"web\",\"url\":…}\n  locald ensure db --timeout 2m     Give a slow one time"
)]
pub(crate) struct EnsureArgs {
    /// The service, of the project here
    name: String,
    /// Give up after this long
    #[arg(long, value_parser = clock::parse_length, default_value = "60s")]
    timeout: Duration,
}

/// What `ensure` prints: a service as `status --json` has it, with its first URL at hand.
#[derive(Serialize)]
struct Ensured<'a> {
    url: Option<&'a str>,
    #[serde(flatten)]
    service: ServiceJson<'a>,
}

pub(crate) async fn ensure(args: EnsureArgs, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    let project = up::load(context, ui.status_paint)?;
    let (begun, named) = (Instant::now(), vec![args.name.clone()]);
    let progress = Progress::new(&project.root, &named, Elsewhere::Nothing);
    let boot = Boot { request: up::request(&project, named, true), progress, timeout: Some(args.timeout) };
    let connection = context.daemon().await?;
    low_ports::renew(&connection.0, context, ui).await?;
    let report = boot.run(connection, ui).await?;
    if report.verdict().is_err() {
        report.show(false, ui)?;
    }
    report.verdict()?;
    let (client, events) = context.daemon().await?;
    let target = Target { root: Some(project.root), names: vec![args.name] };
    let services = awaiting::find(&client, target).await?;
    let left = args.timeout.saturating_sub(begun.elapsed());
    let reached = awaiting::wait(context, (client, events), &services, Goal::Ready, Some(left), ui).await?;
    for service in &reached {
        let url = service.urls.first().map(String::as_str);
        ui.json(&Ensured { url, service: ServiceJson::from(service) })?;
    }
    Ok(())
}
