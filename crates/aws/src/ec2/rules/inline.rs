//! The rules that a security group declares within itself.
//!
//! A group may have others: those of `AWS::EC2::SecurityGroupIngress` and `Egress`, and of controllers.
//! They are neither shown nor removed. A new group of a VPC allows everything out; as soon as it declares
//! an outbound rule, that one goes.

use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue};

use super::direction::Direction;
use super::held;
use super::rule::Rule;
use crate::ec2::calls::{Ec2, maps};
use crate::ec2::tagged::Change;
use crate::iam::{Fields, arguments};

/// The declared rules of a direction.
async fn declared(
    ec2: &Ec2,
    direction: Direction,
    properties: &KnownMap,
) -> Result<Vec<Rule>, DriverError> {
    let fields = Fields::new(properties, direction.action());
    let mut rules: Vec<Rule> = Vec::new();
    for item in fields.trees(direction.list())? {
        let rule = Rule::declared(ec2, direction, item).await?;
        if rules.iter().any(|other| other.is(&rule)) {
            let problem =
                format!("declares the same {} rule twice; remove one of them", direction.label());
            return Err(fields.invalid(direction.list(), problem));
        }
        rules.push(rule);
    }
    Ok(rules)
}

/// The rules that were declared before. One that can no longer be read, such as that of a group that is
/// gone, is passed over: the others are still found.
async fn declared_before(
    ec2: &Ec2,
    direction: Direction,
    prior: &KnownMap,
) -> Result<Vec<Rule>, DriverError> {
    let fields = Fields::new(prior, direction.action());
    let mut rules = Vec::new();
    for item in fields.trees(direction.list())? {
        match Rule::declared(ec2, direction, item).await {
            Ok(rule) => rules.push(rule),
            Err(error)
                if matches!(
                    error.kind,
                    ErrorKind::Invalid { .. } | ErrorKind::DependencyNotReady | ErrorKind::NotFound
                ) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(rules)
}

/// Adds the declared rules that exist to the properties of a group.
pub(in crate::ec2) async fn show(
    ec2: &Ec2,
    members: &KnownMap,
    wanted: &KnownMap,
    properties: &mut KnownMap,
) -> Result<(), DriverError> {
    for direction in Direction::ALL {
        let name = direction.list();
        let Some(KnownValue::List(items)) = wanted.get(name) else { continue };
        let member = match direction {
            Direction::Inbound => "IpPermissions",
            Direction::Outbound => "IpPermissionsEgress",
        };
        let there: Vec<_> = maps(members, member).flat_map(Rule::in_permission).collect();
        let mut shown = Vec::new();
        for item in items.iter().filter_map(KnownValue::as_map) {
            let fields = Fields::new(item, direction.action());
            let Ok(rule) = Rule::declared(ec2, direction, fields).await else { continue };
            let found = there.iter().find(|found| found.is(&rule));
            shown.extend(found.map(|found| KnownValue::Map(found.as_declared(item))));
        }
        properties.insert(name.to_owned(), KnownValue::List(shown));
    }
    Ok(())
}

/// Makes the rules of a group the declared ones.
///
/// # Errors
/// If a call failed, or a rule cannot be declared.
pub(in crate::ec2) async fn set(
    ec2: &Ec2,
    group: &str,
    change: &Change<'_>,
) -> Result<(), DriverError> {
    let mentioned = |direction: &Direction| {
        [change.prior, change.properties].iter().any(|map| map.contains_key(direction.list()))
    };
    if !Direction::ALL.iter().any(mentioned) {
        return Ok(());
    }
    let there = held::of_group(ec2, group).await?;
    for direction in Direction::ALL.into_iter().filter(mentioned) {
        let before = declared_before(ec2, direction, change.prior).await?;
        let mut wanted = declared(ec2, direction, change.properties).await?;
        let mut held: Vec<_> = there.iter().filter(|it| it.direction == direction).collect();
        if direction == Direction::Outbound && before.is_empty() && !wanted.is_empty() {
            let defaults: Vec<_> = held.iter().filter(|it| it.is_default()).collect();
            let ids: Vec<_> = defaults.iter().map(|it| it.id.as_str()).collect();
            held::revoke(ec2, direction, group, &ids).await?;
            held.retain(|it| !it.is_default());
        }
        let is_in = |rules: &[Rule], rule: &Rule| rules.iter().any(|other| other.is(rule));
        if direction == Direction::Outbound && wanted.is_empty() && !before.is_empty() {
            wanted.push(Rule::everything_out());
        }
        let missing: Vec<_> =
            wanted.iter().filter(|rule| !held.iter().any(|it| it.rule.is(rule))).collect();
        add(ec2, direction, group, &missing, change.token).await?;
        let renamed =
            |rule: &&Rule| held.iter().any(|it| it.rule.is(rule) && !it.rule.reads_as(rule));
        let renamed: Vec<_> = wanted.iter().filter(renamed).collect();
        held::describe(ec2, direction, group, &renamed).await?;
        let gone = held.iter().filter(|it| is_in(&before, &it.rule) && !is_in(&wanted, &it.rule));
        let gone: Vec<_> = gone.map(|it| it.id.as_str()).collect();
        held::revoke(ec2, direction, group, &gone).await?;
    }
    Ok(())
}

/// Adds rules to a group. A request that arrived twice is refused the second time.
async fn add(
    ec2: &Ec2,
    direction: Direction,
    group: &str,
    rules: &[&Rule],
    token: &str,
) -> Result<(), DriverError> {
    if rules.is_empty() {
        return Ok(());
    }
    let named = arguments([("GroupId", group.into())]);
    match held::authorize(ec2, direction, named, rules, token).await {
        Ok(_) => Ok(()),
        Err(error) if error.kind == ErrorKind::AlreadyExists => {
            let there = held::of_group(ec2, group).await?;
            let is_there = |rule: &&&Rule| {
                there.iter().any(|it| it.direction == direction && it.rule.is(rule))
            };
            if rules.iter().filter(is_there).count() == rules.len() { Ok(()) } else { Err(error) }
        }
        Err(error) => Err(error),
    }
}
