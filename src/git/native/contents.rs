//! What attributes do to contents on their way from an object to a file: line endings are converted here, all else by git.

use anyhow::{Result, bail};
use gix::bstr::ByteSlice as _;
use gix::filter::plumbing::driver::apply::Delay;
use gix::filter::plumbing::pipeline::convert::to_worktree::Options;
use gix::objs::tree::EntryKind;
use gix::worktree::stack::state::attributes::Source;

use super::template::Template;

/// What a tree's attributes ask for.
pub(super) enum Conversion {
    /// Every file is as its object.
    None,
    /// Line endings may differ: an index of the same tree, where the attributes are looked up.
    LineEndings(Box<gix::index::State>),
}

/// Attributes that git alone carries out.
const BEYOND: [&str; 3] = ["filter", "ident", "working-tree-encoding"];

impl Conversion {
    /// Looks at a tree's attributes.
    ///
    /// # Errors
    /// Some of them have to be carried out by git.
    pub(super) fn of(repository: &gix::Repository, template: &Template, tree: gix::ObjectId) -> Result<Self> {
        let named = |path: &[u8]| path == b".gitattributes" || path.ends_with(b"/.gitattributes");
        let config = repository.config_snapshot();
        let has_attributes = repository.common_dir().join("info/attributes").exists()
            || template.entries.iter().any(|entry| named(template.path(entry)));
        if !has_attributes && config.string("core.autocrlf").is_none_or(|value| !is_on(&value)) {
            return Ok(Conversion::None);
        }
        let index = repository.index_from_tree(&tree)?;
        let index = Box::new(gix::index::State::clone(&index));
        let mut stack = repository.attributes_only(&index, Source::IdMapping)?;
        let mut outcome = stack.selected_attribute_matches(BEYOND);
        for entry in template.entries.iter().filter(|entry| entry.kind != EntryKind::Commit) {
            outcome.reset();
            let path = template.path(entry);
            let platform = stack.at_entry(path.as_bstr(), None)?;
            platform.matching_attributes(&mut outcome);
            if let Some(found) = outcome.iter_selected().find(|found| !found.assignment.state.is_unspecified()) {
                bail!("{} has the attribute {}", path.as_bstr(), found.assignment.name.as_str());
            }
        }
        drop(stack);
        Ok(Conversion::LineEndings(index))
    }

    /// Turns what objects hold into what files hold.
    pub(super) fn pipeline<'r>(&self, repository: &'r gix::Repository) -> Result<Option<gix::filter::Pipeline<'r>>> {
        let Conversion::LineEndings(index) = self else { return Ok(None) };
        let stack = repository.attributes_only(index, Source::IdMapping)?.detach();
        Ok(Some(gix::filter::Pipeline::new(repository, stack)?))
    }
}

/// What a file at a path holds whose object has these bytes.
pub(super) fn convert(pipeline: Option<&mut gix::filter::Pipeline<'_>>, path: &[u8], bytes: Vec<u8>) -> Result<Vec<u8>> {
    use std::io::Read as _;
    let Some(pipeline) = pipeline else { return Ok(bytes) };
    let options = Options { can_delay: Delay::Forbid, ..Options::default() };
    let mut converted = Vec::with_capacity(bytes.len());
    let mut outcome = pipeline.convert_to_worktree(&bytes, path.as_bstr(), options)?;
    outcome.read_to_end(&mut converted)?;
    Ok(converted)
}

fn is_on(value: &[u8]) -> bool {
    !["false", "no", "off", "0", ""].iter().any(|no| value.eq_ignore_ascii_case(no.as_bytes()))
}
