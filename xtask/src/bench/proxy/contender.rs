//! The proxies under test, all before one back end: ours, nginx and Caddy, each with TLS and without, and none writing down who asked.

use std::fmt::Write;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use super::super::procfs;
use super::super::workload::Ours;

/// The name that leads to the back end, as does everything one label below it.
pub(in crate::bench) const HOST: &str = "bench.localhost";

/// How long a peer may take until it listens.
const STARTS: Duration = Duration::from_secs(20);

/// A proxy that runs.
pub(in crate::bench) struct Contender {
    pub(in crate::bench) name: &'static str,
    pub(in crate::bench) http: u16,
    pub(in crate::bench) https: u16,
    running: Running,
}

enum Running {
    Ours(Ours),
    Peer(Child, #[expect(dead_code, reason = "removed with it")] TempDir),
}

/// Ours first, then the peers that are installed.
pub(in crate::bench) fn contenders(executable: &Path) -> Result<Vec<Contender>> {
    let back_end = free_port()?;
    let mut all = vec![ours(executable, back_end)?];
    for (name, peer) in [("nginx", nginx(back_end)?), ("Caddy", caddy(back_end)?)] {
        match peer {
            Some(peer) => all.push(peer),
            None => eprintln!("{name} is not installed"),
        }
    }
    Ok(all)
}

fn ours(executable: &Path, back_end: u16) -> Result<Contender> {
    let server = std::env::current_exe()?;
    let config = format!(
        "[services.web]\ncommand = \"exec {} back-end {back_end}\"\nport = {back_end}\nhosts = [\"*.{HOST}\"]\n",
        server.display()
    );
    let ours = Ours::new(executable, &config)?;
    ours.run(&["up"])?;
    let urls: serde_json::Value = serde_json::from_str(&ours.run(&["urls", "--json"])?)?;
    let port = |scheme: &str| -> Result<u16> {
        let start = format!("{scheme}://{HOST}:");
        let mut urls = urls[0]["urls"].as_array().into_iter().flatten().filter_map(|url| url.as_str());
        let port = urls.find_map(|url| url.strip_prefix(&start)).with_context(|| format!("no {scheme} in {urls:?}"))?;
        Ok(port.trim_end_matches('/').parse()?)
    };
    Ok(Contender { name: "locald", http: port("http")?, https: port("https")?, running: Running::Ours(ours) })
}

/// With connections to the back end that are kept, as ours are, and with buffers that hold a large answer off the disk.
fn nginx(back_end: u16) -> Result<Option<Contender>> {
    let Some(program) = installed(&["nginx", "/usr/sbin/nginx"], "-v") else { return Ok(None) };
    let (dir, http, https) = (tempfile::tempdir()?, free_port()?, free_port()?);
    let own = dir.path().display();
    let certificate = dir.path().join("c.pem");
    let name = format!("subjectAltName=DNS:{HOST},DNS:*.{HOST}");
    let made = quiet("openssl", &dir)
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=x"])
        .args(["-addext", &name, "-keyout", "k.pem", "-out", "c.pem"])
        .status();
    ensure!(made.is_ok_and(|status| status.success()) && certificate.exists(), "openssl makes no certificate");
    let mut paths = String::new();
    for kind in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"] {
        writeln!(paths, "{kind}_temp_path {own}/{kind};")?;
    }
    let forward = "proxy_pass http://back; proxy_http_version 1.1; proxy_set_header Host $host; \
        proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto $scheme; \
        proxy_set_header X-Forwarded-Host $host; proxy_set_header X-Forwarded-Port $server_port;";
    let config = format!(
        "daemon off; pid {own}/pid; error_log {own}/log emerg; worker_processes 2; worker_rlimit_nofile 65536;
        events {{ worker_connections 16384; }}
        http {{ {paths} access_log off; keepalive_requests 1000000000; ssl_session_cache off;
        proxy_buffers 16 64k; proxy_buffer_size 16k; proxy_busy_buffers_size 128k; proxy_max_temp_file_size 0;
        upstream back {{ server 127.0.0.1:{back_end}; keepalive 64; keepalive_requests 1000000000; }}
        server {{ listen 127.0.0.1:{http} backlog=4096; listen 127.0.0.1:{https} ssl http2 backlog=4096; server_name {HOST} *.{HOST};
        ssl_certificate {own}/c.pem; ssl_certificate_key {own}/k.pem; ssl_protocols TLSv1.3;
        location / {{ {forward} proxy_set_header Connection \"\"; }}
        location /socket {{ {forward} proxy_set_header Connection upgrade; proxy_set_header Upgrade $http_upgrade;
        proxy_read_timeout 1h; proxy_buffer_size 4k; proxy_buffers 8 4k; proxy_busy_buffers_size 8k; }} }} }}"
    );
    let path = dir.path().join("nginx.conf");
    fs::write(&path, config)?;
    let mut command = quiet(program, &dir);
    command.arg("-p").arg(dir.path()).arg("-e").arg(dir.path().join("log")).arg("-c").arg(&path);
    Ok(Some(start("nginx", command, dir, http, https)?))
}

/// With an authority of its own that vouches for names as they are asked for, as ours does.
fn caddy(back_end: u16) -> Result<Option<Contender>> {
    let Some(program) = installed(&["caddy"], "version") else { return Ok(None) };
    let (dir, http, https) = (tempfile::tempdir()?, free_port()?, free_port()?);
    let forward = format!("bind 127.0.0.1\n\treverse_proxy 127.0.0.1:{back_end}");
    let config = format!(
        "{{\n\tadmin off\n\tskip_install_trust\n\tauto_https disable_redirects\n\tlog {{\n\t\tlevel ERROR\n\t}}\n}}\n\
        http://{HOST}:{http} {{\n\t{forward}\n}}\n\
        https://{HOST}:{https}, https://*.{HOST}:{https} {{\n\ttls internal {{\n\t\ton_demand\n\t}}\n\t{forward}\n}}\n"
    );
    fs::write(dir.path().join("Caddyfile"), config)?;
    let mut command = quiet(program, &dir);
    command.args(["run", "--config", "Caddyfile", "--adapter", "caddyfile"]);
    command.env("XDG_DATA_HOME", dir.path()).env("XDG_CONFIG_HOME", dir.path()).env("HOME", dir.path());
    Ok(Some(start("Caddy", command, dir, http, https)?))
}

fn start(name: &'static str, mut command: Command, dir: TempDir, http: u16, https: u16) -> Result<Contender> {
    let child = command.spawn().with_context(|| format!("{name} could not be started"))?;
    let mut contender = Contender { name, http, https, running: Running::Peer(child, dir) };
    let begun = Instant::now();
    while [http, https].iter().any(|port| TcpStream::connect((Ipv4Addr::LOCALHOST, *port)).is_err()) {
        if let Running::Peer(child, _) = &mut contender.running {
            ensure!(child.try_wait()?.is_none(), "{name} ended at once");
        }
        ensure!(begun.elapsed() < STARTS, "{name} does not listen");
        thread::sleep(Duration::from_millis(20));
    }
    Ok(contender)
}

impl Contender {
    /// The processes that pass requests on.
    pub(super) fn processes(&self) -> Result<Vec<u32>> {
        match &self.running {
            Running::Ours(ours) => Ok(vec![ours.processes()?.1]),
            Running::Peer(child, _) => Ok([vec![child.id()], procfs::children(child.id())].concat()),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Self::Peer(child, _) = self {
            // Both end their workers when they are asked to end.
            if let Some(pid) = rustix::process::Pid::from_raw(child.id().cast_signed()) {
                let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
            }
            let _ = child.wait();
        }
    }
}

fn installed<'a>(names: &[&'a str], version: &str) -> Option<&'a str> {
    let answers = |name: &&str| {
        let asked = program(name).arg(version).stdout(Stdio::null()).stderr(Stdio::null()).status();
        asked.is_ok_and(|status| status.success())
    };
    names.iter().copied().find(answers)
}

fn quiet(name: &str, dir: &TempDir) -> Command {
    let mut command = program(name);
    command.current_dir(dir.path()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

#[expect(clippy::disallowed_methods, reason = "the peers and what makes load begin here")]
pub(super) fn program(name: &str) -> Command {
    let mut command = Command::new(name);
    command.stdin(Stdio::null());
    command
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
