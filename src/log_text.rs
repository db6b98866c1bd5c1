//! Log lines as a person reads them and as a program does.

use std::collections::HashMap;

use jiff::ZonedDateTime;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use locald_api::{LogEvent, LogLine, LogStream, ProjectId, ProjectStatus};
use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use crate::clock;
use crate::paint::{Paint, plain};

/// Names wider than this push their own lines to the right, and no others.
const WIDEST_NAME: usize = 24;

/// Writes lines below one another: `14:03:22.123 web │ text`.
pub(crate) struct LogText {
    paint: Paint,
    zone: TimeZone,
    /// The day of the last line; a line of another day has the date above it.
    day: Date,
    with_names: bool,
    projects: Projects,
    widest: usize,
}

/// The projects' names by id. Logs outlive projects, so an id may have none.
#[derive(Debug, Default)]
pub(crate) struct Projects {
    names: HashMap<ProjectId, String>,
    /// Lines of several projects may come.
    several: bool,
}

impl Projects {
    /// The loaded projects, of which a query may touch `several`.
    pub(crate) fn new(loaded: Vec<ProjectStatus>, several: bool) -> Self {
        Self { names: loaded.into_iter().map(|project| (project.id, project.name)).collect(), several }
    }

    /// Whether no project is loaded.
    pub(crate) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    fn name<'a>(&'a self, id: &'a ProjectId) -> &'a str {
        self.names.get(id).map_or(id.0.as_str(), String::as_str)
    }
}

impl LogText {
    /// For lines that begin with their service's name, if `with_names`.
    pub(crate) fn new(paint: Paint, now: &ZonedDateTime, with_names: bool, projects: Projects) -> Self {
        Self { paint, zone: now.time_zone().clone(), day: now.date(), with_names, projects, widest: 0 }
    }

    /// The lines' text. Their names are lined up with those of all lines before.
    pub(crate) fn page(&mut self, lines: &[LogLine]) -> String {
        let widths = lines.iter().map(|line| self.name(line).width()).filter(|width| *width <= WIDEST_NAME);
        self.widest = widths.max().unwrap_or(0).max(self.widest);
        lines.iter().map(|line| self.line(line)).collect()
    }

    fn line(&mut self, line: &LogLine) -> String {
        let time = clock::local(line.time, &self.zone);
        let mut text = String::new();
        if time.date() != self.day {
            self.day = time.date();
            text.push_str(&self.paint.dim(&format!("── {} ──", self.day)));
            text.push('\n');
        }
        text.push_str(&self.paint.dim(&time.strftime("%H:%M:%S%.3f").to_string()));
        if self.with_names {
            let name = self.name(line);
            let blank = " ".repeat(self.widest.saturating_sub(name.width()));
            text.extend([" ", &self.paint.by_name(&line.service.service, &plain(&name)), &blank]);
        }
        let (mark, body) = match &line.event {
            LogEvent::Text { stream, text } => (mark(*stream), plain(text).into_owned()),
            LogEvent::Raw { stream, latin1 } => (mark(*stream), plain(latin1).into_owned()),
            remark => (' ', self.paint.dim(&format!("── {} ──", plain(&Self::remark(remark))))),
        };
        let mark = if mark == '!' { self.paint.red_bold("!") } else { mark.to_string() };
        text.push_str(format!("{mark}{} {body}", self.paint.dim("│")).trim_end());
        text.push('\n');
        text
    }

    fn remark(event: &LogEvent) -> String {
        match event {
            LogEvent::Started { pid } => format!("started, pid {pid}"),
            LogEvent::Ended { how } => how.clone(),
            LogEvent::Gap { bytes: 0, reason } => format!("some output is not kept: {reason}"),
            LogEvent::Gap { bytes, reason } => format!("{} not kept: {reason}", size(*bytes)),
            LogEvent::Text { .. } | LogEvent::Raw { .. } => String::new(),
        }
    }

    fn name(&self, line: &LogLine) -> String {
        let service = &line.service.service;
        if self.projects.several {
            format!("{}:{service}", self.projects.name(&line.service.project))
        } else {
            service.clone()
        }
    }
}

/// Lines of standard error are marked; a terminal has one stream for both.
fn mark(stream: LogStream) -> char {
    match stream {
        LogStream::Stderr => '!',
        LogStream::Tty | LogStream::Stdout => ' ',
    }
}

/// A number of bytes in its largest unit, to a tenth.
fn size(bytes: u64) -> String {
    let units = [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")];
    let Some((shift, unit)) = units.into_iter().find(|(shift, _)| bytes >> shift > 0) else {
        return format!("{bytes} bytes");
    };
    let rest = bytes & ((1 << shift) - 1);
    format!("{}.{} {unit}", bytes >> shift, (rest * 10) >> shift)
}

/// A line as `--json` shows it.
#[derive(Serialize)]
pub(crate) struct LogJson<'a> {
    time: String,
    project: &'a str,
    name: &'a str,
    event: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<LogStream>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pid: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    how: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl<'a> LogJson<'a> {
    /// `line` with its project's name.
    pub(crate) fn new(line: &'a LogLine, projects: &'a Projects) -> Self {
        let mut json = Self {
            time: clock::local(line.time, &TimeZone::UTC).timestamp().to_string(),
            project: projects.name(&line.service.project),
            name: &line.service.service,
            event: "",
            stream: None,
            text: None,
            pid: None,
            how: None,
            bytes: None,
            reason: None,
        };
        match &line.event {
            LogEvent::Text { stream, text } | LogEvent::Raw { stream, latin1: text } => {
                (json.event, json.stream, json.text) = ("text", Some(*stream), Some(text.as_str()));
            }
            LogEvent::Started { pid } => (json.event, json.pid) = ("started", Some(*pid)),
            LogEvent::Ended { how } => (json.event, json.how) = ("ended", Some(how.as_str())),
            LogEvent::Gap { bytes, reason } => {
                (json.event, json.bytes, json.reason) = ("gap", Some(*bytes), Some(reason.as_str()));
            }
        }
        json
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil;
    use locald_api::ServiceId;

    use super::*;
    use crate::sample;

    fn now() -> ZonedDateTime {
        civil::date(2026, 1, 31).at(9, 30, 0, 0).to_zoned_datetime(TimeZone::fixed(jiff::tz::offset(2))).unwrap()
    }

    fn line(service: &str, minutes_ago: i64, event: LogEvent) -> LogLine {
        let time = now().timestamp() - jiff::SignedDuration::from_mins(minutes_ago);
        let project = sample::project("shop").id;
        LogLine { time: clock::nanoseconds(time), service: ServiceId { project, service: service.to_owned() }, event }
    }

    fn text(stream: LogStream, text: &str) -> LogEvent {
        LogEvent::Text { stream, text: text.to_owned() }
    }

    fn lines() -> Vec<LogLine> {
        vec![
            line("web", 60 * 24, LogEvent::Started { pid: 12 }),
            line("web", 60 * 24, text(LogStream::Tty, "hello")),
            line("worker", 20, text(LogStream::Stderr, "bad \x1b[31mthing")),
            line("worker", 10, text(LogStream::Stdout, "")),
            line("web", 5, LogEvent::Gap { bytes: 4300, reason: "no space left".to_owned() }),
            line("web", 0, LogEvent::Ended { how: "exited with code 1".to_owned() }),
        ]
    }

    #[test]
    fn lines_have_local_times_names_and_dividers() {
        let mut log = LogText::new(Paint::new(false), &now(), true, Projects::default());
        insta::assert_snapshot!(log.page(&lines()), @"
        ── 2026-01-30 ──
        09:30:00.000 web    │ ── started, pid 12 ──
        09:30:00.000 web    │ hello
        ── 2026-01-31 ──
        09:10:00.000 worker!│ bad �[31mthing
        09:20:00.000 worker │
        09:25:00.000 web    │ ── 4.1 KiB not kept: no space left ──
        09:30:00.000 web    │ ── exited with code 1 ──
        ");
    }

    #[test]
    fn a_gap_of_unknown_size_is_not_called_empty() {
        let mut log = LogText::new(Paint::new(false), &now(), false, Projects::default());
        let gap = line("web", 5, LogEvent::Gap { bytes: 0, reason: "older than the log keeps".to_owned() });
        insta::assert_snapshot!(log.page(&[gap]), @"09:25:00.000 │ ── some output is not kept: older than the log keeps ──");
    }

    #[test]
    fn a_single_service_needs_no_name() {
        let mut log = LogText::new(Paint::new(false), &now(), false, Projects::default());
        insta::assert_snapshot!(log.page(&lines()[2..4]), @"
        09:10:00.000!│ bad �[31mthing
        09:20:00.000 │
        ");
    }

    #[test]
    fn services_of_several_projects_are_told_apart() {
        let projects = Projects::new(vec![sample::project("shop")], true);
        let mut log = LogText::new(Paint::new(false), &now(), true, projects);
        insta::assert_snapshot!(log.page(&lines()[2..3]), @"09:10:00.000 shop:worker!│ bad �[31mthing");
    }

    #[test]
    fn colours_are_around_the_text_and_never_from_it() {
        let mut log = LogText::new(Paint::new(true), &now(), true, Projects::default());
        let shown = log.page(&lines()[2..3]);
        assert!(shown.contains("bad \u{fffd}[31mthing\n"), "{shown:?}");
        assert!(shown.starts_with("\x1b[2m09:10:00.000\x1b[0m \x1b["), "{shown:?}");
    }

    #[test]
    fn each_line_is_an_object_for_a_program() {
        let projects = Projects::new(vec![sample::project("shop")], false);
        let json: Vec<String> =
            lines().iter().map(|line| serde_json::to_string(&LogJson::new(line, &projects)).unwrap()).collect();
        insta::assert_snapshot!(json.join("\n"), @r#"
        {"time":"2026-01-30T07:30:00Z","project":"shop","name":"web","event":"started","pid":12}
        {"time":"2026-01-30T07:30:00Z","project":"shop","name":"web","event":"text","stream":"tty","text":"hello"}
        {"time":"2026-01-31T07:10:00Z","project":"shop","name":"worker","event":"text","stream":"stderr","text":"bad \u001b[31mthing"}
        {"time":"2026-01-31T07:20:00Z","project":"shop","name":"worker","event":"text","stream":"stdout","text":""}
        {"time":"2026-01-31T07:25:00Z","project":"shop","name":"web","event":"gap","bytes":4300,"reason":"no space left"}
        {"time":"2026-01-31T07:30:00Z","project":"shop","name":"web","event":"ended","how":"exited with code 1"}
        "#);
    }

    #[test]
    fn sizes_are_told_in_their_largest_unit() {
        assert_eq!([size(0), size(1023), size(1024), size(5 << 30)], ["0 bytes", "1023 bytes", "1.0 KiB", "5.0 GiB"]);
        assert_eq!([size((1 << 20) - 1), size(u64::MAX)], ["1023.9 KiB", "16777215.9 TiB"]);
    }
}
