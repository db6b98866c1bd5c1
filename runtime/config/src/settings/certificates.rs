//! `[proxy.certificates]` of a user's `config.toml`: certificates that somebody has made elsewhere, by the names that they are for.

use std::path::{Path, PathBuf};

use super::{hosts, suffixes};
use crate::fault::{Invalid, quoted};
use crate::keys::CERTIFICATE;
use crate::reader::Reader;
use crate::tree::Entry;

/// Files of a certificate, and what it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    /// A host name, with `*.` before it for all names below it.
    pub host: String,
    /// The certificate and those above it, as PEM.
    pub cert: PathBuf,
    /// Its key, as PEM.
    pub key: PathBuf,
}

/// Reads the table. Paths that are not absolute begin at `folder`; names are below a suffix that is given, or one of `further`.
pub(crate) fn read(
    reader: &mut Reader,
    entry: &Entry,
    folder: &Path,
    further: &[String],
) -> Option<Vec<CertificateFiles>> {
    let table = reader.table(entry)?;
    let mut all = Vec::new();
    for entry in table.iter() {
        let host = reader.accept(entry.key_place, host(&entry.key, further));
        all.extend(files(reader, entry, folder).zip(host).map(|((cert, key), host)| CertificateFiles {
            host,
            cert,
            key,
        }));
    }
    Some(all)
}

fn host(text: &str, further: &[String]) -> Result<String, Invalid> {
    let host = hosts::check(text)?;
    if suffixes::suffix_of(&host, further).is_some() {
        return Ok(host);
    }
    let invalid = Invalid::new(format!("{} is below no suffix", quoted(text)), "nothing here leads to it");
    Err(invalid.with_help("name what it ends with in `suffixes` of `[proxy]`"))
}

fn files(reader: &mut Reader, entry: &Entry, folder: &Path) -> Option<(PathBuf, PathBuf)> {
    let place = format!("certificate {}", quoted(&entry.key));
    let table = reader.table(entry)?;
    let meant = reader.check_keys(table, &place, CERTIFICATE);
    let [cert, key] = ["cert", "key"].map(|name| {
        if table.get(name).is_none() && !meant.contains(&name) {
            reader.missing(
                entry.key_place,
                Invalid::new(format!("{place} has no `{name}`"), format!("needs a `{name}`")),
            );
        }
        reader.setting(table, name, |reader, entry| Some(folder.join(reader.string(entry)?)))
    });
    cert.zip(key)
}

#[cfg(test)]
mod tests {
    use crate::user_config::UserConfig;

    fn parse(text: &str) -> Result<Vec<(String, String, String)>, Vec<String>> {
        let parsed = UserConfig::parse("/home/me/.config/locald/config.toml".as_ref(), text);
        let shown = |path: &std::path::Path| path.display().to_string();
        parsed
            .map(|config| {
                config.proxy.certificates.iter().map(|it| (it.host.clone(), shown(&it.cert), shown(&it.key))).collect()
            })
            .map_err(|faults| faults.iter().map(|fault| fault.message.clone()).collect())
    }

    #[test]
    fn a_certificate_has_a_name_and_two_files_beside_the_configuration_or_anywhere() {
        let text = "[proxy.certificates]\n'*.Shop.localhost' = { cert = 'shop.pem', key = '/etc/shop.key' }\n";
        let (host, cert, key) = ("*.shop.localhost", "/home/me/.config/locald/shop.pem", "/etc/shop.key");
        assert_eq!(parse(text).unwrap(), [(host.to_owned(), cert.to_owned(), key.to_owned())]);
    }

    #[test]
    fn a_certificate_is_for_a_name_below_a_suffix_that_there_is() {
        let text = "'shop.corp.internal' = { cert = 'a', key = 'b' }\n'shop.test' = { cert = 'a', key = 'b' }\n";
        let with = format!("[proxy]\nsuffixes = 'corp.internal'\n[proxy.certificates]\n{text}");
        assert_eq!(parse(&with).unwrap().len(), 2);
        assert_eq!(
            parse(&format!("[proxy.certificates]\n{text}")).unwrap_err(),
            ["`shop.corp.internal` is below no suffix"]
        );
    }

    #[test]
    fn what_is_missing_or_wrong_is_said_all_at_once() {
        let text = "[proxy.certificates]\n'shop.dev' = { cert = 'x', key = 'y' }\n'a.localhost' = { cert = 1 }\n'b.localhost' = 'x'\n";
        assert_eq!(
            parse(text).unwrap_err(),
            [
                "`shop.dev` is not a host name",
                "certificate `a.localhost` has no `key`",
                "`cert`: expected a string, found an integer",
                "`b.localhost`: expected a table, found a string",
            ]
        );
    }
}
