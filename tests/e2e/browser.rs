//! Headless Chromium, driven through its DevTools protocol over a pipe: as much of it as tests need.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Instant;
use std::{env, thread};

use serde_json::{Value, json};

use crate::wait::PATIENCE;

/// Names under which distributions have it.
const PROGRAMS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// A browser with one page.
pub(crate) struct Browser {
    process: Child,
    commands: ChildStdin,
    messages: Receiver<Value>,
    /// What the page told while something else was waited for.
    events: VecDeque<Value>,
    session: Option<String>,
    next: u64,
}

impl Browser {
    /// Starts one for the user whose home this is: it takes that one's trust, and leaves all that it writes there. `None`, and a word
    /// of it, where none is installed.
    #[expect(clippy::disallowed_methods, reason = "what is tested is how a real browser fares")]
    pub(crate) fn open(home: &Path) -> Option<Self> {
        let path = env::var_os("PATH").unwrap_or_default();
        let is_there = |program: &&&str| env::split_paths(&path).any(|folder| folder.join(program).is_file());
        let Some(program) = PROGRAMS.iter().find(is_there) else {
            eprintln!("SKIPPED: a page in a browser: Chromium is not installed here");
            return None;
        };
        // The pipes are its descriptors 3 and 4; what it says otherwise is of no interest.
        let mut command = Command::new("sh");
        command.args(["-c", "exec \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1", "sh", program]).args([
            "--headless=new",
            "--remote-debugging-pipe",
            "--no-first-run",
            "--no-proxy-server",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--disable-component-update",
            // Its own sandbox needs what containers and root do not have.
            "--no-sandbox",
        ]);
        command.arg(format!("--user-data-dir={}", home.join("chromium").display())).arg("about:blank");
        command.env("HOME", home);
        for name in ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"] {
            command.env_remove(name);
        }
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a shell");
        let (commands, replies) = (process.stdin.take().expect("a pipe"), process.stdout.take().expect("a pipe"));
        let (tell, messages) = mpsc::channel();
        thread::spawn(move || {
            let mut replies = BufReader::new(replies);
            let mut message = Vec::new();
            while replies.read_until(0, &mut message).is_ok_and(|count| count > 0) {
                let text = message.strip_suffix(&[0]).unwrap_or(&message);
                let Ok(value) = serde_json::from_slice(text) else { return };
                if tell.send(value).is_err() {
                    return;
                }
                message.clear();
            }
        });
        let mut browser = Self { process, commands, messages, events: VecDeque::new(), session: None, next: 0 };
        let target = browser.call("Target.createTarget", &json!({ "url": "about:blank" }))["targetId"].clone();
        let attached = browser.call("Target.attachToTarget", &json!({ "targetId": target, "flatten": true }));
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Network", "Runtime"] {
            browser.call(&format!("{domain}.enable"), &json!({}));
        }
        Some(browser)
    }

    /// Goes to a page and waits until it is loaded; the browser's own word for it where it cannot be.
    pub(crate) fn visit(&mut self, url: &str) -> Result<(), String> {
        self.events.clear();
        let answer = self.call("Page.navigate", &json!({ "url": url }));
        if let Some(error) = answer["errorText"].as_str() {
            return Err(error.to_owned());
        }
        self.event("Page.loadEventFired", |_| true);
        Ok(())
    }

    /// What an expression comes to in the page, promises included.
    pub(crate) fn evaluate(&mut self, expression: &str) -> Value {
        let asked = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let answer = self.call("Runtime.evaluate", &asked);
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// Waits for the first thing of this name that the page tells, or has told since it was last visited, and that fits.
    pub(crate) fn event(&mut self, name: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let is_meant = |message: &Value| message["method"] == name && fits(&message["params"]);
        if let Some(place) = self.events.iter().position(is_meant) {
            return self.events.remove(place).expect("it was found")["params"].take();
        }
        let begun = Instant::now();
        loop {
            let mut message = self.receive(begun, name);
            if is_meant(&message) {
                return message["params"].take();
            }
            self.events.push_back(message);
        }
    }

    /// Calls a method of the protocol; returns its result.
    fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.next += 1;
        let id = self.next;
        let mut message = json!({ "id": id, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            message["sessionId"] = session.clone().into();
        }
        self.commands.write_all(format!("{message}\0").as_bytes()).expect("the browser lives");
        let begun = Instant::now();
        loop {
            let mut message = self.receive(begun, method);
            if message["id"] == id {
                assert!(message["error"].is_null(), "{method}: {message}");
                return message["result"].take();
            }
            self.events.push_back(message);
        }
    }

    fn receive(&self, begun: Instant, what: &str) -> Value {
        let left = (PATIENCE * 3).saturating_sub(begun.elapsed());
        self.messages.recv_timeout(left).unwrap_or_else(|error| panic!("the browser does not answer {what}: {error}"))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It ends all of its own processes when it is asked; a pipe that closes is the same to it.
        let _ = self.commands.write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE && !matches!(self.process.try_wait(), Ok(Some(_))) {
            thread::sleep(std::time::Duration::from_millis(10));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
