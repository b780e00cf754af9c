//! What templates, and the texts of wsctl's own, may say of a builder.

use crate::model::desired::{DesiredBuilder, DesiredCheckout, DesiredFile};
use crate::model::path::AbsPath;
use crate::plan::input::Input;

use super::template::Values;

/// The values of a builder that is at some place.
pub(super) fn values(input: &Input<'_>, builder: &DesiredBuilder, file: &DesiredFile, place: &AbsPath) -> Values {
    let of = |checkout: &DesiredCheckout| repo(input, builder, checkout, place);
    let own = file.checkout.as_ref().and_then(|name| builder.checkouts.get(name)).map(of).unwrap_or_default();
    Values {
        plain: vec![
            ("{builder}", Some(builder.name.to_string())),
            ("{branch}", Some(builder.branch.to_string())),
            ("{workspace}", Some(input.desired.root.to_string())),
            ("{dir}", Some(place.to_string())),
            ("{port}", input.port(&builder.name).map(|port| port.to_string())),
        ],
        no_port: match input.desired.ports {
            None => "[workspace] has no `ports`",
            Some(_) => "every one of the `ports` of [workspace] is taken",
        },
        labels: builder.labels.clone(),
        repos: builder.checkouts.values().map(of).collect(),
        own,
    }
}

fn repo(input: &Input<'_>, builder: &DesiredBuilder, checkout: &DesiredCheckout, place: &AbsPath) -> Vec<(&'static str, String)> {
    vec![
        ("{repo}", checkout.repository.to_string()),
        ("{repo.path}", checkout.path.to_string()),
        ("{repo.dir}", checkout.path.under(place).to_string()),
        ("{repo.branch}", checkout.goal.to_string()),
        ("{repo.base}", base(input, builder, checkout)),
    ]
}

/// What the branch of a checkout started from, in words that stay the same from before its creation on: the declared base, else
/// the HEAD of the remote, else the branch of the main worktree as it was then.
pub(super) fn base(input: &Input<'_>, builder: &DesiredBuilder, checkout: &DesiredCheckout) -> String {
    if let Some(base) = &checkout.base {
        return base.clone();
    }
    let Some(repository) = input.repository(&checkout.repository) else { return "origin/HEAD".into() };
    if let Some(remote) = repository.remote() {
        return format!("{remote}/HEAD");
    }
    let marked = input.marked(&builder.name, &checkout.repository).and_then(|(_, mark)| mark.base.clone());
    marked.or_else(|| repository.head.branch().map(ToString::to_string)).unwrap_or_default()
}
