//! Whether a store's trust is worth something: a handshake through it, made by a program that believes the store and nothing else; and
//! where there is none, what the program to which the store belongs says of it.

use std::fmt;
use std::path::Path;

use crate::certificate::Root;
use crate::store::{self, Kind, Store};
use crate::tools::{Call, Said};
use crate::world::World;

/// Java's own client; the name is not resolved, as Java would not find it.
const JAVA: &str = r#"
import javax.net.ssl.*;
class Handshake {
    public static void main(String[] to) throws Exception {
        var plain = new java.net.Socket("127.0.0.1", Integer.parseInt(to[1]));
        var factory = (SSLSocketFactory) SSLSocketFactory.getDefault();
        var socket = (SSLSocket) factory.createSocket(plain, to[0], plain.getPort(), true);
        var parameters = socket.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        socket.setSSLParameters(parameters);
        socket.startHandshake();
    }
}
"#;

/// A server on loopback that shows a certificate of the authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Door {
    /// The name that it is asked for, below `localhost`.
    pub host: String,
    /// Its port on 127.0.0.1.
    pub port: u16,
}

/// How a store was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// A client that believes the store alone has spoken with a [`Door`].
    Handshake,
    /// No client was there: the program that keeps the store was asked whether it takes the certificate for good.
    Store,
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Handshake => "handshake",
            Self::Store => "store's own check",
        })
    }
}

/// What came of trying a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It succeeded: with which program, and how.
    Good(&'static str, Check),
    /// It failed; how, with which program, and what that said of it.
    Bad(String),
    /// There is no program that could tell.
    Unknown,
}

impl Store {
    /// Tries the store: by a handshake with `door` where there is a client for it. `scratch` is a folder for what a client needs.
    pub fn verify(&self, door: &Door, root: &Root, scratch: &Path, world: &World<'_>) -> Verdict {
        let check = match self.kind {
            Kind::System | Kind::Java => Check::Handshake,
            Kind::Nss if world.has("tstclnt") => Check::Handshake,
            Kind::Nss | Kind::Windows => Check::Store,
        };
        let tries: Vec<(&'static str, Call)> = match (self.kind, check) {
            (Kind::System, _) => vec![("curl", curl(door)), ("openssl", openssl(door))],
            (Kind::Nss, Check::Handshake) => vec![("tstclnt", tstclnt(self, door))],
            (Kind::Nss, Check::Store) => vec![("certutil", certutil(self, root))],
            (Kind::Windows, _) => {
                vec![("certutil.exe", Call::new("certutil.exe", ["-user", "-verifystore", "Root", &root.thumbprint]))]
            }
            (Kind::Java, _) => java(door, scratch, world).map(|call| ("java", call)).into_iter().collect(),
        };
        let mut worst = Verdict::Unknown;
        for (program, call) in tries.into_iter().filter(|(program, _)| *program == "java" || world.has(program)) {
            match world.tools.run(&call) {
                // A client that is built to believe another store says nothing against this one, if the next is content.
                Ok(said) if said.success => return Verdict::Good(program, check),
                // A runtime without a compiler cannot try it.
                Ok(said) if program == "java" && !said.err.contains("SSL") => {}
                Ok(said) => worst = Verdict::Bad(format!("the {check} failed: {program}: {}", first_line(&said))),
                Err(error) => worst = Verdict::Bad(format!("the {check} failed: {program}: {error}")),
            }
        }
        worst
    }
}

fn first_line(said: &Said) -> String {
    let mut lines = said.err.lines().chain(said.out.lines()).map(str::trim).filter(|line| !line.is_empty());
    lines.next().unwrap_or("it does not say why").chars().take(200).collect()
}

fn curl(Door { host, port }: &Door) -> Call {
    let (url, resolve) = (format!("https://{host}:{port}/"), format!("{host}:{port}:127.0.0.1"));
    let quiet = ["-q", "--silent", "--show-error", "--max-time", "10", "--noproxy", "*", "--output", "/dev/null"];
    Call::new("curl", quiet.into_iter().chain(["--resolve", &resolve, &url]))
}

fn openssl(Door { host, port }: &Door) -> Call {
    let address = format!("127.0.0.1:{port}");
    let fixed = ["s_client", "-brief", "-verify_return_error", "-connect", &address];
    Call::new("openssl", fixed.into_iter().chain(["-servername", host, "-verify_hostname", host]))
}

fn tstclnt(store: &Store, Door { host, port }: &Door) -> Call {
    let (database, port) = (format!("sql:{}", store.place.display()), port.to_string());
    Call::new("tstclnt", ["-h", "127.0.0.1", "-p", &port, "-a", host, "-d", &database, "-Q"])
}

fn certutil(store: &Store, root: &Root) -> Call {
    let database = format!("sql:{}", store.place.display());
    Call::new("certutil", ["-V", "-u", "L", "-n", &root.name, "-d", &database])
}

fn java(Door { host, port }: &Door, scratch: &Path, world: &World<'_>) -> Option<Call> {
    let program = store::java::program("java", world)?;
    let file = scratch.join("Handshake.java");
    std::fs::write(&file, JAVA).ok()?;
    Some(Call::new(program, [file.as_os_str(), host.as_ref(), port.to_string().as_ref()]))
}
