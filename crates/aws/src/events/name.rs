//! Names of rules: in templates, in calls, in ARNs, and as the value of `Ref`.

use rstack_driver::DriverError;
use rstack_model::{Identifier, KnownMap, PhysicalId};

use crate::iam::{Fields, arguments};

/// The event bus of a rule that declares none.
const DEFAULT: &str = "default";

/// The name of a rule and of its event bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RuleName {
    pub(super) rule: String,
    /// The name of the bus; `None` for the default bus.
    pub(super) bus: Option<String>,
}

impl RuleName {
    /// # Errors
    /// If the name is missing.
    pub(super) fn declared(fields: Fields<'_>) -> Result<Self, DriverError> {
        let bus = fields.name("EventBusName")?;
        let bus = bus.map(|bus| bus_in(&bus).to_owned()).filter(|bus| bus != DEFAULT);
        Ok(Self { rule: fields.required_name("Name")?, bus })
    }

    /// The names in the ARN of a rule: `rule/NAME`, or `rule/BUS/NAME`, where the name of a bus of a
    /// partner has slashes, too.
    pub(super) fn of_arn(identifier: &Identifier) -> Self {
        let (_, resource) = identifier.only().split_once(":rule/").unwrap_or_default();
        let (bus, rule) = match resource.rsplit_once('/') {
            Some((bus, rule)) => (Some(bus.to_owned()), rule),
            None => (None, resource),
        };
        Self { rule: rule.to_owned(), bus }
    }

    /// The member `member` with the name of the rule, and that of the bus, if it is not the default
    /// one.
    pub(super) fn input(&self, member: &str) -> KnownMap {
        let mut input = arguments([(member, self.rule.as_str().into())]);
        let bus = self.bus.as_deref();
        input.extend(bus.map(|bus| ("EventBusName".to_owned(), bus.into())));
        input
    }

    /// The value of `Ref`: the name, after that of a bus which is not the default one.
    ///
    /// Source: CloudFormation user guide, AWS::Events::Rule, return values.
    pub(super) fn physical_id(&self) -> PhysicalId {
        PhysicalId::new(match &self.bus {
            Some(bus) => format!("{bus}|{}", self.rule),
            None => self.rule.clone(),
        })
    }

    /// The name of the bus.
    pub(super) fn bus(&self) -> &str {
        self.bus.as_deref().unwrap_or(DEFAULT)
    }
}

/// The name of a bus that is given by its name or by its ARN.
pub(super) fn bus_in(bus: &str) -> &str {
    bus.split_once(":event-bus/").map_or(bus, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_has_the_name_and_the_bus() {
        let name = |resource: &str| {
            RuleName::of_arn(&format!("arn:aws:events:eu-west-1:1:{resource}").as_str().into())
        };
        let of = |rule: &str, bus: Option<&str>| RuleName {
            rule: rule.to_owned(),
            bus: bus.map(str::to_owned),
        };
        assert_eq!(name("rule/r"), of("r", None));
        assert_eq!(name("rule/b/r"), of("r", Some("b")));
        assert_eq!(name("rule/aws.partner/x.com/b/r"), of("r", Some("aws.partner/x.com/b")));
        assert_eq!(of("r", Some("b")).physical_id().as_str(), "b|r");
        assert_eq!(of("r", None).physical_id().as_str(), "r");
        assert_eq!(bus_in("arn:aws:events:eu-west-1:1:event-bus/b"), "b");
    }
}
