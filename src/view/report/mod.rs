//! `wsctl report`: the status as one page of HTML that needs nothing else. Whatever comes from the disk is escaped.

mod html;

use std::fmt::Write as _;

use crate::model::status::{BuilderStatus, CheckoutStatus, FileStatus, SessionState, Status};

use super::text::{age, count, size};
use html::{Page, escaped};

/// How many lines of the diff of one checkout the page has.
const LINES: usize = 2000;

/// The whole page; `now` is in seconds since 1970, `made` the same in words.
#[must_use]
pub fn report_html(status: &Status, now: i64, made: &str) -> String {
    let name = status.root.as_path().file_name().map_or_else(|| "workspace".into(), |name| name.to_string_lossy().into_owned());
    let mut page = Page::new(&format!("{name}: builders"));
    let all = count(status.builders.len(), "builder");
    page.tag(
        "header",
        &format!("<h1>{}</h1>\n<p>{} in {} · {}</p>", escaped(&name), all, escaped(&status.root.to_string()), escaped(made)),
    );
    if status.builders.is_empty() {
        page.line("<p>No builders. Declare one in builders.toml, then look at <code>wsctl plan</code>.</p>");
    } else {
        page.line(TOOLS);
        page.line(&table(status, now));
        for builder in &status.builders {
            page.line(&section(builder, now));
        }
    }
    if !status.unmanaged.is_empty() {
        let items = status.unmanaged.iter().map(|path| format!("<li><code>{}</code></li>", escaped(&path.to_string())));
        page.line(&format!("<h2>Unmanaged (left alone)</h2>\n<ul>{}</ul>", items.collect::<String>()));
    }
    page.finish()
}

const TOOLS: &str = "<div class=\"tools\" hidden>\n<input id=\"search\" type=\"search\" placeholder=\"filter\" \
                     aria-label=\"Filter\">\n<label><input id=\"only\" type=\"checkbox\"> only what changed</label>\n<span id=\"shown\" role=\"status\"></span>\n</div>";

/// Name of a column, what stands above it, whether it holds numbers.
const COLUMNS: [(&str, &str, bool); 11] = [
    ("name", "Builder", false),
    ("branch", "Branch", false),
    ("changed", "Changed", true),
    ("untracked", "Untracked", true),
    ("ahead", "Ahead", true),
    ("unpushed", "Not pushed", true),
    ("merged", "Merged", false),
    ("active", "Active", true),
    ("disk", "Disk", true),
    ("session", "Session", false),
    ("state", "State", false),
];

fn table(status: &Status, now: i64) -> String {
    let mut out = String::from("<div class=\"wide\"><table id=\"builders\">\n<thead><tr>");
    for (name, text, number) in COLUMNS {
        let class = if number { " class=\"number\"" } else { "" };
        let _ = write!(out, "<th scope=\"col\" data-name=\"{name}\"{class}><button type=\"button\">{text}</button></th>");
    }
    out += "</tr></thead>\n<tbody>\n";
    for builder in &status.builders {
        out += &row(builder, now);
    }
    out + "</tbody></table></div>"
}

fn row(builder: &BuilderStatus, now: i64) -> String {
    let sums = builder.sums();
    let name = escaped(builder.name.as_str());
    let files = sums.changed.unwrap_or(0) + sums.untracked.unwrap_or(0) + sums.ahead.unwrap_or(0);
    let mut words = vec![builder.name.to_string()];
    words.extend(builder.branch_shown().map(ToString::to_string));
    words.extend(builder.labels.iter().map(|(name, value)| format!("{name}={value}")));
    words.extend(builder.checkouts.iter().map(|checkout| checkout.repository.to_string()));
    let text = escaped(&words.join(" ").to_lowercase());
    let merged = match sums.merged {
        Some(true) => "yes",
        Some(false) => "no",
        None => "–",
    };
    let state = builder.whole_state();
    let session = builder.session.as_ref().map_or("–", |session| session.state.as_str());
    let lively = builder.session.as_ref().is_some_and(|session| session.state == SessionState::Busy);
    let mut out = format!("<tr data-name=\"{name}\" data-text=\"{text}\" data-changed=\"{files}\">");
    let _ = write!(out, "<td data-key=\"{name}\"><a href=\"#builder-{name}\">{name}</a></td>");
    let branch = builder.branch_shown().map_or_else(|| "–".into(), |branch| escaped(branch.as_str()));
    let _ = write!(out, "<td><code>{branch}</code></td>");
    for number in [sums.changed, sums.untracked, sums.ahead, sums.unpushed] {
        out += &cell(number);
    }
    let _ = write!(out, "<td>{merged}</td>");
    let _ = write!(
        out,
        "<td class=\"number\" data-key=\"{}\">{}</td>",
        builder.active.map_or(0, |at| now - at),
        since(builder.active, now)
    );
    let disk = builder.disk.map_or_else(|| "–".into(), size);
    let _ = write!(out, "<td class=\"number\" data-key=\"{}\">{disk}</td>", builder.disk.unwrap_or(0));
    let _ = write!(out, "<td{}>{session}</td>", if lively { " class=\"good\"" } else { "" });
    let _ = writeln!(out, "<td class=\"state {}\">{}</td></tr>", tone(&state), escaped(&state));
    out
}

fn cell(number: Option<usize>) -> String {
    match number {
        Some(0) => "<td class=\"number none\" data-key=\"0\">0</td>".into(),
        Some(number) => format!("<td class=\"number notice\" data-key=\"{number}\">{number}</td>"),
        None => "<td class=\"number none\" data-key=\"-1\">–</td>".into(),
    }
}

fn since(at: Option<i64>, now: i64) -> String {
    at.map_or_else(|| "–".into(), |at| age(at, now))
}

fn tone(state: &str) -> &'static str {
    if state == crate::model::status::OK { "good" } else { "notice" }
}

fn section(builder: &BuilderStatus, now: i64) -> String {
    let name = escaped(builder.name.as_str());
    let mut out = format!(
        "<section class=\"builder\" id=\"builder-{name}\">\n<h2>{name}</h2>\n<p class=\"facts\"><code>{}</code>",
        escaped(&builder.path.to_string())
    );
    let _ = write!(out, " · made {} ago", since(builder.created, now));
    if let Some(port) = builder.port {
        let _ = write!(out, " · port {port}");
    }
    if let Some(session) = &builder.session {
        let _ = write!(
            out,
            " · session <code>{}</code> on {}, {}",
            escaped(&session.id),
            escaped(&session.server),
            session.state.as_str()
        );
    }
    out += "</p>\n";
    for (name, value) in &builder.labels {
        let _ = write!(out, "<span class=\"label\">{}: {}</span>", escaped(name), escaped(value));
    }
    out += "<div class=\"wide\"><table><thead><tr>";
    for (text, number) in [
        ("Repository", false),
        ("Branch", false),
        ("Ahead", true),
        ("Behind", true),
        ("Not pushed", true),
        ("Changed", true),
        ("Untracked", true),
        ("Last by", false),
        ("Active", true),
        ("State", false),
    ] {
        let _ = write!(out, "<th scope=\"col\"{}>{text}</th>", if number { " class=\"number\"" } else { "" });
    }
    out += "</tr></thead><tbody>\n";
    for checkout in &builder.checkouts {
        out += &checkout_row(checkout, now);
    }
    out += "</tbody></table></div>\n";
    for checkout in &builder.checkouts {
        out += &differing(checkout);
    }
    out + "</section>"
}

fn checkout_row(checkout: &CheckoutStatus, now: i64) -> String {
    let on = match (&checkout.branch, &checkout.reference, &checkout.commit) {
        (Some(branch), _, _) => branch.to_string(),
        (None, Some(reference), Some(commit)) => format!("{reference} ({commit})"),
        (None, None, Some(commit)) => format!("({commit})"),
        (None, _, None) => "–".into(),
    };
    let mut out = format!("<tr><td>{}</td><td><code>{}</code></td>", escaped(checkout.repository.as_str()), escaped(&on));
    let (ahead, behind) = checkout.ahead_behind.unzip();
    for number in [ahead, behind, checkout.unpushed, checkout.changed, checkout.untracked] {
        out += &cell(number);
    }
    let _ = write!(out, "<td>{}</td>", checkout.author.as_ref().map_or_else(|| "–".into(), |author| escaped(author)));
    let _ = write!(out, "<td class=\"number\">{}</td>", since(checkout.active, now));
    let _ = writeln!(out, "<td class=\"state {}\">{}</td></tr>", tone(&checkout.state), escaped(&checkout.state));
    out
}

/// The files of a checkout that differ, from HEAD and in its commits, and what differs in them.
fn differing(checkout: &CheckoutStatus) -> String {
    let files = checkout.files.as_deref().unwrap_or_default();
    let committed = checkout.committed.as_deref().unwrap_or_default();
    if files.is_empty() && committed.is_empty() {
        return String::new();
    }
    let line = |file: &FileStatus| {
        let from = file.from.as_ref().map(|from| format!("{from} → ")).unwrap_or_default();
        escaped(&format!("{} {from}{}\n", file.letters, file.path))
    };
    let lines = |files: &[FileStatus]| files.iter().map(line).collect::<String>();
    let mut what = vec![];
    what.extend((!files.is_empty()).then(|| format!("{} not committed", count(files.len(), "file"))));
    what.extend((!committed.is_empty()).then(|| format!("{} committed", count(committed.len(), "file"))));
    let what = format!("{}: {}", checkout.repository, what.join(", "));
    let mut out = format!("<details><summary>{}</summary>\n<pre>{}</pre>\n", escaped(&what), lines(files));
    if !committed.is_empty() {
        let _ = writeln!(out, "<p class=\"facts\">committed:</p>\n<pre>{}</pre>", lines(committed));
    }
    let diff = checkout.diff.as_deref().unwrap_or_default();
    if !diff.is_empty() {
        let painted: String = diff.lines().take(LINES).map(diff_line).collect();
        let left = diff.lines().count().saturating_sub(LINES);
        let cut = if left > 0 {
            format!(
                "<p class=\"facts\">{left} more lines: <code>git -C {} diff HEAD</code></p>",
                escaped(&checkout.path.to_string())
            )
        } else {
            String::new()
        };
        let _ = write!(out, "<pre>{painted}</pre>\n{cut}");
    }
    out + "</details>\n"
}

fn diff_line(line: &str) -> String {
    let head = ["+++", "---", "diff "].iter().any(|start| line.starts_with(start));
    let class = match line.as_bytes().first() {
        _ if head => "head",
        Some(b'+') => "add",
        Some(b'-') => "del",
        Some(b'@') => "hunk",
        Some(_) | None => return format!("{}\n", escaped(line)),
    };
    format!("<span class=\"{class}\">{}</span>\n", escaped(line))
}
