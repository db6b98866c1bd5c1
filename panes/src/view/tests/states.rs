//! What the screen says where there is no live program to show: none at all, one on its way, one that ended, and a lost daemon.

use locald_api::{Request, Role};

use super::*;
use crate::model::Notice;
use crate::overlay::Overlay;

#[test]
fn without_services_it_says_how_to_start_some() {
    insta::assert_snapshot!(screen(&showing(workspace(vec![]), SMALL)), @"
     locald     │
                │
    (2 more like this)
                │  No services are running
                │  run `locald up` in the
                │  folder of a project
                │
    (3 more like this)
     services  ? help  q detach
    ");
    insta::assert_snapshot!(screen(&showing(workspace(vec![]), USUAL)), @"
     locald               │
                          │
    (8 more like this)
                          │       No services are running
                          │       run `locald up` in the folder of a project
                          │
    (10 more like this)
     services  ? help   q detach                                          daemon ok
    ");
    insta::assert_snapshot!(screen(&showing(workspace(vec![]), LARGE)), @"
     locald                         │
                                    │
    (21 more like this)
                                    │                                                              No services are running
                                    │                                                              run `locald up` in the folder of a project
                                    │
    (23 more like this)
     services  ? help   q detach                                                                                                                                                                  daemon ok
    ");
}

#[test]
fn a_project_that_is_being_started_says_so_and_a_service_that_is_waits_for_its_screen() {
    let project = |size| {
        let initial = Request::Up {
            root: "/code/shop".into(),
            services: vec![],
            environment: vec![],
            only_new: true,
            wait: false,
        };
        let mut model = model(Options { initial: Some(initial), ..Options::default() }, size);
        let _ = update(&mut model, Msg::Connected);
        let _ = update(&mut model, Msg::Workspace(Box::new(workspace(vec![]))));
        model
    };
    insta::assert_snapshot!(screen(&project(SMALL)), @"
     locald     │
                │
    (2 more like this)
                │   Starting the project
                │   its services appear
                │   here
                │
    (3 more like this)
     services  ? help  q detach
    ");
    insta::assert_snapshot!(screen(&project(USUAL)), @"
     locald               │
                          │
    (8 more like this)
                          │                Starting the project
                          │                its services appear here
                          │
    (10 more like this)
     services  ? help   q detach                                          daemon ok
    ");
    insta::assert_snapshot!(screen(&project(LARGE)), @"
     locald                         │
                                    │
    (21 more like this)
                                    │                                                                       Starting the project
                                    │                                                                       its services appear here
                                    │
    (23 more like this)
     services  ? help   q detach                                                                                                                                                                  daemon ok
    ");
    let waiting = |size| {
        let mut all = web_and_worker();
        all.services[0].state = ServiceState::Waiting;
        all.services[0].reason = Some("waiting for db".into());
        showing(all, size)
    };
    insta::assert_snapshot!(screen(&waiting(SMALL)), @"
     shop       │ web  ◌ waiting
    ▸◌ web      │
     ● worker   │
                │
                │  web is not started yet:
                │  waiting for db
                │  its screen appears here
                │
    (3 more like this)
     services  enter open  ? help  q detach
    ");
    insta::assert_snapshot!(screen(&waiting(USUAL)), @"
     shop                 │ web  ◌ waiting
    ▸◌ web        waiting │
     ● worker       ready │
                          │
    (7 more like this)
                          │         web is not started yet: waiting for db
                          │         its screen appears here
                          │
    (6 more like this)
    ──────────────────────│
     pid      4121        │
     waiting for db       │
     services  enter open   ? help   q detach   p pin   r restart         daemon ok
    ");
    insta::assert_snapshot!(screen(&waiting(LARGE)), @"
     shop                           │ web  ◌ waiting
    ▸◌ web                  waiting │
     ● worker                 ready │
                                    │
    (20 more like this)
                                    │                                                                web is not started yet: waiting for db
                                    │                                                                its screen appears here
                                    │
    (19 more like this)
    ────────────────────────────────│
     pid      4121                  │
     waiting for db                 │
     services  enter open   ? help   q detach   p pin   r restart   s start   x stop   w overview   ↑↓ select   pgup scroll back                                                                  daemon ok
    ");
}

#[test]
fn a_lost_daemon_is_said_over_the_last_screen() {
    insta::assert_snapshot!(screen(&disconnected(SMALL)), @"
     shop       │ web  ● ready  vite
    ▸● web      │VITE v6.0.1 ready in 212 ms
     ● worker   │
                │> Local: http://localhost:2
                │>
                │
    (4 more like this)
     daemon lost, reconnecting …
     services  q quit  ? help   ✗ no daemon
    ");
    insta::assert_snapshot!(screen(&disconnected(USUAL)), @"
     shop                 │ web  ● ready  vite
    ▸● web          ready │VITE v6.0.1 ready in 212 ms
     ● worker       ready │
                          │> Local: http://localhost:20001/
                          │>
                          │
    (13 more like this)
    ──────────────────────│
     pid      4121        │
     port     20001       │
     daemon lost, reconnecting …
     services  q quit   ? help   enter open                             ✗ no daemon
    ");
    insta::assert_snapshot!(screen(&disconnected(LARGE)), @"
     shop                           │ web  ● ready  vite
    ▸● web                    ready │VITE v6.0.1 ready in 212 ms
     ● worker                 ready │
                                    │> Local: http://localhost:20001/
                                    │>
                                    │
    (39 more like this)
    ────────────────────────────────│
     pid      4121                  │
     port     20001                 │
     daemon lost, reconnecting …
     services  q quit   ? help   enter open                                                                                                                                                     ✗ no daemon
    ");
}

#[test]
fn a_daemon_lost_for_long_is_explained() {
    insta::assert_snapshot!(screen(&overdue(SMALL)), @"
     shop       │ web  ● ready  vite
    ▸● web      │VITE v6.0.1 ready in 212 ms
     ● worker   │
                │> Local: http://localhost:2
                │>
                │
    (4 more like this)
     daemon lost: the daemon fail… · q quits
     services  q quit  ? help   ✗ no daemon
    ");
    insta::assert_snapshot!(screen(&overdue(USUAL)), @"
     shop                 │ web  ● ready  vite
    ▸● web          ready │VITE v6.0.1 ready in 212 ms
     ● worker       ready │
                          │> Local: http://localhost:20001/
                          │>
                          │
    (13 more like this)
    ──────────────────────│
     pid      4121        │
     port     20001       │
     daemon lost: the daemon failed 5 times in 60 s · q quits
     services  q quit   ? help   enter open                             ✗ no daemon
    ");
    insta::assert_snapshot!(screen(&overdue(LARGE)), @"
     shop                           │ web  ● ready  vite
    ▸● web                    ready │VITE v6.0.1 ready in 212 ms
     ● worker                 ready │
                                    │> Local: http://localhost:20001/
                                    │>
                                    │
    (39 more like this)
    ────────────────────────────────│
     pid      4121                  │
     port     20001                 │
     daemon lost: the daemon failed 5 times in 60 s · q quits
     services  q quit   ? help   enter open                                                                                                                                                     ✗ no daemon
    ");
}

#[test]
fn a_service_that_could_not_be_started_says_why_and_what_next() {
    insta::assert_snapshot!(screen(&showing(failed(), SMALL)), @"
     shop       │ api  ✗ failed
    ▸✗ api      │
     ● postgr…  │
                │   api could not be
                │   started: the program
                │   `nodee` was not found
                │   in PATH
                │   once that is mended,
                │   press r to try again
                │
                │
     services  enter open  ? help  q detach
    ");
    insta::assert_snapshot!(screen(&showing(failed(), USUAL)), @"
     shop                 │ api  ✗ failed
    ▸✗ api         failed │
     ● postgres-ma… ready │
                          │
    (6 more like this)
                          │  api could not be started: the program `nodee` was not
                          │  found in PATH
                          │  once that is mended, press r to try again
                          │
    (9 more like this)
     services  enter open   ? help   q detach   p pin   r restart         daemon ok
    ");
    insta::assert_snapshot!(screen(&showing(failed(), LARGE)), @"
     shop                           │ api  ✗ failed
    ▸✗ api                   failed │
     ● postgres-main          ready │
                                    │
    (20 more like this)
                                    │                                                  api could not be started: the program `nodee` was not found in PATH
                                    │                                                  once that is mended, press r to try again
                                    │
    (22 more like this)
     services  enter open   ? help   q detach   p pin   r restart   s start   x stop   w overview   ↑↓ select   pgup scroll back                                                                  daemon ok
    ");
}

#[test]
fn an_exited_service_keeps_its_last_screen_above_what_to_do() {
    insta::assert_snapshot!(screen(&exited(SMALL)), @"
     shop       │ web  ✗ exited 1  vite
    ▸✗ web      │$ node server.js
     ● worker   │Error: listen EADDRINUSE
                │
    (4 more like this)
                │───────────────────────────
                │ web exited with code 1
                │ press r to restart it
     services  enter open  ? help  q detach
    ");
    insta::assert_snapshot!(screen(&exited(USUAL)), @"
     shop                 │ web  ✗ exited 1  vite
    ▸✗ web       exited 1 │$ node server.js
     ● worker       ready │Error: listen EADDRINUSE
                          │
    (16 more like this)
                          │─────────────────────────────────────────────────────────
                          │ web exited with code 1
                          │ press r to restart it
     services  enter open   ? help   q detach   p pin   r restart         daemon ok
    ");
    insta::assert_snapshot!(screen(&exited(LARGE)), @"
     shop                           │ web  ✗ exited 1  vite
    ▸✗ web                 exited 1 │$ node server.js
     ● worker                 ready │Error: listen EADDRINUSE
                                    │
    (42 more like this)
                                    │───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
                                    │ web exited with code 1
                                    │ press r to restart it
     services  enter open   ? help   q detach   p pin   r restart   s start   x stop   w overview   ↑↓ select   pgup scroll back                                                                  daemon ok
    ");
}

#[test]
fn several_projects_are_grouped_and_every_state_has_a_sign_and_a_word() {
    let states = [
        ("web", ServiceState::Ready),
        ("worker", ServiceState::Starting),
        ("mailer", ServiceState::Stopping),
        ("search", ServiceState::Stopped),
        ("seed", ServiceState::Completed),
        ("crash", ServiceState::Exited),
    ];
    let mut services: Vec<_> = states.iter().map(|(name, state)| service("shop", name, *state)).collect();
    services[5].exit = Some(Exit::Signal(11));
    services.push(service("blog", "a-service-with-a-long-name", ServiceState::Failed));
    let mut all = workspace(services);
    all.degraded = vec!["the log of web cannot be written: no space left on device".into()];
    let at = |size| after(showing(all.clone(), size), "6");
    insta::assert_snapshot!(screen(&at(SMALL)), @"
     shop       │ crash  ✗ signal 11
     ● web      │
     ◐ worker   │
     ◐ mailer   │
     ○ search   │   crash was ended by
     ✓ seed     │   SIGSEGV
    ▸✗ crash    │   press r to restart it
                │
     blog       │
     ✗ a-serv…  │
                │
     services  enter open  ? help         !
    ");
    insta::assert_snapshot!(screen(&at(LARGE)), @"
     shop                           │ crash  ✗ signal 11
     ● web                    ready │
     ◐ worker              starting │
     ◐ mailer              stopping │
     ○ search               stopped │
     ✓ seed               completed │
    ▸✗ crash              signal 11 │
                                    │
     blog                           │
     ✗ a-service-with-a-lon… failed │
                                    │
    (13 more like this)
                                    │                                                                      crash was ended by SIGSEGV
                                    │                                                                      press r to restart it
                                    │
    (22 more like this)
     services  enter open   ? help   q detach   p pin   r restart   s start   x stop   w overview   ↑↓ select   pgup scroll back      ! degraded: the log of web cannot be written: no space left on device
    ");
    insta::assert_snapshot!(screen(&at(USUAL)), @"
     shop                 │ crash  ✗ signal 11
     ● web          ready │
     ◐ worker    starting │
     ◐ mailer    stopping │
     ○ search     stopped │
     ✓ seed     completed │
    ▸✗ crash    signal 11 │
                          │
     blog                 │
     ✗ a-service-… failed │
                          │
                          │               crash was ended by SIGSEGV
                          │               press r to restart it
                          │
    (9 more like this)
     services  enter open   ? help   q detach   p pin   ! degraded: the log of web…
    ");
}

#[test]
fn what_was_just_learnt_is_said_instead_of_keys() {
    let told = |size| {
        let mut model = running(size);
        model.notice = Some(Notice::error("web could not be started: the program `nodee` was not found in PATH"));
        model
    };
    insta::assert_snapshot!(bottom_lines(told), @"
    services  web could not be started: th…
    services  web could not be started: the program `nodee` was not found in PATH
    services  web could not be started: the program `nodee` was not found in PATH
    ");
}

#[test]
fn a_failure_longer_than_a_line_is_laid_over_the_screen() {
    let failed = |size| {
        let mut model = running(size);
        let details = "locald.toml:7:15\n 7 | depends_on = [\"postgress\"]\n   |               ^^^^^^^^^^^ not a service in this project\n   = did you mean `postgres`?";
        model.overlay = Some(Overlay::details("the configuration has a fault".into(), details));
        model
    };
    insta::assert_snapshot!(at_every_size(failed), @r#"
    40x12
     shop       │ web  ● ready  vite
    ▸● web      │VITE v6.0.1 ready in 212 ms
    ╭─ the configuration has a fault ──────╮
    │ locald.toml:7:15                     │
    │  7 | depends_on = ["postgress"]      │
    │    |               ^^^^^^^^^^^ not a │
    │  service in this project             │
    │    = did you mean `postgres`?        │
    ╰──────────────────────────────────────╯
                │
                │
     details  esc close  ↑↓ scroll

    80x24
     shop                 │ web  ● ready  vite
    ▸● web          ready │VITE v6.0.1 ready in 212 ms
     ● worker       ready │
                          │> Local: http://localhost:20001/
                          │>
                          │
    (2 more like this)
            ╭─ the configuration has a fault ──────────────────────────────╮
            │ locald.toml:7:15                                             │
            │  7 | depends_on = ["postgress"]                              │
            │    |               ^^^^^^^^^^^ not a service in this project │
            │    = did you mean `postgres`?                                │
            ╰──────────────────────────────────────────────────────────────╯
                          │
    (4 more like this)
    ──────────────────────│
     pid      4121        │
     port     20001       │
     shop.localhost       │
     details  esc close   ↑↓ scroll                                       daemon ok

    200x50
     shop                           │ web  ● ready  vite
    ▸● web                    ready │VITE v6.0.1 ready in 212 ms
     ● worker                 ready │
                                    │> Local: http://localhost:20001/
                                    │>
                                    │
    (15 more like this)
                                    │                                   ╭─ the configuration has a fault ──────────────────────────────╮
                                    │                                   │ locald.toml:7:15                                             │
                                    │                                   │  7 | depends_on = ["postgress"]                              │
                                    │                                   │    |               ^^^^^^^^^^^ not a service in this project │
                                    │                                   │    = did you mean `postgres`?                                │
                                    │                                   ╰──────────────────────────────────────────────────────────────╯
                                    │
    (17 more like this)
    ────────────────────────────────│
     pid      4121                  │
     port     20001                 │
     https://shop.localhost         │
     details  esc close   ↑↓ scroll                                                                                                                                                               daemon ok
    "#);
}

#[test]
fn a_workspace_that_only_looks_on_says_so_when_it_is_asked_to_do_something() {
    let onlooker = |size| {
        let mut model = running(size);
        model.role = Role::Onlooker;
        after(model, "r")
    };
    insta::assert_snapshot!(bottom_lines(onlooker), @"
    services  not done: this workspace onl…
    services  not done: this workspace only looks on
    services  not done: this workspace only looks on
    ");
}

#[test]
fn a_key_that_is_on_no_command_after_the_prefix_is_told_and_where_all_keys_are() {
    insta::assert_snapshot!(bottom_lines(|size| after(running(size), "Enter C-b y")), @"
    web  C-b y does nothing; C-b ? shows a…
    web  C-b y does nothing; C-b ? shows all keys
    web  C-b y does nothing; C-b ? shows all keys
    ");
}
