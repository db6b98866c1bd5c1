//! Requests as fast as they are answered, by h2load: over HTTP/1.1 with and without TLS, over HTTP/2, and of large bodies.
#![expect(clippy::cast_precision_loss, reason = "what is measured is shown with three digits")]

use std::process::Stdio;
use std::{fs, time::Duration};

use anyhow::{Context, Result, ensure};

use super::back_end::LARGE_PATH;
use super::contender::{Contender, HOST, program};
use super::{Figures, per_cpu_second};

/// How long a round lasts.
pub(super) const ROUND: Duration = Duration::from_secs(1);
/// How many requests come before it, by which connections to the back end are there, and memory is warm.
const WARM: usize = 400;

/// One way of asking.
pub(super) struct Load {
    is_secure: bool,
    path: &'static str,
    /// How h2load is told.
    options: &'static [&'static str],
}

/// 32 clients that each wait for an answer before they ask again.
const SERIAL: &[&str] = &["--h1", "--clients=32"];

pub(super) const PLAIN: Load = Load { is_secure: false, path: "/", options: SERIAL };
pub(super) const TLS: Load = Load { is_secure: true, path: "/", options: SERIAL };
pub(super) const HTTP2: Load =
    Load { is_secure: true, path: "/", options: &["--clients=4", "--max-concurrent-streams=8"] };
pub(super) const LARGE: Load = Load { is_secure: false, path: LARGE_PATH, options: &["--h1", "--clients=8"] };

impl Load {
    /// Asks for the length of a round.
    pub(super) fn measure(&self, contender: &Contender) -> Result<Figures> {
        let (scheme, port) = if self.is_secure { ("https", contender.https) } else { ("http", contender.http) };
        let scratch = tempfile::tempdir()?;
        let log = scratch.path().join("log");
        let ask = |amount: String, log: &std::path::Path| -> Result<()> {
            let mut command = program("h2load");
            command.args(self.options).arg(amount).arg("--threads=1");
            // One cipher for all, whichever each likes best.
            command.arg("--tls13-ciphers=TLS_AES_128_GCM_SHA256").arg(format!("--connect-to=127.0.0.1:{port}"));
            command.arg(format!("--log-file={}", log.display()));
            command.arg(format!("{scheme}://{HOST}:{port}{}", self.path));
            let status = command.stdout(Stdio::null()).status().context("h2load (nghttp2-client) is not installed")?;
            ensure!(status.success(), "h2load failed before {}", contender.name);
            Ok(())
        };
        ask(format!("--requests={WARM}"), &scratch.path().join("warm"))?;
        let mut times = Vec::new();
        let cpu = per_cpu_second(contender, || {
            ask(format!("--duration={}", ROUND.as_secs()), &log)?;
            for line in fs::read_to_string(&log)?.lines() {
                let mut fields = line.split('\t').skip(1);
                let (status, time) = (fields.next().context("no status")?, fields.next().context("no time")?);
                ensure!(status == "200", "{} answers {status}", contender.name);
                times.push(time.parse::<u64>()? as f64 / 1000.0);
            }
            Ok(times.len())
        })?;
        Ok([cpu, super::percentile(&mut times, 99)])
    }
}
