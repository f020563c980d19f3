//! One driver for resource types that are one API object each: a table says the rest.
//!
//! Such a type has an operation each to create, describe, update and delete it, and an object is
//! named by one property. Everything else is mapping by name. A new type costs one [`RestType`].
//! Tags are a map on the wire, given at creation and then changed by `TagResource` and
//! `UntagResource`, which take the object's ARN; descriptions hold ARN and tags.

mod changes;
mod driver;
mod leftover;
mod object;
mod roles;
mod tags;

pub(crate) use driver::RestDriver;

use rstack_model::KnownValue;

use crate::mapping::Rules;
use crate::model::Service;

/// What there is to say of one resource type.
#[derive(Debug)]
pub(crate) struct RestType {
    /// The type's name, such as `AWS::MediaPackage::Channel`.
    pub(crate) type_name: &'static str,
    /// What an object is called in a sentence.
    pub(crate) noun: &'static str,
    /// The service.
    pub(crate) service: Service,
    /// The operation that creates an object.
    pub(crate) create: &'static str,
    /// The operation that describes one, by the identifier.
    pub(crate) read: &'static str,
    /// The operation that changes one: a property that it does not say is put back to its default.
    pub(crate) update: &'static str,
    /// The operation that deletes one, by the identifier.
    pub(crate) delete: &'static str,
    /// The property and member that names an object, and is what `Ref` returns.
    pub(crate) identifier: &'static str,
    /// Properties that have an operation of their own.
    pub(crate) settings: &'static [SettingsRow],
    /// What names alone do not say.
    pub(crate) rules: &'static Rules,
    /// What `Fn::GetAtt` returns.
    pub(crate) attributes: &'static [AttributeRow],
    /// What an update must say of properties that are declared no longer.
    pub(crate) resets: &'static [ResetRow],
    /// Properties that stay as they are while the template declares them neither now nor before.
    pub(crate) kept: &'static [&'static str],
    /// Properties that the service shows with values of its own when it is told none.
    pub(crate) defaulted: &'static [&'static str],
    /// Members of answers that are dropped at once, wherever they stand.
    pub(crate) withheld: &'static [&'static str],
    /// The one code for whatever the service refuses: at creation it can mean that the identifier
    /// is taken.
    pub(crate) refused_code: &'static str,
}

/// Properties that another operation sets, at creation and afterwards. It takes the identifier,
/// and a property that it does not say is put back to its default.
#[derive(Debug)]
pub(crate) struct SettingsRow {
    /// The operation.
    pub(crate) operation: &'static str,
    /// The properties.
    pub(crate) properties: &'static [&'static str],
}

/// An attribute.
#[derive(Debug)]
pub(crate) struct AttributeRow {
    /// Its name.
    pub(crate) name: &'static str,
    /// Where it stands in the property tree: the first place that holds something counts. Steps
    /// are apart by `/`, elements of lists are numbers.
    pub(crate) places: &'static [&'static str],
}

/// A property that an update must say when it is declared no longer.
#[derive(Debug)]
pub(crate) struct ResetRow {
    /// The property.
    pub(crate) property: &'static str,
    /// What it is then.
    pub(crate) value: ResetValue,
}

/// What a property is reset to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ResetValue {
    /// A text.
    Text(&'static str),
    /// An integer.
    Integer(i64),
    /// The empty list.
    EmptyList,
}

impl ResetValue {
    fn known(self) -> KnownValue {
        match self {
            Self::Text(text) => KnownValue::from(text),
            Self::Integer(value) => KnownValue::from(value),
            Self::EmptyList => KnownValue::List(Vec::new()),
        }
    }
}
