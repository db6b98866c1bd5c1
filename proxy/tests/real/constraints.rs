//! What our authority may not say, nobody believes: OpenSSL, NSS and rustls look at the same certificates, signed with the key that a
//! home keeps.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use locald_proxy::{Kept, Scope};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};

/// Names, and whether the authority of this machine's own names may vouch for them.
const OWN: [(&str, bool); 6] = [
    ("shop.localhost", true),
    ("shop.test", true),
    ("www.example.com", false),
    ("localhost.example.com", false),
    ("notlocalhost", false),
    ("shop.corp.internal", false),
];

/// Names, and whether the authority of `corp.internal` may vouch for them.
const FURTHER: [(&str, bool); 6] = [
    ("shop.corp.internal", true),
    ("a.shop.corp.internal", true),
    ("xcorp.internal", false),
    ("corp.internal.example.com", false),
    ("shop.localhost", false),
    ("shop.test", false),
];

/// An authority as files, and what it says of names.
struct Scene {
    names: [(&'static str, bool); 6],
    scratch: tempfile::TempDir,
}

impl Scene {
    /// `None`, and a word of it, where there is no OpenSSL to sign with.
    fn new(scope: Scope) -> Option<Self> {
        let names = if scope == Scope::Machine { OWN } else { FURTHER };
        let scene = Self { names, scratch: tempfile::tempdir().unwrap() };
        let kept = Kept::create("me@laptop", scope).unwrap();
        for (name, text) in [("root", &kept.root), ("intermediate", &kept.intermediate), ("key", &kept.key)] {
            fs::write(scene.path(name), text).unwrap();
        }
        for (name, _) in names {
            scene.sign(name, &format!("DNS:{name}"))?;
        }
        Some(scene)
    }

    /// One of each sort of authority.
    fn both() -> impl Iterator<Item = Self> {
        [Scope::Machine, Scope::Below("corp.internal".parse().unwrap())].into_iter().filter_map(Self::new)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name).with_added_extension("pem")
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// Signs a certificate as `name`, for what `of` says, as our authority would, and as it never does for any name.
    fn sign(&self, name: &str, of: &str) -> Option<()> {
        let [extension, key, request] = ["extension", "k", "request"].map(|name| self.text(name));
        fs::write(&extension, format!("subjectAltName={of}\nextendedKeyUsage=serverAuth\n")).unwrap();
        let make = ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=x"];
        run("openssl", &[&make[..], &["-keyout", &key, "-out", &request]].concat())?;
        let sign = ["x509", "-req", "-CAcreateserial", "-days", "1", "-in", &request, "-extfile", &extension];
        let by = ["-CA", &self.text("intermediate"), "-CAkey", &self.text("key"), "-out", &self.text(name)];
        run("openssl", &[&sign[..], &by].concat())?;
        Some(())
    }

    /// What OpenSSL says of a certificate, and whether it believes it.
    fn judged_by_openssl(&self, name: &str) -> (String, bool) {
        let chain = ["-CAfile", &self.text("root"), "-untrusted", &self.text("intermediate"), &self.text(name)];
        run("openssl", &[&["verify"][..], &chain].concat()).expect("it has signed before")
    }

    fn der(&self, name: &str) -> CertificateDer<'static> {
        CertificateDer::from_pem_file(self.path(name)).unwrap()
    }
}

/// Runs a program; what it said, and whether it was content. `None`, and a word of it, where it is not installed.
#[expect(clippy::disallowed_methods, reason = "other implementations have to agree")]
pub(crate) fn run(program: &str, arguments: &[&str]) -> Option<(String, bool)> {
    let Ok(output) = Command::new(program).args(arguments).stdin(Stdio::null()).output() else {
        eprintln!("SKIPPED: what others think of our certificates: {program} is not installed here");
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
fn openssl_believes_each_authority_of_names_below_its_suffixes_alone() {
    for scene in Scene::both() {
        for (name, is_ours) in scene.names {
            let (said, is_content) = scene.judged_by_openssl(name);
            assert_eq!(is_content, is_ours, "{name}: {said}");
            assert_eq!(said.contains("permitted subtree violation"), !is_ours, "{name}: {said}");
        }
    }
}

#[test]
fn openssl_believes_the_authority_of_a_further_suffix_of_no_address() {
    let Some(scene) = Scene::both().last() else { return };
    for address in ["127.0.0.1", "::1", "192.0.2.1"] {
        scene.sign("address", &format!("IP:{address}")).unwrap();
        let (said, is_content) = scene.judged_by_openssl("address");
        assert!(!is_content && said.contains("excluded subtree violation"), "{address}: {said}");
    }
}

#[test]
fn nss_believes_each_authority_of_names_below_its_suffixes_alone() {
    for scene in Scene::both() {
        let Some(database) = database(&scene.scratch.path().join("nss"), &scene.text("root")) else { return };
        for (name, is_ours) in scene.names {
            // 1: for servers of TLS.
            let chain = ["-a", &scene.text(name), &scene.text("intermediate")];
            let Some((said, is_content)) = run("vfychain", &[&["-d", &database, "-u", "1"][..], &chain].concat())
            else {
                return;
            };
            assert_eq!(is_content, is_ours, "{name}: {said}");
            let is_refused = said.contains("not permitted to issue a certificate with this name");
            assert_eq!(is_refused, !is_ours, "{name}: {said}");
        }
    }
}

#[test]
fn rustls_believes_each_authority_of_names_below_its_suffixes_alone() {
    for scene in Scene::both() {
        let mut roots = RootCertStore::empty();
        roots.add(scene.der("root")).unwrap();
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::new(default_provider()));
        let verifier = verifier.build().unwrap();
        for (name, is_ours) in scene.names {
            let (asked, above) = (ServerName::try_from(name).unwrap(), [scene.der("intermediate")]);
            let said = verifier.verify_server_cert(&scene.der(name), &above, &asked, &[], UnixTime::now());
            assert_eq!(said.is_ok(), is_ours, "{name}: {said:?}");
            if let Err(error) = said {
                assert!(format!("{error:?}").contains("NameConstraintViolation"), "{name}: {error:?}");
            }
        }
    }
}
