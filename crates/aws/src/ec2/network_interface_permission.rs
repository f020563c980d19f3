//! `AWS::EC2::NetworkInterfacePermission`: another account's right to use a network interface.
//!
//! It has an ID that EC2 chooses, and neither a token nor tags: it is known again by interface, account and
//! right, and is granted only after the proof that it was not. It cannot be changed.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found, Object,
    Observed, Progress, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap};

use super::calls::{Ec2, action, filters, list, not_yet_visible};
use crate::api::Api;
use crate::iam::{Fields, arguments, journal_failed, part, text_in};

const CREATE: &str = "ec2:CreateNetworkInterfacePermission";
const DESCRIBE: &str = "DescribeNetworkInterfacePermissions";

/// The properties, which are members of equal names.
const PROPERTIES: [&str; 3] = ["AwsAccountId", "NetworkInterfaceId", "Permission"];

/// The time between two questions about a permission.
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// The driver of permissions of network interfaces.
pub(super) struct NetworkInterfacePermission {
    ec2: Ec2,
}

fn object(id: &str, properties: KnownMap) -> Object {
    Object::named(id.into(), properties, arguments([("Id", id.into())]))
}

/// The state of a permission.
fn state(found: &KnownMap) -> &str {
    let state = found.get("PermissionState").and_then(|state| state.as_map());
    state.and_then(|state| text_in(state, "State")).unwrap_or_default()
}

/// True if a permission is not granted any more. EC2 describes it for a while.
fn is_gone(found: &KnownMap) -> bool {
    matches!(state(found), "revoking" | "revoked")
}

/// The members of what is declared.
fn declared(properties: &KnownMap) -> Result<[(&'static str, String); 3], DriverError> {
    let fields = Fields::new(properties, CREATE);
    let [account, interface, right] = PROPERTIES;
    Ok([
        (account, fields.required_name(account)?),
        (interface, fields.required_name(interface)?),
        (right, fields.required_name(right)?),
    ])
}

/// A permission as a template declares it.
fn shown(found: &KnownMap) -> KnownMap {
    let property = |name: &&str| Some(((*name).to_owned(), found.get(*name)?.clone()));
    PROPERTIES.iter().filter_map(property).collect()
}

impl NetworkInterfacePermission {
    /// A driver that calls EC2.
    pub(super) fn new(api: Arc<dyn Api>) -> Self {
        Self { ec2: Ec2::new(api) }
    }

    async fn described(&self, id: &str) -> Result<Option<KnownMap>, DriverError> {
        let input = arguments([("NetworkInterfacePermissionIds", list([id]))]);
        let found = self.ec2.all(DESCRIBE, "NetworkInterfacePermissions", input).await?;
        Ok(found.into_iter().find(|found| !is_gone(found)))
    }

    /// The permissions that say what is declared.
    async fn alike(&self, properties: &KnownMap) -> Result<Vec<KnownMap>, DriverError> {
        let [(_, account), (_, interface), (_, right)] = declared(properties)?;
        let wanted = filters([
            ("network-interface-permission.aws-account-id", account.as_str()),
            ("network-interface-permission.network-interface-id", interface.as_str()),
            ("network-interface-permission.permission", right.as_str()),
        ]);
        let input = arguments([("Filters", wanted)]);
        let mut found = self.ec2.all(DESCRIBE, "NetworkInterfacePermissions", input).await?;
        found.retain(|found| !is_gone(found));
        Ok(found)
    }
}

#[async_trait]
impl DirectDriver for NetworkInterfacePermission {
    fn name(&self) -> &'static str {
        "native"
    }

    async fn read(
        &self,
        identifier: &Identifier,
        _declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        let id = identifier.only();
        Ok(match self.described(id).await? {
            Some(found) => Observed::Present(object(id, shown(&found))),
            None => Observed::Absent,
        })
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let members = declared(&request.properties)?;
        let found = self.alike(&request.properties).await?;
        let found = found.first().and_then(|it| text_in(it, "NetworkInterfacePermissionId"));
        match found {
            // There was none before: an attempt of this operation made it.
            Some(id) if request.absence_proven => {
                let recorded = effects.created_as(&id.into()).await;
                recorded.map_err(|error| journal_failed(CREATE, &error))?;
                return Ok(object(id, request.properties.clone()));
            }
            Some(_) => {
                let [(_, account), (_, interface), (_, right)] = &members;
                let message = format!(
                    "the account {account} has the permission {right} for {interface} already, which was \
                     not granted by this run; remove it, or leave this one out of the template"
                );
                return Err(DriverError::new(ErrorKind::Conflict, CREATE, message));
            }
            None if request.absence_proven => {}
            None => {
                let proven = effects.absent().await;
                proven.map_err(|error| {
                    DriverError::new(ErrorKind::Conflict, CREATE, error.to_string())
                })?;
            }
        }
        let input = members.map(|(name, value)| (name, value.into()));
        let made = self.ec2.call("CreateNetworkInterfacePermission", arguments(input)).await;
        let answer = made.map_err(not_yet_visible)?;
        let made = part(&answer, "InterfacePermission", CREATE)?;
        let id = text_in(made, "NetworkInterfacePermissionId").ok_or_else(|| {
            let message = "the answer does not name the permission";
            DriverError::new(ErrorKind::UnknownOutcome, CREATE, message)
        })?;
        let recorded = effects.created_as(&id.into()).await;
        recorded.map_err(|error| journal_failed(CREATE, &error))?;
        Ok(object(id, request.properties.clone()))
    }

    /// Every change replaces it: this completes a creation, of which nothing is left to do.
    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        Ok(object(request.identifier.only(), request.properties.clone()))
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let id = request.identifier.only();
        let input = arguments([("NetworkInterfacePermissionId", id.into())]);
        match self.ec2.call("DeleteNetworkInterfacePermission", input).await {
            Err(error) if error.kind != ErrorKind::NotFound => Err(error),
            Ok(_) | Err(_) => Ok(Progress::Done),
        }
    }

    async fn stabilized(&self, identifier: &Identifier) -> Result<Progress, DriverError> {
        let id = identifier.only();
        let input = arguments([("NetworkInterfacePermissionIds", list([id]))]);
        let found = self.ec2.all(DESCRIBE, "NetworkInterfacePermissions", input).await?;
        match found.first().map(state) {
            Some("granted") => Ok(Progress::Done),
            Some(state @ ("revoking" | "revoked")) => {
                let message = format!("the permission `{id}` is {state} and not granted");
                let kind = ErrorKind::Invalid { property: None };
                Err(DriverError::new(kind, action(DESCRIBE), message))
            }
            Some(_) | None => Ok(Progress::Pending {
                waits_for: format!("the permission `{id}` to be granted"),
                ask_again_in: ASK_AGAIN,
            }),
        }
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        if !request.absence_proven {
            return Ok(Found::Absent);
        }
        let found = self.alike(&request.properties).await?;
        let mut ids = found.iter().filter_map(|it| text_in(it, "NetworkInterfacePermissionId"));
        match (ids.next(), ids.next()) {
            (None, _) => Ok(Found::Absent),
            (Some(id), None) => Ok(Found::Ours(Box::new(object(id, request.properties.clone())))),
            (Some(one), Some(other)) => {
                let why = format!("`{one}` and `{other}` grant the same permission");
                Ok(Found::Ambiguous { why })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rstack_driver::calls::Calls;
    use rstack_driver::conformance::{Sample, check};
    use rstack_driver::{Cloud, Removal};
    use rstack_model::{Region, StackName};
    use serde_json::json;

    use super::*;
    use crate::AwsCloud;
    use crate::test::fake::{FakeServices, REGION};
    use crate::test::scripted_api::known;

    const TYPE: &str = "AWS::EC2::NetworkInterfacePermission";

    fn properties(right: &str) -> KnownMap {
        known(json!({
            "NetworkInterfaceId": "eni-1", "AwsAccountId": "444455556666", "Permission": right,
        }))
    }

    fn request() -> CreateRequest {
        CreateRequest {
            stack: StackName::parse("Live").unwrap(),
            address: "It".into(),
            token: "T1".into(),
            properties: properties("INSTANCE-ATTACH"),
            absence_proven: false,
            begun: None,
        }
    }

    #[tokio::test]
    async fn it_passes_the_conformance_suite_and_is_not_granted_twice() {
        let services = FakeServices::default();
        let cloud = AwsCloud::over(services.config(), Region::new(REGION));
        let sample = Sample {
            resource_type: TYPE.into(),
            stack: StackName::parse("Live").unwrap(),
            create: properties("EIP-ASSOCIATE"),
            change: None,
            unread: Vec::new(),
            token: "5b0ee1c4-6d7a-4f5b-9a0e-0d3f4f1c2b3b".into(),
            missing: "eni-perm-0".into(),
        };
        if let Err(broken) = check(&cloud, &sample).await {
            panic!("{broken:?}");
        }
        let driver = cloud.driver(&TYPE.into()).unwrap();
        let made = driver.create(&request()).await.unwrap();
        let error = driver.create(&request()).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Conflict);
        let says = "444455556666 has the permission INSTANCE-ATTACH for eni-1 already";
        assert!(error.message.contains(says), "{error}");
        let delete = DeleteRequest {
            identifier: made.identifier.clone(),
            token: "T2".into(),
            prior: KnownMap::new(),
            removal: Removal::Recoverable,
        };
        driver.delete(&delete).await.unwrap();
        assert!(services.account().inventory().is_empty(), "{:?}", services.account().inventory());
    }
}
