//! Why a plan is what it is: what was found of everything that is declared and asked for, as declared or not.

use std::collections::BTreeSet;

use crate::model::actual::Actual;
use crate::model::address::Address;
use crate::model::desired::Desired;
use crate::plan::branch::words;
use crate::plan::input::Input;
use crate::plan::moves::{Today, moved};
use crate::plan::selection::{declared, depends_on};
use crate::plan::{Options, Plan};

use super::{Compared, Fact, compared};

/// What was compared, each list in the order of its addresses.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Explained {
    /// What is on the disk as it is declared.
    pub same: Vec<Compared>,
    /// What changes, what is refused, and what is left alone.
    pub differs: Vec<Compared>,
}

/// What was compared for this plan. What a refusal leaves unplanned is in neither list.
#[must_use]
pub fn explained(desired: &Desired, actual: &Actual, options: &Options, plan: &Plan) -> Explained {
    moved(desired, actual, options, |input| explain_all(input, plan))
}

fn explain_all(input: &Input<'_>, plan: &Plan) -> Explained {
    let (desired, options) = (input.desired, input.options);
    let changes = plan.changes.iter().map(|change| &change.address);
    let differs: BTreeSet<&Address> = changes.chain(plan.drift.iter().filter_map(|note| note.address.as_ref())).collect();
    let refused: BTreeSet<&Address> = plan.blocked().map(|change| &change.address).collect();
    let settled = |address: &Address| {
        let free = !depends_on(desired, address).iter().any(|needed| refused.contains(needed));
        // With --refresh-only nothing says what would change.
        free && !options.refresh_only && !options.destroy && !differs.contains(address) && input.selects(address)
    };
    let mut same: Vec<Address> = declared(desired).filter(settled).collect();
    same.sort_by(|a, b| a.rank().cmp(&b.rank()));
    let mut differs: Vec<&Address> = differs.into_iter().collect();
    differs.sort_by(|a, b| a.rank().cmp(&b.rank()));
    let today = Today::new(input.moves(), desired);
    let explain = |address: &Address| explain(input, &today, address);
    Explained { same: same.iter().map(explain).collect(), differs: differs.into_iter().map(explain).collect() }
}

/// What is declared, then what was found.
fn explain(input: &Input<'_>, today: &Today, address: &Address) -> Compared {
    let mut compared = compared(input, today, address);
    if let Some(is) = wanted(input.desired, address) {
        compared.facts.insert(0, Fact { what: "declared".into(), is });
    }
    compared
}

/// What the file says of an address, in words; `None`: nothing.
fn wanted(desired: &Desired, address: &Address) -> Option<String> {
    let builder = address.builder().and_then(|name| desired.builders.get(name));
    match address {
        Address::BuildersDir => None,
        Address::Repository(name) => {
            let declared = desired.repositories.get(name)?;
            let url = declared.url.as_ref().map_or_else(|| "without a url".into(), ToString::to_string);
            Some(format!("{}, {url}", declared.path))
        }
        Address::Builder(_) => builder.map(|builder| {
            let protect = if builder.protect { ", protected" } else { "" };
            format!("branch {}{protect}", builder.branch)
        }),
        Address::Checkout(_, repository) => {
            let checkout = builder?.checkouts.get(repository)?;
            let base = checkout.base.as_deref().map(|base| format!(", base {base}")).unwrap_or_default();
            Some(words(&checkout.goal) + &base)
        }
        Address::Hook(_, repository) => {
            let builder = builder?;
            let hooks = match repository {
                Some(repository) => &builder.checkouts.get(repository)?.hooks,
                None => &builder.hooks,
            };
            hooks.post_create.as_ref().map(|hook| format!("`{}`, for {}s at most", hook.run.trim(), hook.timeout))
        }
        Address::Session(_) => desired.opencode.as_ref().map(|server| format!("a session on {server}")),
        Address::File(_, to) => {
            let file = builder?.files.get(to)?;
            let from = file.from.as_ref().map(|from| format!(" of {}", from.path)).unwrap_or_default();
            Some(format!("{}{from}", file.mode.as_str()))
        }
    }
}
