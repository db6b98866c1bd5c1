//! Pages that are developed with Vite, webpack and Next.js, in a real browser, over TLS: a change of a file comes into the page as it is.

use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::browser::Browser;
use crate::home::TestHome;
use crate::trusting::{database, has, https, of_a_user, user};
use crate::wait;

/// The projects, each in a folder of its own.
const PROJECTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/e2e/frameworks");

/// A project made with one of them.
struct Framework {
    /// Its folder.
    name: &'static str,
    files: &'static [&'static str],
    command: &'static str,
    /// The file that is changed: it has the word `before`.
    edited: &'static str,
    /// The path, up to its secrets, of the WebSocket that tells the page of changes, and what is spoken on it.
    socket: &'static str,
    protocol: Value,
}

/// Where `cargo xtask test` has npm put the packages of a project, if it has; says so if it has not.
fn modules(name: &str) -> Option<PathBuf> {
    let cache = env::var_os("XDG_CACHE_HOME").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")))?;
    let folder = cache.join("locald-tests").join(name);
    let lock = |folder: &Path| fs::read(folder.join("package-lock.json")).ok();
    let modules = folder.join("node_modules");
    // What npm writes last.
    let is_whole = modules.join(".package-lock.json").is_file();
    if is_whole && lock(&folder) == lock(&Path::new(PROJECTS).join(name)) {
        return Some(modules);
    }
    eprintln!(
        "SKIPPED: a page made with {name}: its packages are not in {} (`cargo xtask test` has npm get them)",
        folder.display()
    );
    None
}

impl Framework {
    /// A home whose project is made with it.
    fn shop(&self, modules: &Path) -> TestHome {
        let mut home = TestHome::new(&format!(
            "[project]\nname = \"shop\"\n\
             [services.web]\ncommand = \"exec node_modules/.bin/{}\"\nhealth = {{ http = \"/\" }}\n\
             env = {{ NEXT_TELEMETRY_DISABLED = \"1\" }}\n",
            self.command
        ));
        for file in ["package.json"].iter().chain(self.files) {
            let place = home.project().join(file);
            fs::create_dir_all(place.parent().expect("a folder")).expect("a folder");
            fs::copy(Path::new(PROJECTS).join(self.name).join(file), place).expect("a file of the project");
        }
        symlink(modules, home.project().join("node_modules")).expect("a link");
        of_a_user(&mut home);
        home
    }

    /// Changes a file while the page is open, which must change, and must not be loaded anew.
    fn is_edited_in_the_page(&self) {
        let what = format!("a page made with {}", self.name);
        if !has("certutil", "-H", &what) || !has("node", "--version", &what) {
            return;
        }
        let Some(modules) = modules(self.name) else { return };
        let home = self.shop(&modules);
        database(&user(&home).join(".pki/nssdb"));
        home.ok(&["up"]);
        home.ok(&["trust", "--store", "nss"]);
        let url = https(&home);
        let Some(mut browser) = Browser::open(&user(&home)) else { return };
        browser.visit(&url).expect("the page");
        let socket = browser.event("Network.webSocketCreated", |_| true);
        let place = format!("{}{}", url.replace("https:", "wss:"), self.socket);
        assert!(socket["url"].as_str().is_some_and(|url| url.starts_with(&place)), "{socket}");
        let shaken =
            browser.event("Network.webSocketHandshakeResponseReceived", |it| it["requestId"] == socket["requestId"]);
        assert_eq!(shaken["response"]["headers"]["sec-websocket-protocol"], self.protocol, "{shaken}");

        shows(&mut browser, "before 0");
        browser.evaluate("window.mark = 'the same page'; document.querySelector('button').click()");
        shows(&mut browser, "before 1");
        let file = home.project().join(self.edited);
        let changed = fs::read_to_string(&file).expect("the file").replace("before", "after");
        fs::write(&file, changed).expect("the file");
        shows(&mut browser, "after 1");
        assert_eq!(browser.evaluate("window.mark"), "the same page");
    }
}

/// Waits until the page's button says this.
fn shows(browser: &mut Browser, text: &str) {
    wait::until(&format!("the page shows {text}"), || {
        (browser.evaluate("document.querySelector('button')?.textContent") == text).then_some(())
    });
}

#[test]
fn a_component_of_vite_changes_in_the_page_and_keeps_its_state() {
    let vite = Framework {
        name: "vite",
        files: &["vite.config.js", "index.html", "src/main.jsx", "src/Counter.jsx"],
        command: "vite --port $PORT --strictPort",
        edited: "src/Counter.jsx",
        socket: "/?token=",
        protocol: "vite-hmr".into(),
    };
    vite.is_edited_in_the_page();
}

#[test]
fn a_module_of_webpack_changes_in_the_page_and_leaves_the_others_as_they_are() {
    let webpack = Framework {
        name: "webpack",
        files: &["webpack.config.js", "index.html", "src/main.js", "src/word.js"],
        command: "webpack serve --port $PORT",
        edited: "src/word.js",
        socket: "/ws",
        protocol: Value::Null,
    };
    webpack.is_edited_in_the_page();
}

#[test]
fn a_component_of_next_changes_in_the_page_and_keeps_its_state() {
    let next = Framework {
        name: "next",
        files: &["next.config.mjs", "app/layout.jsx", "app/page.jsx", "app/counter.jsx"],
        command: "next dev --port $PORT",
        edited: "app/counter.jsx",
        socket: "/_next/webpack-hmr",
        protocol: Value::Null,
    };
    next.is_edited_in_the_page();
}
