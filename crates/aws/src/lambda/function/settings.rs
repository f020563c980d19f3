//! The settings of a function that calls of their own show and change.

use rstack_driver::DriverError;
use rstack_model::{KnownMap, KnownValue};

use crate::iam::{Fields, arguments};
use crate::lambda::calls::{Lambda, meaning};
use crate::mapping::holds;

const RESERVED: &str = "ReservedConcurrentExecutions";
const LOOP: &str = "RecursiveLoop";
const MANAGEMENT: &str = "RuntimeManagementConfig";
const SIGNING: &str = "CodeSigningConfigArn";

/// The members of the management of a runtime.
const MANAGED: [&str; 2] = ["RuntimeVersionArn", "UpdateRuntimeOn"];

/// The settings of one function.
pub(super) struct Settings<'a> {
    pub(super) lambda: &'a Lambda,
    /// The name of the function.
    pub(super) function: &'a str,
}

impl Settings<'_> {
    fn named(&self) -> KnownMap {
        arguments([("FunctionName", self.function.into())])
    }

    async fn put(
        &self,
        operation: &'static str,
        (member, value): (&str, KnownValue),
    ) -> Result<(), DriverError> {
        let mut input = self.named();
        input.insert(member.to_owned(), value);
        self.lambda.call(operation, input).await.map(drop).map_err(meaning)
    }

    /// The value of a setting that one operation shows.
    async fn value(&self, name: &str) -> Result<Option<KnownValue>, DriverError> {
        let operation = if name == LOOP {
            "GetFunctionRecursionConfig"
        } else {
            "GetFunctionCodeSigningConfig"
        };
        let answer = self.lambda.call_if_exists(operation, self.named()).await?;
        let value = answer.and_then(|answer| answer.get(name).cloned());
        Ok(value.filter(|value| value.expose_str() != Some("")))
    }

    async fn management(&self) -> Result<Option<KnownMap>, DriverError> {
        let answer = self.lambda.call_if_exists("GetRuntimeManagementConfig", self.named()).await?;
        Ok(answer.map(|mut answer| {
            answer.retain(|name, _| MANAGED.contains(&name.as_str()));
            answer
        }))
    }

    /// The declared settings, as Lambda has them.
    ///
    /// # Errors
    /// If one cannot be read.
    pub(super) async fn shown(&self, declared: &KnownMap) -> Result<KnownMap, DriverError> {
        let mut shown = KnownMap::new();
        for name in [LOOP, SIGNING] {
            if declared.contains_key(name) {
                shown.extend(self.value(name).await?.map(|value| (name.to_owned(), value)));
            }
        }
        if declared.contains_key(MANAGEMENT) {
            let management = self.management().await?;
            shown.extend(management.map(|it| (MANAGEMENT.to_owned(), it.into())));
        }
        Ok(shown)
    }

    /// Gives a function the declared rules for signatures of its code, or takes back those that were
    /// declared before.
    ///
    /// # Errors
    /// If a call fails.
    pub(super) async fn change_signing(
        &self,
        fields: Fields<'_>,
        before: Fields<'_>,
    ) -> Result<(), DriverError> {
        let wanted = fields.text(SIGNING)?;
        if wanted.is_none() && before.value(SIGNING).is_none() {
            return Ok(());
        }
        match (wanted, self.value(SIGNING).await?) {
            (Some(wanted), there) if !holds(&wanted, there.as_ref(), &[]) => {
                self.put("PutFunctionCodeSigningConfig", (SIGNING, wanted)).await
            }
            (None, Some(_)) => {
                let gone = self.lambda.call("DeleteFunctionCodeSigningConfig", self.named()).await;
                gone.map(drop).map_err(meaning)
            }
            (Some(_), _) | (None, None) => Ok(()),
        }
    }

    /// Gives a function the declared settings, and takes back those that were declared before.
    /// `reserved` is the concurrency that it has.
    ///
    /// Source: Lambda API reference, PutFunctionRecursionConfig and PutRuntimeManagementConfig: the
    /// defaults.
    ///
    /// # Errors
    /// If a property has another form, or a call fails.
    pub(super) async fn change(
        &self,
        fields: Fields<'_>,
        before: Fields<'_>,
        reserved: Option<i64>,
    ) -> Result<(), DriverError> {
        match (fields.integer(RESERVED)?, before.value(RESERVED)) {
            (Some(wanted), _) if reserved != Some(wanted) => {
                self.put("PutFunctionConcurrency", (RESERVED, wanted.into())).await?;
            }
            (None, Some(_)) if reserved.is_some() => {
                let gone = self.lambda.call("DeleteFunctionConcurrency", self.named()).await;
                gone.map_err(meaning)?;
            }
            (Some(_), _) | (None, Some(_) | None) => {}
        }
        let default = before.value(LOOP).map(|_| "Terminate".into());
        if let Some(wanted) = fields.text(LOOP)?.or(default)
            && !holds(&wanted, self.value(LOOP).await?.as_ref(), &[])
        {
            self.put("PutFunctionRecursionConfig", (LOOP, wanted)).await?;
        }
        let wanted = match (fields.tree(MANAGEMENT)?, before.value(MANAGEMENT)) {
            (Some(tree), _) => {
                let mut wanted = KnownMap::new();
                for name in MANAGED {
                    wanted.extend(tree.text(name)?.map(|text| (name.to_owned(), text)));
                }
                wanted
            }
            (None, Some(_)) => arguments([("UpdateRuntimeOn", "Auto".into())]),
            (None, None) => return Ok(()),
        };
        let there = self.management().await?.map(KnownValue::from);
        if holds(&wanted.clone().into(), there.as_ref(), &[]) {
            return Ok(());
        }
        let mut input = self.named();
        input.extend(wanted);
        let put = self.lambda.call("PutRuntimeManagementConfig", input).await;
        put.map(drop).map_err(meaning)
    }
}
