//! The pages that a person sees in place of a back end's: what happened, why, and what to do.
//!
//! They hold everything they need, and nothing that came from outside but as text.

use crate::failure::{Failure, Kind};

/// What a page may do (CSP level 3): use the style that stands in it, and nothing else. The hash is that of [`STYLE`].
pub(crate) const POLICY: &str = "default-src 'none'; style-src 'sha256-57ndcbWmqtxtsgUZMVln/UOjaQ2vU53M9ZpempIohe4='; base-uri 'none'; form-action 'self'; frame-ancestors 'self'";

/// The style of all pages.
const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:12vh auto;padding:0 1.5rem}\
h1{font-size:1.5rem;line-height:1.25;margin:0 0 .5rem}\
p{margin:.5rem 0}\
code,pre{font:14px/1.5 ui-monospace,monospace}\
code{background:#8882;border-radius:.25rem;padding:.1rem .3rem}\
pre{background:#8882;border-radius:.5rem;padding:1rem;overflow:auto;max-height:40vh}\
ul{padding-left:1.25rem}\
footer{margin-top:2rem;opacity:.7;font-size:.85rem}";

/// The page of a failure.
pub(crate) fn of_failure(failure: &Failure) -> String {
    let mut body = vec![format!("<h1>{}</h1>", escape(&failure.title))];
    if !failure.detail.is_empty() {
        body.push(format!("<p>{}</p>", with_code(&failure.detail)));
    }
    if !failure.hosts.is_empty() {
        let items = failure.hosts.iter().map(|host| format!("<li><code>{}</code></li>", escape(host)));
        let items: Vec<String> = items.collect();
        body.push(format!("<ul>{}</ul>", items.concat()));
    }
    if !failure.hint.is_empty() {
        body.push(format!("<p>{}</p>", with_code(&failure.hint)));
    }
    let refresh = if failure.kind == Kind::Starting { "<meta http-equiv=\"refresh\" content=\"1\">" } else { "" };
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">{refresh}\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>{}</title>\
         <style>{STYLE}</style></head><body><main>{}</main><footer>{} from locald</footer></body></html>\n",
        escape(&failure.title),
        body.concat(),
        failure.status().as_u16(),
    )
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
    use super::*;

    #[test]
    fn everything_from_outside_is_text() {
        let failure = Failure::unknown_host("<script>alert('1')</script>", vec!["\"><img src=x>".to_owned()]);
        let page = of_failure(&failure);
        assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
        assert!(page.contains("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;"), "{page}");
    }

    #[test]
    fn commands_are_shown_as_such() {
        assert_eq!(with_code("run `a <b>` now"), "run <code>a &lt;b&gt;</code> now");
    }
}
