//! The types that refer to a type by an identifier whose form the type itself does not describe.
//!
//! `AWS::Cognito::UserPool` says nothing of the form of its IDs; `AWS::Cognito::UserPoolClient`
//! does, of its property `UserPoolId`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use rstack_catalog::{Registry, TypeSchema};

use crate::id_context::IdContext;

/// Types, with the name of the property of each that takes an identifier.
pub(crate) type Referrers = Arc<[(Arc<TypeSchema>, String)]>;

/// The types of the service, with the name of the property of each that takes the identifier. They
/// are looked for once for each type and property.
pub(crate) fn of(context: &IdContext<'_>, property: &str) -> Referrers {
    static KNOWN: Mutex<BTreeMap<(String, String), Referrers>> = Mutex::new(BTreeMap::new());
    let of = (context.resource_type.to_string(), property.to_owned());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(known.entry(of).or_insert_with(|| found(context, property).into()))
}

fn found(context: &IdContext<'_>, property: &str) -> Vec<(Arc<TypeSchema>, String)> {
    let Some((service, resource)) = context.resource_type.as_str().rsplit_once("::") else {
        return Vec::new();
    };
    // EC2 has hundreds of types, and what identifies its objects is known without them.
    if service == "AWS::EC2" {
        return Vec::new();
    }
    let names = match property {
        "Id" | "Arn" | "ARN" | "Identifier" => {
            vec![format!("{resource}{property}"), format!("{resource}Identifier")]
        }
        "Name" | "Version" => return Vec::new(),
        other => vec![other.to_owned()],
    };
    let prefix = format!("{service}::");
    let registry = Registry::embedded();
    let types = registry.names().skip_while(|name| !name.starts_with(&prefix));
    let types = types.take_while(|name| name.starts_with(&prefix));
    let others = types.filter(|name| *name != context.resource_type.as_str());
    let schemas = others.filter_map(|name| registry.get(name).ok().flatten());
    schemas.flat_map(|schema| referrers(&schema, &names)).collect()
}

fn referrers(schema: &Arc<TypeSchema>, names: &[String]) -> Vec<(Arc<TypeSchema>, String)> {
    let takes = |name: &&String| schema.root().property_names().any(|own| own == name.as_str());
    names.iter().filter(takes).map(|name| (Arc::clone(schema), name.clone())).collect()
}
