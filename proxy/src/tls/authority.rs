//! The certificate authorities of one home. Each is name-constrained on both of its certificates (RFC 5280 §4.2.1.10): one to
//! `localhost`, `test` and the addresses of loopback, every other one to names below one suffix. The root's key signs the intermediate
//! certificate and is never written anywhere, so what is trusted once can never vouch for more: a further suffix is a further authority.

use std::cmp::Reverse;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, PKCS_ECDSA_P256_SHA256, SanType,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use time::OffsetDateTime;

use crate::host::HostName;

/// How long both certificates of the authority hold. Whoever trusts it does so once.
const YEARS: Duration = Duration::from_hours(10 * 365 * 24);
/// How long a certificate for a name holds.
pub(super) const DAYS: Duration = Duration::from_hours(30 * 24);
/// Below what the names of [`Scope::Machine`] are.
const MACHINE: [&str; 2] = ["localhost", "test"];
/// How far clocks may differ.
const SKEW: Duration = Duration::from_hours(1);

/// Makes certificates for names: each name's by the authority that may.
pub struct Authority {
    /// Those with the longest suffix first.
    pairs: Vec<Pair>,
}

/// A root and its intermediate certificate, with the key of that one.
struct Pair {
    scope: Scope,
    issuer: Issuer<'static, KeyPair>,
    intermediate: CertificateDer<'static>,
    until: SystemTime,
}

/// What an authority may vouch for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Names below `localhost` and `test`, which are nobody's on the internet (RFC 6761), and the addresses of loopback.
    Machine,
    /// This name and those below it.
    Below(HostName),
}

/// An authority as it is kept. Whoever keeps it sees to it that nobody else reads the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// By what it is told from others, such as `locald me@laptop 1f2e3d4c`.
    pub name: String,
    /// What it may vouch for.
    pub scope: Scope,
    /// The certificate that is trusted, in PEM.
    pub root: String,
    /// The one that it vouches for, in PEM.
    pub intermediate: String,
    /// The key of that one, in PEM.
    pub key: String,
    /// Until when both certificates hold.
    pub until: SystemTime,
}

/// Why there is no authority.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// A certificate or key cannot be made or read.
    #[error("failed to make or read a certificate")]
    Certificate(#[from] rcgen::Error),
    /// What is kept is no certificate.
    #[error("what is kept is no certificate")]
    Pem(#[from] rustls::pki_types::pem::Error),
    /// Certificate and key do not belong together.
    #[error("certificate and key do not belong together")]
    Mismatch(#[from] rustls::Error),
}

impl Kept {
    /// Makes a new authority. `owner`: whose it is, such as `me@laptop`.
    pub fn create(owner: &str, scope: Scope) -> Result<Self, AuthorityError> {
        let (root_key, key) = (new_key()?, new_key()?);
        // A key is as random as anything; its first octets tell one authority from the next of the same owner.
        let random = u32::from_be_bytes(*root_key.public_key_raw()[1..].first_chunk().unwrap_or(&[0; 4]));
        let name = format!("locald {owner} {random:08x}");
        // Certificates count in whole seconds.
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let until = SystemTime::UNIX_EPOCH + Duration::from_secs(since_1970.as_secs()) + YEARS;
        let root_params = of_authority(&name, "root", &scope, 1, until);
        let root = root_params.self_signed(&root_key)?;
        let issuer = Issuer::new(root_params, root_key);
        let intermediate = of_authority(&name, "intermediate", &scope, 0, until).signed_by(&key, &issuer)?;
        Ok(Self { name, scope, root: root.pem(), intermediate: intermediate.pem(), key: key.serialize_pem(), until })
    }
}

impl Scope {
    /// Whether this name is in it.
    pub fn covers(&self, host: &HostName) -> bool {
        match self {
            Self::Machine => MACHINE.iter().any(|suffix| host.is_at_or_below(suffix)),
            Self::Below(suffix) => host.is_at_or_below(suffix.as_str()),
        }
    }
}

impl Authority {
    /// Takes up authorities.
    ///
    /// # Errors
    /// What is kept of one is damaged.
    pub fn new(kept: &[Kept]) -> Result<Self, AuthorityError> {
        let mut pairs = kept.iter().map(Pair::new).collect::<Result<Vec<_>, _>>()?;
        pairs.sort_by_key(|pair| Reverse(pair.scope.length()));
        Ok(Self { pairs })
    }

    /// A certificate for `host` and the names one label below it, with the one that vouches for it; `None` if there is no authority
    /// that may vouch for it.
    pub(super) fn certify(&self, host: &HostName, now: SystemTime) -> Result<Option<CertifiedKey>, AuthorityError> {
        self.pairs.iter().find(|pair| pair.scope.covers(host)).map(|pair| pair.certify(host, now)).transpose()
    }
}

impl Scope {
    fn length(&self) -> usize {
        match self {
            Self::Machine => 0,
            Self::Below(suffix) => suffix.as_str().len(),
        }
    }
}

impl Pair {
    fn new(kept: &Kept) -> Result<Self, AuthorityError> {
        let intermediate = CertificateDer::from_pem_slice(kept.intermediate.as_bytes())?;
        let key = KeyPair::from_pem(&kept.key)?;
        let provider = rustls::crypto::ring::default_provider();
        let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        CertifiedKey::from_der(vec![intermediate.clone()], der, &provider)?;
        let issuer = Issuer::new(of_authority(&kept.name, "intermediate", &kept.scope, 0, kept.until), key);
        Ok(Self { scope: kept.scope.clone(), issuer, intermediate, until: kept.until })
    }

    /// A certificate for a name in its scope.
    fn certify(&self, host: &HostName, now: SystemTime) -> Result<CertifiedKey, AuthorityError> {
        let key = new_key()?;
        let mut params = CertificateParams::default();
        let (name, below) = (host.as_str(), format!("*.{host}"));
        params.subject_alt_names =
            vec![SanType::DnsName(name.try_into()?), SanType::DnsName(below.as_str().try_into()?)];
        params.distinguished_name = DistinguishedName::new();
        hold(&mut params, now, self.until.min(now + DAYS));
        params.is_ca = IsCa::ExplicitNoCa;
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = params.signed_by(&key, &self.issuer)?;
        let chain = vec![certificate.der().clone(), self.intermediate.clone()];
        let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        Ok(CertifiedKey::from_der(chain, der, &rustls::crypto::ring::default_provider())?)
    }
}

fn new_key() -> Result<KeyPair, rcgen::Error> {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)
}

/// One of the authority's own certificates. `below`: how many further authorities it can vouch for.
fn of_authority(name: &str, role: &str, scope: &Scope, below: u8, until: SystemTime) -> CertificateParams {
    let mut params = CertificateParams::default();
    let mut called = DistinguishedName::new();
    called.push(DnType::OrganizationName, "locald");
    called.push(DnType::CommonName, format!("{name} {role}"));
    params.distinguished_name = called;
    hold(&mut params, SystemTime::now(), until);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(below));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.use_authority_key_identifier_extension = true;
    let addresses = |address: IpAddr, bits| GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(address, bits));
    let names = |suffixes: &[&str]| -> Vec<GeneralSubtree> {
        suffixes.iter().map(|suffix| GeneralSubtree::DnsName((*suffix).to_owned())).collect()
    };
    let (permitted_subtrees, excluded_subtrees) = match scope {
        Scope::Machine => {
            let loopback = [addresses([127, 0, 0, 0].into(), 8), addresses([0, 0, 0, 0, 0, 0, 0, 1].into(), 128)];
            (names(&MACHINE).into_iter().chain(loopback).collect(), Vec::new())
        }
        // A sort of name of which nothing is permitted is not constrained (RFC 5280 §4.2.1.10): addresses have to be excluded.
        Scope::Below(suffix) => (
            names(&[suffix.as_str()]),
            vec![addresses(Ipv4Addr::UNSPECIFIED.into(), 0), addresses(Ipv6Addr::UNSPECIFIED.into(), 0)],
        ),
    };
    params.name_constraints = Some(NameConstraints { permitted_subtrees, excluded_subtrees });
    params
}

/// From now on, until then.
fn hold(params: &mut CertificateParams, now: SystemTime, until: SystemTime) {
    params.not_before = OffsetDateTime::from(now - SKEW);
    params.not_after = OffsetDateTime::from(until);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(name: &str) -> HostName {
        name.parse().unwrap()
    }

    #[test]
    fn each_name_is_vouched_for_by_the_nearest_authority_that_may_and_others_by_none() {
        let scopes = [Scope::Machine, Scope::Below(host("internal")), Scope::Below(host("corp.internal"))];
        let kept = scopes.map(|scope| Kept::create("me@laptop", scope).unwrap());
        let authority = Authority::new(&kept).unwrap();
        for (name, by) in [
            ("shop.localhost", Some(0)),
            ("shop.test", Some(0)),
            ("shop.internal", Some(1)),
            ("xcorp.internal", Some(1)),
            ("a.shop.corp.internal", Some(2)),
            ("corp.internal", Some(2)),
            ("shop.example.com", None),
            ("notlocalhost", None),
            ("localhost.example", None),
        ] {
            let made = authority.certify(&host(name), SystemTime::now()).unwrap();
            let above = made.map(|made| made.cert[1].clone());
            let expected =
                by.map(|at: usize| CertificateDer::from_pem_slice(kept[at].intermediate.as_bytes()).unwrap());
            assert_eq!(above, expected, "{name}");
        }
        let others = Authority::new(&kept[1..]).unwrap();
        assert!(others.certify(&host("shop.localhost"), SystemTime::now()).unwrap().is_none());
    }
}
