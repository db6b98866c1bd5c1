//! `locald capture`: what a service's pane shows, as text.

use locald_api::{CallError, Capture, Client, Request, Response, Target};
use serde::Serialize;

use crate::context::Context;
use crate::error::CommandError;
use crate::paint::plain;
use crate::ui::Ui;

/// Print what a service's pane shows
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  locald capture web                 The screen as plain text\n  locald capture web --history 200   With lines above it\n  locald capture web --ansi | less -R"
)]
pub(crate) struct CaptureArgs {
    /// The service, or `project:service`
    name: String,
    /// Keep colours and attributes as escape sequences
    #[arg(long)]
    ansi: bool,
    /// Print up to N lines of history above the screen
    #[arg(long, value_name = "N", default_value_t = 0)]
    history: u32,
    /// Print an object with size, cursor, title and lines as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn capture(args: CaptureArgs, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    let target = context.definite_target(vec![args.name.clone()])?;
    let (client, _) = context.running_daemon().await?.ok_or_else(CommandError::no_daemon)?;
    run(&client, target, &args, ui).await
}

async fn run(client: &Client, target: Target, args: &CaptureArgs, ui: &mut Ui) -> Result<(), CommandError> {
    let request = Request::Capture { target, history: args.history, ansi: args.ansi };
    let Response::Capture(capture) = client.call(request).await? else { return Err(CallError::Unfitting.into()) };
    if args.json {
        return Ok(ui.json(&CaptureJson::from(&capture))?);
    }
    // Rows below the last text are of no use to a reader; a program that counts them has `--json`.
    let shown = capture.lines.iter().rposition(|line| !line.trim_end().is_empty()).map_or(0, |last| last + 1);
    for line in &capture.lines[..shown] {
        if args.ansi {
            writeln!(ui.data(), "{line}")?;
        } else {
            writeln!(ui.data(), "{}", plain(line).trim_end())?;
        }
    }
    Ok(())
}

/// A screen as `--json` shows it.
#[derive(Serialize)]
struct CaptureJson<'a> {
    service: String,
    columns: u16,
    rows: u16,
    cursor: CursorJson,
    title: &'a str,
    history: u32,
    lines: &'a [String],
}

/// From 0.
#[derive(Serialize)]
struct CursorJson {
    row: u16,
    column: u16,
}

impl<'a> From<&'a Capture> for CaptureJson<'a> {
    fn from(capture: &'a Capture) -> Self {
        let (row, column) = capture.cursor;
        Self {
            service: capture.service.to_string(),
            columns: capture.columns,
            rows: capture.rows,
            cursor: CursorJson { row, column },
            title: &capture.title,
            history: capture.history,
            lines: &capture.lines,
        }
    }
}

#[cfg(test)]
mod tests {
    use locald_api::ServiceState;

    use super::*;
    use crate::sample;
    use crate::served::{self, Reply};
    use crate::ui::fake;

    async fn captured(ansi: bool, json: bool) -> String {
        let (mut ui, written) = fake::ui();
        let (client, _events) = served::by(move |request| {
            let Request::Capture { history: 7, ansi: asked, .. } = request else { panic!("{request:?}") };
            assert_eq!(*asked, ansi);
            let word = if ansi { "\x1b[32mready\x1b[0m" } else { "ready  " };
            Reply::of(Response::Capture(Capture {
                service: sample::service("shop", "web", ServiceState::Ready).id,
                columns: 80,
                rows: 3,
                cursor: (2, 5),
                title: "npm".to_owned(),
                history: 1,
                lines: ["old", "", word, ""].map(str::to_owned).to_vec(),
            }))
        })
        .await;
        let args = CaptureArgs { name: "web".to_owned(), ansi, history: 7, json };
        run(&client, Target::default(), &args, &mut ui).await.unwrap();
        written.data()
    }

    #[tokio::test]
    async fn the_text_ends_with_its_last_line() {
        assert_eq!(captured(false, false).await, "old\n\nready\n");
        assert_eq!(captured(true, false).await, "old\n\n\x1b[32mready\x1b[0m\n");
    }

    #[tokio::test]
    async fn json_has_the_whole_screen() {
        insta::assert_snapshot!(captured(false, true).await, @r#"{"service":"shop-1a2b:web","columns":80,"rows":3,"cursor":{"row":2,"column":5},"title":"npm","history":1,"lines":["old","","ready  ",""]}"#);
    }
}
