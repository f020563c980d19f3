//! Digests in names that people read.

/// The least number of hexadecimal digits in a row that are a digest: those of the CDK have 64, a commit 40.
const LEAST: usize = 32;

/// The digits of a digest that are shown.
const SHOWN: usize = 8;

/// A name in which each digest is cut to its first digits: `asset.1f2e3d4c….zip`. For text that people
/// read; what a program reads has the whole name.
pub(crate) fn short(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut rest = name;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
        // A character that is no digit is one of its own, however many bytes it has.
        let next = digits.max(rest.chars().next().map_or(1, char::len_utf8));
        let (part, after) = rest.split_at(next);
        if digits >= LEAST {
            out.push_str(&part[..SHOWN]);
            out.push('…');
        } else {
            out.push_str(part);
        }
        rest = after;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn only_digests_are_cut() {
        let digest = "0123456789abcdef".repeat(4);
        for (name, expected) in [
            (format!("cdk.out/asset.{digest}"), "cdk.out/asset.01234567…"),
            (
                format!("s3://cdk-hnb659fds-assets/{digest}.zip"),
                "s3://cdk-hnb659fds-assets/01234567….zip",
            ),
            ("cdk.out/asset.1f2e".to_owned(), "cdk.out/asset.1f2e"),
            (digest[..31].to_owned(), "0123456789abcdef0123456789abcde"),
            (format!("ä{digest}ö{digest}"), "ä01234567…ö01234567…"),
            (String::new(), ""),
        ] {
            assert_eq!(short(&name), expected);
        }
    }
}
