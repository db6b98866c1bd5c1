//! That the program is there and tells when it is misused. An integration test is also what has cargo build it for others.
#![expect(clippy::disallowed_methods, reason = "tests start the real program")]

use std::process::Command;

#[test]
fn words_that_mean_nothing_are_refused() {
    let said = Command::new(env!("CARGO_BIN_EXE_fake-service")).arg("dance").output().unwrap();
    assert!(!said.status.success());
    assert_eq!(String::from_utf8_lossy(&said.stderr), "fake-service: these words mean nothing\n");
}
