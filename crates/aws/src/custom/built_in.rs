//! The work of known handlers of the CDK in an account: the rules of a default security group.
//!
//! Source: Amazon EC2 API Reference, RevokeSecurityGroupEgress, RevokeSecurityGroupIngress,
//! AuthorizeSecurityGroupIngress, AuthorizeSecurityGroupEgress, and its error codes.

use rstack_driver::DriverError;
use rstack_driver::custom::DefaultRules;
use rstack_model::{KnownMap, KnownValue};

use super::Handlers;
use crate::definition::Service;
use crate::iam::arguments;

/// The codes of a rule that is gone already, and of one that is there already.
const GONE: &str = "InvalidPermission.NotFound";
const THERE: &str = "InvalidPermission.Duplicate";

/// The arguments of a call about the rule for everything that leaves.
fn egress(group: &str) -> KnownMap {
    let ranges = KnownMap::from([("CidrIp".to_owned(), "0.0.0.0/0".into())]);
    rule(group, ("IpRanges", ranges))
}

/// The arguments of a call about the rule for everything that comes from the group itself.
fn ingress(group: &str, account: &str) -> KnownMap {
    let pair = KnownMap::from([
        ("GroupId".to_owned(), group.into()),
        ("UserId".to_owned(), account.into()),
    ]);
    rule(group, ("UserIdGroupPairs", pair))
}

fn rule(group: &str, (name, from): (&str, KnownMap)) -> KnownMap {
    let permission = KnownMap::from([
        ("IpProtocol".to_owned(), "-1".into()),
        (name.to_owned(), KnownValue::List(vec![KnownValue::Map(from)])),
    ]);
    arguments([
        ("GroupId", group.into()),
        ("IpPermissions", KnownValue::List(vec![KnownValue::Map(permission)])),
    ])
}

impl Handlers {
    /// Gives a group its default rules, or takes them away, in the order of the CDK's handler.
    pub(super) async fn set_default_rules(
        &self,
        group: &str,
        account: &str,
        rules: DefaultRules,
    ) -> Result<(), DriverError> {
        let (leaves, comes) = (egress(group), ingress(group, account));
        let (calls, done) = match rules {
            DefaultRules::Revoked => (
                [("RevokeSecurityGroupEgress", leaves), ("RevokeSecurityGroupIngress", comes)],
                GONE,
            ),
            DefaultRules::Authorized => (
                [
                    ("AuthorizeSecurityGroupIngress", comes),
                    ("AuthorizeSecurityGroupEgress", leaves),
                ],
                THERE,
            ),
        };
        let ec2 = self.reach.api(Service::EC2, self.region.as_str());
        for (operation, input) in calls {
            match ec2.call(operation, input).await {
                Ok(_) => {}
                Err(error) if error.has_code(done) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
