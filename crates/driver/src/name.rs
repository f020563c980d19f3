//! Names that rstack chooses for objects whose template gives none.

use rstack_model::{Address, KnownMap, KnownValue, StackName};

use crate::CreateRequest;

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

/// The beginning of a chosen name that would have one that the service refuses, such as that of a
/// parameter in the stack `aws-app`.
const PREFIX: &str = "cfn";

/// The number of random characters at the end of a chosen name.
const RANDOM: usize = 12;

impl NameRule {
    /// The name made of the stack, the resource and twelve random characters (`A`–`Z`, `0`–`9`).
    /// When it is too long the stack and the address are cut, never the random part.
    pub fn name(&self, stack: &StackName, address: &Address, random: &str) -> String {
        self.unreserved_name((stack, address), random, &[])
    }

    /// As [`Self::name`], with another word in front of a name that would begin with one of these, which
    /// the service refuses in upper and lower case.
    pub fn unreserved_name(
        &self,
        (stack, address): (&StackName, &Address),
        random: &str,
        reserved: &[&str],
    ) -> String {
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
        let begins = |prefix: &&str| {
            stack.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        let stack = match reserved.iter().any(begins) {
            true => format!("{PREFIX}{joint}{stack}"),
            false => stack,
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

    /// The properties of a new object: a name that the engine chose by this rule gets the end `text`, if
    /// the property `flag` is true. The rule's length has room for it.
    pub fn with_ending(&self, request: &CreateRequest, (flag, text): (&str, &str)) -> KnownMap {
        let mut properties = request.properties.clone();
        let is_true = properties.get(flag).is_some_and(|value| match value {
            KnownValue::Bool(value) => *value,
            other => other.as_str().is_some_and(|text| text.eq_ignore_ascii_case("true")),
        });
        let name = properties.get(self.property).and_then(KnownValue::as_str).unwrap_or_default();
        let random = name.len().checked_sub(RANDOM).and_then(|at| name.get(at..));
        let chosen =
            random.is_some_and(|it| self.name(&request.stack, &request.address, it) == name);
        if is_true && chosen {
            let name = format!("{name}{text}");
            properties.insert(self.property.to_owned(), name.into());
        }
        properties
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: NameRule =
        NameRule { property: "RoleName", max_length: 64, separator: Separator::Hyphen };

    #[test]
    fn a_name_never_begins_with_what_the_service_reserves() {
        let name = |stack: &str, max_length| {
            let (stack, address) = (StackName::parse(stack).unwrap(), "Parameter".into());
            let rule = NameRule { max_length, ..RULE };
            rule.unreserved_name((&stack, &address), "ABCDEF123456", &["aws", "ssm"])
        };
        assert_eq!(name("aws-app", 64), "cfn-aws-app-Parameter-ABCDEF123456");
        assert_eq!(name("Ssm", 64), "cfn-Ssm-Parameter-ABCDEF123456");
        assert_eq!(name("a-aws", 64), "a-aws-Parameter-ABCDEF123456");
        let short = name("aws-app", 30);
        assert!(short.len() == 30 && short.starts_with("cfn-aws"), "{short}");
    }

    #[test]
    fn only_a_chosen_name_gets_the_end_and_only_in_the_case() {
        let named = |name: &str, fifo: KnownValue| {
            let request = CreateRequest {
                stack: StackName::parse("Live").unwrap(),
                address: "It".into(),
                token: "T".into(),
                properties: [("RoleName".to_owned(), name.into()), ("Fifo".to_owned(), fifo)]
                    .into(),
                absence_proven: false,
                begun: None,
            };
            let properties = RULE.with_ending(&request, ("Fifo", ".fifo"));
            properties.get("RoleName").and_then(KnownValue::as_str).unwrap().to_owned()
        };
        let chosen = "Live-It-ABCDEF123456";
        assert_eq!(named(chosen, "True".into()), "Live-It-ABCDEF123456.fifo");
        assert_eq!(named(chosen, KnownValue::Bool(false)), chosen);
        assert_eq!(named("own", KnownValue::Bool(true)), "own");
    }

    #[test]
    fn a_long_name_is_cut_and_keeps_its_random_part() {
        let rule = RULE;
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
