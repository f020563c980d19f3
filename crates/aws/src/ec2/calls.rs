//! Calls of EC2: lists by pages, filters, and what errors of a call say about something that was
//! made a moment ago or is about to go.

use std::sync::Arc;

use rstack_catalog::{Registry, TypeSchema};
use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue};

use crate::api::Api;
use crate::definition::Service;
use crate::iam::{Fields, arguments};
use crate::mapping::{Mapper, Rules};
use crate::model::ServiceModel;

/// The most pages that are read of a list: more objects than any account has.
const MOST_PAGES: usize = 1000;

/// The service, as the drivers of its types see it.
#[derive(Clone)]
pub(super) struct Ec2 {
    api: Arc<dyn Api>,
}

/// An operation as errors have it, such as `ec2:CreateVpc`.
pub(super) fn action(operation: &str) -> String {
    format!("ec2:{operation}")
}

impl Ec2 {
    pub(super) fn new(api: Arc<dyn Api>) -> Self {
        Self { api }
    }

    /// As [`Api::call`].
    pub(super) async fn call(
        &self,
        operation: &'static str,
        input: KnownMap,
    ) -> Result<KnownMap, DriverError> {
        self.api.call(operation, input).await
    }

    /// The elements of a list, of all pages; none if what the input names does not exist.
    pub(super) async fn all(
        &self,
        operation: &'static str,
        items: &str,
        mut input: KnownMap,
    ) -> Result<Vec<KnownMap>, DriverError> {
        let mut found = Vec::new();
        for _ in 0..MOST_PAGES {
            let mut answer = match self.api.call(operation, input.clone()).await {
                Ok(answer) => answer,
                Err(error) if error.kind == ErrorKind::NotFound => return Ok(Vec::new()),
                Err(error) => return Err(error),
            };
            found.extend(take_maps(answer.remove(items)));
            match answer.remove("NextToken") {
                Some(KnownValue::String(next)) if !next.is_empty() => {
                    input.insert("NextToken".to_owned(), next.into());
                }
                Some(_) | None => return Ok(found),
            }
        }
        let message = format!("the list of `{items}` has no end");
        Err(DriverError::new(ErrorKind::Unsupported, action(operation), message))
    }

    /// The members of an operation's input that say what properties say.
    ///
    /// # Errors
    /// If a property has no member, or has a value that its member cannot take.
    pub(super) fn members(
        &self,
        operation: &str,
        properties: &KnownMap,
        rules: &'static Rules,
    ) -> Result<KnownMap, DriverError> {
        let model = model()?;
        let shape = model.operation(operation).and_then(|found| found.input.as_deref());
        let shape = shape.ok_or_else(|| damaged(format!("`{operation}` takes nothing")))?;
        let mapper = Mapper::new(model, shape, rules);
        mapper.to_members(properties).map_err(|error| error.for_operation(action(operation)))
    }

    /// The properties of a type that a description says.
    pub(super) fn properties(
        &self,
        shape: &'static str,
        members: &KnownMap,
        schema: &TypeSchema,
        rules: &'static Rules,
    ) -> Result<KnownMap, DriverError> {
        let mapper = Mapper::new(model()?, shape, rules);
        Ok(mapper.from_members(members, schema, schema.root()))
    }
}

fn model() -> Result<&'static ServiceModel, DriverError> {
    ServiceModel::of(Service::EC2).map_err(|error| damaged(error.to_string()))
}

/// The registry's schema of a type.
pub(super) fn schema(type_name: &str) -> Result<Arc<TypeSchema>, DriverError> {
    let found = Registry::embedded().get(type_name).map_err(|error| damaged(error.to_string()))?;
    found.ok_or_else(|| damaged(format!("the registry has no `{type_name}`")))
}

fn damaged(problem: String) -> DriverError {
    DriverError::new(ErrorKind::Unsupported, "ec2", problem)
}

/// The filters of a list.
pub(super) fn filters<const N: usize>(filters: [(&str, &str); N]) -> KnownValue {
    let filter = |(name, value): (&str, &str)| {
        KnownValue::Map(arguments([("Name", name.into()), ("Values", list([value]))]))
    };
    KnownValue::List(filters.map(filter).into())
}

/// A list of texts.
pub(super) fn list<'a>(items: impl IntoIterator<Item = &'a str>) -> KnownValue {
    KnownValue::List(items.into_iter().map(KnownValue::from).collect())
}

/// The maps in a list of an answer.
pub(super) fn maps<'a>(answer: &'a KnownMap, list: &str) -> impl Iterator<Item = &'a KnownMap> {
    let list = answer.get(list).and_then(KnownValue::as_list).unwrap_or_default();
    list.iter().filter_map(KnownValue::as_map)
}

fn take_maps(list: Option<KnownValue>) -> impl Iterator<Item = KnownMap> {
    let items = match list {
        Some(KnownValue::List(items)) => items,
        Some(_) | None => Vec::new(),
    };
    items.into_iter().filter_map(|item| match item {
        KnownValue::Map(map) => Some(map),
        KnownValue::Null
        | KnownValue::Bool(_)
        | KnownValue::Number(_)
        | KnownValue::String(_)
        | KnownValue::Secret(_)
        | KnownValue::List(_) => None,
    })
}

/// The error of a call about something that was made a moment ago: it may not be visible yet.
pub(super) fn not_yet_visible(error: DriverError) -> DriverError {
    match error.kind {
        ErrorKind::NotFound => passing(error),
        _ => error,
    }
}

/// The error of a deletion: what still depends on the object is being deleted, too.
pub(super) fn still_used(error: DriverError) -> DriverError {
    match error.kind {
        ErrorKind::Conflict => passing(error),
        _ => error,
    }
}

/// The same error as one that passes.
pub(super) fn passing(error: DriverError) -> DriverError {
    DriverError { kind: ErrorKind::DependencyNotReady, ..error }
}

/// The text of a property that is a part of the object's identifier; `None` if it is not declared.
///
/// # Errors
/// If it is a secret, which identifiers cannot hold, or no text.
pub(super) fn identifying(
    properties: &KnownMap,
    name: &str,
    operation: &'static str,
) -> Result<Option<String>, DriverError> {
    Fields::new(properties, operation).identifying(name)
}

/// The error that a property cannot be as it is declared.
pub(super) fn invalid(operation: &str, property: &str, problem: &str) -> DriverError {
    let path = rstack_model::PropertyPath::root().name(property);
    let message = format!("`{property}` {problem}");
    DriverError::new(ErrorKind::Invalid { property: Some(path) }, action(operation), message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test::journaled_api::{JournaledApi, gone, json};

    #[tokio::test]
    async fn a_list_is_read_to_its_end_and_what_is_not_found_is_in_none() {
        let script = JournaledApi::new([
            ("DescribeVpcs", json(r#"{"Vpcs":[{"VpcId":"vpc-1"}],"NextToken":"n"}"#)),
            ("DescribeVpcs", json(r#"{"Vpcs":[{"VpcId":"vpc-2"}],"NextToken":""}"#)),
            ("DescribeVpcs", gone()),
        ]);
        let ec2 = Ec2::new(script.clone());
        let found = ec2.all("DescribeVpcs", "Vpcs", KnownMap::new()).await.unwrap();
        assert_eq!(found.len(), 2);
        let ids = arguments([("VpcIds", list(["vpc-3"]))]);
        assert_eq!(ec2.all("DescribeVpcs", "Vpcs", ids).await.unwrap(), []);
        script.assert_calls(&[
            "DescribeVpcs {}",
            r#"DescribeVpcs {"NextToken":"n"}"#,
            r#"DescribeVpcs {"VpcIds":["vpc-3"]}"#,
        ]);
    }
}
