//! TLS: certificates for names that lead somewhere, by an authority that can do no more; and HTTP/2.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc;
use std::time::Duration;

use locald_proxy::{Kept, Scope};

use crate::back_end::{BackEnd, head, header, skip};
use crate::constraints;
use crate::curl::{Said, command};
use crate::world::{PATIENCE, SecureWorld};

/// A back end that answers with the head of the request, and with a cookie and trailers.
fn mirror() -> BackEnd {
    BackEnd::new(|_, mut stream| {
        let head = head(&mut stream);
        let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{head}", head.len());
    })
}

fn ask(world: &SecureWorld, arguments: &[&str]) -> Said {
    let arguments = [&["--cacert", world.root.to_str().unwrap()], arguments].concat();
    crate::curl::curl(&world.world, &arguments)
}

#[test]
fn a_name_is_vouched_for_and_both_versions_of_http_are_spoken() {
    let back_end = mirror();
    let world = SecureWorld::before(&back_end);
    for (version, says) in [("--http1.1", "1.1"), ("--http2", "2")] {
        let said = ask(&world, &[version, "-w", "%{http_version}", "-b", "a=1", "https://shop.localhost/x?y"]);
        assert!(said.out.starts_with("GET /x?y HTTP/1.1\r\n") && said.out.ends_with(says), "{said:?}");
        assert_eq!(header(&said.out, "host"), Some("shop.localhost"));
        assert_eq!(header(&said.out, "x-forwarded-proto"), Some("https"));
        assert_eq!(header(&said.out, "cookie"), Some("a=1"));
    }
    let below = ask(&world, &["-o", "/dev/null", "-w", "%{http_code}", "https://x.shop.localhost/"]);
    assert_eq!(below.out, "200", "{below:?}");
}

#[test]
fn a_certificate_is_for_servers_at_a_name_and_one_label_below_and_holds_for_thirty_days() {
    let back_end = mirror();
    let world = SecureWorld::before(&back_end);
    let file = world.root.with_file_name("leaf.pem");
    let made = ask(&world, &["-o", "/dev/null", "-w", "%{certs}", "https://shop.localhost/"]).out;
    let begin = made.find("-----BEGIN CERTIFICATE-----").unwrap_or_else(|| panic!("no certificate in {made}"));
    fs::write(&file, &made[begin..]).unwrap();
    let openssl = |arguments: &[&str]| {
        let words = [&["x509", "-noout", "-in", file.to_str().unwrap()], arguments].concat();
        constraints::run("openssl", &words)
    };
    let Some((said, _)) = openssl(&["-ext", "subjectAltName,extendedKeyUsage,keyUsage,basicConstraints"]) else {
        return;
    };
    let lines: Vec<&str> = said.lines().map(str::trim).collect();
    for (extension, value) in [
        ("Subject Alternative Name", "DNS:shop.localhost, DNS:*.shop.localhost"),
        ("Extended Key Usage", "TLS Web Server Authentication"),
        ("Key Usage", "Digital Signature"),
        ("Basic Constraints", "CA:FALSE"),
    ] {
        let at = lines.iter().position(|line| line.starts_with(&format!("X509v3 {extension}:")));
        assert_eq!(at.and_then(|at| lines.get(at + 1)), Some(&value), "{said}");
    }
    let holds_in = |seconds: u32| openssl(&["-checkend", &seconds.to_string()]).unwrap().1;
    let (days, hour) = (30 * 24 * 3600, 3600);
    assert!(holds_in(days - hour) && !holds_in(days + hour));
}

#[test]
fn a_name_that_leads_nowhere_has_no_certificate() {
    let back_end = mirror();
    let world = SecureWorld::before(&back_end);
    assert_eq!(ask(&world, &["https://other.localhost/"]).code, 35);
    assert_eq!(ask(&world, &["https://127.0.0.1/"]).code, 35);
    assert_eq!(back_end.connections(), 0);
}

#[test]
fn a_connection_is_for_the_names_of_its_certificate() {
    let back_end = mirror();
    let world = SecureWorld::before(&back_end);
    let host = |name: &str| {
        let header = format!("Host: {name}");
        ask(&world, &["-o", "/dev/null", "-w", "%{http_code}", "-H", &header, "https://shop.localhost/"]).out
    };
    assert_eq!(host("x.shop.localhost"), "200");
    assert_eq!(host("x.y.shop.localhost"), "421");
}

#[test]
fn a_request_without_tls_is_sent_to_where_it_should_have_been_made() {
    let back_end = mirror();
    let world = SecureWorld::before(&back_end);
    let port = world.world.port;
    let browser = "Accept: text/html";
    let said = ask(
        &world,
        &["-o", "/dev/null", "-w", "%{http_code} %{redirect_url}", "-H", browser, "http://shop.localhost/a?b=c"],
    );
    assert_eq!(said.out, format!("308 https://shop.localhost:{port}/a?b=c"));
    let said = ask(&world, &["-w", "%{http_code}", "http://shop.localhost/"]);
    assert!(said.out.ends_with("400") && said.out.contains("https://shop.localhost"), "{said:?}");
    assert_eq!(back_end.connections(), 0);
}

#[test]
fn a_large_file_and_its_answer_come_through_http2() {
    const SIZE: u64 = 64 << 20;
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("large");
    fs::File::create(&path).unwrap().set_len(SIZE).unwrap();
    let back_end = BackEnd::new(|_, mut stream| {
        let head = head(&mut stream);
        assert_eq!(header(&head, "content-length"), Some(SIZE.to_string().as_str()));
        let came = skip(&mut stream, SIZE);
        let _ = write!(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-came\r\n\r\n");
        let chunk = vec![b'a'; 1 << 20];
        for _ in 0..16 {
            let _ = write!(stream, "{:x}\r\n", chunk.len());
            let _ = stream.write_all(&chunk).and_then(|()| stream.write_all(b"\r\n"));
        }
        let _ = write!(stream, "0\r\nx-came: {came}\r\n\r\n");
    });
    let world = SecureWorld::before(&back_end);
    let said = ask(
        &world,
        &[
            "--http2",
            "-o",
            "/dev/null",
            "-D",
            "-",
            "-w",
            "%{size_download}",
            "-T",
            path.to_str().unwrap(),
            "https://shop.localhost/",
        ],
    );
    assert!(said.out.contains(&format!("x-came: {SIZE}")) && said.out.ends_with("16777216"), "{said:?}");
}

#[test]
fn a_stream_that_is_dropped_ends_at_the_back_end_too() {
    let (gone, told) = mpsc::channel();
    let gone = Mutex::new(gone);
    let back_end = BackEnd::new(move |_, mut stream| {
        head(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
        let _ = gone.lock().unwrap().send(std::io::Read::read(&mut stream, &mut [0]).unwrap_or(0));
    });
    let world = SecureWorld::before(&back_end);
    let arguments = ["--cacert", world.root.to_str().unwrap(), "--http2", "-N", "https://shop.localhost/"];
    let mut curl = command(&world.world, &arguments).stdout(Stdio::piped()).spawn().unwrap();
    assert!(told.recv_timeout(Duration::from_millis(300)).is_err());
    curl.kill().unwrap();
    curl.wait().unwrap();
    assert_eq!(told.recv_timeout(PATIENCE), Ok(0));
}

/// The text of a certificate, as OpenSSL shows it.
#[expect(clippy::disallowed_methods, reason = "another implementation has to agree")]
fn openssl(arguments: &[&str]) -> Option<String> {
    let output = Command::new("openssl").args(arguments).stdin(Stdio::null()).output().ok()?;
    Some(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

fn written(kept: &Kept) -> (tempfile::TempDir, PathBuf, PathBuf) {
    let scratch = tempfile::tempdir().unwrap();
    let path = |name: &str| scratch.path().join(name);
    let (root, intermediate) = (path("root.pem"), path("intermediate.pem"));
    fs::write(&root, &kept.root).unwrap();
    fs::write(&intermediate, &kept.intermediate).unwrap();
    (scratch, root, intermediate)
}

#[test]
fn the_authority_is_bound_to_names_and_addresses_of_this_machine_on_both_of_its_certificates() {
    let kept = Kept::create("me@laptop", Scope::Machine).unwrap();
    assert!(kept.name.starts_with("locald me@laptop "));
    assert_ne!(kept.name, Kept::create("me@laptop", Scope::Machine).unwrap().name);
    let (_scratch, root, intermediate) = written(&kept);
    for (file, length) in [(&root, 1), (&intermediate, 0)] {
        let Some(text) = openssl(&["x509", "-noout", "-text", "-in", file.to_str().unwrap()]) else {
            return eprintln!("SKIPPED: there is no openssl here");
        };
        for part in [
            "X509v3 Name Constraints: critical",
            "DNS:localhost",
            "DNS:test",
            "IP:127.0.0.0/255.0.0.0",
            "IP:0:0:0:0:0:0:0:1/",
            "X509v3 Key Usage: critical",
            "Certificate Sign",
            &format!("pathlen:{length}"),
            "prime256v1",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
}

#[test]
fn an_authority_of_a_further_suffix_is_bound_to_that_alone_on_both_of_its_certificates() {
    let scope = Scope::Below("corp.internal".parse().unwrap());
    let kept = Kept::create("me@laptop", scope).unwrap();
    assert!(kept.name.starts_with("locald me@laptop "));
    let (_scratch, root, intermediate) = written(&kept);
    for (file, length) in [(&root, 1), (&intermediate, 0)] {
        let Some(text) = openssl(&["x509", "-noout", "-text", "-in", file.to_str().unwrap()]) else {
            return eprintln!("SKIPPED: there is no openssl here");
        };
        let permitted = text.split("Permitted:").nth(1).and_then(|rest| rest.split("Excluded:").next());
        assert_eq!(permitted.map(str::trim), Some("DNS:corp.internal"), "{text}");
        for part in ["X509v3 Name Constraints: critical", "IP:0.0.0.0/0.0.0.0", &format!("pathlen:{length}")] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(!text.contains("localhost") && !text.contains("DNS:test"), "{text}");
    }
}
