//! Several of a service behind one name.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rustix::process::Signal;

use crate::fake;
use crate::home::{TestHome, signal};
use crate::named::{curl, site};
use crate::wait;

/// Three that answer with their names.
fn three() -> TestHome {
    let home = TestHome::new(&format!(
        "[project]\nname = \"shop\"\n\
         [services.web]\ncommand = [\"{}\", \"who\"]\nhealth = {{ tcp = true }}\nconcurrency = 3\n",
        fake::service()
    ));
    home.ok(&["up"]);
    home
}

/// Who answers so many requests, and how often each.
fn answers(url: &str, count: usize) -> BTreeMap<String, usize> {
    let mut seen = BTreeMap::new();
    for _ in 0..count {
        *seen.entry(curl(&[url])).or_default() += 1;
    }
    seen
}

fn equal(names: &[&str], each: usize) -> BTreeMap<String, usize> {
    names.iter().map(|name| (format!("{name}200"), each)).collect()
}

#[test]
fn all_of_them_take_requests_in_turn_and_one_that_dies_gets_none() {
    let home = three();
    let url = site(&home, "web.1");
    assert_eq!(url, site(&home, "web.3"));
    assert_eq!(answers(&url, 9), equal(&["web.1", "web.2", "web.3"], 3));
    signal(home.pid("web.2"), Signal::KILL);
    home.wait_for_state("web.2", "exited");
    wait::until("nobody is sent to the one that is gone", || {
        (answers(&url, 6) == equal(&["web.1", "web.3"], 3)).then_some(())
    });
    home.ok(&["start", "web.2"]);
    wait::until("it takes requests again", || {
        (answers(&url, 6) == equal(&["web.1", "web.2", "web.3"], 2)).then_some(())
    });
}

#[test]
fn nobody_is_refused_while_one_after_the_other_is_restarted() {
    let home = three();
    let (url, is_over) = (site(&home, "web.1"), AtomicBool::new(false));
    let asking = || {
        let mut seen = Vec::new();
        while !is_over.load(Ordering::SeqCst) {
            seen.push(curl(&[&url]));
        }
        seen
    };
    let seen = thread::scope(|scope| {
        let asking = scope.spawn(asking);
        for name in ["web.1", "web.2", "web.3"] {
            home.ok(&["restart", name]);
        }
        is_over.store(true, Ordering::SeqCst);
        asking.join().expect("no panic")
    });
    let names = ["web.1200", "web.2200", "web.3200"];
    assert!(!seen.is_empty() && seen.iter().all(|answer| names.contains(&answer.as_str())), "{seen:?}");
}
