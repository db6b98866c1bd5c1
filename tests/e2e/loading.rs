//! The example of a site that takes its time, in a real browser: what is shown meanwhile shows itself, and gives way to the site.

use std::fs;
use std::path::Path;

use crate::browser::Browser;
use crate::home::TestHome;
use crate::named::site;
use crate::trusting::{has, of_a_user, user};
use crate::wait;

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/slow");

/// A home with the example, where people are soon told what they wait for.
fn slow() -> TestHome {
    let mut home = TestHome::empty();
    fs::create_dir_all(home.project()).expect("a folder");
    for file in ["locald.toml", "serve.py"] {
        fs::copy(Path::new(EXAMPLE).join(file), home.project().join(file)).expect("a file of the example");
    }
    fs::create_dir_all(home.path().join("config")).expect("a folder");
    fs::write(home.path().join("config/config.toml"), "[proxy]\npage_after = \"200ms\"\n")
        .expect("the user's settings");
    of_a_user(&mut home);
    home
}

/// Waits until an expression is true in the page, whichever page that is by then.
fn comes(browser: &mut Browser, expression: &str) {
    wait::until(expression, || (browser.evaluate(expression) == true).then_some(()));
}

#[test]
fn a_browser_shows_what_a_service_prints_while_it_starts_or_thinks_and_then_what_was_asked_for() {
    if !has("python3", "--version", "the pages of a service that takes its time") {
        return;
    }
    let home = slow();
    home.ok(&["up"]);
    let url = site(&home, "web");
    let Some(mut browser) = Browser::open(&user(&home)) else { return };

    browser.visit(&url).expect("a page");
    comes(&mut browser, "document.title == 'web is starting'");
    comes(&mut browser, "document.getElementById('lines')?.textContent.includes('warms the cache') ?? false");
    comes(&mut browser, "document.title == 'The site'");

    browser.visit(&format!("{url}/report?of=all")).expect("a page");
    comes(&mut browser, "document.title == 'web has not answered yet'");
    comes(&mut browser, "document.getElementById('lines')?.textContent.includes('makes the report') ?? false");
    comes(&mut browser, "document.title == 'The report' && location.search == '?of=all'");
    let made = home.log_lines("web").iter().filter(|line| *line == "makes the report").count();
    assert_eq!(made, 1, "nothing is asked for twice");

    home.ok(&["stop", "web"]);
    browser.visit(&url).expect("a page");
    comes(&mut browser, "document.title == 'web does not run'");
    comes(&mut browser, "document.getElementById('lines')?.textContent.includes('makes the report') ?? false");
    browser.evaluate("document.querySelector('button').click()");
    comes(&mut browser, "document.title == 'web is starting'");
    comes(&mut browser, "document.title == 'The site'");
}
