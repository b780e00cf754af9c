//! Text of the file → text of the file: declarations come and go, and every byte that they are not stays where it is.
//!
//! Each edit cuts and inserts at places that the parser named, and what the result says is compared with what it should
//! say: an edit that would change anything else is refused, with its place. Pure.

mod add;
mod block;
mod format;
mod inside;
mod join;
mod remove;
mod text;
mod tree;
mod value;

use std::ops::Range;

use crate::config::fault::fault;
use crate::diagnostic::Fault;

pub use add::{Added, add_builder, add_repository};
pub use block::{Member, NewBuilder, NewRepository};
pub use format::format;
pub use join::join;
pub use remove::{remove_builder, stands_at};
pub use text::line_at;

use inside::Splice;
use tree::{Tree, tree};

/// Makes the cuts and insertions of an edit, and sees that the text then says what it should.
fn splice(text: &str, mut splices: Vec<Splice>, wanted: Tree, place: &Range<usize>) -> Result<String, Box<Fault>> {
    splices.sort_by_key(|(part, _)| (part.start, part.end));
    let mut out = text.to_owned();
    let mut floor = text.len();
    for (part, with) in splices.into_iter().rev() {
        // A part of what is cut already.
        if part.start > floor {
            continue;
        }
        let end = part.end.min(floor);
        out.replace_range(part.start..end, &with);
        floor = part.start;
    }
    if tree(&out).map(Tree::bare) == Some(wanted.bare()) { Ok(out) } else { Err(by_hand(place).into()) }
}

fn by_hand(place: &Range<usize>) -> Fault {
    let message = "this cannot be edited without changing more than was asked for";
    fault(place, message, "it is written in a form that wsctl leaves alone", "edit it by hand")
}

/// What the text says; it was read as TOML before.
fn read(text: &str) -> Result<Tree, Box<Fault>> {
    tree(text).ok_or_else(|| Box::new(fault(&(0..0), "the file is no TOML", "", "wsctl validate")))
}
