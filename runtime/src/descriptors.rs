//! How many descriptors the daemon may have open, and who gets them.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What is asked for at most, where whoever started the daemon may have as many.
const WANTED: u64 = 65_536;

/// Of how many parts one is for everything but the proxy: panes, logs, clients and probes.
const OTHERS: u64 = 4;

/// Raises how many there may be, as far as that needs nobody's leave. Programs are often given 1,024, which was the most that select(2)
/// can wait for; nothing here waits with that.
pub(crate) fn raise() {
    let now = getrlimit(Resource::Nofile);
    let wanted = now.maximum.unwrap_or(WANTED).min(WANTED);
    if now.current.is_some_and(|current| current < wanted) {
        // Then there are as many as there were.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), ..now });
    }
}

/// How many connections the proxy may have, each with one to a back end: whoever opens thousands must not keep the daemon from
/// everything else.
pub(crate) fn connections() -> usize {
    share(getrlimit(Resource::Nofile).current)
}

fn share(descriptors: Option<u64>) -> usize {
    let descriptors = descriptors.unwrap_or(WANTED);
    usize::try_from((descriptors - descriptors / OTHERS) / 2).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_left_for_everything_else_however_few_there_are() {
        assert_eq!([Some(1024), Some(20_000), None, Some(0)].map(share), [384, 7500, 24_576, 0]);
    }
}
