//! Asks the agents' server for a builder's session, and notes its id in the mark.

use anyhow::Result;

use crate::agent::Server;
use crate::model::session::Session;
use crate::plan::SessionOpening;

use super::Shared;

/// The session with the builder's name, opened where the server has none.
pub(super) fn open(shared: &Shared<'_>, opening: &SessionOpening) -> Result<()> {
    let id = Server::new(&opening.server).open(&opening.path, opening.builder.as_str())?;
    let _turn = shared.turn();
    let session = Session { server: opening.server.to_string(), id };
    shared.change_builder_mark(&opening.builder, &opening.path, |mark| mark.session = Some(session))
}
