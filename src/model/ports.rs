//! Ports of this machine that builders get one of, for the servers that run in them.

use std::collections::BTreeSet;
use std::fmt;

use super::name::BuilderName;

/// A range of ports, both ends in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ports {
    /// The lowest.
    pub first: u16,
    /// The highest.
    pub last: u16,
}

impl Ports {
    /// Whether a port is one of them.
    #[must_use]
    pub fn contains(&self, port: u16) -> bool {
        (self.first..=self.last).contains(&port)
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u32 {
        u32::from(self.last) - u32::from(self.first) + 1
    }

    /// A port for a builder: the one that its name leads to, else the next one that is free. `None`: all are taken.
    #[must_use]
    pub fn choose(&self, builder: &BuilderName, taken: &BTreeSet<u16>) -> Option<u16> {
        let start = fnv(builder.as_str()) % self.count();
        let all = (0..self.count()).map(|step| (start + step) % self.count());
        let mut ports = all.filter_map(|step| u16::try_from(u32::from(self.first) + step).ok());
        ports.find(|port| !taken.contains(port))
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

/// FNV-1a of 32 bits: the same on every machine and in every version, so that a name leads to the same port everywhere.
fn fnv(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_builder_gets_a_port_of_its_own_until_all_are_taken() {
        let ports = Ports { first: 41000, last: 41009 };
        let mut taken = BTreeSet::new();
        for number in 0..10 {
            let name = BuilderName::new(&format!("b{number}")).unwrap();
            let port = ports.choose(&name, &taken).unwrap();
            assert!(ports.contains(port) && taken.insert(port), "{port}");
        }
        assert_eq!(ports.choose(&BuilderName::new("late").unwrap(), &taken), None);
        let slack = BuilderName::new("slack").unwrap();
        assert_eq!(ports.choose(&slack, &BTreeSet::new()), ports.choose(&slack, &BTreeSet::new()));
    }
}
