//! `wsctl report`

use std::path::PathBuf;

use anyhow::Result;

use super::globals::Globals;
use super::status::{look, weigh};
use super::workspace::load;
use crate::diagnostic::Diagnostic;
use crate::git::edited::write_private;
use crate::model::path::AbsPath;
use crate::{actual, regular, view};

/// What a report begins with: nothing else is written over.
const BEGIN: &[u8] = b"<!doctype html>";

/// Write what status shows as one page of HTML, with the files that changed and what changed in them.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  wsctl report --out builders.html             open it in a browser; it needs no network
  wsctl report --no-diff > builders.html       without what changed in the files
  wsctl report | ssh host 'cat > www/builders.html'

The page can be sorted and filtered, and keeps what is chosen in its address: builders.html#only=changed&sort=active")]
pub(super) struct Args {
    /// The file to write, for your eyes only; `-` or nothing: stdout
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Without what changed in the files
    #[arg(long)]
    no_diff: bool,
}

pub(super) fn run(globals: &Globals, args: &Args) -> Result<u8> {
    let desired = load(globals)?;
    let now = Globals::now();
    let mut status = look(&desired, now)?;
    actual::differing(&mut status, !args.no_diff);
    weigh(&mut status);
    let made = jiff::Zoned::now().strftime("%Y-%m-%d %H:%M %Z").to_string();
    if globals.json {
        view::print(&view::json::status(&status))?;
        return Ok(0);
    }
    let page = view::report_html(&status, now, &made);
    match args.out.as_ref().filter(|out| out.as_os_str() != "-") {
        None => view::print(&page)?,
        Some(out) => {
            let file = Globals::cwd()?.join(out);
            write(&file, &page)?;
            if !globals.quiet() {
                view::narrate(&format!("Wrote {file}\n"));
            }
        }
    }
    Ok(0)
}

/// Writes the page over an older one, and over nothing else.
fn write(file: &AbsPath, page: &str) -> Result<()> {
    let refuse = |what: String| Diagnostic::new(format!("{file} {what}"), "name another file with `--out`");
    let before = match file.as_path().symlink_metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(refuse(format!("cannot be written: {error}")).into()),
        Ok(found) if !found.is_file() => return Err(refuse("is no regular file, and is not written over".into()).into()),
        Ok(_) => Some(regular::read(file).map_err(|error| refuse(format!("cannot be read: {error}")))?),
    };
    if before.as_ref().is_some_and(|before| !before.starts_with(BEGIN)) {
        return Err(refuse("is no report, and is not written over".into()).into());
    }
    write_private(file, page.as_bytes(), before.as_deref())
        .map_err(|error| refuse(format!("cannot be written: {error:#}")).into())
}
