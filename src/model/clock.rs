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
