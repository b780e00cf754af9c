//! Listeners of an apply that speak to people, and the sentences that they share.

pub mod bars;
pub mod closing;
pub mod lines;

use crate::apply::event::Event;
use crate::model::address::Address;
use crate::plan::Action;

use super::change::{past, verb};
use super::style::{Style, Tone};
use super::text::{clean, push_next, took};

/// What is said at once about an event; nothing about most beginnings, nor about progress.
#[must_use]
pub fn narration(event: &Event<'_>, style: &Style) -> Option<String> {
    match event {
        Event::Start(change) => match &change.action {
            Action::Clone { url, .. } => Some(format!("{}: cloning {}\n", subject(&change.address), clean(&url.to_string()))),
            Action::MoveBuildersDir(_)
            | Action::UpdateRepository(_)
            | Action::CreateBuilder(_)
            | Action::UpdateBuilder(_)
            | Action::AdoptBuilder(_)
            | Action::CreateCheckout(_)
            | Action::ReplaceCheckout { .. }
            | Action::ResumeCheckout { .. }
            | Action::AdoptCheckout(_)
            | Action::MarkCheckout(_)
            | Action::RenameBranch { .. }
            | Action::Switch { .. }
            | Action::Repair { .. }
            | Action::WriteFile(_)
            | Action::AdoptFile(_)
            | Action::RemoveFile { .. }
            | Action::RunHook(_)
            | Action::OpenSession(_)
            | Action::RemoveBuilder(_)
            | Action::RemoveCheckout(_)
            | Action::FinishRemoval { .. }
            | Action::Prune(_)
            | Action::Nothing(_) => None,
        },
        Event::Output { address, line } => {
            let name = style.paint(Tone::Faint, &format!("{} |", subject(address)));
            Some(format!("{name} {}\n", clean(line)))
        }
        Event::Complete { change, elapsed } => {
            let past = style.paint(Tone::Change(change.action.symbol()), &past(&change.action));
            Some(format!("{}: {past} in {}\n", subject(&change.address), took(*elapsed)))
        }
        Event::Errored { change, error, next } => {
            let failed = style.paint(Tone::Blocked, &format!("{} failed", verb(&change.action)));
            let mut out = format!("{}: {failed}: {}\n", subject(&change.address), clean(error));
            push_next(&mut out, 2, next, style);
            Some(out)
        }
        Event::Warning { address, message } => {
            let about = address.map(|address| format!("{}: ", subject(address))).unwrap_or_default();
            Some(format!("{} {about}{}\n", style.paint(Tone::Notice, "warning:"), clean(message)))
        }
        Event::Failure { message, next } => {
            let mut out = format!("{} {}\n", style.paint(Tone::Blocked, "error:"), clean(message));
            push_next(&mut out, 2, next, style);
            Some(out)
        }
        // What was skipped, and how much was deleted, is said at the end.
        Event::Planned(_) | Event::Progress { .. } | Event::Skipped { .. } | Event::Deleted(_) | Event::Summary(_) => None,
    }
}

fn subject(address: &Address) -> String {
    clean(&address.to_string())
}
