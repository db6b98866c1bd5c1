//! What the screen says of keys beyond the hints: after the prefix, and in a lock.

use super::*;
use crate::msg::Timer;

#[test]
fn somebody_who_waits_after_the_prefix_is_shown_all_that_may_follow() {
    let waited = |size| {
        let mut model = after(running(size), "Enter C-b");
        let _ = update(&mut model, Msg::Timer(Timer::TellKeys));
        model
    };
    insta::assert_snapshot!(screen(&waited(SMALL)), @"
    ╭─ In a service, after C-b ────────────╮
    │ p n           select a service       │
    │ s esc         back to the services   │
    │ ← → ↑ ↓       the pane that lies th… │
    │ P             pin its pane, or unpi… │
    │ c             a shell in the project │
    │ w             the overview, and back │
    │ r             restart                │
    │ x             stop                   │
    │ [ pgup        scroll back            │
    ╰─────────────── 9 of 17, ? shows all ─╯
     C-b  d detach  s services  [ scroll
    (cursor in column 15 of line 4)
    ");
    insta::assert_snapshot!(screen(&waited(USUAL)), @"
     shop                 │ web  ● ready  vite
    ▸● web          ready │VITE v6.0.1 ready in 212 ms
     ● worker       ready │
                          │> Local: http://localhost:20001/
                      ╭─ In a service, after C-b ───────────────╮
                      │ p n           select a service          │
                      │ s esc         back to the services      │
                      │ ← → ↑ ↓       the pane that lies there  │
                      │ P             pin its pane, or unpin it │
                      │ c             a shell in the project    │
                      │ w             the overview, and back    │
                      │ r             restart                   │
                      │ x             stop                      │
                      │ [ pgup        scroll back               │
                      │ z             the pane alone, and back  │
                      │ b             hide or show the list     │
                      │ d             detach; all runs on       │
                      │ L             every key to the program  │
                      │ m             mouse off and on          │
    ──────────────────│ ?             all keys                  │
     pid      4121    │ C-b           typed into the program    │
     port     20001   │ 1 to 9        select by position        │
     shop.localhost   ╰─────────────────────────────────────────╯
     C-b  d detach   s services   [ scroll   z zoom   ? help   P pin   w overview
    (cursor in column 25 of line 4)
    ");
    let mut large = waited(LARGE);
    large.workspace.as_mut().expect("services").services[0].urls.clear();
    insta::assert_snapshot!(screen(&large), @"
     shop                           │ web  ● ready  vite
    ▸● web                    ready │VITE v6.0.1 ready in 212 ms
     ● worker                 ready │
                                    │> Local: http://localhost:20001/
                                    │>
                                    │
    (36 more like this)
                   ╭─ In a service, after C-b ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────╮
                   │ p n           select a service            w             the overview, and back      b             hide or show the list       C-b           typed into the program    │
                   │ s esc         back to the services        r             restart                     d             detach; all runs on         1 to 9        select by position        │
                   │ ← → ↑ ↓       the pane that lies there    x             stop                        L             every key to the program                                            │
    ───────────────│ P             pin its pane, or unpin it   [ pgup        scroll back                 m             mouse off and on                                                    │
     pid      4121 │ c             a shell in the project      z             the pane alone, and back    ?             all keys                                                            │
     port     20001╰───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────╯
     C-b  d detach   s services   [ scroll   z zoom   ? help   P pin   w overview   c shell   n p next, previous   r restart   x stop   C-b send it
    (cursor in column 35 of line 4)
    ");
}

#[test]
fn a_lock_says_how_it_is_left() {
    insta::assert_snapshot!(screen(&after(running(SMALL), "C-b L")), @"
     shop       │ web  ● ready  vite
    ▸● web      │VITE v6.0.1 ready in 212 ms
     ● worker   │
                │> Local: http://localhost:2
                │>
                │
    (5 more like this)
     web locked  F12 unlock
    (cursor in column 15 of line 4)
    ");
    insta::assert_snapshot!(screen(&after(running(USUAL), "C-b L")), @"
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
     shop.localhost       │
     web locked  F12 unlock   all other keys to the program               daemon ok
    (cursor in column 25 of line 4)
    ");
    insta::assert_snapshot!(screen(&after(running(LARGE), "C-b L")), @"
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
     https://shop.localhost         │
     web locked  F12 unlock   all other keys to the program                                                                                                                                       daemon ok
    (cursor in column 35 of line 4)
    ");
}
