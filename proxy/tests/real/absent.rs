//! Back ends that are not there: yet, any more, or not in their right mind.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use locald_proxy::Backend;
use rustix::net::{AddressFamily, SocketType};

use crate::back_end::{BackEnd, head, header};
use crate::curl::{Said, command, curl};
use crate::world::{World, ready};

const URL: &str = "http://shop.localhost/";
const BROWSER: [&str; 2] = ["-H", "Accept: text/html,application/xhtml+xml,*/*;q=0.8"];

fn answering(text: &'static str) -> BackEnd {
    BackEnd::new(move |_, mut stream| {
        head(&mut stream);
        let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{text}", text.len());
    })
}

fn starting() -> Backend {
    Backend::Starting { note: Some("waits for `db`".to_owned()) }
}

fn ask(world: &World, arguments: &[&str]) -> Said {
    curl(world, &[&["-w", " %{http_code} %{content_type}", URL], arguments].concat())
}

#[test]
fn a_request_waits_for_a_back_end_that_is_on_its_way() {
    let back_end = answering("here");
    let world = World::with(starting());
    let waiting = command(&world, &[URL]).stdout(std::process::Stdio::piped()).spawn().unwrap();
    // Time in which it would be asked too early; one that is not is right however long this takes.
    thread::sleep(Duration::from_millis(300));
    assert_eq!(back_end.connections(), 0);
    world.backend.send_replace(ready(back_end.port));
    assert_eq!(waiting.wait_with_output().unwrap().stdout, b"here");
}

#[test]
fn one_that_does_not_come_is_said_to_be_starting_to_programs_as_json() {
    let world = World::patient(starting(), Duration::from_millis(100));
    let said = ask(&world, &["-i"]);
    assert!(said.out.ends_with("503 application/problem+json"), "{said:?}");
    assert!(said.out.contains("retry-after: 1") && said.out.contains("waits for `db`"), "{said:?}");
}

#[test]
fn a_person_is_told_soon_and_the_page_asks_again_by_itself() {
    let world = World::with(starting());
    let begun = Instant::now();
    let said = ask(&world, &BROWSER);
    assert!(begun.elapsed() < Duration::from_secs(10), "a page must not wait as long as a program");
    assert!(said.out.ends_with("503 text/html; charset=utf-8"), "{said:?}");
    assert!(said.out.contains("shop is starting") && said.out.contains("waits for <code>db</code>"), "{said:?}");
}

#[test]
fn what_no_person_looks_at_is_never_answered_with_a_page() {
    let world =
        World::with(Backend::Down { reason: "exited with code 1".to_owned(), hint: "`locald start shop`".to_owned() });
    assert!(ask(&world, &BROWSER).out.contains("<code>locald start shop</code>"));
    for arguments in [&["-X", "POST"][..], &["-H", "Sec-Fetch-Mode: cors"], &["-H", "Sec-Fetch-Mode: no-cors"]] {
        let said = ask(&world, &[&BROWSER[..], arguments].concat());
        assert!(said.out.ends_with("503 application/problem+json"), "{arguments:?}: {said:?}");
        assert!(said.out.contains("exited with code 1"), "{said:?}");
    }
}

#[test]
fn who_asks_for_the_head_alone_gets_neither_a_page_nor_a_body() {
    let down = Backend::Down { reason: "exited with code 1".to_owned(), hint: "`locald start shop`".to_owned() };
    for backend in [down, Backend::Starting { note: None }] {
        let world = World::patient(backend, Duration::from_millis(100));
        // A body would be read as the beginning of the second answer.
        let one = "HEAD / HTTP/1.1\r\nHost: shop.localhost\r\nAccept: text/html,*/*;q=0.8\r\n";
        let said = world.says(&format!("{one}\r\n{one}Connection: close\r\n\r\n"));
        let heads: Vec<&str> = said.split_terminator("\r\n\r\n").collect();
        assert_eq!(heads.len(), 2, "{said}");
        for head in heads {
            assert!(head.starts_with("HTTP/1.1 503 "), "{said}");
            assert_eq!(header(head, "content-type"), Some("application/problem+json"), "{said}");
        }
        assert!(said.ends_with("\r\n\r\n"), "{said}");
    }
}

#[test]
fn a_port_that_opens_late_is_waited_for() {
    // Bound, and refusing until it listens: nobody else gets the port meanwhile.
    let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    rustix::net::bind(&socket, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).unwrap();
    let listener = TcpListener::from(socket);
    let port = listener.local_addr().unwrap().port();
    let world = World::with(ready(port));
    let waiting = command(&world, &[URL]).stdout(std::process::Stdio::piped()).spawn().unwrap();
    // The port refuses meanwhile, often enough to be given up if it were not waited for.
    thread::sleep(Duration::from_millis(300));
    rustix::net::listen(&listener, 8).unwrap();
    let _back_end = BackEnd::on(listener, |_, mut stream| {
        head(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate");
    });
    assert_eq!(waiting.wait_with_output().unwrap().stdout, b"late");
}

#[test]
fn a_request_that_meets_the_end_of_a_back_end_goes_to_the_next_one() {
    let next = answering("next");
    let (backend, port) =
        (std::sync::Arc::new(std::sync::OnceLock::<tokio::sync::watch::Sender<Backend>>::new()), next.port);
    let known = backend.clone();
    let dying = BackEnd::new(move |_, mut stream| {
        head(&mut stream);
        known.get().unwrap().send_replace(ready(port));
    });
    let world = World::before(&dying);
    backend.set(world.backend.clone()).unwrap();
    assert_eq!(curl(&world, &[URL]).out, "next");
    // What may have been done already is not done again.
    world.backend.send_replace(ready(dying.port));
    assert!(ask(&world, &["-X", "POST"]).out.contains("502"));
    assert_eq!((dying.connections(), next.connections()), (2, 1));
}

#[test]
fn nonsense_and_silence_are_told_apart() {
    for (sends, says) in [
        ("SSH-2.0-OpenSSH\r\n", "is not an HTTP/1 answer"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", "HTTP/1 answer"),
        ("", "closed the connection before it had answered"),
    ] {
        let back_end = BackEnd::new(move |_, mut stream| {
            head(&mut stream);
            let _ = stream.write_all(sends.as_bytes());
        });
        let said = ask(&World::before(&back_end), &[]);
        assert!(said.out.ends_with("502 application/problem+json") && said.out.contains(says), "{sends:?}: {said:?}");
    }
}

#[test]
fn an_answer_that_breaks_off_is_not_made_to_look_whole() {
    for head_of_answer in ["Content-Length: 100", "Transfer-Encoding: chunked"] {
        let back_end = BackEnd::new(move |_, mut stream| {
            head(&mut stream);
            let _ = write!(stream, "HTTP/1.1 200 OK\r\n{head_of_answer}\r\n\r\n4\r\nsome\r\n");
        });
        let said = curl(&World::before(&back_end), &[URL]);
        assert!(said.code == 18 || said.code == 56, "{head_of_answer}: {said:?}");
    }
}

#[test]
fn a_request_has_a_back_end_started_that_waits_for_one_and_is_answered_by_it() {
    let back_end = answering("awake");
    let world = World::with(Backend::Idle);
    let waiting: Vec<_> = (0..3)
        .map(|_| {
            command(&world, &["-T", "/proc/self/status", URL]).stdout(std::process::Stdio::piped()).spawn().unwrap()
        })
        .collect();
    while world.keeper.woken.load(Ordering::SeqCst) < waiting.len() {
        thread::yield_now();
    }
    world.backend.send_replace(starting());
    world.backend.send_replace(ready(back_end.port));
    for waiting in waiting {
        assert_eq!(waiting.wait_with_output().unwrap().stdout, b"awake");
    }
    // Neither somebody else's request nor a page that only looks starts anything.
    world.backend.send_replace(Backend::Idle);
    let looks = curl(&world, &["http://shop.localhost/.well-known/locald/state"]);
    assert!(looks.out.contains("waits for a request"), "{looks:?}");
    world.keeper.distrusts.store(true, Ordering::SeqCst);
    let said = ask(&world, &[]);
    assert!(said.out.ends_with("503 application/problem+json") && said.out.contains("waits for a request"), "{said:?}");
    assert_eq!(world.keeper.woken.load(Ordering::SeqCst), 3);
}

#[test]
fn who_looks_at_one_that_broke_off_sees_what_it_printed_and_programs_do_not() {
    let back_end = BackEnd::new(|_, mut stream| drop(head(&mut stream)));
    let world = World::before(&back_end);
    let page = ask(&world, &BROWSER).out;
    assert!(page.contains("<pre id=\"lines\">one\n&lt;b&gt;two</pre>") && page.contains("502 text/html"), "{page}");
    assert!(!ask(&world, &[]).out.contains("two"));
    world.keeper.distrusts.store(true, Ordering::SeqCst);
    assert!(!ask(&world, &BROWSER).out.contains("two"), "another user");
}
