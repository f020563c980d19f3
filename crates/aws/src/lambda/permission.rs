//! `AWS::Lambda::Permission`: one statement of the policy of a function.
//!
//! The ID of the statement is made of the stack, the resource and the token of the operation that adds
//! it: a statement with this ID was added by that operation, and Lambda adds no second one. Lambda
//! changes no statement.

use std::sync::Arc;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, DriverError, EffectSink, ErrorKind, Found,
    NameRule, Object, Observed, Progress, Separator, UpdateRequest,
};
use rstack_model::{Identifier, KnownMap, KnownValue, PhysicalId};

use super::statement::{properties, statement};
use crate::api::Api;
use crate::iam::{Fields, arguments, journal_failed, text_in};

const CREATE: &str = "lambda:AddPermission";

/// The rule for the IDs of statements.
///
/// Source: Lambda API reference, AddPermission, `StatementId`: 100 characters.
const NAMING: NameRule = NameRule { property: "Id", max_length: 100, separator: Separator::Hyphen };

/// The members of the call that are texts of equal names.
const TEXTS: [&str; 7] = [
    "Action",
    "EventSourceToken",
    "FunctionUrlAuthType",
    "Principal",
    "PrincipalOrgID",
    "SourceAccount",
    "SourceArn",
];

/// The driver of permissions. The physical ID has the function and the ID of the statement.
pub(crate) struct Permission {
    api: Arc<dyn Api>,
}

/// A statement, by its function and its ID.
struct Key {
    function: String,
    id: String,
}

impl Key {
    fn of(identifier: &Identifier) -> Result<Self, DriverError> {
        match identifier.parts() {
            [function, id] => Ok(Self { function: function.clone(), id: id.clone() }),
            _ => {
                let message =
                    format!("`{identifier}` names no permission: its form is `FunctionName|Id`");
                let kind = ErrorKind::Invalid { property: None };
                Err(DriverError::new(kind, "lambda:GetPolicy", message))
            }
        }
    }

    /// The statement that the operation of a request adds.
    fn of_request(request: &CreateRequest) -> Result<Self, DriverError> {
        let function =
            Fields::new(&request.properties, CREATE).required_identifying("FunctionName")?;
        let token = request.token.as_str().chars().filter(char::is_ascii_alphanumeric);
        let random: String = token.take(12).map(|c| c.to_ascii_uppercase()).collect();
        let id = NAMING.name(&request.stack, &request.address, &random);
        Ok(Self { function, id })
    }

    fn input(&self) -> KnownMap {
        arguments([
            ("FunctionName", self.function.as_str().into()),
            ("StatementId", self.id.as_str().into()),
        ])
    }

    fn object(&self, mut properties: KnownMap) -> Object {
        let identifier = Identifier::new([self.function.clone(), self.id.clone()]);
        properties.insert("FunctionName".to_owned(), self.function.as_str().into());
        Object {
            physical_id: PhysicalId::new(identifier.to_string()),
            identifier,
            properties,
            attributes: arguments([("Id", self.id.as_str().into())]),
        }
    }
}

impl Permission {
    /// A driver that calls Lambda.
    pub(crate) fn new(api: Arc<dyn Api>) -> Self {
        Self { api }
    }

    /// The statement; `None` if it, its policy or its function does not exist.
    async fn look(&self, key: &Key) -> Result<Option<KnownMap>, DriverError> {
        let input = arguments([("FunctionName", key.function.as_str().into())]);
        let answer = self.api.call_if_exists("GetPolicy", input).await?;
        Ok(answer.and_then(|answer| statement(text_in(&answer, "Policy")?, &key.id)))
    }
}

/// The meaning of a failed call. Lambda has one code for a statement that exists and for a function that
/// another call changes; and what was made a moment ago may not be visible yet.
///
/// Source: Lambda API reference, AddPermission, Errors.
fn meaning(mut error: DriverError, principal: Option<&KnownValue>) -> DriverError {
    let message = error.message.to_ascii_lowercase();
    let names_role = principal
        .and_then(KnownValue::expose_str)
        .is_some_and(|principal| principal.starts_with("arn:") && principal.contains(":iam::"));
    if error.has_code("ResourceConflictException") {
        let exists = message.contains("statement id") && message.contains("exists");
        error.kind = if exists { ErrorKind::AlreadyExists } else { ErrorKind::DependencyNotReady };
    } else if error.kind == ErrorKind::NotFound
        || names_role && message.contains("principal was invalid")
    {
        error.kind = ErrorKind::DependencyNotReady;
    }
    error
}

#[async_trait]
impl DirectDriver for Permission {
    fn name(&self) -> &'static str {
        "native"
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        let key = Key::of(identifier)?;
        Ok(match self.look(&key).await? {
            Some(found) => Observed::Present(key.object(properties(&found, declared))),
            None => Observed::Absent,
        })
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Object, DriverError> {
        let fields = Fields::new(&request.properties, CREATE);
        let key = Key::of_request(request)?;
        let mut input = key.input();
        for name in TEXTS {
            input.extend(fields.text(name)?.map(|value| (name.to_owned(), value)));
        }
        for name in ["Action", "Principal"] {
            fields.required(name)?;
        }
        let via_url = fields.boolean("InvokedViaFunctionUrl")?;
        input.extend(via_url.map(|value| ("InvokedViaFunctionUrl".to_owned(), value.into())));
        let principal = fields.value("Principal");
        let added = self.api.call("AddPermission", input).await;
        added.map_err(|error| meaning(error, principal))?;
        let object = key.object(request.properties.clone());
        let recorded = effects.created(&object.identifier, &object.physical_id).await;
        recorded.map_err(|error| journal_failed(CREATE, &error))?;
        Ok(object)
    }

    /// Every change replaces the statement: an update completes a creation, which is complete.
    async fn update(&self, request: &UpdateRequest) -> Result<Object, DriverError> {
        let key = Key::of(&request.identifier)?;
        match self.look(&key).await? {
            Some(found) => Ok(key.object(properties(&found, &request.properties))),
            None => {
                let message = format!("the permission `{}` does not exist", request.identifier);
                Err(DriverError::new(ErrorKind::NotFound, "lambda:GetPolicy", message))
            }
        }
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Progress, DriverError> {
        let key = Key::of(&request.identifier)?;
        match self.api.call("RemovePermission", key.input()).await {
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Progress::Done),
            other => other.map(|_| Progress::Done).map_err(|error| meaning(error, None)),
        }
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        let key = Key::of_request(request)?;
        Ok(match self.look(&key).await? {
            Some(found) => {
                let object = key.object(properties(&found, &request.properties));
                Found::Ours(Box::new(object))
            }
            None => Found::Absent,
        })
    }
}
