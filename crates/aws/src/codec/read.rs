//! Outputs as trees.

use aws_smithy_schema::Schema;
use aws_smithy_schema::serde::{SerdeError, ShapeDeserializer};
use aws_smithy_types::base64;
use aws_smithy_types::date_time::Format;
use rstack_model::{KnownMap, KnownValue, SecretString};
use serde_json::Number;

use super::schemas::Schemas;
use crate::model::{Shape, ShapeKind};

/// The depth to which answers are read.
const MAX_DEPTH: usize = 64;

/// Reads a structure.
pub(super) fn structure(
    schemas: &Schemas,
    deserializer: &mut dyn ShapeDeserializer,
    shape: &str,
) -> Result<KnownMap, SerdeError> {
    members(schemas, deserializer, shape, MAX_DEPTH)
}

fn members(
    schemas: &Schemas,
    deserializer: &mut dyn ShapeDeserializer,
    shape: &str,
    depth: usize,
) -> Result<KnownMap, SerdeError> {
    let depth = depth.checked_sub(1).ok_or_else(|| SerdeError::custom("too deep"))?;
    let (_, found) = schemas.shape(shape).map_err(inner)?;
    let target = schemas.structure(shape).map_err(inner)?;
    let known = found.members();
    let mut read = KnownMap::new();
    deserializer.read_struct(target, &mut |schema, deserializer| {
        let named = schema.member_name().and_then(|name| Some((name, known?.get(name)?)));
        let Some((name, member)) = named else { return deserializer.skip_value() };
        if let Some(value) = value(schemas, deserializer, schema, &member.shape, depth)? {
            read.insert(name.to_owned(), value);
        }
        Ok(())
    })?;
    Ok(read)
}

/// Reads a value; `None` for null.
fn value(
    schemas: &Schemas,
    deserializer: &mut dyn ShapeDeserializer,
    schema: &Schema<'_>,
    shape: &str,
    depth: usize,
) -> Result<Option<KnownValue>, SerdeError> {
    if deserializer.is_null() {
        deserializer.read_null()?;
        return Ok(None);
    }
    let (_, found) = schemas.shape(shape).map_err(inner)?;
    Ok(Some(match &found.kind {
        ShapeKind::Structure { .. } => {
            KnownValue::Map(members(schemas, deserializer, shape, depth)?)
        }
        ShapeKind::List { member } => {
            let element = schemas.target(&member.shape).map_err(inner)?;
            let mut items = Vec::new();
            deserializer.read_list(schema, &mut |deserializer| {
                items.extend(value(schemas, deserializer, element, &member.shape, depth)?);
                Ok(())
            })?;
            KnownValue::List(items)
        }
        ShapeKind::Map { value: member, .. } => {
            let element = schemas.target(&member.shape).map_err(inner)?;
            let mut entries = KnownMap::new();
            deserializer.read_map(schema, &mut |key, deserializer| {
                if let Some(item) = value(schemas, deserializer, element, &member.shape, depth)? {
                    entries.insert(key, item);
                }
                Ok(())
            })?;
            KnownValue::Map(entries)
        }
        ShapeKind::String => text(found, deserializer.read_string(schema)?),
        ShapeKind::Blob => {
            let bytes = deserializer.read_blob(schema)?.into_inner();
            let coded = if found.binary { base64::encode(bytes) } else { blob_text(bytes) };
            text(found, coded)
        }
        ShapeKind::Boolean => KnownValue::Bool(deserializer.read_boolean(schema)?),
        ShapeKind::Integer => KnownValue::Number(deserializer.read_integer(schema)?.into()),
        ShapeKind::Long => KnownValue::Number(deserializer.read_long(schema)?.into()),
        ShapeKind::Float => float(f64::from(deserializer.read_float(schema)?))?,
        ShapeKind::Double => float(deserializer.read_double(schema)?)?,
        ShapeKind::Timestamp => {
            let time = deserializer.read_timestamp(schema)?;
            let text = time.fmt(Format::DateTime);
            KnownValue::String(text.map_err(|_| SerdeError::custom("a time out of range"))?)
        }
    }))
}

fn text(shape: &Shape, text: String) -> KnownValue {
    if shape.sensitive {
        KnownValue::Secret(SecretString::new(text))
    } else {
        KnownValue::String(text)
    }
}

fn blob_text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| base64::encode(error.into_bytes()))
}

fn float(value: f64) -> Result<KnownValue, SerdeError> {
    let number = Number::from_f64(value).ok_or_else(|| SerdeError::custom("not a number"))?;
    Ok(KnownValue::Number(number))
}

fn inner(error: super::CodecError) -> SerdeError {
    SerdeError::custom(error.to_string())
}
