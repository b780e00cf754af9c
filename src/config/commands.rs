//! The commands that a file wants to run, each with its place.

use super::schema::Config;
use crate::model::address::segment;
use crate::model::hook::Hooks;
use crate::model::session::Opener;
use crate::model::trust::{Command, Trusted, server_of};

/// Every command of the file and of what it includes, in the order of their places.
#[must_use]
pub fn commands(config: &Config) -> Vec<Trusted> {
    let mut found = of("[hooks]", &config.hooks);
    for (name, repo) in &config.repos {
        found.extend(of(&format!("[repos.{}.hooks]", segment(name.as_str())), &repo.hooks));
    }
    for (name, builder) in &config.builders {
        found.extend(of(&format!("[builders.{}.hooks]", segment(name.as_str())), &builder.hooks));
    }
    if let Some(Opener::Command(words)) = &config.open {
        found.push(Trusted { place: "[session] command".into(), command: Command::Words(words.clone()) });
    }
    // A server of another machine is told a password, and attached to.
    if let Some(url) = config.opencode.as_ref().map(|url| &url.value).filter(|url| !url.is_of_this_machine()) {
        found.push(Trusted { place: "[opencode] url".into(), command: server_of(url) });
    }
    found
}

fn of(table: &str, hooks: &Hooks) -> Vec<Trusted> {
    let both = [("post_create", &hooks.post_create), ("pre_remove", &hooks.pre_remove)];
    let some = both.into_iter().filter_map(|(key, hook)| Some((key, hook.as_ref()?)));
    some.map(|(key, hook)| Trusted { place: format!("{table} {key}"), command: Command::Script(hook.run.clone()) }).collect()
}
