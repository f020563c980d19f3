//! The facts in which kinds of objects with an ID and tags differ.

use async_trait::async_trait;
use rstack_driver::{DriverError, ErrorKind, NameRule, UnsupportedProperty};
use rstack_model::{Identifier, KnownMap, KnownValue, PhysicalId};

use super::stage::States;
use super::tags;
use crate::ec2::calls::{Ec2, action};
use crate::iam::{Tags, text_in};
use crate::mapping::Rules;

/// The names that a kind has in the API.
pub(in crate::ec2) struct Facts {
    /// The CloudFormation type.
    pub(in crate::ec2) type_name: &'static str,
    /// The object's name in a sentence.
    pub(in crate::ec2) noun: &'static str,
    /// The type of the object in the specification of its tags.
    pub(in crate::ec2) tagged_as: &'static str,
    /// The operation that creates an object.
    pub(in crate::ec2) create: &'static str,
    /// The member of its answer that holds the description; without it the answer has the ID alone.
    pub(in crate::ec2) answer: Option<&'static str>,
    /// The member that takes the token of the request; a service without it makes another object
    /// each time.
    pub(in crate::ec2) token: Option<&'static str>,
    /// The operation that lists and describes objects.
    pub(in crate::ec2) describe: &'static str,
    /// The member of its answer that holds the list.
    pub(in crate::ec2) items: &'static str,
    /// The shape of an element.
    pub(in crate::ec2) shape: &'static str,
    /// The member of its input that takes IDs.
    pub(in crate::ec2) ids: &'static str,
    /// The member of its input that takes filters.
    pub(in crate::ec2) filters: &'static str,
    /// The member of a description, and of the deletion, that holds the ID.
    pub(in crate::ec2) id: &'static str,
    /// The operation that deletes an object.
    pub(in crate::ec2) delete: &'static str,
    /// The states of an object.
    pub(in crate::ec2) states: States,
    /// The rules of the mapping.
    pub(in crate::ec2) rules: &'static Rules,
}

/// A change of an object to what is declared.
pub(in crate::ec2) struct Change<'a> {
    /// The description of the object.
    pub(in crate::ec2) current: &'a KnownMap,
    /// The properties that were declared before; empty for an object that was made a moment ago.
    pub(in crate::ec2) prior: &'a KnownMap,
    /// The declared properties.
    pub(in crate::ec2) properties: &'a KnownMap,
    /// The journaled token of the operation.
    pub(in crate::ec2) token: &'a str,
}

/// A kind of object with an ID and tags.
#[async_trait]
pub(in crate::ec2) trait Kind: Send + Sync + 'static {
    /// Its names in the API.
    const FACTS: Facts;

    /// False if no filter of the describing operation knows tags: all objects are read.
    const FILTERS_TAGS: bool = true;

    /// Properties that no operation carries out.
    fn unsupported() -> &'static [UnsupportedProperty] {
        &[]
    }

    /// The tags that properties declare.
    ///
    /// # Errors
    /// If a tag has no key, or one that is rstack's own.
    fn tags(properties: &KnownMap) -> Result<Tags, DriverError> {
        tags::declared(properties)
    }

    /// The rule for the names of objects that the template does not name.
    fn naming() -> Option<NameRule> {
        None
    }

    /// The operation that creates an object, and its input, without tags and token.
    ///
    /// # Errors
    /// If a property cannot be sent.
    fn creation(ec2: &Ec2, properties: &KnownMap) -> Result<(&'static str, KnownMap), DriverError> {
        let create = Self::FACTS.create;
        Ok((create, ec2.members(create, &without_tags(properties), Self::FACTS.rules)?))
    }

    /// The description in the answer of the creating operation.
    fn created(mut answer: KnownMap) -> KnownMap {
        let Some(member) = Self::FACTS.answer else { return answer };
        match answer.remove(member) {
            Some(KnownValue::Map(members)) => members,
            Some(_) | None => KnownMap::new(),
        }
    }

    /// The identifier of the object of a description.
    fn identity(members: &KnownMap, declared: &KnownMap) -> Option<Identifier> {
        let _ = declared;
        text_in(members, Self::FACTS.id).map(Identifier::from)
    }

    /// The value of `Ref`.
    fn referred(identifier: &Identifier) -> PhysicalId {
        PhysicalId::from(identifier.only())
    }

    /// The member of the describing operation that names the object, and the name.
    ///
    /// # Errors
    /// If the identifier has another form than those of the type.
    fn name_in(identifier: &Identifier) -> Result<(&'static str, String), DriverError> {
        Ok((Self::FACTS.ids, identifier.only().to_owned()))
    }

    /// Adds to the properties of an object those that its description has in another form.
    ///
    /// # Errors
    /// If something else has to be asked for, and the call failed.
    async fn complete(
        ec2: &Ec2,
        members: &KnownMap,
        declared: &KnownMap,
        properties: &mut KnownMap,
    ) -> Result<(), DriverError> {
        let _ = (ec2, members, declared, properties);
        Ok(())
    }

    /// The attributes of an object.
    ///
    /// # Errors
    /// If something else has to be asked for, and the call failed.
    async fn attributes(
        ec2: &Ec2,
        members: &KnownMap,
        identifier: &Identifier,
    ) -> Result<KnownMap, DriverError>;

    /// Makes the properties that have operations of their own as they are declared.
    ///
    /// # Errors
    /// If a call failed, or the service cannot do it.
    async fn set(ec2: &Ec2, change: &Change<'_>) -> Result<(), DriverError> {
        let _ = (ec2, change);
        Ok(())
    }

    /// The part of an object that is not stable yet although its state is.
    fn unsettled(members: &KnownMap) -> Option<String> {
        let _ = members;
        None
    }

    /// Calls the deleting operation.
    ///
    /// # Errors
    /// If it failed.
    async fn destroy(ec2: &Ec2, members: &KnownMap, prior: &KnownMap) -> Result<(), DriverError> {
        let _ = prior;
        let Facts { id, delete, .. } = Self::FACTS;
        let input = named(members, id, delete)?;
        ec2.call(delete, input).await.map(drop)
    }
}

/// The input of an operation on the object of a description.
pub(in crate::ec2) fn named(
    members: &KnownMap,
    id: &'static str,
    operation: &'static str,
) -> Result<KnownMap, DriverError> {
    let value = members.get(id).ok_or_else(|| {
        let message = format!("the description lacks `{id}`");
        DriverError::new(ErrorKind::UnknownOutcome, action(operation), message)
    })?;
    Ok(KnownMap::from([(id.to_owned(), value.clone())]))
}

/// Properties without tags, which have a form of their own.
pub(in crate::ec2) fn without_tags(properties: &KnownMap) -> KnownMap {
    without(properties, &["Tags"])
}

/// Properties without those of these names.
pub(in crate::ec2) fn without(properties: &KnownMap, names: &[&str]) -> KnownMap {
    let kept = properties.iter().filter(|(name, _)| !names.contains(&name.as_str()));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The members of a description that are attributes under the same names.
pub(in crate::ec2) fn same_names<const N: usize>(members: &KnownMap, names: [&str; N]) -> KnownMap {
    let there = names.into_iter().filter_map(|name| Some((name, members.get(name)?)));
    there.map(|(name, value)| (name.to_owned(), value.clone())).collect()
}
