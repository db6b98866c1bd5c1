//! What a service says of itself (sd_notify(3)) is heard, and not lost with a daemon.

use rustix::process::Signal;

use crate::home::{TestHome, signal};
use crate::wait;

const TALKER: &str = r#"
[services.talker]
command = ["python3", "-c", """
import os, socket, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect(os.environ['NOTIFY_SOCKET'])
s.send(b'READY=1\\nSTATUS=warming up')
s.send(b'STATUS=serving three clients')
time.sleep(100000)
"""]
"#;

fn wait_for_reason(home: &TestHome, reason: &str) {
    wait::until(&format!("the reason is {reason:?}"), || (home.service("talker")["reason"] == reason).then_some(()));
}

#[test]
fn the_latest_thing_a_service_said_is_shown_and_handed_to_the_next_daemon() {
    let home = TestHome::new(TALKER);
    home.ok(&["up"]);
    wait_for_reason(&home, "serving three clients");
    signal(home.daemon_pid(), Signal::KILL);
    wait_for_reason(&home, "serving three clients");
    home.ok(&["stop", "talker"]);
    assert!(home.service("talker")["reason"].is_null());
}
