//! The words for what services do and how they ended, the same wherever they are shown.

use std::borrow::Cow;

use locald_api::{Change, Exit, Failure, ServiceChange, ServiceState, ServiceStatus};
use ratatui::style::Style;

use crate::msg::Verb;
use crate::text;
use crate::theme::Theme;

/// The state in a word or two, for a list.
pub(crate) fn state(service: &ServiceStatus) -> Cow<'static, str> {
    match (service.state, service.exit) {
        (ServiceState::Exited, Some(Exit::Code(code))) => format!("exited {code}").into(),
        (ServiceState::Exited, Some(Exit::Signal(signal))) => format!("signal {signal}").into(),
        (state, _) => state.word().into(),
    }
}

/// The state as a sign one column wide.
pub(crate) fn icon(service: &ServiceStatus) -> &'static str {
    match service.state {
        ServiceState::Stopped | ServiceState::Idle => "○",
        ServiceState::Waiting | ServiceState::Backoff => "◌",
        ServiceState::Starting | ServiceState::Stopping => "◐",
        ServiceState::Ready | ServiceState::Unhealthy => "●",
        ServiceState::Completed => "✓",
        ServiceState::Exited | ServiceState::CrashLoop | ServiceState::Failed => "✗",
    }
}

/// The state's style.
pub(crate) fn style(service: &ServiceStatus, theme: &Theme) -> Style {
    match service.state {
        ServiceState::Stopped | ServiceState::Idle | ServiceState::Completed => theme.muted,
        ServiceState::Waiting | ServiceState::Starting | ServiceState::Stopping | ServiceState::Backoff => theme.warn,
        ServiceState::Ready => theme.ok,
        ServiceState::Exited | ServiceState::Unhealthy | ServiceState::CrashLoop | ServiceState::Failed => theme.error,
    }
}

/// How a run ended, to follow a service's name.
pub(crate) fn ended(exit: Option<Exit>) -> String {
    match exit {
        Some(Exit::Code(code)) => format!("exited with code {code}"),
        Some(Exit::Signal(signal)) => match signal_name(signal) {
            Some(name) => format!("was ended by {name}"),
            None => format!("was ended by signal {signal}"),
        },
        Some(Exit::Unknown) | None => "ended, and nobody saw how".into(),
    }
}

/// The names of the signals that have the same number everywhere.
fn signal_name(signal: i32) -> Option<&'static str> {
    Some(match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        _ => return None,
    })
}

/// Where a service stands, as one sentence without a final period.
pub(crate) fn sentence(service: &ServiceStatus) -> String {
    let name = &service.name;
    match service.state {
        ServiceState::Stopped => format!("{name} is stopped"),
        ServiceState::Idle => format!("{name} waits for a request"),
        ServiceState::Waiting => with_reason(format!("{name} is not started yet"), service),
        ServiceState::Starting => with_reason(format!("{name} is starting"), service),
        ServiceState::Ready => format!("{name} is running"),
        ServiceState::Unhealthy => with_reason(format!("{name} is unhealthy"), service),
        ServiceState::Stopping => format!("{name} is stopping"),
        ServiceState::Exited => format!("{name} {}", ended(service.exit)),
        ServiceState::Completed => format!("{name} is done"),
        ServiceState::Backoff => format!("{name} {}, and is started again soon", ended(service.exit)),
        ServiceState::CrashLoop => {
            format!("{name} {}, as it did before, and is not started again", ended(service.exit))
        }
        ServiceState::Failed => match &service.reason {
            Some(reason) => format!("{name} could not be started: {reason}"),
            None => format!("{name} could not be started"),
        },
    }
}

/// So many bytes, in at most five columns.
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["K", "M", "G", "T", "P"];
    let mut tenths = bytes.saturating_mul(10) / 1024;
    let mut unit = 0;
    while tenths >= 10_000 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    let unit = UNITS[unit];
    if tenths < 100 && unit != "K" {
        format!("{}.{}{unit}", tenths / 10, tenths % 10)
    } else {
        format!("{}{unit}", tenths / 10)
    }
}

/// Where a service can be reached: its first address, or its port.
pub(crate) fn address(service: &ServiceStatus) -> String {
    let port = || service.ports.first().map(|port| format!(":{port}"));
    service.urls.first().map(|url| text::printable(url)).or_else(port).unwrap_or_default()
}

/// An address that fits: where it goes matters more than how.
pub(crate) fn fit_address(url: &str, columns: u16) -> String {
    let bare = url.split_once("://").map_or(url, |(_, rest)| rest);
    text::fit(if text::width(url) <= columns { url } else { bare }, columns)
}

fn with_reason(sentence: String, service: &ServiceStatus) -> String {
    match &service.reason {
        Some(reason) => format!("{sentence}: {reason}"),
        None => sentence,
    }
}

/// What was just asked for, while there is no answer yet.
pub(crate) fn underway(verb: Verb, service: &str) -> String {
    let doing = match verb {
        Verb::Start => "starting",
        Verb::Stop => "stopping",
        Verb::Restart => "restarting",
    };
    format!("{doing} {service} …")
}

/// What a request did to one service.
pub(crate) fn change(change: &ServiceChange) -> String {
    let name = &change.service.service;
    match &change.change {
        Change::Started { pid } => format!("{name} started, pid {pid}"),
        Change::AlreadyRunning { pid } => format!("{name} was running already, pid {pid}"),
        Change::Stopped { killed, .. } if !killed.is_empty() => {
            format!("{name} stopped; also killed: {}", killed.join(", "))
        }
        Change::Stopped { left, .. } if !left.is_empty() => format!("{name} stopped; still runs: {}", left.join(", ")),
        Change::Stopped { .. } => format!("{name} stopped"),
        Change::WasNotRunning => format!("{name} was not running"),
        Change::Idle => format!("{name} waits for a request"),
        Change::Waiting { reason } => format!("{name} is not started yet: {reason}"),
        Change::Failed { reason } => format!("{name} could not be started: {reason}"),
    }
}

/// A failure in one line.
pub(crate) fn failure(failure: &Failure) -> String {
    match &failure.hint {
        Some(hint) => format!("{}: {hint}", failure.message),
        None => failure.message.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short_and_end_in_their_unit() {
        let shown = [0, 2048, 999 << 10, 1000 << 10, 81 << 20, 1535 << 20, 12 << 30].map(bytes);
        assert_eq!(shown, ["0K", "2K", "999K", "0.9M", "81M", "1.4G", "12G"]);
    }
}
