//! The password of a user for the console.
//!
//! IAM shows that there is one, and whether it must be changed at the next sign-in, but never the
//! password. A password that is declared as plain text is sent when the text changes. The text of
//! a secret that was declared before is not known: it is sent with every update, except where the user
//! has replaced an initial password by its own and something else explains the update.

use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue, SecretString};

use super::fields::{Fields, arguments, part};
use super::service::{Iam, not_yet_visible};

const PROPERTY: &str = "LoginProfile";
const RESET: &str = "PasswordResetRequired";

/// A declared password.
pub(super) struct LoginProfile {
    password: SecretString,
    /// True if the user has to choose another one at the next sign-in: this is an initial one.
    initial: bool,
}

/// The reason of an update, as far as the properties beside the password show one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// Something else has changed.
    Other,
    /// Nothing else has changed: it can be the password.
    Unexplained,
}

impl LoginProfile {
    pub(super) fn declared(fields: Fields<'_>) -> Result<Option<Self>, DriverError> {
        let Some(profile) = fields.tree(PROPERTY)? else {
            return Ok(None);
        };
        let password = profile.required("Password")?;
        let password = SecretString::new(password.expose_str().unwrap_or_default().to_owned());
        let initial = profile.boolean(RESET)?.unwrap_or(false);
        Ok(Some(Self { password, initial }))
    }

    /// Gives the password to a user that was just made, or that has none.
    pub(super) async fn create(&self, iam: &Iam, user: &str) -> Result<(), DriverError> {
        let mut input = named(user);
        input.insert("Password".to_owned(), KnownValue::Secret(self.password.clone()));
        input.insert(RESET.to_owned(), self.initial.into());
        match iam.call("CreateLoginProfile", input.clone()).await {
            // The request arrived twice, or an attempt before took effect.
            Err(error) if error.kind == ErrorKind::AlreadyExists => {
                iam.call("UpdateLoginProfile", input).await.map(drop)
            }
            called => called.map(drop).map_err(not_yet_visible),
        }
    }

    /// Puts the profile into the properties of the user, if it has one. An initial password that was
    /// replaced at the first sign-in has done what it was declared for.
    pub(super) async fn show(
        &self,
        iam: &Iam,
        user: &str,
        properties: &mut KnownMap,
    ) -> Result<(), DriverError> {
        if let Some(must_change) = current(iam, user).await? {
            let shown = arguments([(RESET, (self.initial || must_change).into())]);
            properties.insert(PROPERTY.to_owned(), shown.into());
        }
        Ok(())
    }

    fn has_password_of(&self, other: &Self) -> bool {
        let known = !other.password.expose().is_empty();
        known && self.password.expose() == other.password.expose()
    }

    /// Sends what differs from the profile that the user has.
    async fn update(
        &self,
        iam: &Iam,
        user: &str,
        prior: Option<&Self>,
        must_change: bool,
        cause: Cause,
    ) -> Result<(), DriverError> {
        let known = prior.is_some_and(|prior| !prior.password.expose().is_empty());
        let same = prior.is_some_and(|prior| self.has_password_of(prior));
        // The user's own password is not replaced by what may be the initial one again.
        let is_own = self.initial && !must_change && prior.is_some_and(|prior| prior.initial);
        let sends = !same && (known || !is_own || cause == Cause::Unexplained);
        let flag = prior.is_none_or(|prior| prior.initial != self.initial)
            || (must_change && !self.initial);
        if !sends && !flag {
            return Ok(());
        }
        let mut input = named(user);
        input.insert(RESET.to_owned(), self.initial.into());
        if sends {
            input.insert("Password".to_owned(), KnownValue::Secret(self.password.clone()));
        }
        iam.call("UpdateLoginProfile", input).await.map(drop)
    }
}

/// Makes the profile of a user the declared one, or removes the one that was declared before.
pub(super) async fn change(
    iam: &Iam,
    user: &str,
    prior: Option<&LoginProfile>,
    desired: Option<&LoginProfile>,
    cause: Cause,
) -> Result<(), DriverError> {
    match desired {
        None if prior.is_none() => Ok(()),
        None => remove(iam, user).await,
        Some(desired) => match current(iam, user).await? {
            None => desired.create(iam, user).await,
            Some(must_change) => desired.update(iam, user, prior, must_change, cause).await,
        },
    }
}

/// Removes the password of a user, declared or not: it keeps the user from being deleted.
pub(super) async fn remove(iam: &Iam, user: &str) -> Result<(), DriverError> {
    iam.call_if_exists("DeleteLoginProfile", named(user)).await.map(drop)
}

/// True if the user must change its password at the next sign-in; `None` if it has none.
async fn current(iam: &Iam, user: &str) -> Result<Option<bool>, DriverError> {
    let operation = "GetLoginProfile";
    let Some(answer) = iam.call_if_exists(operation, named(user)).await? else {
        return Ok(None);
    };
    let profile = part(&answer, PROPERTY, "iam:GetLoginProfile")?;
    Ok(Some(profile.get(RESET) == Some(&KnownValue::Bool(true))))
}

fn named(user: &str) -> KnownMap {
    arguments([("UserName", user.into())])
}

/// The reason of an update from these properties to those.
pub(super) fn cause(prior: &KnownMap, desired: &KnownMap) -> Cause {
    let known =
        |value: Option<&KnownValue>| value.filter(|value| **value != KnownValue::Null).is_some();
    let same = |name: &String| match (prior.get(name), desired.get(name)) {
        _ if name == PROPERTY => true,
        (Some(one), Some(other)) => same_but_secrets(one, other),
        (one, other) => !known(one) && !known(other),
    };
    let same = prior.keys().chain(desired.keys()).all(same);
    if same { Cause::Unexplained } else { Cause::Other }
}

/// True if two values differ in nothing but secrets, of which the former ones are not known.
fn same_but_secrets(one: &KnownValue, other: &KnownValue) -> bool {
    match (one, other) {
        (KnownValue::Secret(_), KnownValue::Secret(_)) => true,
        (KnownValue::List(one), KnownValue::List(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(a, b)| same_but_secrets(a, b))
        }
        (KnownValue::Map(one), KnownValue::Map(other)) => {
            one.len() == other.len()
                && one.iter().zip(other).all(|((k, a), (l, b))| k == l && same_but_secrets(a, b))
        }
        _ => one == other,
    }
}
