//! What a hook or a session depends on.

use crate::model::hook::{HookMark, Outstanding};
use crate::model::name::{BuilderName, RepoName};
use crate::model::session::Sessions;
use crate::model::trust::Command;
use crate::plan::input::Input;

use super::Facts;

pub(super) fn hook(input: &Input<'_>, name: &BuilderName, repository: Option<&RepoName>, facts: &mut Facts) {
    let builder = input.desired.builders.get(name);
    let hooks = match repository {
        Some(repository) => builder.and_then(|builder| builder.checkouts.get(repository)).map(|checkout| &checkout.hooks),
        None => builder.map(|builder| &builder.hooks),
    };
    let mark: Option<&HookMark> = match repository {
        Some(repository) => input.marked(name, repository).map(|(_, mark)| &mark.hooks),
        None => input.builder_mark(name).map(|mark| &mark.hooks),
    };
    if let Some(hook) = hooks.and_then(|hooks| hooks.post_create.as_ref()) {
        let trusted = input.actual.trusted.contains(&Command::Script(hook.run.clone()));
        facts.add("trusted", if trusted { "yes" } else { "no" });
    }
    let state = match mark.map(|mark| &mark.post_create) {
        None => "not made yet".into(),
        Some(None) => "nothing to run".into(),
        Some(Some(Outstanding::Pending)) => "not run to its end".into(),
        Some(Some(Outstanding::Failed(how))) => format!("failed: {how}"),
    };
    facts.add("mark", state);
}

pub(super) fn session(input: &Input<'_>, name: &BuilderName, facts: &mut Facts) {
    let session = input.builder_mark(name).and_then(|mark| mark.session.as_ref());
    facts.add("mark", session.map_or_else(|| "none".into(), |session| format!("{} on {}", session.id, session.server)));
    let server = match &input.actual.sessions {
        Sessions::None => "not asked".into(),
        Sessions::Down(why) => why.clone(),
        Sessions::Known(known) => match known.get(name) {
            Some(state) => state.as_str().into(),
            None => "answers".into(),
        },
    };
    facts.add("server", server);
}
