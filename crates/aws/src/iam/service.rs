//! Calls to IAM: paging, and errors that mean "gone" or "not yet".

use std::sync::Arc;
use std::time::Duration;

use rstack_driver::{DriverError, ErrorKind, Found, Progress};
use rstack_model::{KnownMap, KnownValue};

use super::fields::text_in;
use super::tags::{TagChanges, Tags, create_tagged, tag_list};
use crate::api::Api;

/// The number of pages that are read at most: far more than IAM's quotas allow objects.
const MOST_PAGES: usize = 1000;

/// The service, as the drivers of this folder call it.
#[derive(Clone)]
pub(super) struct Iam(Arc<dyn Api>);

/// The progress of an object that IAM does not show yet.
pub(super) fn awaited(what: &str) -> Progress {
    let waits_for = format!("{what} to become visible");
    Progress::Pending { waits_for, ask_again_in: Duration::from_secs(2) }
}

/// The object of a name that is taken, and whose tags name no operation or another one.
pub(super) fn not_ours(what: &str) -> Found {
    let why = format!("{what} exists, and its tags do not say that this operation made it");
    Found::Ambiguous { why }
}

impl Iam {
    pub(super) fn new(api: Arc<dyn Api>) -> Self {
        Self(api)
    }

    pub(super) async fn call(
        &self,
        operation: &'static str,
        input: KnownMap,
    ) -> Result<KnownMap, DriverError> {
        self.0.call(operation, input).await
    }

    /// Calls a creating operation with these tags, and without rstack's own if only these are in
    /// the way.
    pub(super) async fn create(
        &self,
        operation: &'static str,
        input: KnownMap,
        tags: &Tags,
    ) -> Result<KnownMap, DriverError> {
        create_tagged(self.0.as_ref(), operation, input, tags).await
    }

    /// Changes the tags of what an input names, by the operations that set and that remove tags.
    pub(super) async fn change_tags(
        &self,
        [set, remove]: [&'static str; 2],
        named: &KnownMap,
        changes: TagChanges,
    ) -> Result<(), DriverError> {
        if !changes.remove.is_empty() {
            let mut input = named.clone();
            let keys = changes.remove.into_iter().map(KnownValue::from).collect();
            input.insert("TagKeys".to_owned(), KnownValue::List(keys));
            self.call(remove, input).await?;
        }
        if !changes.set.is_empty() {
            let mut input = named.clone();
            input.insert("Tags".to_owned(), tag_list(&changes.set));
            self.call(set, input).await?;
        }
        Ok(())
    }

    /// The answer; `None` if what it is about does not exist.
    pub(super) async fn call_if_exists(
        &self,
        operation: &'static str,
        input: KnownMap,
    ) -> Result<Option<KnownMap>, DriverError> {
        match self.call(operation, input).await {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if is_gone(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The progress of an object that was just made, until the describing operation shows it. `what`
    /// names it in a sentence.
    pub(super) async fn visible(
        &self,
        operation: &'static str,
        input: KnownMap,
        what: &str,
    ) -> Result<Progress, DriverError> {
        let described = self.call_if_exists(operation, input).await?;
        Ok(described.map_or_else(|| awaited(what), |_| Progress::Done))
    }

    /// All answers of an operation that gives its list in pages; `None` if what it is about does
    /// not exist.
    pub(super) async fn pages(
        &self,
        operation: &'static str,
        input: KnownMap,
    ) -> Result<Option<Vec<KnownMap>>, DriverError> {
        let mut pages = Vec::new();
        let mut marker: Option<String> = None;
        while pages.len() < MOST_PAGES {
            let mut input = input.clone();
            if let Some(marker) = &marker {
                input.insert("Marker".to_owned(), marker.as_str().into());
            }
            let Some(page) = self.call_if_exists(operation, input).await? else {
                return Ok(None);
            };
            let more = page.get("IsTruncated") == Some(&KnownValue::Bool(true));
            let next = text_in(&page, "Marker").filter(|_| more).map(str::to_owned);
            pages.push(page);
            if next.is_none() || next == marker {
                return Ok(Some(pages));
            }
            marker = next;
        }
        let message = format!("the list has more than {MOST_PAGES} pages");
        Err(DriverError::new(ErrorKind::Unsupported, format!("iam:{operation}"), message))
    }

    /// One text of every entry of a paged list, such as `PolicyArn` of `AttachedPolicies`; with no
    /// member, the entries themselves. `None` if what it is about does not exist.
    pub(super) async fn listed(
        &self,
        operation: &'static str,
        input: KnownMap,
        list: &str,
        member: Option<&str>,
    ) -> Result<Option<Vec<String>>, DriverError> {
        let Some(pages) = self.pages(operation, input).await? else {
            return Ok(None);
        };
        let items = pages.iter().flat_map(|page| items(page, list));
        let text = |item: &KnownValue| {
            let value = member.map_or(Some(item), |member| item.get(member));
            value.and_then(KnownValue::expose_str).map(str::to_owned)
        };
        Ok(Some(items.filter_map(text).collect()))
    }
}

/// The elements of a list of an answer.
pub(super) fn items<'a>(answer: &'a KnownMap, list: &str) -> &'a [KnownValue] {
    answer.get(list).and_then(KnownValue::as_list).unwrap_or_default()
}

/// True if the error says that something does not exist.
pub(super) fn is_gone(error: &DriverError) -> bool {
    error.kind == ErrorKind::NotFound || error.has_code("NoSuchEntity")
}

/// The error of a call about something just made: one that passes, if it may mean that it is not
/// yet visible everywhere.
pub(super) fn not_yet_visible(error: DriverError) -> DriverError {
    if is_gone(&error) { passing(error) } else { error }
}

/// The error of a call with a trust policy: one that passes, if a principal that it names may not
/// yet be visible.
pub(super) fn principal_not_yet_visible(error: DriverError) -> DriverError {
    let means_it = error.has_code("MalformedPolicyDocument")
        && error.message.to_ascii_lowercase().contains("invalid principal");
    if means_it { passing(error) } else { error }
}

/// The error of the deletion of something just emptied: one that passes, if that may not yet be
/// visible.
pub(super) fn not_yet_empty(error: DriverError) -> DriverError {
    if error.has_code("DeleteConflict") { passing(error) } else { error }
}

/// No tags, for a caller who may not list them: nothing depends on tags alone.
pub(super) fn without_tags(error: DriverError) -> Result<Option<Vec<KnownMap>>, DriverError> {
    if matches!(error.kind, ErrorKind::AccessDenied { .. }) { Ok(None) } else { Err(error) }
}

fn passing(error: DriverError) -> DriverError {
    DriverError { kind: ErrorKind::DependencyNotReady, ..error }
}

#[cfg(test)]
mod tests {
    use super::super::fields::arguments;
    use super::*;
    use crate::test::journaled_api::{JournaledApi, failure, json};

    #[tokio::test]
    async fn a_list_in_pages_is_read_to_its_end() {
        let script = JournaledApi::new([
            ("ListRolePolicies", json(r#"{"PolicyNames":["a"],"IsTruncated":true,"Marker":"m"}"#)),
            ("ListRolePolicies", json(r#"{"PolicyNames":["b"],"IsTruncated":false}"#)),
        ]);
        let iam = Iam::new(script.clone());
        let input = arguments([("RoleName", "R".into())]);
        let names = iam.listed("ListRolePolicies", input, "PolicyNames", None).await.unwrap();
        assert_eq!(names, Some(vec!["a".to_owned(), "b".to_owned()]));
        script.assert_calls(&[
            r#"ListRolePolicies {"RoleName":"R"}"#,
            r#"ListRolePolicies {"Marker":"m","RoleName":"R"}"#,
        ]);
    }

    #[tokio::test]
    async fn only_the_error_that_means_it_is_taken_for_absence() {
        let script = JournaledApi::new([
            ("GetRole", failure(ErrorKind::NotFound, "NoSuchEntity")),
            ("GetRole", failure(ErrorKind::AccessDenied { action: None }, "AccessDenied")),
        ]);
        let iam = Iam::new(script.clone());
        assert_eq!(iam.call_if_exists("GetRole", KnownMap::new()).await.unwrap(), None);
        assert!(iam.call_if_exists("GetRole", KnownMap::new()).await.is_err());
    }

    #[test]
    fn an_invalid_principal_passes_and_another_malformed_document_does_not() {
        let error = |message: &str| DriverError {
            code: Some("MalformedPolicyDocument".into()),
            ..DriverError::new(ErrorKind::Invalid { property: None }, "iam:CreateRole", message)
        };
        assert!(principal_not_yet_visible(error("Invalid principal in policy")).is_retryable());
        assert!(!principal_not_yet_visible(error("Syntax errors in policy.")).is_retryable());
    }
}
