//! The block of lines that is painted over in place: every service, and under one that came to grief what it printed last. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;
use locald_api::ServiceState;
use unicode_width::UnicodeWidthStr;

use super::seen::{Seen, is_bad};
use super::{describe, state_tone};
use crate::paint::{Paint, plain};
use crate::table::truncate;
use crate::ui::Screen;

/// What stands before a line that a service printed.
const MARGIN: &str = "  │ ";

/// The lines for a screen of this size: never wider than it and never as high, as what has scrolled off cannot be painted over.
pub(super) fn lines(services: &[Seen], screen: Screen, now: Timestamp, paint: Paint) -> Vec<String> {
    let room = screen.rows.saturating_sub(1).max(1);
    let shown = choose(services, room);
    let left_out = services.len() - shown.len();
    let widest = shown.iter().map(|seen| plain(&seen.status.name).width()).max().unwrap_or(0);
    let mut spare = room.saturating_sub(shown.len() + usize::from(left_out > 0));
    let mut fallen = shown.iter().filter(|seen| !seen.lines.is_empty()).count();
    let mut lines = Vec::new();
    for seen in shown {
        lines.push(line(seen, widest, screen.columns, now, paint));
        if seen.lines.is_empty() {
            continue;
        }
        let part = (spare / fallen).min(seen.lines.len());
        (spare, fallen) = (spare - part, fallen - 1);
        let last = &seen.lines[seen.lines.len() - part..];
        lines.extend(last.iter().map(|text| paint.dim(&truncate(&format!("{MARGIN}{}", plain(text)), screen.columns))));
    }
    if left_out > 0 {
        lines.push(paint.dim(&truncate(&summary(services, left_out), screen.columns)));
    }
    lines
}

fn line(seen: &Seen, widest: usize, columns: usize, now: Timestamp, paint: Paint) -> String {
    let name = plain(&seen.status.name);
    let name = format!("{name}{}  ", " ".repeat(widest.saturating_sub(name.width())));
    let room = columns.saturating_sub(name.width());
    let words = paint.tone(state_tone(seen.status.state), &truncate(&describe(seen, now), room));
    truncate(&name, columns) + &words
}

/// Those for whom there is room, in their order: first who came to grief, then who is not ready yet, then the others.
fn choose(services: &[Seen], room: usize) -> Vec<&Seen> {
    if services.len() <= room {
        return services.iter().collect();
    }
    let rank = |place: &usize| match services[*place].status.state {
        state if is_bad(state) => 0,
        ServiceState::Starting | ServiceState::Stopping => 1,
        ServiceState::Waiting => 2,
        _ => 3,
    };
    let mut places: Vec<usize> = (0..services.len()).collect();
    places.sort_by_key(rank);
    places.truncate(room - 1);
    places.sort_unstable();
    places.into_iter().map(|place| &services[place]).collect()
}

/// `… and 80 more; in all 60 ready, 20 waiting, 20 starting`.
fn summary(services: &[Seen], left_out: usize) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for seen in services {
        *counts.entry(seen.status.state.word()).or_default() += 1;
    }
    let counts: Vec<String> = counts.iter().map(|(word, count)| format!("{count} {word}")).collect();
    format!("… and {left_out} more; in all {}", counts.join(", "))
}
