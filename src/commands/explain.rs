//! `locald explain`: why a service is as it is, and what comes next.

use std::fmt::Write;

use jiff::Timestamp;
use locald_api::{CallError, EndedRun, Explanation, Request, Response};
use serde::Serialize;

use super::status::{ServiceJson, memory, percent};
use super::urls::{found_at, loopback_url, shown_alias};
use crate::changes::{ExitJson, end};
use crate::clock;
use crate::context::Context;
use crate::error::CommandError;
use crate::paint::{Tone, plain};
use crate::progress::state_tone;
use crate::stray;
use crate::ui::Ui;

/// The columns of a label.
const LABEL: usize = 12;

/// Say why services are as they are
///
/// And what comes next: what each waits for, what was found when it was last asked how it is, and how its last runs ended.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  locald explain web          Why `web` is as it is\n  locald explain --json web   For a script"
)]
pub(crate) struct ExplainArgs {
    /// Services to explain, or `project:service` [default: all of the project]
    names: Vec<String>,
    /// Print an array of services as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn explain(args: ExplainArgs, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    let target = context.target(args.names)?;
    let Some((client, _)) = context.running_daemon().await? else {
        ui.note("no daemon runs, and so no service; `locald up` starts both")?;
        return if args.json { Ok(ui.json(&[(); 0])?) } else { Ok(()) };
    };
    let Response::Explanations(explained) = client.call(Request::Explain(target)).await? else {
        return Err(CallError::Unfitting.into());
    };
    if args.json {
        return Ok(ui.json(&explained.iter().map(ExplanationJson::from).collect::<Vec<_>>())?);
    }
    let texts: Vec<String> = explained.iter().map(|explained| text(explained, Timestamp::now(), ui)).collect();
    Ok(ui.data().write_all(texts.join("\n").as_bytes())?)
}

fn text(explained: &Explanation, now: Timestamp, ui: &Ui) -> String {
    let (service, paint) = (&explained.status, ui.data_paint);
    let mut text = format!(
        "{} is {}\n",
        paint.bold(&plain(&service.name)),
        paint.tone(state_tone(service.state), service.state.word())
    );
    let mut line = |label: &str, words: &str| {
        let words = plain(words);
        // Writing to a string does not fail.
        let _ = writeln!(text, "  {} {words}", paint.tone(Tone::Quiet, &format!("{label:LABEL$}")));
    };
    if let Some(reason) = &service.reason {
        line("because", reason);
    }
    if let Some(probe) = &explained.probe {
        let found = probe.fault.as_deref().unwrap_or("all is well");
        line("asked", &format!("by {}, {}: {found}", probe.source, ago(&probe.at, now)));
    }
    if let Some(next) = &explained.next {
        line("next", &format!("{} {}", next.what, until(&next.at, now)));
    }
    for need in &explained.needs {
        let met = if need.met { "as it has to be" } else { "not so far" };
        line("needs", &format!("{} to be {}: it is {}, {met}", need.service, need.condition, need.found));
    }
    if !explained.needed_by.is_empty() {
        line("needed by", &explained.needed_by.join(", "));
    }
    if let Some(found) = found_at(service) {
        line("at", &found);
    }
    let names = service.named_ports.iter().map(|named| named.port);
    let unnamed: Vec<String> =
        service.ports.iter().filter(|port| names.clone().all(|named| named != **port)).map(u16::to_string).collect();
    if !unnamed.is_empty() {
        line("port", &unnamed.join(", "));
    }
    for named in &service.named_ports {
        let site = named.sites.first().map(|url| format!("{url} and ")).unwrap_or_default();
        line("port", &format!("{}: {}, at {site}{}", named.name, named.port, loopback_url(named.port)));
    }
    if let (Some(url), Some(reason)) = (service.sites.first(), &service.site_reason) {
        line("named", &format!("{url}, as {reason}"));
    }
    for alias in &service.aliases {
        let shown = shown_alias(alias);
        line("also at", &if shown == *alias { shown } else { format!("{shown} ({alias})") });
    }
    for refused in &service.refused_hosts {
        line("not at", refused);
    }
    if explained.listens.iter().any(|port| !service.ports.contains(port)) {
        line("listens on", &explained.listens.iter().map(u16::to_string).collect::<Vec<_>>().join(", "));
    }
    if let Some(advice) = stray::advice(service) {
        line("", &advice);
    }
    if let Some(usage) = &service.usage {
        let several = if usage.processes == 1 { "process" } else { "processes" };
        let cpu = usage.cpu_permille.map(|used| format!(", {} of a processor", percent(used))).unwrap_or_default();
        line("uses", &format!("{} {several}, {} of memory{cpu}", usage.processes, memory(usage.memory)));
    }
    if let Some(group) = &explained.control_group {
        line("group", &format!("{group}: the kernel ends all of it at once"));
    }
    for run in explained.runs.iter().rev() {
        line("ended", &format!("{} with {}{}", ago(&run.ended_at, now), end(run.exit), lasted(run)));
        for last in &run.last_lines {
            line("", &format!("| {last}"));
        }
    }
    text
}

fn lasted(run: &EndedRun) -> String {
    let time = |text: &str| text.parse::<Timestamp>().ok();
    let lasted = run.began_at.as_deref().and_then(time).zip(time(&run.ended_at));
    let milliseconds = lasted.and_then(|(began, ended)| u64::try_from(ended.duration_since(began).as_millis()).ok());
    milliseconds.map_or_else(String::new, |milliseconds| format!(" after {}", seconds(milliseconds)))
}

fn ago(time: &str, now: Timestamp) -> String {
    time.parse().map_or_else(|_| time.to_owned(), |then| clock::ago(then, now))
}

fn until(time: &str, now: Timestamp) -> String {
    let left = time.parse::<Timestamp>().ok().and_then(|then| u64::try_from(then.duration_since(now).as_millis()).ok());
    left.map_or_else(|| "now".to_owned(), |milliseconds| format!("in {}", seconds(milliseconds)))
}

/// Such as `0.4s` and `12m03s`.
fn seconds(milliseconds: u64) -> String {
    match milliseconds / 1000 {
        0..60 => format!("{}.{}s", milliseconds / 1000, milliseconds % 1000 / 100),
        seconds => format!("{}m{:02}s", seconds / 60, seconds % 60),
    }
}

/// A service as `--json` explains it.
#[derive(Serialize)]
struct ExplanationJson<'a> {
    #[serde(flatten)]
    status: ServiceJson<'a>,
    needs: &'a [locald_api::Need],
    needed_by: &'a [String],
    probe: Option<&'a locald_api::Probe>,
    next: Option<&'a locald_api::Next>,
    listens: &'a [u16],
    control_group: Option<&'a str>,
    runs: Vec<RunJson<'a>>,
}

#[derive(Serialize)]
struct RunJson<'a> {
    run: u64,
    began_at: Option<&'a str>,
    ended_at: &'a str,
    exit: ExitJson,
    last_lines: &'a [String],
}

impl<'a> From<&'a Explanation> for ExplanationJson<'a> {
    fn from(explained: &'a Explanation) -> Self {
        let runs = explained.runs.iter().map(|run| RunJson {
            run: run.run,
            began_at: run.began_at.as_deref(),
            ended_at: &run.ended_at,
            exit: run.exit.into(),
            last_lines: &run.last_lines,
        });
        Self {
            status: ServiceJson::from(&explained.status),
            needs: &explained.needs,
            needed_by: &explained.needed_by,
            probe: explained.probe.as_ref(),
            next: explained.next.as_ref(),
            listens: &explained.listens,
            control_group: explained.control_group.as_deref(),
            runs: runs.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use locald_api::{Exit, NamedPort, Need, Next, Probe, ServiceState, Usage};

    use super::*;
    use crate::sample;
    use crate::ui::fake;

    fn explained() -> Explanation {
        let mut status = sample::service("shop", "web", ServiceState::Backoff);
        status.reason = Some("exited with code 1; it is started again".to_owned());
        status.ports = vec![20_123, 5174];
        status.named_ports = vec![NamedPort {
            name: "hmr".to_owned(),
            port: 5174,
            urls: Vec::new(),
            sites: vec!["http://hmr.web.shop.localhost".to_owned()],
        }];
        status.usage = Some(Usage { processes: 2, cpu_permille: Some(123), memory: 90 << 20 });
        status.sites = vec!["http://web-shop.localhost".to_owned()];
        status.site_reason = Some("Next.js 16.1 takes no other".to_owned());
        status.aliases = ["xn--bcher-kva.localhost", "*.shop.localhost"].map(str::to_owned).into();
        status.refused_hosts = vec!["`shop.corp.internal` leads nowhere".to_owned()];
        let need = |service: &str, met| Need {
            service: service.to_owned(),
            condition: "healthy".to_owned(),
            met,
            found: if met { "ready" } else { "unhealthy: connection refused" }.to_owned(),
        };
        let fault = Some("/up: answered 503".to_owned());
        Explanation {
            needs: vec![need("db", false), need("cache", true)],
            needed_by: vec!["proxy".to_owned()],
            probe: Some(Probe { source: "http".to_owned(), at: "2026-01-31T07:19:57Z".to_owned(), fault }),
            next: Some(Next { what: "it is started again".to_owned(), at: "2026-01-31T07:20:02.5Z".to_owned() }),
            listens: vec![9999],
            control_group: Some("/app.slice/locald.1f/run-3".to_owned()),
            runs: vec![EndedRun {
                run: 3,
                began_at: Some("2026-01-31T07:19:00Z".to_owned()),
                ended_at: "2026-01-31T07:19:58Z".to_owned(),
                exit: Exit::Code(1),
                last_lines: vec!["boom \x1b[31m".to_owned()],
            }],
            status,
        }
    }

    #[test]
    fn a_person_reads_why_and_what_comes_next() {
        let (ui, _) = fake::ui();
        insta::assert_snapshot!(text(&explained(), "2026-01-31T07:20:00Z".parse().unwrap(), &ui), @"
        web is backoff
          because      exited with code 1; it is started again
          asked        by http, 3s ago: /up: answered 503
          next         it is started again in 2.5s
          needs        db to be healthy: it is unhealthy: connection refused, not so far
          needs        cache to be healthy: it is ready, as it has to be
          needed by    proxy
          at           http://web-shop.localhost and http://127.0.0.1:20123
          port         20123
          port         hmr: 5174, at http://hmr.web.shop.localhost and http://127.0.0.1:5174
          named        http://web-shop.localhost, as Next.js 16.1 takes no other
          also at      bücher.localhost (xn--bcher-kva.localhost)
          also at      *.shop.localhost
          not at       `shop.corp.internal` leads nowhere
          listens on   9999
          uses         2 processes, 90M of memory, 12.3% of a processor
          group        /app.slice/locald.1f/run-3: the kernel ends all of it at once
          ended        2s ago with exit code 1 after 58.0s
                       | boom �[31m
        ");
    }

    #[test]
    fn a_script_gets_all_of_it() {
        let json = serde_json::to_value(ExplanationJson::from(&explained())).unwrap();
        assert_eq!((&json["name"], &json["state"]), (&"web".into(), &"backoff".into()));
        assert_eq!((&json["needs"][0]["met"], &json["probe"]["fault"]), (&false.into(), &"/up: answered 503".into()));
        assert_eq!((&json["runs"][0]["exit"]["code"], &json["listens"][0]), (&1.into(), &9999.into()));
    }
}
