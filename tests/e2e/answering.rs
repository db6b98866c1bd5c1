//! A service that answers on its port: this very test binary, run again with a variable set.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};

use crate::home::TestHome;
use crate::wait;

/// Set for the process that is to be the service.
const ROLE: &str = "ANSWERING_SERVICE";

/// The configuration of a service that answers on its port with the number of its process.
pub(crate) fn service(name: &str) -> String {
    let program = std::env::current_exe().expect("the test binary");
    let program = program.to_str().expect("a path of text");
    format!(
        "[services.{name}]\ncommand = [{program:?}, \"--exact\", \"answering::the_service_answers_with_its_number\", \"--nocapture\"]\n\
         env = {{ {ROLE} = \"1\" }}\n"
    )
}

/// The line of a shell script that becomes a service which answers on its port.
pub(crate) fn command_line() -> String {
    let program = std::env::current_exe().expect("the test binary");
    let program = program.to_str().expect("a path of text");
    format!("{ROLE}=1 exec '{program}' --exact answering::the_service_answers_with_its_number --nocapture")
}

/// The port that the service was given.
pub(crate) fn port(home: &TestHome, name: &str) -> u16 {
    let status = home.service(name);
    status["ports"][0].as_u64().and_then(|port| u16::try_from(port).ok()).unwrap_or_else(|| panic!("{status}"))
}

/// Waits until the process `pid` answers on `port`.
pub(crate) fn wait_for(port: u16, pid: i32) {
    let answer = || {
        let mut answer = String::new();
        TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?.read_to_string(&mut answer).ok()?;
        Some(answer).filter(|answer| *answer == pid.to_string())
    };
    wait::until(&format!("process {pid} answers on port {port}"), answer);
}

#[test]
fn the_service_answers_with_its_number() {
    let serves = std::env::var_os(ROLE).is_some();
    let port = if serves { std::env::var("PORT").expect("a port").parse().expect("a number") } else { 0 };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("the port is free");
    let number = std::process::id();
    if serves {
        return serve(&listener, number);
    }
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || serve(&listener, number));
    wait_for(port, number.cast_signed());
}

fn serve(listener: &TcpListener, number: u32) {
    for connection in listener.incoming() {
        let _ = connection.and_then(|mut connection| connection.write_all(number.to_string().as_bytes()));
    }
}
