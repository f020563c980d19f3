//! Cutting address blocks into smaller ones.
//!
//! Source: "Fn::Cidr", AWS CloudFormation User Guide: 1 to 256 blocks; the bits are the inverse of
//! the mask, so that 8 makes a `/24` of IPv4 and 64 a `/64` of IPv6.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The first `count` blocks of `bits` bits in a block; otherwise what is wrong.
pub(super) fn blocks(block: &str, count: u16, bits: u8) -> Result<Vec<String>, String> {
    let not_a_block = || format!("`{block}` is not an address block such as `10.0.0.0/16`");
    let (address, mask) = block.trim().split_once('/').ok_or_else(not_a_block)?;
    let address: IpAddr = address.parse().map_err(|_| not_a_block())?;
    let mask: u8 = mask.parse().map_err(|_| not_a_block())?;
    let (width, number) = match address {
        IpAddr::V4(address) => (32_u8, u128::from(address.to_bits())),
        IpAddr::V6(address) => (128, address.to_bits()),
    };
    let room = u32::from(width.checked_sub(mask).ok_or_else(not_a_block)?);
    let size = u32::from(bits);
    if !(1..=256).contains(&count) {
        return Err(format!("the number of blocks must be 1 to 256, not {count}"));
    }
    if bits == 0 || bits > width {
        return Err(format!("the bits of a block must be 1 to {width}, not {bits}"));
    }
    let fitting =
        room.checked_sub(size).map_or(0, |spare| 1_u128.checked_shl(spare).unwrap_or(u128::MAX));
    if fitting < u128::from(count) {
        return Err(format!("`{block}` has room for {fitting} blocks of {bits} bits, not {count}"));
    }
    let start = number.checked_shr(room).and_then(|n| n.checked_shl(room)).unwrap_or(0);
    let made = (0..u128::from(count)).map(|i| {
        let first = start | i.checked_shl(size).unwrap_or(0);
        let first = match u32::try_from(first) {
            Ok(first) if width == 32 => IpAddr::V4(Ipv4Addr::from_bits(first)),
            Ok(_) | Err(_) => IpAddr::V6(Ipv6Addr::from_bits(first)),
        };
        format!("{first}/{}", u32::from(width).saturating_sub(size))
    });
    Ok(made.collect())
}

#[cfg(test)]
mod tests {
    use super::blocks;

    #[test]
    fn blocks_are_cut_from_the_start_as_the_guide_shows() {
        let six = blocks("192.168.0.0/24", 6, 5).unwrap();
        assert_eq!(
            six,
            [
                "192.168.0.0/27",
                "192.168.0.32/27",
                "192.168.0.64/27",
                "192.168.0.96/27",
                "192.168.0.128/27",
                "192.168.0.160/27"
            ]
        );
        assert_eq!(blocks("10.1.2.3/16", 2, 8).unwrap(), ["10.1.0.0/24", "10.1.1.0/24"]);
        let six = blocks("2600:1f14:abc:de00::/56", 2, 64).unwrap();
        assert_eq!(six, ["2600:1f14:abc:de00::/64", "2600:1f14:abc:de01::/64"]);
        assert_eq!(blocks("0.0.0.0/0", 1, 32).unwrap(), ["0.0.0.0/0"]);
        assert_eq!(blocks("::/0", 2, 127).unwrap(), ["::/1", "8000::/1"]);
        assert_eq!(blocks("10.0.0.0/16", 256, 8).unwrap().last().unwrap(), "10.0.255.0/24");
    }

    #[test]
    fn what_is_no_block_or_has_no_room_is_reported() {
        for (block, count, bits, problem) in [
            ("10.0.0.0", 1, 8, "is not an address block"),
            ("10.0.0/16", 1, 8, "is not an address block"),
            ("10.0.0.0/33", 1, 8, "is not an address block"),
            ("10.0.0.0/24", 2, 8, "has room for 1 blocks"),
            ("10.0.0.0/24", 1, 9, "has room for 0 blocks"),
            ("10.0.0.0/16", 257, 4, "1 to 256"),
            ("10.0.0.0/16", 0, 4, "1 to 256"),
            ("10.0.0.0/16", 1, 0, "1 to 32"),
            ("10.0.0.0/16", 1, 33, "1 to 32"),
        ] {
            let told = blocks(block, count, bits).unwrap_err();
            assert!(told.contains(problem), "{told}");
        }
    }
}
