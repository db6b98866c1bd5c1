//! Names of services, as a whole project has them.

use std::fmt::Write;

use proptest::prelude::*;

use super::*;
use crate::supervisor::plain;

fn named(names: &[&str]) -> Vec<Definition> {
    names.iter().map(|name| plain(name)).collect()
}

fn names(claims: &mut Claims, project: &str, root: &str, services: &[&str]) -> Vec<String> {
    let sites = sites(claims, project, root.as_ref(), &named(services), &[]);
    sites.into_values().map(|site| site.names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn web_or_the_only_service_has_the_projects_name_and_each_has_its_own() {
    let mut claims = Claims::default();
    assert_eq!(
        names(&mut claims, "shop", "/", &["web", "api"]),
        ["api.shop.localhost api-shop.localhost", "shop.localhost web.shop.localhost web-shop.localhost",]
    );
    assert_eq!(
        names(&mut claims, "blog", "/tmp", &["server"]),
        ["blog.localhost server.blog.localhost server-blog.localhost"]
    );
    assert_eq!(names(&mut Claims::default(), "x", "/", &["a", "b"])[0], "a.x.localhost a-x.localhost");
}

#[test]
fn a_worker_has_no_name_and_several_of_a_service_have_one_together() {
    let worker = Definition { kind: Kind::Worker, ..plain("mail") };
    let [one, two] = ["web.1", "web.2"].map(|name| Definition { family: "web".to_owned(), ..plain(name) });
    let sites = sites(&mut Claims::default(), "shop", "/".as_ref(), &[worker, one, two], &[]);
    assert_eq!(sites.keys().collect::<Vec<_>>(), ["web"]);
    assert_eq!((family("web.2"), family("web")), ("web", "web"));
}

#[test]
fn a_port_with_a_name_is_found_below_its_service_and_by_one_label() {
    let mut claims = Claims::default();
    let api = |ports: &[&str]| Definition { ports: ports.iter().copied().map(port).collect(), ..plain("api") };
    let found = sites(&mut claims, "shop", "/".as_ref(), &[api(&["admin", "hmr"]), plain("web")], &[]);
    let shown: Vec<_> = found["api"].ports["admin"].names.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["admin.api.shop.localhost", "admin-api-shop.localhost"]);
    assert_eq!(found["api"].ports["hmr"].home.as_str(), "hmr.api.shop.localhost");
    // What nobody has any more is there for others.
    let found = sites(&mut claims, "shop", "/".as_ref(), &[api(&["hmr"]), plain("admin-api")], &[]);
    assert!(found["admin-api"].names.contains(&"admin-api-shop.localhost".parse().unwrap()));
}

fn port(name: &str) -> NamedPort {
    NamedPort { name: name.parse().unwrap(), port: locald_config::Port::Leased }
}

#[test]
fn a_framework_that_takes_one_label_alone_is_shown_there_and_it_is_said_why() {
    let scratch = tempfile::tempdir().unwrap();
    let package = scratch.path().join("node_modules/next");
    std::fs::create_dir_all(&package).unwrap();
    std::fs::write(package.join("package.json"), "{\"version\":\"16.1.0\"}").unwrap();
    let here = |name: &str| Definition { directory: scratch.path().to_owned(), ports: vec![port("x")], ..plain(name) };
    let found = sites(&mut Claims::default(), "shop", "/".as_ref(), &[here("web"), here("docs")], &[]);
    let (web, docs) = (&found["web"], &found["docs"]);
    assert_eq!((docs.home.as_str(), docs.ports["x"].home.as_str()), ("docs-shop.localhost", "x-docs-shop.localhost"));
    let why = docs.because.as_deref().unwrap();
    assert_eq!(why, "Next.js 16.1 takes no name below localhost of more than one label");
    assert_eq!((web.home.as_str(), &web.because), ("shop.localhost", &None), "that has one label anyway");
}

#[test]
fn two_projects_of_one_name_are_found_apart() {
    let mut claims = Claims::default();
    let (one, two) = (names(&mut claims, "shop", "/", &["web"]), names(&mut claims, "shop", "/tmp", &["web"]));
    assert!(two[0].starts_with("shop-") && one != two, "{one:?} {two:?}");
    // What one project makes of a service's name, another may be called.
    let third = names(&mut claims, "web-shop", "/usr", &["web"]);
    assert!(third[0].starts_with("web-shop-"), "{third:?}");
}

#[test]
fn urls_leave_out_a_port_that_goes_without_saying() {
    let scratch = tempfile::tempdir().unwrap();
    let sites = Sites::open(scratch.path());
    let id = ProjectId("shop-1".to_owned());
    sites.define(&id, "shop", "/".as_ref(), &named(&["web", "api"]));
    let api = ServiceId { project: id, service: "api".to_owned() };
    assert!(sites.urls(&api, None).is_empty());
    sites.set_entrances(Entrances { http: Some(80), https: Some(8443) });
    assert_eq!(sites.urls(&api, None), ["http://api.shop.localhost", "https://api.shop.localhost:8443"]);
}

#[test]
fn https_comes_first_once_browsers_trust_the_authority_that_is_shown() {
    let scratch = tempfile::tempdir().unwrap();
    let sites = Sites::open(scratch.path());
    let id = ProjectId("shop-1".to_owned());
    sites.define(&id, "shop", "/".as_ref(), &named(&["web"]));
    let web = ServiceId { project: id, service: "web".to_owned() };
    sites.set_entrances(Entrances { http: Some(80), https: Some(443) });
    let first = || sites.urls(&web, None)[0].clone();
    let trust = |fingerprint: Option<&str>| {
        let trusted = fingerprint.into_iter().map(str::to_owned).collect();
        Ledger::update(scratch.path(), |ledger| ledger.browsers_trust = trusted).unwrap();
        sites.look_at_machine();
    };
    trust(Some("ab"));
    assert_eq!(first(), "http://shop.localhost", "no authority is shown");
    sites.set_authorities(BTreeMap::from([(None, "ab".to_owned())]));
    assert_eq!(first(), "https://shop.localhost");
    for other in [Some("cd"), None] {
        trust(other);
        assert_eq!(first(), "http://shop.localhost", "{other:?}");
    }
}

#[test]
fn a_further_name_is_shown_at_https_once_the_authority_of_its_own_suffix_is_trusted() {
    let scratch = tempfile::tempdir().unwrap();
    let sites = Sites::open(scratch.path());
    sites.set_suffixes(&["corp.internal".to_owned()]);
    let id = ProjectId("shop-1".to_owned());
    let hosts = ["shop.corp.internal", "*.eu.corp.internal", "shop.test", "shop.other.internal"].map(str::to_owned);
    let at = |host: &str| PathAt { host: Some(host.to_owned()), path: "/api".to_owned() };
    let paths = vec![at("shop.corp.internal"), at("*.example.com")];
    sites.define(&id, "shop", "/".as_ref(), &[Definition { hosts: hosts.into(), paths, ..plain("web") }]);
    let web = ServiceId { project: id.clone(), service: "web".to_owned() };
    assert_eq!(
        sites.aliases(&web),
        ["shop.corp.internal", "*.eu.corp.internal", "shop.test", "shop.corp.internal/api"]
    );
    assert_eq!(sites.of_project(&id)["web"].paths.len(), 1);
    let refused = sites.refused(&web);
    assert_eq!(refused.len(), 2, "{refused:?}");
    assert!(
        refused[0].starts_with("`*.example.com` leads nowhere: ") && refused[1].contains("`suffixes` in `[proxy]`")
    );

    sites.set_entrances(Entrances { http: Some(80), https: Some(443) });
    let authorities = [(None, "own"), (Some("corp.internal".to_owned()), "further")];
    sites.set_authorities(authorities.map(|(suffix, print)| (suffix, print.to_owned())).into());
    for (trusted, further, own) in [("own", "http", "https"), ("further", "https", "http"), ("other", "http", "http")] {
        let trusted = BTreeSet::from([trusted.to_owned()]);
        Ledger::update(scratch.path(), |ledger| ledger.browsers_trust = trusted).unwrap();
        sites.look_at_machine();
        let at = format!("{further}://shop.corp.internal");
        let shown = [at.clone(), format!("{own}://shop.test"), at + "/api"];
        assert_eq!(sites.alias_urls(&web), shown);
        assert_eq!(sites.urls(&web, None)[0], format!("{own}://shop.localhost"));
    }
}

/// What the configuration makes of a host name, if it takes it.
fn taken(written: &str) -> Option<String> {
    let written = toml_string(written);
    let text = format!("[services.web]\ncommand = 'x'\nhosts = {written}\n");
    let project = locald_config::parse_manifest("locald.toml".as_ref(), &text, "/".as_ref()).ok()?;
    project.services[0].hosts.first().cloned()
}

/// A string of TOML, whatever is in it.
fn toml_string(text: &str) -> String {
    let mut written = String::from("\"");
    for ch in text.chars() {
        let _ = write!(written, "\\U{:08X}", u32::from(ch));
    }
    written + "\""
}

#[test]
fn a_name_that_is_written_in_unicode_is_taken() {
    assert_eq!(taken("Bücher.localhost").as_deref(), Some("xn--bcher-kva.localhost"));
}

proptest! {
    #[test]
    fn a_host_name_that_the_configuration_takes_is_one_and_reads_as_itself(
        labels in proptest::collection::vec("[a-zäöüßÆשع日本\u{300}\u{200d}_-]{1,6}|xn--[a-z0-9-]{1,8}|\\PC{1,4}", 1..4), star in any::<bool>(),
    ) {
        let written = format!("{}{}.localhost", if star { "*." } else { "" }, labels.join("."));
        if let Some(name) = taken(&written) {
            let pattern: Pattern = name.parse().unwrap();
            prop_assert_eq!(pattern.to_string(), name.clone());
            prop_assert_eq!(taken(&name), Some(name.clone()), "{}", written);
            let plain = name.strip_prefix("*.").unwrap_or(&name);
            let shown = locald_config::shown_host(plain);
            prop_assert_eq!(taken(&shown), Some(plain.to_owned()), "{}", shown);
        }
    }

    #[test]
    fn no_two_services_share_a_name_whatever_they_are_called(
        projects in proptest::collection::vec(("[a-b-]{1,70}", proptest::collection::btree_set("[abAB_-]{1,4}|a{60,63}", 1..5)), 1..4),
    ) {
        let mut claims = Claims::default();
        let roots = ["/", "/usr", "/tmp"];
        let mut seen = BTreeSet::new();
        for ((project, services), root) in projects.iter().zip(roots) {
            let services: Vec<&str> = services.iter().map(String::as_str).collect();
            let ports: Vec<NamedPort> = ["a", "b"].map(port).into();
            let definitions: Vec<Definition> =
                named(&services).into_iter().map(|it| Definition { ports: ports.clone(), ..it }).collect();
            for site in sites(&mut claims, project, root.as_ref(), &definitions, &[]).into_values() {
                prop_assert!(site.names.contains(&site.home));
                for name in site.ports.into_values().flat_map(|port| port.names).chain(site.names) {
                    prop_assert!(name.as_str().ends_with(".localhost"));
                    prop_assert!(seen.insert(name.clone()), "{} twice", name);
                }
            }
        }
    }
}
