//! What the answers to requests tell the user.

use locald_api::{CallError, Change, Response};

use super::daemon::settle;
use super::{scroll, search, shell};
use crate::model::{Model, Notice};
use crate::msg::{Cmd, Purpose};
use crate::overlay::Overlay;
use crate::wording;

pub(super) fn answered(model: &mut Model, purpose: &Purpose, result: Result<Response, CallError>) -> Cmd {
    if let Purpose::Lines { asked } = *purpose {
        return scroll::answered(model, asked, result);
    }
    if let Purpose::Search { asked } = *purpose {
        return search::answered(model, asked, result);
    }
    if let Ok(Response::Opened(shell)) = &result {
        return shell::opened(model, shell).and(Cmd::redraw());
    }
    let settled = if *purpose == Purpose::Initial {
        model.starting = false;
        let place = model.selected_index();
        settle(model, place)
    } else {
        Cmd::none()
    };
    match result {
        Ok(response) => tell_success(model, purpose, &response),
        Err(error) => tell_failure(model, purpose, &error),
    }
    settled.and(Cmd::redraw())
}

fn tell_success(model: &mut Model, purpose: &Purpose, response: &Response) {
    let Response::Changes(changes) = response else { return };
    let failed: Vec<_> = changes
        .iter()
        .filter(|change| matches!(change.change, Change::Failed { .. } | Change::Waiting { .. }))
        .collect();
    model.notice = match (failed.as_slice(), purpose, changes.as_slice()) {
        ([one], ..) => Some(Notice::error(wording::change(one))),
        ([one, more @ ..], ..) => Some(Notice::error(format!("{} (and {} more)", wording::change(one), more.len()))),
        ([], Purpose::Act { .. }, [change]) => {
            Some(Notice { pid: pid(&change.change), ..Notice::info(wording::change(change)) })
        }
        // The list shows it already.
        _ => return,
    };
}

/// The run that is there now.
fn pid(change: &Change) -> Option<u32> {
    match change {
        Change::Started { pid } | Change::AlreadyRunning { pid } => Some(*pid),
        Change::Idle
        | Change::Stopped { .. }
        | Change::WasNotRunning
        | Change::Waiting { .. }
        | Change::Failed { .. } => None,
    }
}

fn tell_failure(model: &mut Model, purpose: &Purpose, error: &CallError) {
    let failure = match error {
        CallError::Failed(failure) => failure,
        // The banner says it; only what the user did must not be lost in silence.
        CallError::Lost if *purpose == Purpose::Watch => return,
        CallError::Lost => {
            model.notice = Some(Notice::warning("the daemon was lost before it answered"));
            return;
        }
        CallError::Unfitting => {
            model.notice = Some(Notice::error(error.to_string()));
            return;
        }
    };
    model.notice = Some(Notice::error(wording::failure(failure)));
    if let Some(details) = &failure.details {
        let hint = failure.hint.iter().flat_map(|hint| ["\n", hint]);
        let text = std::iter::once(details.as_str()).chain(hint).collect::<Vec<_>>().join("\n");
        model.overlay = Some(Overlay::details(failure.message.clone(), &text));
    }
}
