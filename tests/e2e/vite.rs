//! A page that is developed with Vite and React, in a real browser, over TLS: a change of a component comes into the page as it is.

use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::browser::Browser;
use crate::home::TestHome;
use crate::trusting::{database, has, https, of_a_user, user};
use crate::wait;

/// The project's files.
const PROJECT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/e2e/vite");

/// Where `cargo xtask test` has npm put the packages of that project, if it has; says so if it has not.
fn modules() -> Option<PathBuf> {
    let cache = env::var_os("XDG_CACHE_HOME").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")))?;
    let folder = cache.join("locald-tests/vite");
    let lock = |folder: &Path| fs::read(folder.join("package-lock.json")).ok();
    let modules = folder.join("node_modules");
    // What npm writes last.
    let is_whole = modules.join(".package-lock.json").is_file();
    if is_whole && lock(&folder) == lock(Path::new(PROJECT)) {
        return Some(modules);
    }
    eprintln!(
        "SKIPPED: a page made with Vite: its packages are not in {} (`cargo xtask test` has npm get them)",
        folder.display()
    );
    None
}

/// A home whose project is the one beside this file.
fn shop(modules: &Path) -> TestHome {
    let mut home = TestHome::new(
        "[project]\nname = \"shop\"\n\
         [services.web]\ncommand = \"exec node_modules/.bin/vite --port $PORT --strictPort\"\nhealth = { http = \"/\" }\n",
    );
    fs::create_dir(home.project().join("src")).expect("a folder");
    for file in ["package.json", "vite.config.js", "index.html", "src/main.jsx", "src/Counter.jsx"] {
        fs::copy(Path::new(PROJECT).join(file), home.project().join(file)).expect("a file of the project");
    }
    symlink(modules, home.project().join("node_modules")).expect("a link");
    of_a_user(&mut home);
    home
}

/// Waits until the page's button says this.
fn shows(browser: &mut Browser, text: &str) {
    wait::until(&format!("the page shows {text}"), || {
        (browser.evaluate("document.querySelector('button')?.textContent") == text).then_some(())
    });
}

#[test]
fn a_component_that_is_changed_changes_in_the_page_and_keeps_its_state() {
    let what = "a page made with Vite";
    if !has("certutil", "-H", what) || !has("node", "--version", what) {
        return;
    }
    let Some(modules) = modules() else { return };
    let home = shop(&modules);
    database(&user(&home).join(".pki/nssdb"));
    home.ok(&["up"]);
    home.ok(&["trust", "--store", "nss"]);
    let url = https(&home);
    let Some(mut browser) = Browser::open(&user(&home)) else { return };
    browser.visit(&url).expect("the page");
    let socket = browser.event("Network.webSocketCreated", |_| true);
    let place = url.replace("https:", "wss:");
    assert!(socket["url"].as_str().is_some_and(|url| url.starts_with(&format!("{place}/?token="))), "{socket}");
    let shaken =
        browser.event("Network.webSocketHandshakeResponseReceived", |it| it["requestId"] == socket["requestId"]);
    assert_eq!(shaken["response"]["headers"]["sec-websocket-protocol"], "vite-hmr", "{shaken}");

    shows(&mut browser, "before 0");
    browser.evaluate("window.mark = 'the same page'; document.querySelector('button').click()");
    shows(&mut browser, "before 1");
    let component = home.project().join("src/Counter.jsx");
    let changed = fs::read_to_string(&component).expect("the component").replace("before", "after");
    fs::write(&component, changed).expect("the component");
    shows(&mut browser, "after 1");
    assert_eq!(browser.evaluate("window.mark"), "the same page");
}
