//! What a managed file shall hold.

use std::path::{Path, PathBuf};

use crate::model::actual::Source;
use crate::model::desired::{DesiredBuilder, DesiredFile, FileMode, Origin};
use crate::model::name::BuilderName;
use crate::model::path::AbsPath;
use crate::plan::blockers::{at, shell};
use crate::plan::input::Input;
use crate::plan::{Blocker, FileContent, builders_dir};

use super::own::{agents, code_workspace};
use super::template::{Lack, fill};
use super::values::values;

/// What a managed file shall hold, in the place where its builder is once this plan is applied.
pub(in crate::plan) fn content(input: &Input<'_>, builder: &DesiredBuilder, file: &DesiredFile) -> Result<FileContent, Blocker> {
    let place = builders_dir::arrives(input).map(|to| to.join(builder.path.relative_to(&input.desired.builders_dir)));
    content_at(input, builder, file, place.as_ref().unwrap_or(&builder.path))
}

/// The same where the builder is at some place.
pub(super) fn content_at(
    input: &Input<'_>,
    builder: &DesiredBuilder,
    file: &DesiredFile,
    place: &AbsPath,
) -> Result<FileContent, Blocker> {
    let text = |text: String| FileContent::Bytes { bytes: text.into_bytes(), executable: false, private: false };
    let source = file.from.as_ref();
    Ok(match (file.mode, source) {
        (FileMode::Agents, _) => text(agents(input, builder)),
        (FileMode::CodeWorkspace, _) => text(code_workspace(builder, &file.to)),
        (FileMode::Copy, Some(from)) => {
            let (bytes, executable, private) = read(input, from)?;
            FileContent::Bytes { bytes: bytes.clone(), executable, private }
        }
        (FileMode::Symlink, Some(from)) => {
            if !matches!(input.actual.sources.get(&from.path), Some(Source::Directory)) {
                read(input, from)?;
            }
            FileContent::Link(link_target(&from.path, &file.to.under(place), &input.desired.root))
        }
        (FileMode::Template, Some(from)) => {
            let (bytes, executable, private) = read(input, from)?;
            let text = std::str::from_utf8(bytes).map_err(|_| unusable(from, "is no UTF-8 text, as a template must be"))?;
            let filled =
                fill(text, &values(input, builder, file, place)).map_err(|lack| unfilled(input, from, &builder.name, &lack))?;
            FileContent::Bytes { bytes: filled.into_bytes(), executable, private }
        }
        (FileMode::Copy | FileMode::Symlink | FileMode::Template, None) => text(String::new()),
    })
}

fn read<'a>(input: &Input<'a>, from: &Origin) -> Result<(&'a Vec<u8>, bool, bool), Blocker> {
    match input.actual.sources.get(&from.path) {
        Some(Source::File { bytes, executable, private, .. }) => Ok((bytes, *executable, *private)),
        Some(Source::Directory) => Err(unusable(from, "is a directory")),
        Some(Source::Missing) => Err(unusable(from, "is missing")),
        Some(Source::Unusable(what)) => Err(unusable(from, what)),
        None => Err(unusable(from, "was not read")),
    }
}

fn unusable(from: &Origin, what: &str) -> Blocker {
    at("source", &from.path, format!("its source {what}"), format!("ls -la {}", shell(&from.path.parent())))
}

/// A template that cannot be filled in.
fn unfilled(input: &Input<'_>, from: &Origin, builder: &BuilderName, lack: &Lack) -> Blocker {
    let edit = match (lack, input.desired.ports) {
        (Lack::Block(_), _) => return unusable(from, &lack.to_string()),
        (Lack::Label(name), _) => format!("set `labels = {{ {name} = \"…\" }}` in [builders.{builder}] or [defaults]"),
        (Lack::Port(_), None) => "set `ports` in [workspace]".into(),
        (Lack::Port(_), Some(_)) => "widen `ports` in [workspace]".into(),
    };
    at("source", &from.path, format!("its source {lack}"), format!("{edit} of builders.toml, then wsctl apply"))
}

/// Relative where both lie in the workspace, so that the link survives a move of it.
fn link_target(from: &AbsPath, to: &AbsPath, root: &AbsPath) -> PathBuf {
    if !root.contains(to) || !root.contains(from) {
        return from.as_path().to_path_buf();
    }
    let parent = to.parent();
    let common = parent.as_path().ancestors().find(|ancestor| from.as_path().starts_with(ancestor)).unwrap_or(Path::new("/"));
    let up = parent.as_path().strip_prefix(common).map_or(0, |tail| tail.components().count());
    let down = from.as_path().strip_prefix(common).unwrap_or(from.as_path());
    std::iter::repeat_n("..", up).collect::<PathBuf>().join(down)
}
