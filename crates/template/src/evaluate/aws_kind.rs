//! The forms of values that parameters of AWS's own types have.
//!
//! Source: "Specify existing resources at runtime with CloudFormation-supplied parameter types", AWS
//! CloudFormation User Guide. CloudFormation looks the value up in the account; rstack refuses what cannot be
//! there. An empty text stands for no value in many templates, and is left to what uses it.

/// The types whose values are IDs of EC2, the beginning of these, and their name in a message.
const IDS: [(&str, &str, &str); 6] = [
    ("AWS::EC2::Image::Id", "ami-", "an AMI"),
    ("AWS::EC2::Instance::Id", "i-", "an instance"),
    ("AWS::EC2::SecurityGroup::Id", "sg-", "a security group"),
    ("AWS::EC2::Subnet::Id", "subnet-", "a subnet"),
    ("AWS::EC2::VPC::Id", "vpc-", "a VPC"),
    ("AWS::EC2::Volume::Id", "vol-", "a volume"),
];

/// The length of the longest name of a key pair.
const KEY_NAME: usize = 255;
/// The length of the longest ID of a hosted zone.
const ZONE_ID: usize = 32;

/// Checks one value of a parameter of this type, or of a list of it; the problem does not repeat the value.
///
/// # Errors
/// If no object of the type has such a name.
pub(super) fn check(kind: &str, item: &str) -> Result<(), String> {
    let kind = kind.strip_prefix("List<").and_then(|it| it.strip_suffix('>')).unwrap_or(kind);
    if item.is_empty() {
        return Ok(());
    }
    if let Some((_, start, what)) = IDS.iter().find(|(of, ..)| *of == kind) {
        let is_id = item.strip_prefix(start).is_some_and(|rest| {
            !rest.is_empty() && rest.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        });
        return match is_id {
            true => Ok(()),
            false => Err(format!("it is not the ID of {what}, such as `{start}0123456789abcdef0`")),
        };
    }
    let all = |is: fn(u8) -> bool| item.bytes().all(is);
    let (is_one, what) = match kind {
        "AWS::Route53::HostedZone::Id" => (
            item.len() <= ZONE_ID && all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()),
            "the ID of a hosted zone, such as `Z0123456789ABCDEFGHIJ`",
        ),
        "AWS::EC2::AvailabilityZone::Name" => (
            item.contains('-')
                && item.ends_with(|c: char| c.is_ascii_lowercase())
                && all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
            "the name of an Availability Zone, such as `eu-west-1a`",
        ),
        "AWS::EC2::KeyPair::KeyName" => (
            item.len() <= KEY_NAME && item.trim() == item && item.is_ascii(),
            "the name of a key pair: at most 255 ASCII characters, without spaces at its ends",
        ),
        _ => return Ok(()),
    };
    if is_one { Ok(()) } else { Err(format!("it is not {what}")) }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn values_have_the_forms_of_their_types() {
        for (kind, good, bad) in [
            ("AWS::EC2::VPC::Id", "vpc-0a1b2c3d", "vpc-nothere"),
            ("List<AWS::EC2::Subnet::Id>", "subnet-0123456789abcdef0", "vpc-0a1b2c3d"),
            ("AWS::EC2::Image::Id", "ami-1", "notanami"),
            ("AWS::EC2::SecurityGroup::Id", "sg-1", "default"),
            ("AWS::EC2::Instance::Id", "i-1", "i-"),
            ("AWS::EC2::Volume::Id", "vol-1", "vol-1 "),
            ("AWS::Route53::HostedZone::Id", "Z123", "example.com."),
            ("AWS::EC2::AvailabilityZone::Name", "us-west-2-lax-1a", "eu-west-1"),
            ("AWS::EC2::AvailabilityZone::Name", "eu-west-1a", "A"),
            ("AWS::EC2::KeyPair::KeyName", "my key", " key"),
        ] {
            assert_eq!(check(kind, good), Ok(()), "{good}");
            let problem = check(kind, bad).unwrap_err();
            assert!(problem.starts_with("it is not "), "{problem}");
            assert_eq!(check(kind, ""), Ok(()), "no value");
        }
        assert_eq!(check("AWS::EC2::SecurityGroup::GroupName", "x"), Ok(()));
        assert_eq!(check("String", "x"), Ok(()));
    }
}
