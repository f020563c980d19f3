//! Parts of a flow that have names: VPC interfaces and media streams.

use std::collections::BTreeMap;

use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue, PropertyPath};

use super::contents::within;
use crate::api::Api;
use crate::iam::arguments;

/// A kind of part.
pub(super) struct Kind {
    /// The member of a flow that lists them, and the property of the same name.
    list: &'static str,
    /// The member that names one.
    name: &'static str,
    /// The member with the tags, which are set when one is added.
    tags: &'static str,
    add: &'static str,
    remove: &'static str,
    /// The member of the removing operation that names one.
    removes: &'static str,
    /// The operation that changes one and the members that it cannot change; without it, one is
    /// removed and added again.
    update: Option<(&'static str, &'static [&'static str])>,
}

/// VPC interfaces.
pub(super) const INTERFACES: Kind = Kind {
    list: "VpcInterfaces",
    name: "Name",
    tags: "VpcInterfaceTags",
    add: "AddFlowVpcInterfaces",
    remove: "RemoveFlowVpcInterface",
    removes: "VpcInterfaceName",
    update: None,
};

/// Media streams.
pub(super) const STREAMS: Kind = Kind {
    list: "MediaStreams",
    name: "MediaStreamName",
    tags: "MediaStreamTags",
    add: "AddFlowMediaStreams",
    remove: "RemoveFlowMediaStream",
    removes: "MediaStreamName",
    update: Some(("UpdateFlowMediaStream", &["MediaStreamId", "MediaStreamTags"])),
};

/// The calls that make the parts of a flow the declared ones.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Calls before the source is changed: what it may use from then on.
    pub(super) first: Vec<(&'static str, KnownMap)>,
    /// Calls after that: what it has used before.
    pub(super) last: Vec<(&'static str, KnownMap)>,
}

impl Kind {
    fn of(&self, members: &KnownMap) -> BTreeMap<String, KnownMap> {
        let list = members.get(self.list).and_then(KnownValue::as_list).unwrap_or_default();
        let named = list.iter().filter_map(|item| {
            let item = item.as_map()?;
            Some((item.get(self.name)?.expose_str()?.to_owned(), item.clone()))
        });
        named.collect()
    }

    /// The changes from a flow as it is to the declared one. Parts that no template has declared are
    /// left alone.
    ///
    /// # Errors
    /// If the tags of a part change, which MediaConnect takes only with a new part.
    pub(super) fn changes(
        &self,
        flow: &str,
        [before, wanted, now]: [&KnownMap; 3],
    ) -> Result<Changes, DriverError> {
        let (before, wanted, now) = (self.of(before), self.of(wanted), self.of(now));
        let mut changes = Changes::default();
        for (name, part) in &wanted {
            let was = before.get(name);
            if was.is_some_and(|was| was.get(self.tags) != part.get(self.tags)) {
                return Err(self.fixed_tags(name));
            }
            let mut untagged = part.clone();
            untagged.remove(self.tags);
            match now.get(name) {
                None => changes.first.push((self.add, self.added(flow, part))),
                Some(is) if within(&untagged.clone().into(), &is.clone().into()) => {}
                Some(is) => self.change(flow, name, (part, is), &mut changes),
            }
        }
        let gone = before.keys().filter(|name| !wanted.contains_key(*name));
        for name in gone.filter(|name| now.contains_key(*name)) {
            changes.last.push((self.remove, self.removed(flow, name)));
        }
        Ok(changes)
    }

    fn change(
        &self,
        flow: &str,
        name: &str,
        (part, is): (&KnownMap, &KnownMap),
        changes: &mut Changes,
    ) {
        let fixed = |member: &&&str| match (part.get(**member), is.get(**member)) {
            (Some(wanted), Some(is)) => !within(wanted, is),
            (Some(_) | None, _) => false,
        };
        match self.update {
            Some((operation, members)) if !members.iter().any(|member| fixed(&member)) => {
                let mut input = part.clone();
                input.retain(|member, _| !members.contains(&member.as_str()));
                input.insert("FlowArn".to_owned(), flow.into());
                changes.first.push((operation, input));
            }
            Some(_) | None => {
                changes.first.push((self.remove, self.removed(flow, name)));
                changes.first.push((self.add, self.added(flow, part)));
            }
        }
    }

    fn added(&self, flow: &str, part: &KnownMap) -> KnownMap {
        let list = KnownValue::List(vec![part.clone().into()]);
        arguments([("FlowArn", flow.into()), (self.list, list)])
    }

    fn removed(&self, flow: &str, name: &str) -> KnownMap {
        arguments([("FlowArn", flow.into()), (self.removes, name.into())])
    }

    fn fixed_tags(&self, name: &str) -> DriverError {
        let property = Some(PropertyPath::root().name(self.list));
        let message = format!(
            "the tags of `{name}` in `{}` are set only when it is added: give it another name",
            self.list
        );
        let operation = format!("mediaconnect:{}", self.add);
        DriverError::new(ErrorKind::Invalid { property }, operation, message)
    }
}

/// True if the call adds parts and a flow has them as it says.
pub(super) fn was_added(operation: &str, input: &KnownMap, now: &KnownMap) -> bool {
    let kind = [INTERFACES, STREAMS].into_iter().find(|kind| kind.add == operation);
    kind.is_some_and(|kind| {
        let there = kind.of(now);
        kind.of(input).into_iter().all(|(name, mut part)| {
            part.remove(kind.tags);
            there.get(&name).is_some_and(|is| within(&part.into(), &is.clone().into()))
        })
    })
}

/// Makes a call. What is to be removed and is not there is removed.
pub(super) async fn call(
    api: &dyn Api,
    (operation, input): (&'static str, KnownMap),
) -> Result<(), DriverError> {
    match api.call(operation, input).await {
        Err(error) if error.kind == ErrorKind::NotFound && operation.starts_with("Remove") => {
            Ok(())
        }
        called => called.map(drop),
    }
}
