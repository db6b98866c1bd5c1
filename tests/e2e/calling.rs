//! gRPC by the library that most people use, through the daemon, with the authority of the home.

use crate::home::TestHome;
use crate::python::{self, PYTHON};

/// The server and the client with which the proxy itself is tested, too.
const CALLS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/proxy/tests/real/calls.py");

/// A service that is called by gRPC and says so, unless `protocol` is empty.
fn shop(protocol: &str) -> Option<TestHome> {
    python::has("grpc", "python3-grpcio").then(|| {
        TestHome::new(&format!(
            "[project]\nname = \"shop\"\n\
             [services.web]\ncommand = [\"{PYTHON}\", \"{CALLS}\", \"server\"]\nhealth = {{ tcp = true }}\n{protocol}\n"
        ))
    })
}

/// What a client makes of it.
fn call(home: &TestHome) -> Vec<String> {
    let url = home.service("web")["sites"][1].as_str().expect("a URL with TLS").to_owned();
    let (_, port) = url.rsplit_once(':').expect("a port");
    python::lines(&[CALLS, "client", port, home.state().join("ca/root.pem").to_str().expect("text")])
}

#[test]
fn every_kind_of_call_reaches_a_service_and_its_failures_come_back() {
    for protocol in ["protocol = \"h2c\"", ""] {
        let Some(home) = shop(protocol) else { return };
        home.ok(&["up"]);
        assert_eq!(
            call(&home),
            [
                "unary (b'HI', 'yes')",
                "large 1048576",
                "client stream b'5'",
                "server stream [b'x', b'x', b'x']",
                "both [b'0', b'1', b'2']",
                "cancel (b'first', b'yes')",
                "error NOT_FOUND no such thing",
            ],
            "{protocol}"
        );
        home.ok(&["stop", "web"]);
        let first = call(&home).swap_remove(0);
        assert!(first.starts_with("unary UNAVAILABLE web does not run."), "{protocol}: {first}");
    }
}
