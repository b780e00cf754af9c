//! Time that nobody can set: which boot of the machine it is, and how long that is ago.

use serde::{Deserialize, Serialize};

/// A moment, told by the machine's uptime: two of one boot are as far apart as they say, whatever the clock was set to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Boot {
    /// The system's random name of the boot.
    pub id: String,
    /// Seconds since then, sleep included.
    pub uptime: u64,
}

/// A moment, told by the clock and, where the system has one, by the uptime.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Moment {
    /// The clock: seconds since 1970.
    pub seconds: i64,
    /// The uptime.
    pub boot: Option<Boot>,
}

impl Moment {
    /// Seconds from `then` to this moment: by the uptime within one boot, else by the clock. Negative where `then` is
    /// still to come, as after a clock was set back.
    #[must_use]
    pub fn since(&self, then: &Moment) -> i64 {
        let uptime = match (&self.boot, &then.boot) {
            (Some(now), Some(then)) if now.id == then.id => now.uptime.checked_sub(then.uptime),
            (Some(_) | None, Some(_) | None) => None,
        };
        // Less uptime than before in one boot: a container counts its own. Then it says nothing.
        uptime.and_then(|seconds| i64::try_from(seconds).ok()).unwrap_or(self.seconds.saturating_sub(then.seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const YEAR: i64 = 365 * 24 * 3600;

    fn moment(seconds: i64, boot: Option<(&str, u64)>) -> Moment {
        Moment { seconds, boot: boot.map(|(id, uptime)| Boot { id: id.into(), uptime }) }
    }

    #[test]
    fn within_a_boot_the_uptime_counts_whatever_the_clock_says() {
        let then = moment(1_000_000, Some(("a", 50)));
        for jump in [-YEAR, -1, 0, 1, YEAR, i64::MAX - 2_000_000] {
            assert_eq!(moment(1_000_000 + jump, Some(("a", 150))).since(&then), 100, "{jump}");
        }
    }

    #[test]
    fn from_boot_to_boot_the_clock_counts_and_may_say_that_it_is_still_to_come() {
        let then = moment(1_000_000, Some(("a", 50)));
        assert_eq!(moment(1_000_100, Some(("b", 5000))).since(&then), 100);
        assert_eq!(moment(1_000_100, None).since(&then), 100);
        assert_eq!(moment(1_000_100, Some(("a", 49))).since(&then), 100, "an uptime that went back says nothing");
        assert_eq!(moment(999_900, Some(("b", 5000))).since(&then), -100);
        assert_eq!(moment(i64::MIN, None).since(&moment(i64::MAX, None)), i64::MIN);
    }
}
