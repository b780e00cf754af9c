//! A page of HTML, and text in it.

use crate::view::text::is_hostile;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// A page in the making.
pub(super) struct Page(String);

impl Page {
    /// The page up to its body. Nothing is fetched, and nothing but the script of the page itself runs.
    pub(super) fn new(title: &str) -> Self {
        let policy =
            "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
        let head = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, \
             initial-scale=1\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n<title>{}</title>\n<style>\n{STYLE}</style>\n\
             </head>\n<body>\n",
            escaped(title)
        );
        Page(head)
    }

    /// Adds a line of HTML.
    pub(super) fn line(&mut self, html: &str) {
        self.0.push_str(html);
        self.0.push('\n');
    }

    /// Adds an element around some HTML.
    pub(super) fn tag(&mut self, name: &str, html: &str) {
        self.line(&format!("<{name}>\n{html}\n</{name}>"));
    }

    /// The whole page.
    pub(super) fn finish(self) -> String {
        format!("{}<script>\n{SCRIPT}</script>\n</body>\n</html>\n", self.0)
    }
}

/// A text that a browser shows as it is, in an element and in an attribute.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            c if is_hostile(c) => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
    out
}
