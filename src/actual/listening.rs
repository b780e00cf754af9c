//! Ports of this machine on which somebody listens.

use std::collections::BTreeSet;

use crate::model::desired::Desired;
use crate::regular;

/// The state of a socket that listens, in `/proc/net/tcp`.
const LISTENS: &str = "0A";

/// The ports that are taken, as far as anybody needs to know: where the file gives builders ports. None where there is no `/proc`.
pub(super) fn listening(desired: &Desired) -> BTreeSet<u16> {
    if desired.ports.is_none() {
        return BTreeSet::new();
    }
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].into_iter().filter_map(|path| regular::read_text(path).ok());
    tables.flat_map(|table| table.lines().filter_map(port).collect::<Vec<_>>()).collect()
}

/// `0: 0100007F:1000 00000000:0000 0A …`: the local address in hexadecimal, the other one, the state.
fn port(line: &str) -> Option<u16> {
    let mut words = line.split_ascii_whitespace().skip(1);
    let (_, port) = words.next()?.rsplit_once(':')?;
    let state = words.nth(1)?;
    (state == LISTENS).then(|| u16::from_str_radix(port, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::port;

    #[test]
    fn only_what_listens_counts() {
        let line = |state: &str| format!("   0: 0100007F:1000 00000000:0000 {state} 00000000:00000000 00:00000000 00000000 0");
        assert_eq!(port(&line("0A")), Some(4096));
        assert_eq!(port(&line("01")), None);
        assert_eq!(port("  sl  local_address rem_address   st"), None);
    }
}
