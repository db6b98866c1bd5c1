//! The pages that a person sees in place of a back end's: what happened, why, and what to do.
//!
//! They hold everything they need, and nothing that came from outside but as text.

use std::sync::OnceLock;

use hyper::header::HeaderValue;

use crate::directory::Item;
use crate::failure::{Failure, Kind};
use crate::own::START;

/// The style of all pages.
const STYLE: &str = include_str!("page.css");
/// Shows what the back end prints, and loads the page anew once there is something else to see. Served to navigations alone, which are
/// requests by GET: nothing is ever sent twice.
const SCRIPT: &str = include_str!("page.js");

/// What a page may do (CSP level 3): use the style and the script that stand in it, ask its own origin, and nothing else.
pub(crate) fn policy() -> HeaderValue {
    static POLICY: OnceLock<HeaderValue> = OnceLock::new();
    let make = || {
        let policy = format!(
            "default-src 'none'; style-src '{}'; script-src '{}'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
             frame-ancestors 'self'",
            hash(STYLE),
            hash(SCRIPT)
        );
        HeaderValue::from_str(&policy).expect("a policy of ASCII")
    };
    POLICY.get_or_init(make).clone()
}

/// The hash of a text as a policy names it.
fn hash(text: &str) -> String {
    use base64::Engine;
    let hash = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    format!("sha256-{}", base64::engine::general_purpose::STANDARD.encode(hash))
}

/// The page of a failure. `path`: what was asked for.
pub(crate) fn of_failure(failure: &Failure, path: &str) -> String {
    let mut body = vec![format!("<h1>{}</h1>", escape(&failure.title))];
    if !failure.detail.is_empty() {
        body.push(format!("<p id=\"detail\">{}</p>", with_code(&failure.detail)));
    }
    if !failure.hosts.is_empty() {
        let items = failure.hosts.iter().map(|host| format!("<li><code>{}</code></li>", escape(host)));
        let items: Vec<String> = items.collect();
        body.push(format!("<ul>{}</ul>", items.concat()));
    }
    if failure.kind == Kind::Down {
        let action = escape(&format!("{START}?to={path}"));
        body.push(format!("<form method=\"post\" action=\"{action}\"><button>Start it</button></form>"));
    }
    if !failure.hint.is_empty() {
        body.push(format!("<p>{}</p>", with_code(&failure.hint)));
    }
    // What it prints is filled in by the script.
    let (refresh, rest) = match failure.kind {
        Kind::Starting | Kind::Slow => ("<noscript><meta http-equiv=\"refresh\" content=\"1\"></noscript>", watching()),
        Kind::Down => ("", watching()),
        _ if failure.printed.is_empty() => ("", String::new()),
        _ => ("", format!("<pre id=\"lines\">{}</pre>", escape(&failure.printed))),
    };
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">{refresh}\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>{}</title>\
         <style>{STYLE}</style></head><body><main>{}</main>{rest}<footer>{} from locald</footer></body></html>\n",
        escape(&failure.title),
        body.concat(),
        failure.status().as_u16(),
    )
}

/// The page of all routes.
pub(crate) fn of_directory(items: &[Item]) -> String {
    let mut body = "<h1>What is here</h1>".to_owned();
    for group in items.chunk_by(|one, other| one.group == other.group) {
        let rows = group.iter().map(|Item { name, url, state, .. }| {
            let (name, url) = (escape(name), escape(url));
            format!("<li>{name}: <a href=\"{url}\">{url}</a> is {state}</li>")
        });
        let rows: Vec<String> = rows.collect();
        body.extend(["<h2>", &escape(&group[0].group), "</h2><ul>", &rows.concat(), "</ul>"]);
    }
    if items.is_empty() {
        body += "<p>No project is up that has host names.</p>";
    }
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>locald</title>\
         <style>{STYLE}</style></head><body><main>{body}<p>{}</p></main><footer>from locald</footer></body></html>\n",
        with_code("`locald up` in a project's folder starts it; `locald urls` says where its services are."),
    )
}

fn watching() -> String {
    format!("<pre id=\"lines\"></pre><script>{SCRIPT}</script>")
}

/// A text with what stands between backticks as code.
fn with_code(text: &str) -> String {
    let parts = text.split('`').enumerate();
    let shown =
        parts.map(|(at, part)| if at % 2 == 1 { format!("<code>{}</code>", escape(part)) } else { escape(part) });
    shown.collect::<Vec<_>>().concat()
}

/// Text as HTML shows it, in elements and in quoted attributes.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Nobody means these, and a terminal's would be shown as boxes.
            control if control.is_control() && control != '\n' && control != '\t' => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn everything_from_outside_is_text() {
        let failure = Failure::unknown_host("<script>alert('1')</script>", vec!["\"><img src=x>".to_owned()]);
        let page = of_failure(&failure, "/");
        assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
        assert!(page.contains("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;"), "{page}");
    }

    #[test]
    fn commands_are_shown_as_such() {
        assert_eq!(with_code("run `a <b>` now"), "run <code>a &lt;b&gt;</code> now");
    }

    #[test]
    fn what_stands_in_a_page_does_not_end_it() {
        assert!(!STYLE.contains("</") && !SCRIPT.contains("</"));
    }

    proptest! {
        #[test]
        fn nothing_leaves_its_element(text in "[<>\"'&`a-c/=\\x00-\\x1f]{0,40}") {
            let escaped = escape(&text);
            prop_assert!(!escaped.contains(['<', '>', '"', '\'']));
        }
    }
}
