//! The rules that a security group has, and the calls that add and remove them.

use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue, Token};

use super::direction::Direction;
use super::rule::Rule;
use crate::ec2::calls::{Ec2, filters, list};
use crate::ec2::tagged::tags;
use crate::iam::{Tags, arguments, nonce, text_in};

/// The type of a rule in the specification of its tags.
const TAGGED_AS: &str = "security-group-rule";
const OPERATION: &str = "DescribeSecurityGroupRules";
const ITEMS: &str = "SecurityGroupRules";

/// A rule that exists.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) id: String,
    pub(super) group: String,
    pub(super) direction: Direction,
    pub(super) rule: Rule,
    /// True if rstack has made it.
    pub(super) is_ours: bool,
}

impl Held {
    pub(super) fn of(members: &KnownMap) -> Option<Self> {
        let text = |name: &str| text_in(members, name).map(str::to_owned);
        let is_outbound = members.get("IsEgress") == Some(&KnownValue::Bool(true));
        Some(Self {
            id: text("SecurityGroupRuleId")?,
            group: text("GroupId")?,
            direction: if is_outbound { Direction::Outbound } else { Direction::Inbound },
            rule: Rule::shown(members)?,
            is_ours: nonce(members.get("Tags")).is_some(),
        })
    }

    /// True if EC2 has made it with the group: it allows everything, and nothing says that it was
    /// declared.
    pub(super) fn is_default(&self) -> bool {
        self.direction == Direction::Outbound
            && self.rule.is_everything_out()
            && self.rule.reads_as(&Rule::everything_out())
            && !self.is_ours
    }
}

/// The rules of a group.
pub(super) async fn of_group(ec2: &Ec2, group: &str) -> Result<Vec<Held>, DriverError> {
    let input = arguments([("Filters", filters([("group-id", group)]))]);
    let found = ec2.all(OPERATION, ITEMS, input).await?;
    Ok(found.iter().filter_map(Held::of).filter(|held| held.group == group).collect())
}

/// The rule with this ID.
pub(super) async fn of_id(ec2: &Ec2, id: &str) -> Result<Option<Held>, DriverError> {
    let input = arguments([("SecurityGroupRuleIds", list([id]))]);
    let found = ec2.all(OPERATION, ITEMS, input).await?;
    Ok(found.iter().filter_map(Held::of).find(|held| held.id == id))
}

/// The rule that the operation with this token has made.
pub(super) async fn made_by(ec2: &Ec2, token: &str) -> Result<Option<Held>, DriverError> {
    let input = arguments([("Filters", tags::made_by(token))]);
    let found = ec2.all(OPERATION, ITEMS, input).await?;
    let is_it = |members: &&KnownMap| nonce(members.get("Tags")) == Some(token);
    Ok(found.iter().find(is_it).and_then(Held::of))
}

/// Adds rules to a group; `group` is the member that names it. The answer has the IDs.
pub(super) async fn authorize(
    ec2: &Ec2,
    direction: Direction,
    mut group: KnownMap,
    rules: &[&Rule],
    token: &str,
) -> Result<KnownMap, DriverError> {
    let permissions = rules.iter().map(|rule| rule.permission()).collect();
    group.insert("IpPermissions".to_owned(), KnownValue::List(permissions));
    let (operation, token) = (direction.authorize(), Token::from(token.to_owned()));
    // Rules without the tag are known again by what they say.
    let named = (TAGGED_AS, "security group rule");
    tags::create(ec2, operation, group, named, Tags::new(), (&token, true)).await
}

/// Removes rules from a group. A rule that is gone is removed.
pub(super) async fn revoke(
    ec2: &Ec2,
    direction: Direction,
    group: &str,
    ids: &[&str],
) -> Result<(), DriverError> {
    if ids.is_empty() {
        return Ok(());
    }
    let ids = list(ids.iter().copied());
    let input = arguments([("GroupId", group.into()), ("SecurityGroupRuleIds", ids)]);
    match ec2.call(direction.revoke(), input).await {
        Err(error) if error.kind != ErrorKind::NotFound => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Gives rules of a group the descriptions that they are declared with.
pub(super) async fn describe(
    ec2: &Ec2,
    direction: Direction,
    group: &str,
    rules: &[&Rule],
) -> Result<(), DriverError> {
    if rules.is_empty() {
        return Ok(());
    }
    let permissions = KnownValue::List(rules.iter().map(|rule| rule.permission()).collect());
    let input = arguments([("GroupId", group.into()), ("IpPermissions", permissions)]);
    ec2.call(direction.describe(), input).await.map(drop)
}
