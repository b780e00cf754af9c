//! `builders.B.session`: one on the agents' server for each builder.

use crate::model::address::Address;
use crate::model::desired::{DesiredBuilder, Shape};
use crate::model::name::RepoName;
use crate::model::session::Sessions;
use crate::model::status::SessionState;

use super::anchor::will_exist;
use super::draft::Drafts;
use super::input::Input;
use super::obstacle::obstacle;
use super::{Action, SessionOpening};

/// Plans the session of a builder, where the server answers and has none.
pub(super) fn plan(input: &Input<'_>, builder: &DesiredBuilder, drafts: &mut Drafts) {
    let (Some(server), Sessions::Known(known)) = (&input.desired.opencode, &input.actual.sessions) else { return };
    let draft = drafts.find(&Address::Builder(builder.name.clone()));
    let nested = builder.shape == Shape::Nested && !will_exist(drafts, builder, &RepoName::root());
    let comes = draft.is_some_and(|draft| !draft.change.is_blocked()) && !nested;
    let mark = input.builder_mark(&builder.name);
    if obstacle(input, builder).is_some() || draft.is_some_and(|draft| draft.change.is_blocked()) || !(comes || mark.is_some()) {
        return;
    }
    let session = mark.and_then(|mark| mark.session.as_ref());
    let moves = input.moves().is_some_and(|moves| moves.of(&builder.name).is_some());
    let reason = match session {
        Some(session) if session.server != server.to_string() => format!("new session on {server}: it was on {}", session.server),
        Some(_) if moves => format!("new session on {server}: its builder moves"),
        Some(_) if matches!(known.get(&builder.name), Some(SessionState::Busy | SessionState::Idle)) => return,
        Some(_) => format!("new session on {server}: the one it had is gone"),
        None => format!("new session on {server}"),
    };
    let opening = SessionOpening { server: server.clone(), builder: builder.name.clone(), path: builder.path.clone() };
    drafts.add(Address::Session(builder.name.clone()), Action::OpenSession(Box::new(opening)), reason);
}

/// What is said of a server that does not answer.
pub(super) fn warn(input: &Input<'_>, drafts: &mut Drafts) {
    if let Sessions::Down(why) = &input.actual.sessions {
        drafts.warnings.push(format!("sessions stay as they are: {why}"));
    }
}
