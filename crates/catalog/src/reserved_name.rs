//! Forms of names that services refuse and that no pattern of a schema says. Each function gives the rule
//! that a name breaks.

/// Source: "General purpose bucket naming rules", Amazon S3 User Guide.
pub(crate) fn bucket(name: &str) -> Option<&'static str> {
    const PREFIXES: [&str; 3] = ["xn--", "sthree-", "amzn-s3-demo-"];
    const SUFFIXES: [&str; 5] = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];
    let is_address = name.parse::<std::net::Ipv4Addr>().is_ok();
    if is_address {
        Some("it has the form of an IP address")
    } else if name.contains("..") {
        Some("it has two periods side by side")
    } else if PREFIXES.iter().any(|prefix| name.starts_with(prefix)) {
        Some("names do not begin with `xn--`, `sthree-` or `amzn-s3-demo-`")
    } else if SUFFIXES.iter().any(|suffix| name.ends_with(suffix)) {
        Some("names do not end with `-s3alias`, `--ol-s3`, `.mrap`, `--x-s3` or `--table-s3`")
    } else {
        None
    }
}

/// Source: `CreateTargetGroup`, Elastic Load Balancing API Reference.
pub(crate) fn target_group(name: &str) -> Option<&'static str> {
    if name.chars().count() > 32 {
        Some("names have 32 characters at most")
    } else if !name.chars().all(|it| it.is_ascii_alphanumeric() || it == '-') {
        Some("names have letters, digits and hyphens only")
    } else if name.starts_with('-') || name.ends_with('-') {
        Some("names neither begin nor end with a hyphen")
    } else {
        None
    }
}

/// Source: `CreateLoadBalancer`, Elastic Load Balancing API Reference.
pub(crate) fn load_balancer(name: &str) -> Option<&'static str> {
    let reserved = name.starts_with("internal-");
    target_group(name).or_else(|| reserved.then_some("names do not begin with `internal-`"))
}

/// The beginnings of names that the service of a type refuses in upper and lower case.
///
/// Source: `PutParameter`, AWS Systems Manager API Reference, `Name`.
pub fn reserved_prefixes(type_name: &str) -> &'static [&'static str] {
    match type_name {
        "AWS::SSM::Parameter" => &SSM_PARAMETER,
        _ => &[],
    }
}

const SSM_PARAMETER: [&str; 2] = ["aws", "ssm"];

/// Source: `PutParameter`, AWS Systems Manager API Reference: names are not prefixed with `aws` or `ssm`,
/// in any case; of a path it is the first part that is reserved.
pub(crate) fn ssm_parameter(name: &str) -> Option<&'static str> {
    let (first, is_path) = match name.strip_prefix('/') {
        Some(path) => (path.split('/').next().unwrap_or_default(), true),
        None => (name, false),
    };
    let reserved = SSM_PARAMETER.iter().any(|prefix| match is_path {
        true => first.eq_ignore_ascii_case(prefix),
        false => first.get(..3).is_some_and(|it| it.eq_ignore_ascii_case(prefix)),
    });
    reserved.then_some("names do not begin with `aws` or `ssm`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_names_are_told_from_others() {
        for name in ["192.168.5.4", "a..b", "xn--a", "sthree-a", "a-s3alias", "a--ol-s3", "a.mrap"]
        {
            assert!(bucket(name).is_some(), "{name}");
        }
        for name in ["a.b", "192.168.5", "axn--", "s3alias", "my-bucket-1"] {
            assert_eq!(bucket(name), None, "{name}");
        }
        for name in ["internal-a", "-a", "a-", "a_b", "a23456789012345678901234567890123"] {
            assert!(load_balancer(name).is_some(), "{name}");
        }
        assert_eq!(load_balancer("internal"), None);
        assert_eq!(target_group("internal-a"), None);
        for name in ["aws.a", "AWSome", "ssm-a", "/aws/a", "/SSM/a", "/aws"] {
            assert!(ssm_parameter(name).is_some(), "{name}");
        }
        for name in ["/awsome/a", "/a/aws", "a/ssm", "cdk"] {
            assert_eq!(ssm_parameter(name), None, "{name}");
        }
    }
}
