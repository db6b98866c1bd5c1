//! What services that failed have printed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use locald_api::{Client, LogEvent, LogLine, LogQuery, Request, Response, ServiceChange, ServiceId, Target};
use tokio::task::JoinSet;

use crate::changes;
use crate::clock;

/// How many lines of a service that failed are shown.
const LAST_LINES: u64 = 20;

/// What each service that failed has printed since `began`.
pub(super) async fn of_failed(
    client: &Client,
    changes: &[ServiceChange],
    began: Timestamp,
) -> BTreeMap<ServiceId, Vec<LogLine>> {
    let failed = changes::failed(changes).map(|change| of(client.clone(), change.service.clone(), began));
    let read = failed.collect::<JoinSet<_>>().join_all().await;
    read.into_iter().filter(|(_, lines)| !lines.is_empty()).collect()
}

/// What a service has printed last, since `began`.
pub(super) async fn of(client: Client, service: ServiceId, began: Timestamp) -> (ServiceId, Vec<LogLine>) {
    let query = LogQuery {
        // The project's id: two worktrees of a project share its name.
        target: Target { root: None, names: vec![service.to_string()] },
        tail: Some(LAST_LINES),
        since: Some(clock::nanoseconds(began)),
        ..LogQuery::default()
    };
    // The failure is the story; that its lines cannot be had as well is not.
    let lines = match client.call(Request::Logs(query)).await {
        Ok(Response::Logs(page)) => page.lines,
        _ => Vec::new(),
    };
    (service, lines)
}

/// What was printed, without anything around it.
pub(super) fn texts(lines: &[LogLine]) -> Vec<String> {
    let texts = lines.iter().filter_map(|line| match &line.event {
        LogEvent::Text { text, .. } => Some(text.clone()),
        _ => None,
    });
    texts.collect()
}
