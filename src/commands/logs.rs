//! `locald logs`: what services have printed, page by page, and what they print from now on.

use std::time::{Duration, Instant};

use jiff::ZonedDateTime;
use locald_api::{CallError, Client, LogEvent, LogPage, LogQuery, Request, Response, Target};
use regex::Regex;

use crate::clock;
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::ExitKind;
use crate::log_text::{LogJson, LogText, Projects};
use crate::ui::Ui;

/// How many lines a follower sees of what was before.
const BEFORE_FOLLOWING: u64 = 50;
/// How long a follower waits for the next daemon, once the keeper has said that there is none yet.
const PATIENCE: Duration = Duration::from_secs(10);

/// Show what services printed
///
/// Their runs before this one are shown too, and those of services that are stopped.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  locald logs web                      All that is kept of one service\n  locald logs -f                       Follow all of the project\n  locald logs --since 10m --grep error\n  locald logs web --tail 100 --json    For a script\n\nTimes are local. `!` marks a line from standard error."
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct LogsArgs {
    /// Services to show, or `project:service` [default: all of the project]
    names: Vec<String>,
    /// Go on with what is printed from now on, after the last 50 lines
    #[arg(long, short)]
    follow: bool,
    /// Show only the last N lines
    #[arg(long, short = 'n', value_name = "N", help_heading = "What to show")]
    tail: Option<u64>,
    /// Show only lines since then: `10m` ago, `14:30`, a date, RFC 3339
    #[arg(long, value_name = "TIME", value_parser = parse_since, help_heading = "What to show")]
    since: Option<jiff::Timestamp>,
    /// Show only lines in which this regular expression matches
    #[arg(long, value_name = "REGEX", help_heading = "What to show")]
    grep: Option<Regex>,
    /// Print one JSON object per line
    #[arg(long, help_heading = "How to show it")]
    json: bool,
    /// Print the bytes as they were written, colours and all, without times and names
    #[arg(long, conflicts_with_all = ["json", "grep"], help_heading = "How to show it")]
    raw: bool,
    /// Show secrets too
    #[arg(long, help_heading = "How to show it")]
    reveal: bool,
}

fn parse_since(text: &str) -> Result<jiff::Timestamp, String> {
    clock::parse_since(text, &ZonedDateTime::now())
}

pub(crate) async fn logs(args: LogsArgs, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    // To end a follower is not to interrupt it: this is how it ends.
    let may_end = args.follow;
    tokio::select! {
        result = show(args, context, ui) => result,
        Ok(()) = tokio::signal::ctrl_c() => {
            if may_end { Ok(()) } else { Err(CommandError::new(ExitKind::Signal(super::INTERRUPT), "interrupted")) }
        }
    }
}

async fn show(args: LogsArgs, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    let target = context.target(args.names.clone())?;
    let (mut client, _) = context.daemon().await?;
    let projects = projects(&client, &target).await?;
    if projects.is_empty() && target == Target::default() {
        ui.note("no project is up here; name what to show as `project:service`")?;
    }
    let with_names = target.names.len() != 1;
    let mut view = View::new(&args, with_names, projects, ui);
    let mut query = query(&args, target);
    while read(&client, &mut query, &mut view, ui).await? == Ended::Lost {
        if !args.follow {
            return Err(CallError::Lost.into());
        }
        ui.note("the connection to the daemon was lost; waiting for the next daemon")?;
        client = reconnect(context).await?;
    }
    Ok(())
}

/// The way to the daemon that took the lost one's place. One that was shut down is not started again for a follower.
async fn reconnect(context: &Context) -> Result<Client, CommandError> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match context.running_daemon().await {
            Ok(connection) => return connection.map(|(client, _)| client).ok_or_else(CommandError::no_daemon),
            Err(error) if Instant::now() >= deadline => return Err(error),
            // While one daemon ends and the next begins, a refusal is only "not yet".
            Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
        }
    }
}

fn query(args: &LogsArgs, target: Target) -> LogQuery {
    let follower = (args.follow && args.since.is_none()).then_some(BEFORE_FOLLOWING);
    LogQuery {
        target,
        cursor: None,
        tail: args.tail.or(follower),
        since: args.since.map(clock::nanoseconds),
        grep: args.grep.as_ref().map(|regex| regex.as_str().to_owned()),
        raw: args.raw,
        reveal: args.reveal,
        follow: args.follow,
    }
}

/// Why no more pages came.
#[derive(Debug, PartialEq, Eq)]
enum Ended {
    /// They have all been shown.
    All,
    /// The daemon went away in between.
    Lost,
}

/// Shows pages until the end; a follower's has none. `query` knows at any time where to go on.
async fn read(client: &Client, query: &mut LogQuery, view: &mut View, ui: &mut Ui) -> Result<Ended, CommandError> {
    loop {
        let page = match client.call(Request::Logs(query.clone())).await {
            Ok(Response::Logs(page)) => page,
            Ok(_) => return Err(CallError::Unfitting.into()),
            Err(CallError::Lost) => return Ok(Ended::Lost),
            Err(error) => return Err(error.into()),
        };
        view.show(&page, ui)?;
        ui.flush()?;
        if page.end && !query.follow {
            return Ok(Ended::All);
        }
        query.cursor = Some(page.cursor);
    }
}

/// The loaded projects' names. What is asked for need not be loaded: logs outlive their services.
async fn projects(client: &Client, target: &Target) -> Result<Projects, CommandError> {
    let everything = client.call(Request::Status(Target::default())).await?;
    let Response::Status { projects, .. } = everything else { return Err(CallError::Unfitting.into()) };
    let elsewhere = target.names.iter().any(|name| name.contains(':'));
    let several = elsewhere || (target.root.is_none() && target.names.is_empty());
    Ok(Projects::new(projects, several))
}

/// How lines are shown.
enum View {
    Text(Box<LogText>),
    Json(Projects),
    Raw,
}

impl View {
    fn new(args: &LogsArgs, with_names: bool, projects: Projects, ui: &Ui) -> Self {
        if args.json {
            return Self::Json(projects);
        }
        if args.raw {
            return Self::Raw;
        }
        Self::Text(Box::new(LogText::new(ui.data_paint, &ZonedDateTime::now(), with_names, projects)))
    }

    fn show(&mut self, page: &LogPage, ui: &mut Ui) -> Result<(), CommandError> {
        match self {
            Self::Text(text) => ui.data().write_all(text.page(&page.lines).as_bytes())?,
            Self::Json(projects) => {
                for line in &page.lines {
                    ui.json(&LogJson::new(line, projects))?;
                }
            }
            Self::Raw => {
                for line in &page.lines {
                    if let LogEvent::Raw { latin1, .. } = &line.event {
                        let bytes: Vec<u8> = latin1.chars().map(|char| u8::try_from(char).unwrap_or(b'?')).collect();
                        ui.data().write_all(&bytes)?;
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use locald_api::{LogLine, LogStream, ServiceState};

    use super::*;
    use crate::sample;
    use crate::served::{self, Reply};
    use crate::ui::fake;

    fn args() -> LogsArgs {
        LogsArgs {
            names: vec![],
            follow: false,
            tail: None,
            since: None,
            grep: None,
            json: false,
            raw: false,
            reveal: false,
        }
    }

    fn line(event: LogEvent) -> LogLine {
        LogLine {
            time: 1_700_000_000_000_000_000,
            service: sample::service("shop", "web", ServiceState::Ready).id,
            event,
        }
    }

    fn page(text: &str, end: bool) -> Response {
        let event = LogEvent::Text { stream: LogStream::Tty, text: text.to_owned() };
        Response::Logs(LogPage { lines: vec![line(event)], cursor: format!("after {text}"), end })
    }

    #[tokio::test]
    async fn pages_are_read_to_the_end_each_from_where_the_last_one_ended() {
        let (mut ui, written) = fake::ui();
        let asked = AtomicU64::new(0);
        let (client, _events) = served::by(move |request| {
            let Request::Logs(query) = request else { panic!("{request:?}") };
            let is_first = asked.fetch_add(1, Ordering::Relaxed) == 0;
            assert_eq!(query.cursor.as_deref(), (!is_first).then_some("after one"));
            Reply::of(if is_first { page("one", false) } else { page("two", true) })
        })
        .await;
        let mut view = View::new(&LogsArgs { json: true, ..args() }, true, Projects::default(), &ui);
        let ended = read(&client, &mut query(&args(), Target::default()), &mut view, &mut ui).await;
        assert_eq!(ended, Ok(Ended::All));
        let texts: Vec<serde_json::Value> = written
            .data()
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["text"].take())
            .collect();
        assert_eq!(texts, ["one", "two"]);
    }

    #[tokio::test]
    async fn a_follower_that_loses_the_daemon_knows_where_to_go_on() {
        let (mut ui, _) = fake::ui();
        let asked = AtomicU64::new(0);
        let (client, _events) = served::by(move |_| match asked.fetch_add(1, Ordering::Relaxed) {
            0 => Reply::of(page("one", true)),
            _ => Reply::hang_up(),
        })
        .await;
        let args = LogsArgs { follow: true, ..args() };
        let mut query = query(&args, Target::default());
        let mut view = View::new(&args, true, Projects::default(), &ui);
        assert_eq!(read(&client, &mut query, &mut view, &mut ui).await, Ok(Ended::Lost));
        assert_eq!(query.cursor.as_deref(), Some("after one"));
    }

    #[test]
    fn raw_output_is_the_very_bytes() {
        let (mut ui, written) = fake::ui();
        let event = LogEvent::Raw { stream: LogStream::Tty, latin1: "\x1b[31m\u{e2}\u{94}\u{82}".to_owned() };
        let page = LogPage { lines: vec![line(event)], cursor: String::new(), end: true };
        View::Raw.show(&page, &mut ui).unwrap();
        assert_eq!(written.data(), "\x1b[31m│");
    }

    #[test]
    fn a_follower_begins_with_the_last_lines_unless_told_otherwise() {
        let follow = || LogsArgs { follow: true, ..args() };
        assert_eq!(query(&follow(), Target::default()).tail, Some(50));
        assert_eq!(query(&LogsArgs { tail: Some(3), ..follow() }, Target::default()).tail, Some(3));
        let since = Some(jiff::Timestamp::UNIX_EPOCH);
        assert_eq!(query(&LogsArgs { since, ..follow() }, Target::default()).tail, None);
        assert_eq!(query(&args(), Target::default()).tail, None);
    }
}
