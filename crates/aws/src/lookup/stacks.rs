//! Stacks that CloudFormation manages: what they export, which stacks import it, and what they put out.
//!
//! Source: DescribeStacks, ListExports and ListImports, AWS CloudFormation API Reference.

use std::sync::Arc;

use async_trait::async_trait;
use rstack_driver::{DriverError, ErrorKind, ManagedExport, ManagedStacks};
use rstack_model::{KnownMap, KnownValue, Value, ValueMap};

use crate::api::Api;
use crate::iam::{arguments, text_in};

/// More pages than any account has: a listing that goes on is one that does not end.
const MOST_PAGES: usize = 1000;

/// The status of a stack that is gone. It is described for 90 days by its ID, never by its name.
///
/// Source: DescribeStacks, AWS CloudFormation API Reference.
const DELETED: &str = "DELETE_COMPLETE";

/// The statuses of stacks that have no resources: what was made is taken back, or nothing was made yet.
///
/// Source: "Stack status codes", AWS CloudFormation User Guide.
const EMPTY: [&str; 2] = ["ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS"];

/// The stacks of one account and Region.
pub(crate) struct Stacks {
    api: Arc<dyn Api>,
}

impl Stacks {
    pub(crate) fn new(api: Arc<dyn Api>) -> Self {
        Self { api }
    }

    /// The values of all exports, by name.
    pub(crate) async fn exported(&self) -> Result<Value, DriverError> {
        let of = |export: &KnownMap| {
            let (name, value) = (text_in(export, "Name")?, text_in(export, "Value")?);
            Some((name.to_owned(), Value::from(value)))
        };
        let exports = self.all("ListExports", KnownMap::new(), "Exports").await?;
        let exports = exports.iter().filter_map(KnownValue::as_map).filter_map(of);
        Ok(Value::Map(exports.collect()))
    }

    /// The description of a stack; `None` if it does not exist.
    async fn described(&self, stack: &str) -> Result<Option<KnownMap>, DriverError> {
        let input = arguments([("StackName", stack.into())]);
        let answer = match self.api.call("DescribeStacks", input).await {
            Err(error) if says(&error, "does not exist") => return Ok(None),
            answer => answer?,
        };
        let listed = answer.get("Stacks").and_then(KnownValue::as_list).unwrap_or_default();
        let exists = |stack: &&KnownMap| text_in(stack, "StackStatus") != Some(DELETED);
        Ok(listed.iter().filter_map(KnownValue::as_map).find(exists).cloned())
    }

    /// The outputs of a stack, by name; null if it does not exist.
    pub(crate) async fn outputs(&self, stack: &str) -> Result<Value, DriverError> {
        let Some(found) = self.described(stack).await? else { return Ok(Value::Null) };
        let outputs = found.get("Outputs").and_then(KnownValue::as_list).unwrap_or_default();
        let of = |output: &KnownMap| {
            let (key, value) = (text_in(output, "OutputKey")?, text_in(output, "OutputValue")?);
            Some((key.to_owned(), Value::from(value)))
        };
        let outputs: ValueMap =
            outputs.iter().filter_map(KnownValue::as_map).filter_map(of).collect();
        Ok(Value::Map(outputs))
    }

    /// The elements of a list, of all its pages.
    async fn all(
        &self,
        operation: &'static str,
        mut input: KnownMap,
        items: &str,
    ) -> Result<Vec<KnownValue>, DriverError> {
        let mut found = Vec::new();
        for _ in 0..MOST_PAGES {
            let mut answer = self.api.call(operation, input.clone()).await?;
            if let Some(KnownValue::List(page)) = answer.remove(items) {
                found.extend(page);
            }
            match answer.remove("NextToken") {
                Some(KnownValue::String(next)) if !next.is_empty() => {
                    input.insert("NextToken".to_owned(), next.into());
                }
                Some(_) | None => return Ok(found),
            }
        }
        let message = format!("the list has more than {MOST_PAGES} pages");
        let operation = format!("cloudformation:{operation}");
        Err(DriverError::new(ErrorKind::Unsupported, operation, message))
    }
}

#[async_trait]
impl ManagedStacks for Stacks {
    async fn exports(&self) -> Result<Vec<ManagedExport>, DriverError> {
        let of = |export: &KnownMap| {
            let (name, id) = (text_in(export, "Name")?, text_in(export, "ExportingStackId")?);
            Some(ManagedExport { name: name.to_owned(), stack: name_in(id).to_owned() })
        };
        let exports = self.all("ListExports", KnownMap::new(), "Exports").await?;
        Ok(exports.iter().filter_map(KnownValue::as_map).filter_map(of).collect())
    }

    async fn importers(&self, export: &str) -> Result<Vec<String>, DriverError> {
        let input = arguments([("ExportName", export.into())]);
        // The same answer for an export without importers and for a name that is not exported.
        let importers = match self.all("ListImports", input, "Imports").await {
            Err(error) if says(&error, "is not imported by any stack") => return Ok(Vec::new()),
            importers => importers?,
        };
        Ok(importers.iter().filter_map(KnownValue::as_str).map(str::to_owned).collect())
    }

    async fn status(&self, stack: &str) -> Result<Option<String>, DriverError> {
        let found = self.described(stack).await?;
        let status = found.as_ref().and_then(|found| text_in(found, "StackStatus"));
        Ok(status.filter(|status| !EMPTY.contains(status)).map(str::to_owned))
    }
}

/// True if the service refused a call with this reason. It has one code for all of them.
///
/// Source: "ValidationError", Common Errors, AWS CloudFormation API Reference; the reasons are those that
/// the service has given since the operations exist, as clients quote them: "Stack with id X does not
/// exist", "Export 'X' is not imported by any stack."
fn says(error: &DriverError, reason: &str) -> bool {
    error.has_code("ValidationError") && error.message.contains(reason)
}

/// The name of a stack in its ID, `arn:aws:cloudformation:REGION:ACCOUNT:stack/NAME/UUID`.
///
/// Source: "Resource types defined by AWS CloudFormation", Service Authorization Reference.
fn name_in(id: &str) -> &str {
    id.split_once(":stack/").and_then(|(_, rest)| rest.split('/').next()).unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test::journaled_api::{Answer, JournaledApi, json};

    fn refused(kind: ErrorKind, code: &str, message: &str) -> Answer {
        let error = DriverError::new(kind, "cloudformation:Call", message);
        Err(DriverError { code: Some(code.to_owned()), ..error })
    }

    fn validation(message: &str) -> Answer {
        refused(ErrorKind::Invalid { property: None }, "ValidationError", message)
    }

    fn page(exports: &[(&str, &str)], next: Option<&str>) -> Answer {
        let row = |(name, value): &(&str, &str)| {
            let id = "arn:aws:cloudformation:eu-west-1:111122223333:stack/net/8a1c";
            serde_json::json!({"Name": name, "Value": value, "ExportingStackId": id})
        };
        let exports: Vec<_> = exports.iter().map(row).collect();
        let mut page = serde_json::json!({"Exports": exports});
        if let Some(next) = next {
            page["NextToken"] = next.into();
        }
        json(&page.to_string())
    }

    #[tokio::test]
    async fn a_stack_that_has_resources_has_a_status() {
        let status = |text: &str| {
            let stacks = serde_json::json!({"Stacks": [{"StackStatus": text}]});
            ("DescribeStacks", json(&stacks.to_string()))
        };
        let api = Arc::new(JournaledApi::new([
            status("UPDATE_ROLLBACK_COMPLETE"),
            status("ROLLBACK_COMPLETE"),
            status("DELETE_COMPLETE"),
            ("DescribeStacks", validation("Stack with id app does not exist")),
        ]));
        let stacks = Stacks::new(Arc::<JournaledApi>::clone(&api));
        let mut found = Vec::new();
        for _ in 0..4 {
            found.push(stacks.status("app").await.unwrap());
        }
        assert_eq!(found, [Some("UPDATE_ROLLBACK_COMPLETE".to_owned()), None, None, None]);
    }

    #[tokio::test]
    async fn exports_are_those_of_all_pages() {
        let pages = || {
            [
                ("ListExports", page(&[("a", "1")], Some("more"))),
                ("ListExports", page(&[("b", "{{resolve:ssm:/x}}")], Some(""))),
            ]
        };
        let script = JournaledApi::new(pages());
        let exported = Stacks::new(script.clone()).exported().await.unwrap();
        let expected = [("a", "1"), ("b", "{{resolve:ssm:/x}}")];
        let expected = expected.map(|(name, value)| (name.to_owned(), Value::from(value)));
        assert_eq!(exported, Value::Map(expected.into()));
        script.assert_calls(&["ListExports {}", r#"ListExports {"NextToken":"more"}"#]);

        let listed = Stacks::new(JournaledApi::new(pages())).exports().await.unwrap();
        let names: Vec<_> = listed.iter().map(|it| (it.name.as_str(), it.stack.as_str())).collect();
        assert_eq!(names, [("a", "net"), ("b", "net")]);
        let none = Stacks::new(JournaledApi::new([("ListExports", json("{}"))]));
        assert_eq!(none.exports().await.unwrap(), []);
    }

    #[tokio::test]
    async fn a_list_without_an_end_is_an_error() {
        let pages = (0..MOST_PAGES).map(|_| ("ListExports", page(&[("a", "1")], Some("more"))));
        let error = Stacks::new(JournaledApi::of(pages)).exports().await.unwrap_err();
        assert_eq!(error.operation, "cloudformation:ListExports");
        assert_eq!(error.kind, ErrorKind::Unsupported);
    }

    #[tokio::test]
    async fn an_export_without_importers_is_no_error() {
        let script = JournaledApi::new([
            ("ListImports", json(r#"{"Imports":["web"],"NextToken":"n"}"#)),
            ("ListImports", json(r#"{"Imports":["jobs"]}"#)),
            ("ListImports", validation("Export 'b' is not imported by any stack.")),
            ("ListImports", validation("1 validation error detected")),
            ("ListImports", refused(ErrorKind::Throttled, "Throttling", "Rate exceeded")),
        ]);
        let stacks = Stacks::new(script.clone());
        assert_eq!(stacks.importers("a").await.unwrap(), ["web", "jobs"]);
        assert_eq!(stacks.importers("b").await.unwrap(), [""; 0]);
        let invalid = stacks.importers("c").await.unwrap_err();
        assert!(invalid.message.contains("1 validation error"), "{invalid}");
        assert_eq!(stacks.importers("d").await.unwrap_err().kind, ErrorKind::Throttled);
        script.assert_calls(&[
            r#"ListImports {"ExportName":"a"}"#,
            r#"ListImports {"ExportName":"a","NextToken":"n"}"#,
            r#"ListImports {"ExportName":"b"}"#,
            r#"ListImports {"ExportName":"c"}"#,
            r#"ListImports {"ExportName":"d"}"#,
        ]);
    }

    #[tokio::test]
    async fn a_stack_that_does_not_exist_has_no_outputs_and_one_that_is_refused_is_not_absent() {
        let denied = ErrorKind::AccessDenied { action: None };
        let described = r#"{"Stacks":[{"StackName":"net","StackStatus":"UPDATE_COMPLETE",
            "Outputs":[{"OutputKey":"Vpc","OutputValue":"vpc-1","ExportName":"x"}]}]}"#;
        let script = JournaledApi::new([
            ("DescribeStacks", json(described)),
            ("DescribeStacks", json(r#"{"Stacks":[{"StackStatus":"CREATE_IN_PROGRESS"}]}"#)),
            ("DescribeStacks", json(r#"{"Stacks":[{"StackStatus":"DELETE_COMPLETE"}]}"#)),
            ("DescribeStacks", validation("Stack with id gone does not exist")),
            ("DescribeStacks", validation("1 validation error detected")),
            ("DescribeStacks", refused(denied.clone(), "AccessDenied", "not authorized")),
        ]);
        let stacks = Stacks::new(script.clone());
        let outputs = Value::Map([("Vpc".to_owned(), Value::from("vpc-1"))].into());
        assert_eq!(stacks.outputs("net").await.unwrap(), outputs);
        assert_eq!(stacks.outputs("new").await.unwrap(), Value::Map(ValueMap::new()));
        assert_eq!(stacks.outputs("arn").await.unwrap(), Value::Null);
        assert_eq!(stacks.outputs("gone").await.unwrap(), Value::Null);
        assert!(stacks.outputs("a b").await.is_err());
        assert_eq!(stacks.outputs("net").await.unwrap_err().kind, denied);
        assert_eq!(script.made(), 6);
    }
}
