//! Time that nobody can set: which boot of the machine it is, and how long that is ago.

use serde::{Deserialize, Serialize};

/// How many seconds clock and uptime may be apart, as a clock that is kept right by the network is.
const SLACK: i64 = 60;

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
    /// Seconds from `then` to this moment: by the uptime within one boot, or by the clock where that says clearly less;
    /// else by the clock. Negative where `then` is still to come, as after a clock was set back.
    #[must_use]
    pub fn since(&self, then: &Moment) -> i64 {
        let clock = self.seconds.saturating_sub(then.seconds);
        let uptime = match (&self.boot, &then.boot) {
            (Some(now), Some(then)) if now.id == then.id => now.uptime.checked_sub(then.uptime),
            (Some(_) | None, Some(_) | None) => None,
        };
        // Less uptime than before in one boot: a container counts its own. Then it says nothing.
        let Some(uptime) = uptime.and_then(|seconds| i64::try_from(seconds).ok()) else { return clock };
        // More than by the clock: a time namespace counts its own, or the clock was set back. The younger is kept longer.
        let younger = clock >= -SLACK && uptime.saturating_sub(clock) > SLACK;
        if younger { clock.max(0) } else { uptime }
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
    fn within_a_boot_no_clock_makes_anything_older_than_the_uptime() {
        let then = moment(1_000_000, Some(("a", 50)));
        for jump in [-YEAR, -101, 0, 1, 60, YEAR, i64::MAX - 2_000_000] {
            assert_eq!(moment(1_000_100 + jump, Some(("a", 150))).since(&then), if jump == -101 { 0 } else { 100 }, "{jump}");
        }
    }

    #[test]
    fn within_a_boot_the_clock_counts_where_it_says_less_and_nothing_impossible() {
        let then = moment(1_000_000, Some(("a", 50)));
        let age = |clock: i64, uptime: u64| moment(1_000_000 + clock, Some(("a", 50 + uptime))).since(&then);
        // A time namespace says that the machine has been up for years.
        assert_eq!((age(5, 99_999_999), age(-5, 99_999_999), age(0, 99_999_999)), (5, 0, 0));
        assert_eq!((age(1000, 1061), age(1000, 1060), age(1000, 900)), (1000, 1060, 900));
        // The clock was set back to a time before: it says nothing.
        assert_eq!(age(-61, 1000), 1000);
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
