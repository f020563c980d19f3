//! The handlers of custom resources: a model of their own, which reads the requests as they are sent and
//! remembers each of them. It uses no code of the engine or of the driver.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rstack_model::{Identifier, ObjectKey};
use serde_json::{Value, json};

/// The way in which handlers answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Handling {
    /// At once.
    #[default]
    Prompt,
    /// Some seconds later.
    Late,
    /// The first request of this kind for each resource is lost, with no effect and no response.
    Loses(&'static str),
    /// A create of the resource `Other` fails, and leaves something that has an ID.
    FailsHalf,
    /// A create of the resource `Other` fails, and its response names nothing.
    FailsUnnamed,
    /// The response to a create of the resource `Other` is not one.
    Babbles,
}

/// The time that a late response takes.
const LATE: Duration = Duration::from_secs(20);

/// One request that a handler has got.
#[derive(Clone, Debug)]
struct Delivered {
    request: Value,
    /// The physical ID that the response names; `None` if the request was lost or names none.
    answered: Option<String>,
    handled: bool,
}

/// All handlers, the things that they have made, and the box of their responses.
#[derive(Clone, Debug, Default)]
pub(crate) struct Handlers {
    pub(crate) handling: Handling,
    delivered: Vec<Delivered>,
    responses: BTreeMap<String, (Duration, Vec<u8>)>,
    things: BTreeSet<ObjectKey>,
}

fn text<'a>(request: &'a Value, member: &str) -> &'a str {
    request.get(member).and_then(Value::as_str).unwrap_or_default()
}

fn key(request: &Value, physical_id: &str) -> ObjectKey {
    let parts = [physical_id, text(request, "LogicalResourceId"), text(request, "StackId")];
    let identifier = Identifier::new(parts.map(str::to_owned));
    ObjectKey::new(text(request, "ResourceType").into(), identifier)
}

impl Handlers {
    /// A request arrives. Returns what it has made.
    pub(crate) fn deliver(&mut self, body: &str, now: Duration) -> Option<ObjectKey> {
        let request: Value = serde_json::from_str(body).unwrap_or_default();
        let kind = text(&request, "RequestType").to_owned();
        let other = text(&request, "LogicalResourceId") == "Other";
        let fails = kind == "Create" && other;
        let lost = self.loses(&request);
        let mut made = None;
        let mut answered = None;
        if !lost {
            let failed = |reason: &str, id: Option<&str>| {
                let mut response = json!({ "Status": "FAILED", "Reason": reason });
                if let (Some(id), Some(members)) = (id, response.as_object_mut()) {
                    members.insert("PhysicalResourceId".to_owned(), id.into());
                }
                response
            };
            let response = match self.handling {
                Handling::FailsHalf if fails => {
                    let id = format!("half-made-{}", text(&request, "RequestId"));
                    made = Some(key(&request, &id));
                    answered = Some(id.clone());
                    failed("no room for all of it", Some(&id))
                }
                Handling::FailsUnnamed if fails => failed("no room", None),
                Handling::Babbles if fails => json!("done, I think"),
                _ => {
                    let id = format!(
                        "thing-{}",
                        request.get("ResourceProperties").map_or("", |it| text(it, "Name"))
                    );
                    match kind.as_str() {
                        "Delete" => {
                            let gone = text(&request, "PhysicalResourceId");
                            self.things.remove(&key(&request, gone));
                        }
                        _ => made = Some(key(&request, &id)),
                    }
                    answered = Some(id.clone());
                    let data = json!({ "Url": format!("https://things.example/{id}") });
                    json!({ "Status": "SUCCESS", "PhysicalResourceId": id, "Data": data })
                }
            };
            let made_new = made.clone().filter(|key| self.things.insert(key.clone()));
            made = made_new;
            self.respond(&request, response, now);
        }
        self.delivered.push(Delivered { request, answered, handled: !lost });
        made
    }

    fn loses(&self, request: &Value) -> bool {
        let Handling::Loses(kind) = self.handling else { return false };
        let same = |other: &Value| {
            ["RequestType", "LogicalResourceId"]
                .iter()
                .all(|it| text(other, it) == text(request, it))
        };
        text(request, "RequestType") == kind && !self.delivered.iter().any(|it| same(&it.request))
    }

    fn respond(&mut self, request: &Value, mut response: Value, now: Duration) {
        for name in ["StackId", "RequestId", "LogicalResourceId"] {
            if let Some(members) = response.as_object_mut() {
                members.insert(name.to_owned(), text(request, name).into());
            }
        }
        let due = now + if self.handling == Handling::Late { LATE } else { Duration::ZERO };
        let place = text(request, "ResponseURL").rsplit('/').next().unwrap_or_default();
        self.responses.insert(place.to_owned(), (due, response.to_string().into_bytes()));
    }

    /// The response in a place, if it has arrived.
    pub(crate) fn response(&self, place: &str, now: Duration) -> Option<Vec<u8>> {
        let (due, bytes) = self.responses.get(place)?;
        (now >= *due).then(|| bytes.clone())
    }

    pub(crate) fn discard(&mut self, place: &str) {
        self.responses.remove(place);
    }

    /// The things that exist.
    pub(crate) fn things(&self) -> impl Iterator<Item = &ObjectKey> {
        self.things.iter()
    }

    /// The physical ID of what the handler has made for a request, as its log tells it; `None` if it never
    /// handled it.
    pub(crate) fn made_for(&self, token: &str) -> Option<String> {
        let of = self.delivered.iter().find(|it| text(&it.request, "RequestId") == token)?;
        of.answered.clone().filter(|_| of.handled)
    }

    /// I6: no request was delivered twice, none is about what is not there, and what a response named is
    /// either `known` or was deleted once. At any time, but for the last, which holds at the end.
    pub(crate) fn violations(&self, known: Option<&BTreeSet<ObjectKey>>) -> Vec<String> {
        let mut violations = Vec::new();
        let mut requests = BTreeSet::new();
        let mut alive: BTreeSet<ObjectKey> = BTreeSet::new();
        let mut unnamed: BTreeMap<String, usize> = BTreeMap::new();
        for Delivered { request, answered, handled } in &self.delivered {
            let (id, kind) = (text(request, "RequestId"), text(request, "RequestType"));
            if !requests.insert(id) {
                violations.push(format!("I6: request `{id}` was delivered twice"));
            }
            if !handled {
                continue;
            }
            let of = key(request, text(request, "PhysicalResourceId"));
            match kind {
                "Create" => match answered {
                    Some(physical_id) => {
                        if !alive.insert(key(request, physical_id)) {
                            violations.push(format!("I6: `{physical_id}` was created twice"));
                        }
                    }
                    None => {
                        let logical_id = text(request, "LogicalResourceId").to_owned();
                        *unnamed.entry(logical_id).or_default() += 1;
                    }
                },
                "Update" => {
                    if !alive.contains(&of) {
                        violations.push(format!("I6: an update of `{of}`, which is not there"));
                    }
                    alive.extend(answered.iter().map(|physical_id| key(request, physical_id)));
                }
                _ if alive.remove(&of) => {}
                _ => {
                    // A failed create without an ID is followed by one delete.
                    let left = unnamed.get_mut(text(request, "LogicalResourceId"));
                    match left.filter(|left| **left > 0) {
                        Some(left) => *left -= 1,
                        None => {
                            violations.push(format!("I6: a delete of `{of}`, which is not there"))
                        }
                    }
                }
            }
        }
        if let Some(known) = known {
            let left = alive.iter().filter(|key| !known.contains(*key));
            violations.extend(left.map(|key| format!("I6: `{key}` was not deleted")));
            let left = unnamed.iter().filter(|(_, left)| **left > 0);
            violations
                .extend(left.map(|(id, _)| format!("I6: a failed create of `{id}` was left")));
        }
        violations
    }
}
