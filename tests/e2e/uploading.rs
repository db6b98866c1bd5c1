//! What is too large to be kept: it goes through the daemon whole, and leaves its memory as it was.

use std::fs::{self, File};

use crate::fake;
use crate::home::TestHome;
use crate::named::curl;

/// What curl is given to send: one octet more than a signed number of 32 bits can count.
const SIZE: u64 = 2 << 30;
/// How much more memory than before the daemon may have had, whatever it has passed on.
const GROWTH: u64 = 40 << 20;

/// The most memory that a process has had, in octets.
fn peak(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("a process that lives");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its peak");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") << 10
}

#[test]
fn two_gibibytes_go_through_whole_and_leave_the_memory_of_the_daemon_as_it_was() {
    let home = TestHome::new(&format!(
        "[project]\nname = \"shop\"\n[services.web]\ncommand = [\"{}\", \"sink\"]\nhealth = {{ tcp = true }}\n",
        fake::service()
    ));
    home.ok(&["up"]);
    let large = home.project().join("large");
    File::create(&large).and_then(|file| file.set_len(SIZE)).expect("a file that takes no place");
    let root = home.state().join("ca/root.pem");
    let [large, root] = [&large, &root].map(|path| path.to_str().expect("text"));
    let sites = home.service("web")["sites"].clone();
    let [plain, secure] = [&sites[0], &sites[1]].map(|url| url.as_str().expect("a URL"));
    let before = peak(home.daemon_pid());
    // A busy machine takes its time for the second, in which everything is ciphered twice without optimisation.
    for way in [&[plain][..], &["--http2", "--cacert", root, secure]] {
        let said = curl(&[&["--max-time", "300", "-T", large], way].concat());
        assert_eq!(said, format!("{SIZE} zeros200"), "{way:?}");
        let grown = peak(home.daemon_pid()).saturating_sub(before);
        assert!(grown < GROWTH, "{way:?}: {} MiB more than before", grown >> 20);
    }
}
