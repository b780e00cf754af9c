//! Which builders a status tells of, and in which order.

use super::address::Address;
use super::pattern::Pattern;
use super::status::{BuilderStatus, CheckoutStatus, Status};

/// What is asked for; nothing: everything, by name.
#[expect(clippy::struct_excessive_bools, reason = "each is one flag of the command line")]
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    /// Only these.
    pub targets: Vec<Pattern>,
    /// Only checkouts in which files differ, or which have commits of their own.
    pub changed: bool,
    /// Only checkouts with commits that no remote has.
    pub unpushed: bool,
    /// Only builders whose commits are all merged (`true`), or not (`false`).
    pub merged: Option<bool>,
    /// Only builders in which nobody worked for so many seconds.
    pub idle: Option<u64>,
    /// Only builders with these labels: name, value.
    pub labels: Vec<(String, String)>,
    /// Only what is not `ok`.
    pub amiss: bool,
    /// The order.
    pub sort: Order,
    /// The other way round.
    pub reverse: bool,
}

/// The order of builders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// By name.
    #[default]
    Name,
    /// The oldest first.
    Age,
    /// Where somebody worked last, first.
    Activity,
    /// Where most files differ, first.
    Changed,
    /// Where most commits are ahead, first.
    Ahead,
    /// What takes most on the disk, first.
    Disk,
}

/// The commits and files of a builder, added up. `None`: nothing is known of any of its checkouts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sums {
    /// Tracked files that changed.
    pub changed: Option<usize>,
    /// Files that git does not know.
    pub untracked: Option<usize>,
    /// Commits ahead of the upstream or base.
    pub ahead: Option<usize>,
    /// Commits behind.
    pub behind: Option<usize>,
    /// Commits that no remote has.
    pub unpushed: Option<usize>,
    /// Whether the commits of all that have some are in their bases.
    pub merged: Option<bool>,
}

impl BuilderStatus {
    /// Its checkouts, added up.
    #[must_use]
    pub fn sums(&self) -> Sums {
        let sum = |of: &dyn Fn(&CheckoutStatus) -> Option<usize>| {
            self.checkouts.iter().filter_map(of).fold(None, |sum: Option<usize>, number| Some(sum.unwrap_or(0) + number))
        };
        let merged: Vec<bool> = self.checkouts.iter().filter_map(|checkout| checkout.merged).collect();
        Sums {
            changed: sum(&|checkout| checkout.changed),
            untracked: sum(&|checkout| checkout.untracked),
            ahead: sum(&|checkout| checkout.ahead_behind.map(|(ahead, _)| ahead)),
            behind: sum(&|checkout| checkout.ahead_behind.map(|(_, behind)| behind)),
            unpushed: sum(&|checkout| checkout.unpushed),
            merged: (!merged.is_empty()).then(|| merged.iter().all(|merged| *merged)),
        }
    }
}

impl CheckoutStatus {
    /// Whether something is in it that its upstream or base has not.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        let files = self.changed.unwrap_or(0) + self.untracked.unwrap_or(0);
        files > 0 || self.ahead_behind.is_some_and(|(ahead, _)| ahead > 0)
    }
}

impl Query {
    /// The part of a status that is asked for; `now` is in seconds since 1970.
    #[must_use]
    pub fn select(&self, mut status: Status, now: i64) -> Status {
        let some = *self != Query { sort: self.sort, reverse: self.reverse, ..Query::default() };
        if some {
            status.unmanaged.clear();
            status.narrowed = true;
        }
        status.builders.retain(|builder| self.is_meant(builder, now));
        for builder in &mut status.builders {
            let name = builder.name.clone();
            builder.checkouts.retain(|checkout| {
                let address = Address::Checkout(name.clone(), checkout.repository.clone());
                self.targets(&address)
                    && (!self.changed || checkout.is_changed())
                    && (!self.unpushed || checkout.unpushed.is_some_and(|number| number > 0))
            });
        }
        if self.changed || self.unpushed {
            status.builders.retain(|builder| !builder.checkouts.is_empty());
        }
        self.sort(&mut status.builders);
        status
    }

    fn targets(&self, address: &Address) -> bool {
        self.targets.is_empty() || self.targets.iter().any(|pattern| pattern.covers(address))
    }

    fn is_meant(&self, builder: &BuilderStatus, now: i64) -> bool {
        let own = Address::Builder(builder.name.clone());
        let mut inside =
            builder.checkouts.iter().map(|checkout| Address::Checkout(builder.name.clone(), checkout.repository.clone()));
        let idle = |seconds: u64| {
            let last = builder.active.or(builder.created);
            last.is_some_and(|last| now.saturating_sub(last) >= i64::try_from(seconds).unwrap_or(i64::MAX))
        };
        (self.targets(&own) || inside.any(|address| self.targets(&address)))
            && self.merged.is_none_or(|wanted| builder.sums().merged == Some(wanted))
            && self.idle.is_none_or(idle)
            && self.labels.iter().all(|(name, value)| builder.labels.get(name) == Some(value))
            && (!self.amiss || builder.whole_state() != super::status::OK)
    }

    fn sort(&self, builders: &mut [BuilderStatus]) {
        use std::cmp::Reverse;
        match self.sort {
            Order::Name => builders.sort_by(|a, b| a.name.cmp(&b.name)),
            Order::Age => builders.sort_by_key(|builder| (builder.created.unwrap_or(i64::MAX), builder.name.clone())),
            Order::Activity => builders.sort_by_key(|builder| (Reverse(builder.active), builder.name.clone())),
            Order::Changed => builders.sort_by_key(|builder| {
                let sums = builder.sums();
                (Reverse(sums.changed.unwrap_or(0) + sums.untracked.unwrap_or(0)), builder.name.clone())
            }),
            Order::Ahead => builders.sort_by_key(|builder| (Reverse(builder.sums().ahead), builder.name.clone())),
            Order::Disk => builders.sort_by_key(|builder| (Reverse(builder.disk), builder.name.clone())),
        }
        if self.reverse {
            builders.reverse();
        }
    }
}
