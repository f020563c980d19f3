//! Cloud Control: requests that are accepted, go on and are polled; client tokens that are valid for
//! 36 hours; handlers made of the registry's schemas.
//!
//! It is deliberately strict: a request is carried out some calls after it was accepted, even if no
//! caller asks for it; its object is named by the event that ends it; a token with another
//! request is refused; a model must have the kinds of the schema; an update works on what is read, so
//! that write-only properties which are not sent again are lost; events repeat all properties.

mod handlers;

use std::collections::{BTreeMap, VecDeque};

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use rstack_catalog::Registry;
use serde_json::{Value, json};

use super::account::{Reply, refuse, text};
use handlers::Handled;

/// The validity of a client token, in seconds.
const TOKEN_VALID: u64 = 36 * 3600;
/// The time for which a request is kept, in seconds.
const REQUESTS_KEPT: u64 = 7 * 24 * 3600;
/// The calls after which a request is carried out.
const CALLS: u32 = 3;

/// An object: its type and its identifier.
pub(crate) type Key = (&'static str, String);

/// Everything that Cloud Control knows of an account.
#[derive(Clone)]
pub(crate) struct CloudControl {
    /// The models, with write-only properties.
    pub(crate) objects: BTreeMap<Key, Value>,
    requests: Vec<Request>,
    /// The time, in seconds since 1970.
    pub(crate) now: u64,
    /// The failures of the next requests: operation, code, and true if the handler has made its
    /// object nevertheless.
    pub(crate) failures: VecDeque<(&'static str, &'static str, bool)>,
    number: u64,
    /// Type and identifier of everything that was ever made.
    pub(crate) made: Vec<Key>,
}

impl Default for CloudControl {
    fn default() -> Self {
        Self {
            objects: BTreeMap::new(),
            requests: Vec::new(),
            now: 1_800_000_000,
            failures: VecDeque::new(),
            number: 0,
            made: Vec::new(),
        }
    }
}

#[derive(Clone)]
struct Request {
    token: String,
    client: String,
    operation: &'static str,
    type_name: &'static str,
    /// The input without the client token.
    input: Value,
    time: u64,
    left: u32,
    /// The outcome, once it is carried out.
    handled: Option<Handled>,
}

impl CloudControl {
    /// Carries out a call.
    pub(crate) fn carry_out(&mut self, name: &str, input: &Value) -> Reply {
        self.now += 1;
        self.go_on();
        match name {
            "CreateResource" => self.accept("CREATE", input),
            "UpdateResource" => self.accept("UPDATE", input),
            "DeleteResource" => self.accept("DELETE", input),
            "GetResource" => self.read(input),
            "GetResourceRequestStatus" => self.status(input),
            "ListResourceRequests" => Ok(self.listed(input)),
            "ListResources" => self.list(input),
            _ => panic!("{name}"),
        }
    }

    /// Lets hours pass, in which every request is carried out.
    pub(crate) fn pass(&mut self, hours: u64) {
        self.now += hours * 3600;
        for _ in 0..CALLS {
            self.go_on();
        }
    }

    /// The handlers run whether or not a caller is there.
    fn go_on(&mut self) {
        for at in 0..self.requests.len() {
            if self.requests[at].handled.is_some() {
                continue;
            }
            self.requests[at].left -= 1;
            if self.requests[at].left == 0 {
                let request = self.requests[at].clone();
                self.requests[at].handled = Some(self.handle(&request));
            }
        }
    }

    fn accept(&mut self, operation: &'static str, input: &Value) -> Reply {
        let type_name = self.type_of(input)?;
        let client = text(input, "ClientToken");
        assert!(!client.is_empty() && client.len() <= 128, "{client}");
        let mut plain = input.clone();
        plain.as_object_mut().unwrap().remove("ClientToken");
        let valid = |request: &&Request| self.now - request.time < TOKEN_VALID;
        let known = self.requests.iter().filter(valid).find(|request| request.client == client);
        if let Some(known) = known {
            if known.input != plain || known.operation != operation {
                let message = format!("the client token {client} was used for another request");
                return Err(refuse(400, "ClientTokenConflictException", &message));
            }
            return Ok(json!({"ProgressEvent": self.event(known)}));
        }
        let identifier = text(input, "Identifier");
        let busy = |request: &Request| {
            request.handled.is_none()
                && request.type_name == type_name
                && !identifier.is_empty()
                && text(&request.input, "Identifier") == identifier
        };
        if self.requests.iter().any(busy) {
            return Err(refuse(400, "ConcurrentOperationException", "another request goes on"));
        }
        self.number += 1;
        let token = format!("request-{:08}", self.number);
        let (time, left, handled) = (self.now, CALLS, None);
        let request =
            Request { token, client, operation, type_name, input: plain, time, left, handled };
        let event = self.event(&request);
        self.requests.push(request);
        Ok(json!({"ProgressEvent": event}))
    }

    fn type_of(&self, input: &Value) -> Result<&'static str, crate::service_error::Refusal> {
        let name = text(input, "TypeName");
        let known = Registry::embedded().names().find(|known| *known == name);
        known.ok_or_else(|| refuse(400, "TypeNotFoundException", &name))
    }

    fn event(&self, request: &Request) -> Value {
        let mut event = json!({
            "TypeName": request.type_name,
            "RequestToken": request.token,
            "Operation": request.operation,
            "EventTime": written(request.time),
        });
        let Some(handled) = &request.handled else {
            event["OperationStatus"] =
                if request.left == CALLS { "PENDING" } else { "IN_PROGRESS" }.into();
            event["RetryAfter"] = written(self.now + 2).into();
            return event;
        };
        if let Some(identifier) = &handled.identifier {
            event["Identifier"] = identifier.as_str().into();
            let key = (request.type_name, identifier.clone());
            if let Some(model) = self.objects.get(&key) {
                event["ResourceModel"] = model.to_string().into();
            }
        }
        match &handled.failure {
            None => event["OperationStatus"] = "SUCCESS".into(),
            Some((code, message)) => {
                event["OperationStatus"] = "FAILED".into();
                event["ErrorCode"] = (*code).into();
                event["StatusMessage"] = message.as_str().into();
            }
        }
        event
    }

    fn kept(&self) -> impl Iterator<Item = &Request> {
        self.requests.iter().filter(|request| self.now - request.time < REQUESTS_KEPT)
    }

    fn status(&self, input: &Value) -> Reply {
        let token = text(input, "RequestToken");
        let found = self.kept().find(|request| request.token == token);
        let found = found.ok_or_else(|| refuse(400, "RequestTokenNotFoundException", &token))?;
        Ok(json!({"ProgressEvent": self.event(found)}))
    }

    /// One page with one element, so that pages are followed.
    fn listed(&self, input: &Value) -> Value {
        let from: usize = text(input, "NextToken").parse().unwrap_or(0);
        let wanted = &input["ResourceRequestStatusFilter"]["Operations"];
        let wanted = |request: &&Request| {
            wanted.as_array().is_none_or(|list| list.contains(&request.operation.into()))
        };
        let all: Vec<&Request> = self.kept().filter(wanted).collect();
        page("ResourceRequestStatusSummaries", from, all.len(), |at| self.event(all[at]))
    }

    fn list(&self, input: &Value) -> Reply {
        let type_name = self.type_of(input)?;
        let from: usize = text(input, "NextToken").parse().unwrap_or(0);
        let all: Vec<(&Key, &Value)> =
            self.objects.iter().filter(|((of, _), _)| *of == type_name).collect();
        Ok(page("ResourceDescriptions", from, all.len(), |at| {
            let ((_, identifier), model) = all[at];
            json!({
                "Identifier": identifier,
                "Properties": handlers::readable(type_name, model).to_string(),
            })
        }))
    }

    fn read(&self, input: &Value) -> Reply {
        let (type_name, identifier) = (self.type_of(input)?, text(input, "Identifier"));
        let model = self.objects.get(&(type_name, identifier.clone()));
        let model = model.ok_or_else(|| refuse(400, "ResourceNotFoundException", &identifier))?;
        let properties = handlers::readable(type_name, model).to_string();
        Ok(json!({
            "TypeName": type_name,
            "ResourceDescription": {"Identifier": identifier, "Properties": properties},
        }))
    }

    /// Type and `Ref` of every object.
    pub(super) fn inventory(&self) -> impl Iterator<Item = (&'static str, String)> {
        self.objects.iter().map(|((of, id), model)| (*of, handlers::ref_of(of, id, model)))
    }
}

fn page(member: &str, from: usize, count: usize, item: impl Fn(usize) -> Value) -> Value {
    let items: Vec<Value> = (from..count.min(from + 1)).map(item).collect();
    let mut page = json!({});
    page[member] = items.into();
    if from + 1 < count {
        page["NextToken"] = (from + 1).to_string().into();
    }
    page
}

fn written(time: u64) -> String {
    DateTime::from_secs(time.try_into().unwrap()).fmt(Format::DateTime).unwrap()
}
