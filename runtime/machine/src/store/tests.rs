//! Stores of every sort, on machines below folders of our own whose programs note how they are called and do what is told of them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::TempDir;

use super::*;
use crate::change::Change;
use crate::ledger::Ledger;
use crate::tools::Tools;
use crate::verify::{Check, Door, Verdict};
use crate::world::User;

const PEM: &str = "-----BEGIN CERTIFICATE-----\nYWJj\n-----END CERTIFICATE-----\n";
const OTHER: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
/// Of the certificate above.
const STEM: &str = "locald-ba7816bf8f01cfea";

/// Certificates by their names: text and trust.
type Database = BTreeMap<String, (String, String)>;

/// A machine below a folder.
struct Machine {
    scratch: TempDir,
    programs: BTreeSet<&'static str>,
    may_be_root: bool,
    /// The word in a call with which every program fails.
    refused: Option<&'static str>,
    calls: RefCell<Vec<String>>,
    /// What is in each database, by its folder.
    databases: RefCell<BTreeMap<String, Database>>,
}

impl Machine {
    fn new(files: &[&str], programs: &[&'static str]) -> Self {
        let scratch = tempfile::tempdir().unwrap();
        for file in files {
            let path = scratch.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            if file.ends_with('/') { fs::create_dir_all(path).unwrap() } else { fs::write(path, OTHER).unwrap() }
        }
        fs::write(scratch.path().join("root.pem"), PEM).unwrap();
        let programs = programs.iter().copied().collect();
        let (calls, databases) = (RefCell::default(), RefCell::default());
        Self { scratch, programs, may_be_root: true, refused: None, calls, databases }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.scratch.path().join(path)
    }

    fn world(&self, system: System) -> World<'_> {
        let home = self.path("home/me");
        let user = User { data: home.join(".local/share"), config: home.join(".config"), java: None, home };
        World { root: self.scratch.path().to_owned(), system, user, tools: self }
    }

    fn root(&self) -> Root {
        Root::new("locald me@here 00000001", self.path("root.pem"), PEM).unwrap()
    }

    /// The calls so far that change something, with the machine's own folder as `~`.
    fn changes(&self) -> Vec<String> {
        let scratch = format!("{}/", self.scratch.path().display());
        let all = self.calls.borrow();
        let changing =
            all.iter().filter(|call| !call.contains(" -L") && !call.contains(" -K") && !call.contains("-list"));
        changing.map(|call| call.replace(&scratch, "~/")).collect()
    }

    fn gather(&self, anchors: &str, bundle: &str) {
        let mut text = OTHER.to_owned();
        for entry in fs::read_dir(self.path(anchors)).unwrap().flatten() {
            text += &fs::read_to_string(entry.path()).unwrap();
        }
        fs::create_dir_all(self.path(bundle).parent().unwrap()).unwrap();
        fs::write(self.path(bundle), text).unwrap();
    }

    /// What NSS's certutil does, as far as it is used.
    fn certutil(&self, arguments: &[&str]) -> Option<String> {
        let after = |flag: &str| Some(*arguments.get(arguments.iter().position(|it| *it == flag)? + 1)?);
        let has = |flag: &str| arguments.contains(&flag);
        let folder = after("-d")?.strip_prefix("sql:")?.to_owned();
        let mut databases = self.databases.borrow_mut();
        if has("-N") {
            for file in ["cert9.db", "key4.db", "pkcs11.txt"] {
                fs::write(Path::new(&folder).join(file), "").unwrap();
            }
        }
        let database = databases.entry(folder).or_default();
        if has("-A") {
            let text = fs::read_to_string(after("-i")?).ok()?;
            database.insert(after("-n")?.to_owned(), (text, after("-t")?.to_owned()));
        } else if has("-D") {
            database.remove(after("-n")?)?;
        } else if has("-K") {
            return None;
        } else if has("-L") {
            if let Some(name) = after("-n") {
                return Some(database.get(name)?.0.clone());
            }
            let rows = database.iter().map(|(name, (_, trust))| format!("{name:<60} {trust}\n"));
            return Some(format!(
                "\nCertificate Nickname      Trust Attributes\n          SSL,S/MIME,JAR/XPI\n\n{}",
                rows.collect::<String>()
            ));
        }
        Some(String::new())
    }

    fn act(&self, call: &Call) -> Option<String> {
        let arguments: Vec<&str> = call.arguments.iter().map(|it| it.to_str().unwrap()).collect();
        match (call.program.to_str().unwrap().rsplit('/').next().unwrap(), arguments.as_slice()) {
            ("install", ["-m", "0644", from, to]) => fs::copy(from, to).map(|_| String::new()).ok(),
            ("rm", ["-f", gone @ ..]) => {
                for path in gone {
                    let _ = fs::remove_file(path);
                }
                Some(String::new())
            }
            ("update-ca-trust", ["extract"]) => {
                self.gather("etc/pki/ca-trust/source/anchors", "etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem");
                Some(String::new())
            }
            ("trust", ["extract-compat"]) => {
                self.gather(
                    "etc/ca-certificates/trust-source/anchors",
                    "etc/ca-certificates/extracted/tls-ca-bundle.pem",
                );
                Some(String::new())
            }
            ("update-ca-certificates", []) => {
                if self.path("usr/share/pki/trust/anchors").is_dir() {
                    self.gather("usr/share/pki/trust/anchors", "var/lib/ca-certificates/ca-bundle.pem");
                } else {
                    self.gather("usr/local/share/ca-certificates", "etc/ssl/certs/ca-certificates.crt");
                    let (file, link) =
                        (format!("usr/local/share/ca-certificates/{STEM}.crt"), format!("etc/ssl/certs/{STEM}.pem"));
                    if self.path(&file).exists() {
                        let _ = std::os::unix::fs::symlink(self.path(&file), self.path(&link));
                        let _ =
                            std::os::unix::fs::symlink(format!("{STEM}.pem"), self.path("etc/ssl/certs/0a0b0c0d.0"));
                    }
                }
                Some(String::new())
            }
            ("certutil", _) => self.certutil(&arguments),
            ("jks-keystore", []) | ("curl" | "tstclnt", _) => Some(String::new()),
            ("wslpath", ["-w", path]) => Some(format!("\\\\wsl$\\Debian{path}\r\n")),
            ("certutil.exe" | "security", _) => {
                let mut databases = self.databases.borrow_mut();
                let known = databases.entry("other".to_owned()).or_default();
                match arguments.iter().find(|word| word.contains("cert") || word.contains("store")).copied() {
                    Some("-addstore" | "add-trusted-cert") => drop(known.insert(String::new(), Default::default())),
                    Some("-delstore" | "delete-certificate") => drop(known.remove("")),
                    Some("find-certificate") if !known.is_empty() => {
                        return Some(format!("SHA-1 hash: {}\n", self.root().thumbprint.to_uppercase()));
                    }
                    Some("-verifystore") if known.is_empty() => return None,
                    _ => {}
                }
                Some(String::new())
            }
            other => panic!("not known: {other:?}"),
        }
    }
}

impl Tools for Machine {
    fn find(&self, program: &str) -> Option<PathBuf> {
        self.programs.contains(program).then(|| self.path("home/me/bin").join(program))
    }

    fn find_for_root(&self, program: &str) -> Option<PathBuf> {
        self.programs.contains(program).then(|| format!("/usr/sbin/{program}").into())
    }

    fn run(&self, call: &Call) -> io::Result<Said> {
        let is_of_user = |path: &Path| path.is_relative() || path.starts_with(self.path("home"));
        assert!(!call.as_root || !is_of_user(call.program.as_ref()), "a namesake of the user's can be meant: {call}");
        if call.as_root && !self.may_be_root {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        assert!(!call.arguments.iter().any(|word| word.is_empty()), "it means nothing that is known: {call}");
        self.calls.borrow_mut().push(call.to_string());
        let is_refused = self.refused.is_some_and(|word| call.to_string().split(' ').any(|it| it == word));
        let out = if is_refused { None } else { self.act(call) };
        Ok(Said { success: out.is_some(), out: out.unwrap_or_default(), err: String::new() })
    }
}

/// Adds to and removes from the only store of this kind; returns the calls that changed something.
fn there_and_back(machine: &Machine, kind: Kind, system: System) -> Vec<String> {
    let (root, world) = (machine.root(), machine.world(system));
    let before = tree(machine.scratch.path());
    let found = stores(&[kind], &root, &world);
    let [store] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(store.presence(&root, &world).unwrap(), Presence::Absent);
    store.add(&root, &world).unwrap();
    assert_eq!(store.presence(&root, &world).unwrap(), Presence::Trusted);
    let noted = Store::of(&store.noted(&root, true), &world).unwrap();
    assert_eq!(&noted, store, "what the ledger tells is enough to find it again");
    noted.remove(&root, &world).unwrap();
    assert_eq!(noted.presence(&root, &world).unwrap(), Presence::Absent);
    let after = tree(machine.scratch.path());
    assert_eq!(before, after, "something is left");
    machine.changes()
}

/// Every path below a folder, and what is in each file.
fn tree(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        found.insert(path.clone(), fs::read_to_string(&path).unwrap_or_default());
        if path.is_dir() && !path.is_symlink() {
            found.extend(tree(&path));
        }
    }
    found
}

#[test]
fn debian_is_changed_by_its_own_program_and_links_and_hooks_learn_of_the_end() {
    let files = [
        "usr/local/share/ca-certificates/",
        "etc/ssl/certs/ca-certificates.crt",
        "etc/ca-certificates/update.d/jks-keystore",
        "etc/ca-certificates/update.d/jks-keystore.dpkg-old",
        "etc/ca-certificates/update.d/switched-off",
    ];
    let machine = Machine::new(&files, &["update-ca-certificates"]);
    for hook in &files[2..4] {
        fs::set_permissions(machine.scratch.path().join(hook), fs::Permissions::from_mode(0o755)).unwrap();
    }
    assert_eq!(
        there_and_back(&machine, Kind::System, System::Linux),
        [
            &*format!("sudo /usr/bin/install -m 0644 ~/root.pem ~/usr/local/share/ca-certificates/{STEM}.crt"),
            "sudo /usr/sbin/update-ca-certificates",
            &format!(
                "sudo /usr/bin/rm -f ~/usr/local/share/ca-certificates/{STEM}.crt ~/etc/ssl/certs/{STEM}.pem ~/etc/ssl/certs/0a0b0c0d.0"
            ),
            "sudo /usr/sbin/update-ca-certificates",
            &format!("echo -~/etc/ssl/certs/{STEM}.pem | sudo ~/etc/ca-certificates/update.d/jks-keystore"),
        ]
    );
}

#[test]
fn fedora_suse_and_arch_are_changed_by_their_own_programs() {
    for (folder, bundle, program, extension, gather) in [
        (
            "etc/pki/ca-trust/source/anchors",
            "etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
            "update-ca-trust",
            "pem",
            "update-ca-trust extract",
        ),
        (
            "usr/share/pki/trust/anchors",
            "var/lib/ca-certificates/ca-bundle.pem",
            "update-ca-certificates",
            "pem",
            "update-ca-certificates",
        ),
        (
            "etc/ca-certificates/trust-source/anchors",
            "etc/ca-certificates/extracted/tls-ca-bundle.pem",
            "trust",
            "crt",
            "trust extract-compat",
        ),
    ] {
        let machine = Machine::new(&[&format!("{folder}/"), bundle], &[program]);
        let file = format!("~/{folder}/{STEM}.{extension}");
        assert_eq!(
            there_and_back(&machine, Kind::System, System::Linux),
            [
                format!("sudo /usr/bin/install -m 0644 ~/root.pem {file}"),
                format!("sudo /usr/sbin/{gather}"),
                format!("sudo /usr/bin/rm -f {file}"),
                format!("sudo /usr/sbin/{gather}"),
            ]
        );
        assert_eq!(system_bundle(machine.scratch.path()), Some(machine.path(bundle)));
    }
}

#[test]
fn macos_and_windows_are_changed_by_their_own_programs() {
    let machine = Machine::new(&[], &["security"]);
    let calls = there_and_back(&machine, Kind::System, System::MacOs);
    let changing: Vec<&String> =
        calls.iter().filter(|call| !call.contains("find-") && !call.contains("verify")).collect();
    let keychain = "~/home/me/Library/Keychains/login.keychain-db";
    assert_eq!(
        changing,
        [
            &format!("security add-trusted-cert -r trustRoot -k {keychain} ~/root.pem"),
            &format!("security delete-certificate -t -Z a9993e364706816aba3e25717850c26c9cd0d89d {keychain}"),
        ]
    );
    let machine = Machine::new(&[], &["certutil.exe"]);
    let calls = there_and_back(&machine, Kind::Windows, System::Wsl);
    let changing: Vec<&String> =
        calls.iter().filter(|call| call.contains("-addstore") || call.contains("-delstore")).collect();
    assert_eq!(changing.len(), 2, "{calls:?}");
    assert!(changing[0].starts_with(r"certutil.exe -user -addstore Root '\\wsl$\Debian"), "{calls:?}");
    assert_eq!(changing[1], "certutil.exe -user -delstore Root a9993e364706816aba3e25717850c26c9cd0d89d");
}

#[test]
fn an_authority_whose_thumbprint_nobody_knows_is_absent_where_it_is_known_by_that() {
    for (kind, program, system) in
        [(Kind::System, "security", System::MacOs), (Kind::Windows, "certutil.exe", System::Wsl)]
    {
        let machine = Machine::new(&[], &[program]);
        let (root, world) = (machine.root(), machine.world(system));
        let store = stores(&[kind], &root, &world).remove(0);
        store.add(&root, &world).unwrap();
        let unknown = Root { thumbprint: String::new(), ..root.clone() };
        assert_eq!(store.presence(&unknown, &world).unwrap(), Presence::Absent);
        store.remove(&unknown, &world).unwrap();
        assert_eq!(store.presence(&root, &world).unwrap(), Presence::Trusted, "{kind}");
    }
}

#[test]
fn authorities_that_are_found_in_a_store_are_known_to_every_other() {
    let files = ["usr/local/share/ca-certificates/", "etc/ssl/certs/", "home/me/.pki/nssdb/cert9.db"];
    let machine = Machine::new(&files, &["update-ca-certificates", "certutil"]);
    let (root, world) = (machine.root(), machine.world(System::Linux));
    for store in stores(&[Kind::System, Kind::Nss], &root, &world) {
        store.add(&root, &world).unwrap();
        let found = store.authorities(&world).unwrap();
        let [found] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((&found.fingerprint, &found.thumbprint), (&root.fingerprint, &root.thumbprint));
    }
}

#[test]
fn every_database_of_nss_is_found_once_however_its_browser_was_installed() {
    let places = [
        "home/me/.pki/nssdb",
        "home/me/.local/share/pki/nssdb",
        "etc/pki/nssdb",
        "home/me/snap/chromium/42/.pki/nssdb",
        "home/me/.var/app/com.google.Chrome/data/pki/nssdb",
        "home/me/.mozilla/firefox/a.default",
        "srv/profile",
        "home/me/.config/mozilla/firefox/b.default",
        "home/me/snap/firefox/common/.mozilla/firefox/c.default",
        "home/me/.var/app/org.mozilla.firefox/.mozilla/firefox/d.default",
        "home/me/.var/app/org.mozilla.firefox/config/mozilla/firefox/e.default",
    ];
    let files: Vec<String> = places.iter().map(|place| format!("{place}/cert9.db")).collect();
    let files: Vec<&str> = files.iter().map(String::as_str).chain(["home/me/.mozilla/firefox/no-database/"]).collect();
    let machine = Machine::new(&files, &["certutil", "chromium"]);
    let ini = format!(
        "[Profile0]\nIsRelative=0\nPath={}\n[Profile1]\nPath=a.default\n",
        machine.path("srv/profile").display()
    );
    fs::write(machine.path("home/me/.mozilla/firefox/profiles.ini"), ini).unwrap();
    std::os::unix::fs::symlink("42", machine.path("home/me/snap/chromium/current")).unwrap();
    let world = machine.world(System::Linux);
    let found = stores(&[Kind::Nss], &machine.root(), &world);
    let mut told: Vec<String> = found
        .iter()
        .map(|store| store.place.strip_prefix(machine.scratch.path()).unwrap().display().to_string())
        .collect();
    told.sort();
    let mut wanted = places.map(str::to_owned);
    wanted.sort();
    assert_eq!(told, wanted);
    assert!(found.iter().all(|store| store.as_root == store.place.starts_with(machine.path("etc")) && !store.made));
    for store in &found {
        store.add(&machine.root(), &world).unwrap();
        store.remove(&machine.root(), &world).unwrap();
    }
}

#[test]
fn a_browser_that_was_never_started_gets_a_database_which_goes_with_the_authority() {
    let machine = Machine::new(&["home/me/"], &["certutil", "chromium"]);
    let database = "~/home/me/.pki/nssdb";
    assert_eq!(
        there_and_back(&machine, Kind::Nss, System::Linux),
        [
            &*format!("certutil -d sql:{database} -N --empty-password"),
            &format!("certutil -d sql:{database} -A -t C,, -n 'locald me@here 00000001' -i ~/root.pem"),
            &format!("certutil -d sql:{database} -D -n 'locald me@here 00000001'"),
        ]
    );
    let (root, world) = (machine.root(), machine.world(System::Linux));
    let store = stores(&[Kind::Nss], &root, &world).remove(0);
    assert!(store.made && store.noted(&root, true).made);
    store.add(&root, &world).unwrap();
    machine
        .databases
        .borrow_mut()
        .get_mut(store.place.to_str().unwrap())
        .unwrap()
        .insert("mine".to_owned(), (OTHER.to_owned(), "C,,".to_owned()));
    store.remove(&root, &world).unwrap();
    assert!(store.place.is_dir(), "somebody else's certificate is in it");
}

#[test]
fn a_database_that_was_made_goes_with_the_authority_also_if_it_was_trusted_twice() {
    let machine = Machine::new(&["home/me/"], &["certutil", "chromium"]);
    let (root, world) = (machine.root(), machine.world(System::Linux));
    let before = tree(machine.scratch.path());
    let mut ledger = Ledger::default();
    for made in [true, false] {
        let store = stores(&[Kind::Nss], &root, &world).remove(0);
        assert_eq!(store.made, made, "the second time it is there");
        ledger.enter(Change::Trust(store.noted(&root, false)));
        store.add(&root, &world).unwrap();
        ledger.enter(Change::Trust(store.noted(&root, true)));
    }
    let [Change::Trust(noted)] = ledger.entries().iter().map(|entry| &entry.change).collect::<Vec<_>>()[..] else {
        panic!("{ledger:?}")
    };
    Store::of(noted, &world).unwrap().remove(&root, &world).unwrap();
    assert_eq!(tree(machine.scratch.path()), before);
}

#[test]
fn what_a_store_was_verified_by_is_told_from_a_handshake() {
    let files = ["home/me/.pki/nssdb/cert9.db"];
    for (kind, system, programs, wanted) in [
        (Kind::Nss, System::Linux, &["certutil", "tstclnt"][..], Verdict::Good("tstclnt", Check::Handshake)),
        (Kind::Nss, System::Linux, &["certutil"], Verdict::Good("certutil", Check::Store)),
        (Kind::Windows, System::Wsl, &["certutil.exe"], Verdict::Good("certutil.exe", Check::Store)),
        (Kind::System, System::MacOs, &["security", "curl"], Verdict::Good("curl", Check::Handshake)),
    ] {
        let mut machine = Machine::new(&files, programs);
        let root = machine.root();
        let door = Door { host: "check.localhost".to_owned(), port: 1 };
        let verify = |machine: &Machine, store: &Store| {
            store.verify(&door, &root, machine.scratch.path(), &machine.world(system))
        };
        let store = stores(&[kind], &root, &machine.world(system)).remove(0);
        store.add(&root, &machine.world(system)).unwrap();
        assert_eq!(verify(&machine, &store), wanted);
        let Verdict::Good(program, check) = wanted else { panic!("it is to succeed") };
        machine.refused = Some(program);
        let Verdict::Bad(why) = verify(&machine, &store) else { panic!("{kind}: it did not fail") };
        assert_eq!(why, format!("the {check} failed: {program}: it does not say why"));
    }
}

#[test]
fn a_database_that_was_made_for_nothing_goes_again() {
    for (programs, refused) in
        [(&["chromium"][..], None), (&["chromium", "certutil"], Some("-N")), (&["chromium", "certutil"], Some("-A"))]
    {
        let mut machine = Machine::new(&["home/me/"], programs);
        machine.refused = refused;
        let (root, world) = (machine.root(), machine.world(System::Linux));
        let before = tree(machine.scratch.path());
        let store = stores(&[Kind::Nss], &root, &world).remove(0);
        assert!(store.made);
        store.add(&root, &world).unwrap_err();
        assert_eq!(tree(machine.scratch.path()), before, "{refused:?}");
    }
}

#[test]
fn what_root_runs_is_a_program_of_the_system_whatever_the_users_path_has() {
    let files = ["etc/pki/nssdb/cert9.db", "opt/java/lib/security/cacerts", "opt/java/bin/keytool"];
    let machine = Machine::new(&files, &["certutil", "keytool"]);
    let mut world = machine.world(System::Linux);
    world.user.java = Some(machine.path("opt/java"));
    let root = machine.root();
    for (kind, program) in [(Kind::Nss, "/usr/sbin/certutil"), (Kind::Java, "/usr/sbin/keytool")] {
        let store = Store { as_root: true, ..stores(&[kind], &root, &world).remove(0) };
        let calls = store.adding(&root, &world).unwrap();
        assert!(calls.iter().all(|call| call.as_root && call.program == program), "{calls:?}");
        let store = Store { as_root: false, ..store };
        let calls = store.adding(&root, &world).unwrap();
        assert!(calls.iter().all(|call| !call.as_root && call.program != program), "{calls:?}");
    }
}

#[test]
fn without_certutil_the_package_is_named_as_the_distribution_calls_it() {
    for (release, package) in [
        ("ID=debian\n", "`sudo apt install libnss3-tools`"),
        ("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", "`sudo apt install libnss3-tools`"),
        ("ID=fedora\n", "`sudo dnf install nss-tools`"),
        ("ID=arch\n", "`sudo pacman -S nss`"),
        ("ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\n", "`sudo zypper install mozilla-nss-tools`"),
    ] {
        let machine = Machine::new(&["home/me/.pki/nssdb/cert9.db", "etc/os-release"], &[]);
        fs::write(machine.path("etc/os-release"), release).unwrap();
        let (root, world) = (machine.root(), machine.world(System::Linux));
        let store = stores(&[Kind::Nss], &root, &world).remove(0);
        let Err(StoreError::Missing { program: "certutil", how }) = store.add(&root, &world) else {
            panic!("{release}")
        };
        assert_eq!(how, package);
    }
}

#[test]
fn without_root_the_commands_that_are_missing_are_told_and_nothing_is_done() {
    let mut machine =
        Machine::new(&["usr/local/share/ca-certificates/", "etc/ssl/certs/"], &["update-ca-certificates"]);
    machine.may_be_root = false;
    let (root, world) = (machine.root(), machine.world(System::Linux));
    let store = stores(&[Kind::System], &root, &world).remove(0);
    let Err(StoreError::NeedsRoot { commands }) = store.add(&root, &world) else { panic!("it was added") };
    assert!(
        commands.starts_with("sudo /usr/bin/install -m 0644 ")
            && commands.ends_with(" && sudo /usr/sbin/update-ca-certificates"),
        "{commands}"
    );
    assert!(machine.changes().is_empty());
}
