//! Names that rstack chooses for objects whose template gives none.

use rstack_model::{Address, StackName};

/// The separator between the parts of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Separator {
    /// `Stack-Address-ABCDEF123456`.
    Hyphen,
    /// `stack_logicalid_abcdef123456`: for names of lower case letters.
    Lowercase,
    /// `stack-logicalid-abcdef123456`: for names of lower case letters without underscores.
    LowercaseHyphen,
    /// No characters but letters and digits.
    None,
}

/// The rule for the name of an object that the template does not name. The engine chooses the
/// name and journals it before the call; CloudFormation's own form is `Stack-Address-RANDOM`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameRule {
    /// The top-level property that takes the name.
    pub property: &'static str,
    /// The longest name the service takes, in characters.
    pub max_length: usize,
    /// The separator between the parts.
    pub separator: Separator,
}

impl NameRule {
    /// The name made of the stack, the resource and twelve random characters (`A`–`Z`, `0`–`9`).
    /// When it is too long the stack and the address are cut, never the random part.
    pub fn name(&self, stack: &StackName, address: &Address, random: &str) -> String {
        let joint = match self.separator {
            Separator::Hyphen | Separator::LowercaseHyphen => "-",
            Separator::Lowercase => "_",
            Separator::None => "",
        };
        let stack: String = match self.separator {
            Separator::None => stack.as_str().chars().filter(char::is_ascii_alphanumeric).collect(),
            Separator::Hyphen | Separator::Lowercase | Separator::LowercaseHyphen => {
                stack.as_str().to_owned()
            }
        };
        let room = self.max_length.saturating_sub(random.len() + 2 * joint.len());
        let address = address.as_str().replace('/', joint);
        let (mut s, mut l) = (stack.as_str(), address.as_str());
        let half = room / 2;
        if s.len() + l.len() > room {
            let keep_l = l.len().min(half.max(room.saturating_sub(s.len())));
            l = l.get(..keep_l).unwrap_or(l);
            s = s.get(..room.saturating_sub(l.len()).min(s.len())).unwrap_or(s);
        }
        let name = format!("{s}{joint}{l}{joint}{random}");
        match self.separator {
            Separator::Lowercase | Separator::LowercaseHyphen => name.to_ascii_lowercase(),
            Separator::Hyphen | Separator::None => name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_cut_and_keeps_its_random_part() {
        let rule = NameRule { property: "RoleName", max_length: 64, separator: Separator::Hyphen };
        let stack = StackName::parse(&"s".repeat(100)).unwrap();
        let name = rule.name(&stack, &"L".repeat(100).into(), "ABCDEF123456");
        assert_eq!(name.len(), 64);
        assert!(name.ends_with("L-ABCDEF123456") && name.starts_with("ss"));
        let short = rule.name(&StackName::parse("Live").unwrap(), &"Role".into(), "ABCDEF123456");
        assert_eq!(short, "Live-Role-ABCDEF123456");
        let live = StackName::parse("Live").unwrap();
        let nested =
            |separator| NameRule { separator, ..rule }.name(&live, &"Net/Role".into(), "A1");
        assert_eq!(nested(Separator::Hyphen), "Live-Net-Role-A1");
        assert_eq!(nested(Separator::Lowercase), "live_net_role_a1");
        assert_eq!(nested(Separator::None), "LiveNetRoleA1");
    }
}
