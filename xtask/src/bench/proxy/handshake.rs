//! How soon a name that nobody has asked for before can be spoken to over TLS.

use std::net::{Ipv4Addr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::Result;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme};

use super::contender::{Contender, HOST};
use super::{Figures, per_cpu_second, percentile};

const NAMES: usize = 100;

/// Shakes hands once for each of many new names: the median and the 99th percentile, in milliseconds.
pub(super) fn measure(contender: &Contender) -> Result<(Figures, f64)> {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let builder =
        ClientConfig::builder_with_provider(Arc::new(default_provider())).with_safe_default_protocol_versions()?;
    let config = builder.dangerous().with_custom_certificate_verifier(Arc::new(Whoever)).with_no_client_auth();
    let config = Arc::new(config);
    let mut times = Vec::new();
    let cpu = per_cpu_second(contender, || {
        for _ in 0..NAMES {
            let name = format!("n{}.{HOST}", NEXT.fetch_add(1, Ordering::Relaxed));
            let mut client = ClientConnection::new(config.clone(), ServerName::try_from(name)?)?;
            let begun = Instant::now();
            let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, contender.https))?;
            stream.set_nodelay(true)?;
            while client.is_handshaking() {
                client.complete_io(&mut stream)?;
            }
            times.push(begun.elapsed().as_secs_f64() * 1000.0);
        }
        Ok(NAMES)
    })?;
    let median = percentile(&mut times, 50);
    Ok(([cpu, percentile(&mut times, 99)], median))
}

/// Takes every certificate: what a client makes of one is no cost of the proxy's.
#[derive(Debug)]
struct Whoever;

impl ServerCertVerifier for Whoever {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        default_provider().signature_verification_algorithms.supported_schemes()
    }
}
