//! What our authority may not say, nobody believes: OpenSSL, NSS and rustls look at the same certificates, signed with the key that a
//! home keeps.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use locald_proxy::Kept;
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};

/// Names, and whether our authority may vouch for them.
const NAMES: [(&str, bool); 5] = [
    ("shop.localhost", true),
    ("shop.test", true),
    ("www.example.com", false),
    ("localhost.example.com", false),
    ("notlocalhost", false),
];

/// An authority as files, and what it says of names.
struct Scene {
    scratch: tempfile::TempDir,
}

impl Scene {
    /// `None`, and a word of it, where there is no OpenSSL to sign with.
    fn new() -> Option<Self> {
        let scene = Self { scratch: tempfile::tempdir().unwrap() };
        let kept = Kept::create("me@laptop").unwrap();
        for (name, text) in [("root", &kept.root), ("intermediate", &kept.intermediate), ("key", &kept.key)] {
            fs::write(scene.path(name), text).unwrap();
        }
        for (name, _) in NAMES {
            scene.sign(name)?;
        }
        Some(scene)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name).with_added_extension("pem")
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// Signs a certificate for a name as our authority would, and as it never does for any name.
    fn sign(&self, name: &str) -> Option<()> {
        let [extension, key, request] = ["extension", "k", "request"].map(|name| self.text(name));
        fs::write(&extension, format!("subjectAltName=DNS:{name}\nextendedKeyUsage=serverAuth\n")).unwrap();
        let make = ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=x"];
        run("openssl", &[&make[..], &["-keyout", &key, "-out", &request]].concat())?;
        let sign = ["x509", "-req", "-CAcreateserial", "-days", "1", "-in", &request, "-extfile", &extension];
        let by = ["-CA", &self.text("intermediate"), "-CAkey", &self.text("key"), "-out", &self.text(name)];
        run("openssl", &[&sign[..], &by].concat())?;
        Some(())
    }

    fn der(&self, name: &str) -> CertificateDer<'static> {
        CertificateDer::from_pem_file(self.path(name)).unwrap()
    }
}

/// Runs a program; what it said, and whether it was content. `None`, and a word of it, where it is not installed.
#[expect(clippy::disallowed_methods, reason = "other implementations have to agree")]
fn run(program: &str, arguments: &[&str]) -> Option<(String, bool)> {
    let Ok(output) = Command::new(program).args(arguments).stdin(Stdio::null()).output() else {
        eprintln!("SKIPPED: what others think of our authority: {program} is not installed here");
        return None;
    };
    Some((String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned(), output.status.success()))
}

fn database(folder: &Path, root: &str) -> Option<String> {
    fs::create_dir(folder).unwrap();
    let database = format!("sql:{}", folder.display());
    run("certutil", &["-d", &database, "-N", "--empty-password"])?;
    run("certutil", &["-d", &database, "-A", "-t", "C,,", "-n", "ours", "-i", root])?;
    Some(database)
}

#[test]
fn openssl_believes_our_authority_of_names_of_this_machine_alone() {
    let Some(scene) = Scene::new() else { return };
    for (name, is_ours) in NAMES {
        let chain = ["-CAfile", &scene.text("root"), "-untrusted", &scene.text("intermediate"), &scene.text(name)];
        let (said, is_content) = run("openssl", &[&["verify"][..], &chain].concat()).unwrap();
        assert_eq!(is_content, is_ours, "{name}: {said}");
        assert_eq!(said.contains("permitted subtree violation"), !is_ours, "{name}: {said}");
    }
}

#[test]
fn nss_believes_our_authority_of_names_of_this_machine_alone() {
    let Some(scene) = Scene::new() else { return };
    let Some(database) = database(&scene.scratch.path().join("nss"), &scene.text("root")) else { return };
    for (name, is_ours) in NAMES {
        // 1: for servers of TLS.
        let chain = ["-a", &scene.text(name), &scene.text("intermediate")];
        let Some((said, is_content)) = run("vfychain", &[&["-d", &database, "-u", "1"][..], &chain].concat()) else {
            return;
        };
        assert_eq!(is_content, is_ours, "{name}: {said}");
        assert_eq!(said.contains("not permitted to issue a certificate with this name"), !is_ours, "{name}: {said}");
    }
}

#[test]
fn rustls_believes_our_authority_of_names_of_this_machine_alone() {
    let Some(scene) = Scene::new() else { return };
    let mut roots = RootCertStore::empty();
    roots.add(scene.der("root")).unwrap();
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::new(default_provider()));
    let verifier = verifier.build().unwrap();
    for (name, is_ours) in NAMES {
        let asked = ServerName::try_from(name).unwrap();
        let said =
            verifier.verify_server_cert(&scene.der(name), &[scene.der("intermediate")], &asked, &[], UnixTime::now());
        assert_eq!(said.is_ok(), is_ours, "{name}: {said:?}");
        if let Err(error) = said {
            assert!(format!("{error:?}").contains("NameConstraintViolation"), "{name}: {error:?}");
        }
    }
}
