//! `builders.B.post_create` and `builders.B.R.post_create`: hooks that are still to be run; and those before a removal.

use crate::model::address::Address;
use crate::model::desired::{DesiredBuilder, DesiredCheckout};
use crate::model::hook::{Hook, Moment, Outstanding};
use crate::model::name::{BranchName, BuilderName, RepoName};
use crate::model::path::AbsPath;
use crate::model::trust::Command;

use super::blockers::{at, see_to};
use super::draft::Drafts;
use super::input::Input;
use super::members::{Member, in_place};
use super::{Action, Blocker, HookRun, HookSpot};

/// Plans what of a builder's hooks is outstanding, once everything else of it is planned.
pub(super) fn plan(input: &Input<'_>, builder: &DesiredBuilder, drafts: &mut Drafts) {
    if input.options.skip_hooks {
        return;
    }
    for checkout in builder.checkouts.values() {
        if let Some(hook) = &checkout.hooks.post_create
            && let address = Address::Hook(builder.name.clone(), Some(checkout.repository.clone()))
            && let Some(outstanding) = of_checkout(input, builder, checkout, drafts).or_else(|| asked(input, &address))
        {
            let path = checkout.path.under(&builder.path);
            let spot = HookSpot {
                repository: checkout.repository.clone(),
                admin_dir: input.marked(&builder.name, &checkout.repository).map(|(found, _)| found.admin_dir.clone()),
                path,
            };
            let first = waits_for(drafts, |other| match other {
                Address::Checkout(name, repository) => *name == builder.name && *repository == checkout.repository,
                Address::File(name, to) => *name == builder.name && checkout.path.contains(to),
                Address::Repository(repository) => *repository == checkout.repository,
                Address::Builder(name) => *name == builder.name,
                Address::BuildersDir | Address::Hook(..) | Address::Session(_) => false,
            });
            add(input, builder, (address, Some(spot), checkout.goal.branch()), hook, (&outstanding, first), drafts);
        }
    }
    if let Some(hook) = &builder.hooks.post_create
        && let address = Address::Hook(builder.name.clone(), None)
        && let Some(outstanding) = of_builder(input, builder, drafts).or_else(|| asked(input, &address))
    {
        let first = waits_for(drafts, |other| match other {
            Address::Session(_) => false,
            other => other.builder() == Some(&builder.name),
        });
        add(input, builder, (address, None, Some(&builder.branch)), hook, (&outstanding, first), drafts);
    }
}

/// Whether `--replace` names the hook of something that is there: it runs once more, also where it never did.
fn asked(input: &Input<'_>, address: &Address) -> Option<Outstanding> {
    let named = input.options.replace.iter().any(|pattern| pattern.is(address));
    let there = match address {
        Address::Hook(builder, Some(repository)) => input.marked(builder, repository).is_some(),
        Address::Hook(builder, None) => input.builder_mark(builder).is_some(),
        Address::BuildersDir
        | Address::Repository(_)
        | Address::Builder(_)
        | Address::Checkout(..)
        | Address::File(..)
        | Address::Session(_) => false,
    };
    (named && there).then_some(Outstanding::Pending)
}

/// Whether the hook of a checkout is to be run: it is made now, or it was made and its hook did not run to its end.
fn of_checkout(input: &Input<'_>, builder: &DesiredBuilder, checkout: &DesiredCheckout, drafts: &Drafts) -> Option<Outstanding> {
    let address = Address::Checkout(builder.name.clone(), checkout.repository.clone());
    if let Some(draft) = drafts.find(&address)
        && (draft.change.action.creates().is_some() || draft.change.is_blocked())
    {
        return (!draft.change.is_blocked()).then_some(Outstanding::Pending);
    }
    let here = in_place(input, builder).contains(&checkout.repository);
    let (_, mark) = input.marked(&builder.name, &checkout.repository).filter(|_| here)?;
    mark.hooks.post_create.clone()
}

/// The same of the builder itself.
fn of_builder(input: &Input<'_>, builder: &DesiredBuilder, drafts: &Drafts) -> Option<Outstanding> {
    let draft = drafts.find(&Address::Builder(builder.name.clone()));
    if let Some(draft) = draft
        && matches!(draft.change.action, Action::CreateBuilder(_))
    {
        return (!draft.change.is_blocked()).then_some(Outstanding::Pending);
    }
    input.builder_mark(&builder.name)?.hooks.post_create.clone()
}

/// The first refused change that a hook waits for.
fn waits_for(drafts: &Drafts, is_before: impl Fn(&Address) -> bool) -> Option<Address> {
    let changes = drafts.list.iter().map(|draft| &draft.change);
    changes.filter(|change| change.is_blocked() && is_before(&change.address)).map(|change| change.address.clone()).next()
}

fn add(
    input: &Input<'_>,
    builder: &DesiredBuilder,
    (address, spot, branch): (Address, Option<HookSpot>, Option<&BranchName>),
    hook: &Hook,
    (outstanding, waits): (&Outstanding, Option<Address>),
    drafts: &mut Drafts,
) {
    let created = drafts.find(&Address::Builder(builder.name.clone()));
    let new = created.is_some_and(|draft| matches!(draft.change.action, Action::CreateBuilder(_)));
    let line = first_line(&hook.run);
    let reason = match outstanding {
        Outstanding::Failed(how) => format!("run `{line}` again: it failed: {how}"),
        Outstanding::Pending if new || is_new(drafts, &address) => format!("run `{line}`"),
        Outstanding::Pending if input.options.replace.iter().any(|pattern| pattern.is(&address)) => {
            format!("replace: run `{line}` once more")
        }
        Outstanding::Pending => format!("run `{line}`: it has not run to its end"),
    };
    let path = spot.as_ref().map_or(&builder.path, |spot| &spot.path).clone();
    let mut blockers: Vec<Blocker> = untrusted(input, hook, Moment::PostCreate, &path).into_iter().collect();
    blockers.extend(waits.map(|other| {
        let fact = format!("it waits for {other}, which is blocked");
        at("waits", &path, fact, see_to(&other))
    }));
    blockers.extend(running(input, &address, &path));
    let run = HookRun {
        moment: Moment::PostCreate,
        hook: hook.clone(),
        builder: builder.name.clone(),
        builder_path: builder.path.clone(),
        spot,
        branch: branch.cloned(),
        port: input.port(&builder.name),
    };
    let draft = drafts.add(address, Action::RunHook(Box::new(run)), reason);
    draft.change.blockers = blockers;
}

/// Whether the checkout of a hook is made by this plan.
fn is_new(drafts: &Drafts, address: &Address) -> bool {
    let Address::Hook(builder, Some(repository)) = address else { return false };
    let checkout = drafts.find(&Address::Checkout(builder.clone(), repository.clone()));
    checkout.is_some_and(|draft| draft.change.action.creates().is_some())
}

fn first_line(text: &str) -> String {
    let mut lines = text.trim().lines();
    let first = lines.next().unwrap_or_default().trim_end();
    if lines.next().is_some() { format!("{first} …") } else { first.to_owned() }
}

/// The refusal of a command that nobody trusts.
fn untrusted(input: &Input<'_>, hook: &Hook, moment: Moment, path: &AbsPath) -> Option<Blocker> {
    let known = input.actual.trusted.contains(&Command::Script(hook.run.clone()));
    let fact = format!("its {moment} is not trusted: `{}`", first_line(&hook.run));
    (!known).then(|| at("untrusted-hook", path, fact, "wsctl trust"))
}

/// A run of the same hook that outlived the wsctl that began it.
fn running(input: &Input<'_>, address: &Address, path: &AbsPath) -> Option<Blocker> {
    let runs = input.actual.hooks_running.contains(address);
    let fact = "it is still running";
    runs.then(|| at("hook-running", path, fact, "wait until it has ended, or end it"))
}

/// The hooks that run before a removal: those of the checkouts, then the builder's own; and why they may not.
pub(super) fn before_removal(
    input: &Input<'_>,
    builder: &BuilderName,
    builder_path: &AbsPath,
    members: &[Member<'_>],
    whole: bool,
) -> (Vec<HookRun>, Vec<Blocker>) {
    if input.options.skip_hooks {
        return (vec![], vec![]);
    }
    let mut blockers = still_running(input, builder, builder_path, members, whole);
    let port = input.port(builder).or_else(|| input.builder_mark(builder)?.port);
    let mut runs = Vec::new();
    let mut add = |hook: &Hook, spot: Option<HookSpot>, branch: Option<&BranchName>| {
        let path = spot.as_ref().map_or(builder_path, |spot| &spot.path);
        blockers.extend(untrusted(input, hook, Moment::PreRemove, path));
        runs.push(HookRun {
            moment: Moment::PreRemove,
            hook: hook.clone(),
            builder: builder.clone(),
            builder_path: builder_path.clone(),
            spot,
            branch: branch.cloned(),
            port,
        });
    };
    for (name, _, registration) in members {
        let hook = registration.mark.mark().and_then(|mark| mark.hooks.pre_remove.as_ref());
        if let (Some(hook), Some(path)) = (hook, &registration.worktree) {
            let repository: RepoName = (*name).clone();
            let spot = HookSpot { repository, path: path.clone(), admin_dir: Some(registration.admin_dir.clone()) };
            add(hook, Some(spot), registration.head.branch());
        }
    }
    let own = input.builder_mark(builder).filter(|_| whole);
    if let Some(mark) = own
        && let Some(hook) = &mark.hooks.pre_remove
    {
        add(hook, None, Some(&mark.branch));
    }
    (runs, blockers)
}

/// Hooks that still prepare what is to go, though the wsctl that began them has ended. One that came to its end may have left
/// a server behind, which is no reason.
fn still_running(input: &Input<'_>, builder: &BuilderName, path: &AbsPath, members: &[Member<'_>], whole: bool) -> Vec<Blocker> {
    let own = input.builder_mark(builder).filter(|mark| whole && mark.hooks.post_create.is_some());
    let own = own.and_then(|_| running(input, &Address::Hook(builder.clone(), None), path));
    let inside = members.iter().filter_map(|(name, _, registration)| {
        registration.mark.mark()?.hooks.post_create.as_ref()?;
        running(input, &Address::Hook(builder.clone(), Some((*name).clone())), registration.worktree.as_ref().unwrap_or(path))
    });
    own.into_iter().chain(inside).collect()
}

/// What a removal says of the hooks that run before it.
pub(super) fn told(runs: &[HookRun]) -> Vec<String> {
    let place = |run: &HookRun| run.spot.as_ref().map_or_else(String::new, |spot| format!(" in {}", spot.repository));
    runs.iter().map(|run| format!("runs `{}`{} first", first_line(&run.hook.run), place(run))).collect()
}
