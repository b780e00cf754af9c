//! Tests of `config` and `desired`: a text → its faults, or what it asks for.

mod desired;
mod disk;
mod documented;
mod faults;
mod include;
mod robust;

use std::collections::BTreeMap;

use wsctl::config::{Facts, gather};
use wsctl::diagnostic::{Fault, Faults};
use wsctl::model::desired::Desired;
use wsctl::model::path::AbsPath;

pub fn abs(path: &str) -> AbsPath {
    AbsPath::new(path).unwrap()
}

/// A root `/ws` that is a repository, HOME at `/home/u`, nothing else on the disk.
pub fn facts() -> Facts {
    Facts { root_is_repository: true, home: Some(abs("/home/u")), ..Facts::plain(abs("/ws")) }
}

#[track_caller]
pub fn read(text: &str, facts: &Facts) -> Result<Desired, Faults> {
    let answer = wsctl::desired::desired(&gather(&abs("/ws/builders.toml"), text), facts);
    documented::agrees(text, answer.as_ref().map_or_else(|faults| faults.faults.as_slice(), |_| &[]));
    answer
}

/// What `text` asks for; it must have no fault.
pub fn wish(text: &str) -> Desired {
    read(text, &facts()).unwrap_or_else(|faults| panic!("{:#?}", faults.faults))
}

pub fn faults(text: &str, facts: &Facts) -> Vec<Fault> {
    read(text, facts).map_or_else(|faults| faults.faults, |_| Vec::new())
}

/// `(message, marked text, hint)` of each fault.
pub fn told<'a>(text: &'a str, faults: &[Fault]) -> Vec<(String, &'a str, String)> {
    faults.iter().map(|fault| (fault.message.clone(), &text[fault.span.clone()], fault.hint.clone())).collect()
}

pub const EXAMPLE: &str = include_str!("../../builders.toml.example");

/// The paths of a builder's checkouts by repository.
pub fn places(desired: &Desired, builder: &str) -> BTreeMap<String, String> {
    let checkouts = desired.builders[builder].checkouts.values();
    checkouts.map(|checkout| (checkout.repository.to_string(), checkout.path.to_string())).collect()
}

/// The example with its working examples put in.
pub fn whole_example() -> String {
    let line = |line: &str| match line.strip_prefix('#') {
        Some(code) if code.starts_with(|c: char| c == '[' || c.is_ascii_lowercase()) => format!("{code}\n"),
        Some(_) | None => format!("{line}\n"),
    };
    EXAMPLE.lines().map(line).collect()
}
