//! Answers that take long: a person is told, and nothing is asked for twice.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::back_end::{BackEnd, head};
use crate::curl::{Said, curl};
use crate::world::{PATIENCE, World};

const URL: &str = "http://shop.localhost/report?of=all";
const STATE: &str = "http://shop.localhost/.well-known/locald/state?to=/report?of=all";
const BROWSER: [&str; 4] = ["-H", "Accept: text/html,*/*;q=0.8", "-w", " %{http_code}"];

/// A back end that answers when it is told to, how many requests it has had, and who tells it.
struct Thinker {
    back_end: BackEnd,
    requests: Arc<AtomicUsize>,
    go: Sender<()>,
}

impl Thinker {
    fn new() -> Self {
        let ((go, told), requests) = (channel(), Arc::new(AtomicUsize::new(0)));
        let (told, count) = (Mutex::new(told), requests.clone());
        let back_end = BackEnd::new(move |_, mut stream| {
            head(&mut stream);
            let number = count.fetch_add(1, Ordering::SeqCst) + 1;
            let text = format!("answer {number}");
            if told.lock().unwrap_or_else(PoisonError::into_inner).recv().is_ok() {
                let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{text}", text.len());
            }
        });
        Self { back_end, requests, go }
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

fn look(world: &World, arguments: &[&str]) -> Said {
    curl(world, &[&BROWSER[..], arguments, &[URL]].concat())
}

/// Waits until a page would be loaded anew.
fn until_there_is_news(world: &World) {
    let begun = Instant::now();
    while curl(world, &["-i", STATE]).out.contains("x-locald-state") {
        assert!(begun.elapsed() < PATIENCE, "the answer does not come");
    }
}

#[test]
fn a_person_is_told_of_an_answer_that_takes_long_and_gets_it_without_asking_twice() {
    let thinker = Thinker::new();
    let world = World::talkative(crate::world::ready(thinker.back_end.port));
    for _ in 0..2 {
        let said = look(&world, &[]);
        assert!(said.out.contains("shop has not answered yet") && said.out.ends_with("503"), "{said:?}");
    }
    let state = curl(&world, &[STATE]).out;
    assert!(state.contains(r#""state":"slow""#) && state.contains(r#""lines":["one","<b>two"]"#), "{state}");
    thinker.go.send(()).unwrap();
    until_there_is_news(&world);
    assert_eq!((look(&world, &[]).out.as_str(), thinker.requests()), ("answer 1 200", 1));
    // What has been seen is not kept.
    thinker.go.send(()).unwrap();
    assert_eq!((look(&world, &[]).out.as_str(), thinker.requests()), ("answer 2 200", 2));
}

#[test]
fn an_answer_is_for_whoever_asks_with_the_same_cookies() {
    let thinker = Thinker::new();
    let world = World::talkative(crate::world::ready(thinker.back_end.port));
    for cookie in ["Cookie: user=me", "Cookie: user=you"] {
        assert!(look(&world, &["-H", cookie]).out.ends_with("503"));
    }
    assert_eq!(thinker.requests(), 2);
    assert!(curl(&world, &["-H", "Cookie: user=me", STATE]).out.contains("slow"));
    thinker.go.send(()).unwrap();
    thinker.go.send(()).unwrap();
    let mine = look(&world, &["-H", "Cookie: user=me"]).out;
    let yours = look(&world, &["-H", "Cookie: user=you"]).out;
    assert_eq!((mine.as_str(), yours.as_str(), thinker.requests()), ("answer 1 200", "answer 2 200", 2));
}

#[test]
fn a_page_of_one_that_has_a_path_alone_asks_for_that_one() {
    let thinker = Thinker::new();
    let world = World::talkative(crate::world::ready(thinker.back_end.port));
    world.lead_only("/report");
    assert!(look(&world, &[]).out.contains("shop has not answered yet"));
    let state = curl(&world, &[STATE]).out;
    assert!(state.contains(r#""title":"shop has not answered yet""#), "{state}");
    thinker.go.send(()).unwrap();
    until_there_is_news(&world);
    assert_eq!(look(&world, &[]).out, "answer 1 200");
}

#[test]
fn who_is_no_person_waits_as_long_as_it_takes() {
    let thinker = Thinker::new();
    let world = World::talkative(crate::world::ready(thinker.back_end.port));
    assert!(look(&world, &[]).out.ends_with("503"));
    let asking = crate::curl::command(&world, &[URL]).stdout(std::process::Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while thinker.requests() < 2 {
        assert!(begun.elapsed() < PATIENCE, "a program does not get what was asked for by a page");
    }
    thinker.go.send(()).unwrap();
    thinker.go.send(()).unwrap();
    assert_eq!(asking.wait_with_output().unwrap().stdout, b"answer 2");
}
