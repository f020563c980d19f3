//! Calls to Lambda: names of functions, provisioned concurrency, and the meanings of its one code for
//! conflicts.

use std::sync::Arc;
use std::time::Duration;

use rstack_driver::{DriverError, ErrorKind, Progress};
use rstack_model::{KnownMap, KnownValue};

use crate::api::Api;
use crate::iam::{Fields, TagChanges, Tags, arguments, text_in};
use crate::resource_tags::visible;

/// The time between two questions about something that becomes ready.
const ASK_AGAIN: Duration = Duration::from_secs(2);

/// The property with the provisioned concurrency of a version or an alias, and its one member.
pub(super) const CONCURRENCY: &str = "ProvisionedConcurrencyConfig";
const EXECUTIONS: &str = "ProvisionedConcurrentExecutions";

/// Lambda, as the drivers of this folder call it.
#[derive(Clone)]
pub(super) struct Lambda(pub(super) Arc<dyn Api>);

/// A version or an alias of a function, by its ARN: `arn:…:function:NAME:QUALIFIER`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Qualified {
    /// The ARN of the function.
    pub(super) function: String,
    /// The version or the name of the alias.
    pub(super) qualifier: String,
}

impl Qualified {
    /// The parts of an ARN; an ARN of another form names nothing.
    pub(super) fn of_arn(arn: &str) -> Self {
        let (function, qualifier) = arn.rsplit_once(':').unwrap_or((arn, ""));
        Self { function: function.to_owned(), qualifier: qualifier.to_owned() }
    }

    /// The members that name it, the qualifier as `member`.
    pub(super) fn input(&self, member: &str) -> KnownMap {
        arguments([
            ("FunctionName", self.function.as_str().into()),
            (member, self.qualifier.as_str().into()),
        ])
    }
}

/// The name and the qualifier of a function that is given by its name, a part of its ARN, or its ARN.
fn parts(given: &str) -> (&str, Option<&str>) {
    let rest = given.split_once(":function:").map_or(given, |(_, rest)| rest);
    let is_account = |text: &str| text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit());
    let rest = match rest.split_once(':') {
        // `123456789012:name`
        Some((account, rest)) if is_account(account) => rest,
        Some(_) | None => rest,
    };
    match rest.split_once(':') {
        Some((name, qualifier)) => (name, Some(qualifier)),
        None => (rest, None),
    }
}

/// The name of a function, without a qualifier.
pub(super) fn function_in(given: &str) -> &str {
    parts(given).0
}

/// True if both name the same function and qualifier, in whatever form.
pub(super) fn is_same_function(one: &str, other: &str) -> bool {
    parts(one) == parts(other)
}

/// The name of the function in an ARN, in the form in which it is declared.
pub(super) fn as_declared(arn: &str, declared: &KnownMap) -> KnownValue {
    let found = function_in(arn);
    match declared.get("FunctionName") {
        Some(given) if given.expose_str().is_some_and(|given| function_in(given) == found) => {
            given.clone()
        }
        Some(_) | None => found.into(),
    }
}

/// The meaning of a failed call about something of a function. Lambda has one code for what exists, what
/// is in use and a function that another call changes; and a function that was made a moment ago may not
/// be visible yet.
pub(super) fn meaning(mut error: DriverError) -> DriverError {
    if error.has_code("ResourceConflictException") || error.has_code("ResourceInUseException") {
        let exists = error.message.to_ascii_lowercase().contains("already exist");
        error.kind = if exists { ErrorKind::AlreadyExists } else { ErrorKind::DependencyNotReady };
    } else if error.kind == ErrorKind::NotFound {
        error.kind = ErrorKind::DependencyNotReady;
    }
    error
}

/// The error of a creation: what has the name, or is the same, was made by another.
pub(super) fn not_of_this_run(error: DriverError) -> DriverError {
    if error.kind != ErrorKind::AlreadyExists {
        return error;
    }
    let message = format!(
        "{}; it was not made by this run: \
         delete it if it is not needed, or leave this one out of the template",
        error.message
    );
    DriverError { message, ..error }
}

impl Lambda {
    pub(super) async fn call(
        &self,
        operation: &'static str,
        input: KnownMap,
    ) -> Result<KnownMap, DriverError> {
        self.0.call(operation, input).await
    }

    /// The answer; `None` if what it is about does not exist.
    pub(super) async fn call_if_exists(
        &self,
        operation: &'static str,
        input: KnownMap,
    ) -> Result<Option<KnownMap>, DriverError> {
        self.0.call_if_exists(operation, input).await
    }

    /// Calls an operation that deletes; what does not exist is gone.
    pub(super) async fn delete(
        &self,
        operation: &'static str,
        input: KnownMap,
    ) -> Result<Progress, DriverError> {
        match self.call(operation, input).await {
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Progress::Done),
            other => other.map(|_| Progress::Done).map_err(meaning),
        }
    }

    /// Gives an object the declared tags, by those it has.
    pub(super) async fn change_tags(
        &self,
        arn: &str,
        [prior, wanted, current]: [&Tags; 3],
    ) -> Result<(), DriverError> {
        let TagChanges { set, remove } = TagChanges::between(prior, wanted, &visible(current));
        if !remove.is_empty() {
            let keys = KnownValue::List(remove.iter().map(|key| key.as_str().into()).collect());
            let input = arguments([("Resource", arn.into()), ("TagKeys", keys)]);
            self.call("UntagResource", input).await.map_err(meaning)?;
        }
        if !set.is_empty() {
            let input = arguments([("Resource", arn.into()), ("Tags", set.into())]);
            self.call("TagResource", input).await.map_err(meaning)?;
        }
        Ok(())
    }

    async fn concurrency(&self, of: &Qualified) -> Result<Option<KnownMap>, DriverError> {
        self.call_if_exists("GetProvisionedConcurrencyConfig", of.input("Qualifier")).await
    }

    /// The property, as the service has it.
    pub(super) async fn concurrency_shown(
        &self,
        of: &Qualified,
    ) -> Result<Option<KnownValue>, DriverError> {
        let found = self.concurrency(of).await?;
        let count = found.and_then(|found| found.get(&format!("Requested{EXECUTIONS}")).cloned());
        Ok(count.map(|count| arguments([(EXECUTIONS, count)]).into()))
    }

    /// Gives a version or an alias the declared concurrency, or takes back the one that was declared
    /// before.
    pub(super) async fn change_concurrency(
        &self,
        of: &Qualified,
        wanted: Fields<'_>,
        prior: Fields<'_>,
    ) -> Result<(), DriverError> {
        let declared = |fields: Fields<'_>| -> Result<Option<i64>, DriverError> {
            fields
                .tree(CONCURRENCY)?
                .map(|tree| tree.integer(EXECUTIONS))
                .transpose()
                .map(Option::flatten)
        };
        let (wanted, prior) = (declared(wanted)?, declared(prior)?);
        if wanted.is_none() && prior.is_none() {
            return Ok(());
        }
        let current = match self.concurrency_shown(of).await? {
            Some(found) => match found.as_map() {
                Some(map) => Fields::new(map, "lambda:GetProvisionedConcurrencyConfig")
                    .integer(EXECUTIONS)?,
                None => None,
            },
            None => None,
        };
        match wanted {
            Some(count) if current != Some(count) => {
                let mut input = of.input("Qualifier");
                input.insert(EXECUTIONS.to_owned(), count.into());
                self.call("PutProvisionedConcurrencyConfig", input).await.map_err(meaning)?;
            }
            None if current.is_some() => {
                self.call("DeleteProvisionedConcurrencyConfig", of.input("Qualifier")).await?;
            }
            Some(_) | None => {}
        }
        Ok(())
    }

    /// The progress of the provisioned concurrency of a version or an alias.
    ///
    /// # Errors
    /// If Lambda could not provide it.
    pub(super) async fn is_provided(&self, of: &Qualified) -> Result<Progress, DriverError> {
        let Some(found) = self.concurrency(of).await? else { return Ok(Progress::Done) };
        match text_in(&found, "Status") {
            Some("IN_PROGRESS") => Ok(waits("the provisioned concurrency", of)),
            Some("FAILED") => {
                let reason = text_in(&found, "StatusReason").unwrap_or("Lambda gives no reason");
                let message = format!("the provisioned concurrency failed: {reason}");
                let kind = ErrorKind::Invalid { property: None };
                let action = "lambda:GetProvisionedConcurrencyConfig";
                Err(DriverError::new(kind, action, message))
            }
            Some(_) | None => Ok(Progress::Done),
        }
    }
}

/// The wait for something of a version or an alias.
pub(super) fn waits(what: &str, of: &Qualified) -> Progress {
    let Qualified { function, qualifier } = of;
    let waits_for = format!("{what} of `{}:{qualifier}`", function_in(function));
    Progress::Pending { waits_for, ask_again_in: ASK_AGAIN }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_named_in_several_forms() {
        for given in [
            "f",
            "f:alias",
            "111122223333:f",
            "111122223333:function:f:1",
            "arn:aws:lambda:eu-west-1:111122223333:function:f",
            "arn:aws:lambda:eu-west-1:111122223333:function:f:alias",
        ] {
            assert_eq!(function_in(given), "f", "{given}");
        }
        let arn = "arn:aws:lambda:eu-west-1:1:function:f:alias";
        let named = Qualified::of_arn(arn);
        assert_eq!(named.function, "arn:aws:lambda:eu-west-1:1:function:f");
        assert_eq!(named.qualifier, "alias");
        let declared = arguments([("FunctionName", "1:function:f".into())]);
        assert_eq!(as_declared(arn, &declared), "1:function:f".into());
        assert_eq!(as_declared(arn, &arguments([("FunctionName", "g".into())])), "f".into());
    }
}
