//! Ranges of addresses and protocols as EC2 keeps them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// True if two CIDR blocks are the same range: EC2 keeps a block in its canonical form, without the
/// bits behind its prefix.
///
/// Source: EC2 API reference, CreateNetworkAclEntry, `CidrBlock`.
pub fn same_range(one: &str, other: &str) -> bool {
    one == other || range(one).is_some_and(|range_of_one| range(other) == Some(range_of_one))
}

/// A CIDR block in EC2's canonical form; any other text as it is.
pub fn canonical_range(block: &str) -> String {
    let Some((is_v6, prefix, bits)) = range(block) else { return block.to_owned() };
    let width = if is_v6 { 128 } else { 32 };
    let address = bits.checked_shl(width - prefix).unwrap_or(0);
    if is_v6 {
        return format!("{}/{prefix}", Ipv6Addr::from(address));
    }
    let address = u32::try_from(address & u128::from(u32::MAX)).unwrap_or_default();
    format!("{}/{prefix}", Ipv4Addr::from(address))
}

/// The name that EC2 shows for a protocol of a rule.
///
/// Source: EC2 API reference, IpPermission, `IpProtocol`.
pub fn protocol_name(declared: &str) -> String {
    match declared {
        "1" => "icmp".to_owned(),
        "6" => "tcp".to_owned(),
        "17" => "udp".to_owned(),
        "58" => "icmpv6".to_owned(),
        other if other.eq_ignore_ascii_case("all") => "-1".to_owned(),
        other => other.to_ascii_lowercase(),
    }
}

/// The family, the prefix, and the bits of it.
fn range(block: &str) -> Option<(bool, u32, u128)> {
    let (address, prefix) = block.trim().split_once('/')?;
    let prefix: u32 = prefix.parse().ok()?;
    let (is_v6, width, bits) = match address.parse().ok()? {
        IpAddr::V4(address) => (false, 32, u128::from(u32::from(address))),
        IpAddr::V6(address) => (true, 128, u128::from(address)),
    };
    let behind = u32::checked_sub(width, prefix)?;
    Some((is_v6, prefix, bits.checked_shr(behind).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bits_behind_the_prefix_mean_nothing() {
        for (one, other) in [
            ("100.68.0.18/18", "100.68.0.0/18"),
            ("10.1.2.3/0", "0.0.0.0/0"),
            ("2001:DB8::1/32", "2001:db8::/32"),
            ("::/0", "::/0"),
        ] {
            assert!(same_range(one, other), "{one}");
        }
        for (one, other) in [
            ("10.0.0.0/8", "10.0.0.0/9"),
            ("10.0.0.0/8", "11.0.0.0/8"),
            ("0.0.0.0/0", "::/0"),
            ("10.0.0.0/33", "10.0.0.1/33"),
            ("10.0.0.0", "10.0.0.1"),
        ] {
            assert!(!same_range(one, other), "{one}");
        }
    }

    #[test]
    fn a_block_has_one_canonical_form() {
        for (block, expected) in [
            ("100.68.0.18/18", "100.68.0.0/18"),
            ("10.1.2.3/0", "0.0.0.0/0"),
            ("10.1.2.3/32", "10.1.2.3/32"),
            ("2001:DB8:0::1/32", "2001:db8::/32"),
            ("::1/0", "::/0"),
            ("::1/128", "::1/128"),
            ("pl-1", "pl-1"),
            ("10.0.0.0/33", "10.0.0.0/33"),
        ] {
            assert_eq!(canonical_range(block), expected, "{block}");
        }
    }
}
