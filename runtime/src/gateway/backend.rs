//! What the proxy is told of a service: whether it takes requests, soon will, or does not.

use locald_proxy::Backend;

use crate::supervisor::{Seeming, State, View, seeming};

/// Why no request can be answered by a service now.
pub(super) fn absent(name: &str, view: &View) -> Backend {
    if view.state.rests() {
        return Backend::Idle;
    }
    let reason = view.state.reason(view.exit);
    match seeming(&view.state) {
        Seeming::Coming => Backend::Starting { note: reason },
        Seeming::There | Seeming::Gone => Backend::Down {
            reason: reason.unwrap_or_else(|| match view.state {
                State::Completed => "It has done its work.".to_owned(),
                _ => "It was stopped, or never started.".to_owned(),
            }),
            hint: format!("`locald start {name}` starts it."),
        },
    }
}
