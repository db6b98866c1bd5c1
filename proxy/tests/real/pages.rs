//! The pages that people see while a back end is not there, and what those pages may do.

use std::sync::atomic::Ordering;
use std::time::Duration;

use locald_proxy::Backend;

use crate::back_end::{BackEnd, head};
use crate::curl::curl;
use crate::world::{World, ready};

const STATE: &str = "http://shop.localhost/.well-known/locald/state";
const START: &str = "http://shop.localhost/.well-known/locald/start?to=/a?b=c";

fn down() -> World {
    World::with(Backend::Down { reason: "It <b>was</b> stopped.".to_owned(), hint: String::new() })
}

#[test]
fn a_page_has_nothing_of_others_and_may_do_little() {
    let world = down();
    let said = curl(&world, &["-i", "-H", "Accept: text/html", "http://shop.localhost/a?b=%22%3E%3Cscript%3E"]);
    let (head, page) = said.out.split_once("\r\n\r\n").expect("a head");
    for policy in
        ["default-src 'none'", "style-src 'sha256-", "script-src 'sha256-", "connect-src 'self'", "base-uri 'none'"]
    {
        assert!(head.contains(policy), "{policy} in {head}");
    }
    assert!(head.contains("cache-control: no-store") && head.contains("x-content-type-options: nosniff"), "{head}");
    assert!(page.contains("It &lt;b&gt;was&lt;/b&gt; stopped."), "{page}");
    assert!(page.contains("action=\"/.well-known/locald/start?to=/a?b=%22%3E%3Cscript%3E\""), "{page}");
    assert!(
        !page.contains("http://") && !page.contains("https://") && !page.contains("//"),
        "something from elsewhere: {page}"
    );
}

#[test]
fn what_a_back_end_printed_is_told_to_its_own_user_alone() {
    let world = down();
    let said = curl(&world, &["-i", STATE]);
    assert!(said.out.contains("x-locald-state: 1") && said.out.contains(r#""lines":["one","<b>two"]"#), "{said:?}");
    assert!(said.out.contains("content-type: application/json"), "{said:?}");
    world.keeper.distrusts.store(true, Ordering::SeqCst);
    assert!(curl(&world, &[STATE]).out.contains(r#""lines":[]"#));
}

#[test]
fn a_button_starts_it_for_a_page_of_its_own_name_and_for_nobody_else() {
    let world = down();
    let post = |headers: &[&str]| {
        let mut arguments = vec!["-X", "POST", "-o", "/dev/null", "-w", "%{http_code} %header{location}", START];
        for header in headers {
            arguments.extend(["-H", header]);
        }
        curl(&world, &arguments).out
    };
    let own = "Origin: http://shop.localhost";
    for others in [
        &[][..],
        &["Origin: null"],
        &["Origin: https://shop.localhost"],
        &["Origin: http://evil.localhost"],
        &["Origin: http://shop.localhost:81"],
        &[own, "Sec-Fetch-Site: same-site"],
    ] {
        assert_eq!(post(others), "403 ", "{others:?}");
    }
    assert_eq!(world.keeper.started.load(Ordering::SeqCst), 0);
    assert_eq!(post(&[own, "Sec-Fetch-Site: same-origin"]), "303 /a?b=c");
    assert_eq!(world.keeper.started.load(Ordering::SeqCst), 1);
    let elsewhere = START.replace("/a?b=c", "//evil.localhost");
    let said = curl(&world, &["-X", "POST", "-H", own, "-w", "%header{location}", &elsewhere]);
    assert_eq!(said.out, "/");
    world.keeper.distrusts.store(true, Ordering::SeqCst);
    assert_eq!(post(&[own]), "403 ", "another user's process");
}

#[test]
fn a_back_end_that_is_there_has_all_paths_to_itself() {
    let back_end = BackEnd::new(|_, mut stream| {
        let head = head(&mut stream);
        let line = head.lines().next().unwrap_or_default();
        let _ = std::io::Write::write_all(
            &mut stream,
            format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{line}", line.len()).as_bytes(),
        );
    });
    let world = World::patient(ready(back_end.port), Duration::from_secs(5));
    assert_eq!(curl(&world, &[STATE]).out, "GET /.well-known/locald/state HTTP/1.1");
    assert_eq!(curl(&world, &["-X", "POST", START]).out, "POST /.well-known/locald/start?to=/a?b=c HTTP/1.1");
}
