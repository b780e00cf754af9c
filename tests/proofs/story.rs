//! A case is a number, and the number is a story: a workspace, and what people and machines then do to it.

use std::fmt;

/// Random numbers that are the same for the same seed.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below another; 0 where there is none.
    pub(super) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap() % end.max(1)
    }

    pub(super) fn pick<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        list.get(self.below(list.len()))
    }

    pub(super) fn chance(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }
}

/// What people do by git and by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mess {
    Commit,
    Amend,
    DetachedCommit,
    Stage,
    Edit,
    HiddenEdit,
    Ignored,
    Disposable,
    Untracked,
    Stray,
    Stash,
    Rebase,
    Merge,
    SwitchBranch,
    RenameBranch,
    DeleteBranch,
    MoveWorktree,
    CopyWorktree,
    DeleteWorktree,
    DeleteBuilder,
    Gc,
    WorktreePrune,
    Lock,
    IndexLock,
    EditManaged,
    ChangeSource,
    ForeignFile,
    ForeignBuilder,
    CommitInAnchor,
    CommitInMain,
}

/// How a file is edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edit {
    AddBuilder,
    RemoveBuilder,
    RenameBuilder,
    AddCheckout,
    RemoveCheckout,
    Branch,
    Base,
    Policy,
    Protect,
    Files,
}

/// What happens to an apply while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Disturbance {
    Nothing,
    /// A write fails, or is the last one.
    Door,
    /// SIGKILL.
    Kill,
    /// No file may grow larger than this.
    FileSize,
    /// Another apply at the same time.
    Twice,
}

const MESS: [Mess; 36] = [
    Mess::Commit,
    Mess::Commit,
    Mess::Amend,
    Mess::Amend,
    Mess::DetachedCommit,
    Mess::DetachedCommit,
    Mess::DetachedCommit,
    Mess::Stage,
    Mess::Stage,
    Mess::Stage,
    Mess::Edit,
    Mess::HiddenEdit,
    Mess::Ignored,
    Mess::Disposable,
    Mess::Untracked,
    Mess::Stray,
    Mess::Stash,
    Mess::Rebase,
    Mess::Merge,
    Mess::SwitchBranch,
    Mess::RenameBranch,
    Mess::DeleteBranch,
    Mess::MoveWorktree,
    Mess::CopyWorktree,
    Mess::DeleteWorktree,
    Mess::DeleteBuilder,
    Mess::Gc,
    Mess::WorktreePrune,
    Mess::Lock,
    Mess::IndexLock,
    Mess::EditManaged,
    Mess::ChangeSource,
    Mess::ForeignFile,
    Mess::ForeignBuilder,
    Mess::CommitInAnchor,
    Mess::CommitInMain,
];

const EDITS: [Edit; 14] = [
    Edit::AddBuilder,
    Edit::AddBuilder,
    Edit::RemoveBuilder,
    Edit::RemoveBuilder,
    Edit::RemoveBuilder,
    Edit::RenameBuilder,
    Edit::AddCheckout,
    Edit::RemoveCheckout,
    Edit::RemoveCheckout,
    Edit::Branch,
    Edit::Base,
    Edit::Policy,
    Edit::Protect,
    Edit::Files,
];

const DISTURBANCES: [Disturbance; 10] = [
    Disturbance::Nothing,
    Disturbance::Nothing,
    Disturbance::Nothing,
    Disturbance::Nothing,
    Disturbance::Door,
    Disturbance::Door,
    Disturbance::Door,
    Disturbance::Kill,
    Disturbance::FileSize,
    Disturbance::Twice,
];

/// One thing with the seed of its own choices, so that the others stay what they are when it is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Deed<T> {
    pub(super) what: T,
    pub(super) seed: u64,
}

/// Mess, edits, and an apply.
#[derive(Debug, Clone)]
pub(super) struct Round {
    pub(super) mess: Vec<Deed<Mess>>,
    pub(super) edits: Vec<Deed<Edit>>,
    pub(super) disturbance: Deed<Disturbance>,
    pub(super) unsaved: bool,
    pub(super) allow_removals: bool,
    pub(super) destroy: bool,
}

/// All of it. The seed is that of the first workspace.
#[derive(Debug, Clone)]
pub(super) struct Story {
    pub(super) number: u64,
    pub(super) seed: u64,
    pub(super) rounds: Vec<Round>,
}

impl Story {
    pub(super) fn of(number: u64) -> Self {
        let mut dice = Dice::new(number);
        let seed = dice.next();
        let mut rounds = vec![round(&mut dice, false)];
        for _ in 0..=dice.below(2) {
            rounds.push(round(&mut dice, true));
        }
        Story { number, seed, rounds }
    }

    /// The same story with one thing less, in every way.
    pub(super) fn shorter(&self) -> Vec<Story> {
        let mut stories = Vec::new();
        for (index, round) in self.rounds.iter().enumerate() {
            if self.rounds.len() > 1 {
                stories.push(self.with(|story| _ = story.rounds.remove(index)));
            }
            for deed in 0..round.mess.len() {
                stories.push(self.with(|story| _ = story.rounds[index].mess.remove(deed)));
            }
            for deed in 0..round.edits.len() {
                stories.push(self.with(|story| _ = story.rounds[index].edits.remove(deed)));
            }
            if round.disturbance.what != Disturbance::Nothing {
                stories.push(self.with(|story| story.rounds[index].disturbance.what = Disturbance::Nothing));
            }
        }
        stories
    }

    fn with(&self, change: impl FnOnce(&mut Story)) -> Story {
        let mut story = self.clone();
        change(&mut story);
        story
    }
}

fn round(dice: &mut Dice, later: bool) -> Round {
    let deeds = if later { 2 + dice.below(9) } else { 0 };
    let edits = if later { dice.below(5) } else { 0 };
    let mess = (0..deeds).map(|_| Deed { what: MESS[dice.below(MESS.len())], seed: dice.next() }).collect();
    let edits = (0..edits).map(|_| Deed { what: EDITS[dice.below(EDITS.len())], seed: dice.next() }).collect();
    let disturbance = Deed { what: DISTURBANCES[dice.below(DISTURBANCES.len())], seed: dice.next() };
    Round {
        mess,
        edits,
        disturbance,
        unsaved: !dice.chance(3),
        allow_removals: !dice.chance(4),
        destroy: later && dice.chance(8),
    }
}

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for round in &self.rounds {
            let command = if round.destroy { "destroy" } else { "apply" };
            let mess: Vec<_> = round.mess.iter().map(|deed| format!("{:?}", deed.what)).collect();
            let edits: Vec<_> = round.edits.iter().map(|deed| format!("{:?}", deed.what)).collect();
            writeln!(
                f,
                "  mess [{}], edits [{}], {command} unsaved={} allow_removals={}, disturbed by {:?}",
                mess.join(", "),
                edits.join(", "),
                round.unsaved,
                round.allow_removals,
                round.disturbance.what
            )?;
        }
        Ok(())
    }
}
