//! Inputs as the SDK's serializers want them.

use aws_smithy_schema::Schema;
use aws_smithy_schema::serde::{SerdeError, SerializableStruct, ShapeSerializer};
use aws_smithy_types::Blob;
use rstack_model::{KnownMap, KnownValue};

use super::scalar;
use super::schemas::Schemas;
use crate::model::ShapeKind;

/// The members of a structure, with what is known of their shape.
#[derive(Debug)]
pub(super) struct Input<'a> {
    pub(super) schemas: &'a Schemas,
    /// The name of the shape; `None` for an operation that takes nothing.
    pub(super) shape: Option<&'a str>,
    pub(super) schema: &'static Schema<'static>,
    pub(super) members: &'a KnownMap,
}

impl SerializableStruct for Input<'_> {
    fn schema(&self) -> &Schema<'_> {
        self.schema
    }

    fn serialize_members(&self, serializer: &mut dyn ShapeSerializer) -> Result<(), SerdeError> {
        let Some(shape) = self.shape else { return Ok(()) };
        let (_, shape) = self.schemas.shape(shape).map_err(inner)?;
        let members = shape.members().ok_or_else(mismatch)?;
        for schema in self.schema.members() {
            let name = schema.member_name().ok_or_else(mismatch)?;
            let member = members.get(name).ok_or_else(mismatch)?;
            match self.members.get(name) {
                None | Some(KnownValue::Null) => {}
                // EC2 has no form for a list in which nothing stands.
                Some(value) if self.schemas.is_ec2() && is_empty_list(value) => {}
                Some(value) => put(self.schemas, serializer, schema, &member.shape, value)?,
            }
        }
        Ok(())
    }
}

/// True for a list without elements, or of nothing but empty structures.
fn is_empty_list(value: &KnownValue) -> bool {
    let is_empty = |item: &KnownValue| item.as_map().is_some_and(KnownMap::is_empty);
    value.as_list().is_some_and(|items| items.iter().all(is_empty))
}

fn put(
    schemas: &Schemas,
    serializer: &mut dyn ShapeSerializer,
    schema: &Schema<'_>,
    shape: &str,
    value: &KnownValue,
) -> Result<(), SerdeError> {
    let (_, found) = schemas.shape(shape).map_err(inner)?;
    match &found.kind {
        ShapeKind::Structure { .. } => {
            let members = value.as_map().ok_or_else(mismatch)?;
            let target = schemas.structure(shape).map_err(inner)?;
            let input = Input { schemas, shape: Some(shape), schema: target, members };
            serializer.write_struct(schema, &input)
        }
        ShapeKind::List { member } => {
            let items = value.as_list().ok_or_else(mismatch)?;
            let element = schemas.target(&member.shape).map_err(inner)?;
            serializer.write_list_with_length(schema, items.len(), &|serializer| {
                for item in items {
                    put(schemas, serializer, element, &member.shape, item)?;
                }
                Ok(())
            })
        }
        ShapeKind::Map { key, value: member } => {
            let entries = value.as_map().ok_or_else(mismatch)?;
            let key = schemas.target(&key.shape).map_err(inner)?;
            let element = schemas.target(&member.shape).map_err(inner)?;
            serializer.write_map_with_length(schema, entries.len(), &|serializer| {
                for (name, item) in entries {
                    serializer.write_string(key, name)?;
                    put(schemas, serializer, element, &member.shape, item)?;
                }
                Ok(())
            })
        }
        ShapeKind::String => {
            serializer.write_string(schema, &scalar::text(value).ok_or_else(mismatch)?)
        }
        ShapeKind::Blob => {
            let bytes = scalar::bytes(value, found.binary).ok_or_else(mismatch)?;
            serializer.write_blob(schema, Blob::new(bytes))
        }
        ShapeKind::Boolean => {
            serializer.write_boolean(schema, scalar::boolean(value).ok_or_else(mismatch)?)
        }
        ShapeKind::Integer => {
            serializer.write_integer(schema, scalar::integer(value).ok_or_else(mismatch)?)
        }
        ShapeKind::Long => serializer.write_long(schema, scalar::long(value).ok_or_else(mismatch)?),
        ShapeKind::Float => {
            let double = scalar::double(value).ok_or_else(mismatch)?;
            #[expect(clippy::cast_possible_truncation, reason = "the service takes no more")]
            serializer.write_float(schema, double as f32)
        }
        ShapeKind::Double => {
            serializer.write_double(schema, scalar::double(value).ok_or_else(mismatch)?)
        }
        ShapeKind::Timestamp => {
            serializer.write_timestamp(schema, &scalar::time(value).ok_or_else(mismatch)?)
        }
    }
}

/// Inputs are checked before they are written; this says that one was not.
fn mismatch() -> SerdeError {
    SerdeError::custom("a value does not fit its shape")
}

fn inner(error: super::CodecError) -> SerdeError {
    SerdeError::custom(error.to_string())
}
