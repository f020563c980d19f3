//! Reads of several objects in one call, where an operation takes a list of IDs.
//!
//! Drivers ask for one object. Questions that are asked at the same time, before the first of them is
//! sent, go out as one call, and each asker gets the part of the answer that is about its object. A call
//! that fails because of one of the objects says nothing about the others: then each is asked alone.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{KnownMap, KnownValue};
use tokio::sync::oneshot;
use tokio::task::yield_now;

use crate::api::Api;
use crate::definition::BatchRead;

/// A service whose reads of single objects are joined.
pub(super) struct Batched {
    service: Arc<dyn Api>,
    rules: &'static [BatchRead],
    /// The batches that have not been sent.
    open: Mutex<Open>,
}

impl std::fmt::Debug for Batched {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batched").field("rules", &self.rules).finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Open {
    next: u64,
    batches: Vec<Batch>,
}

struct Batch {
    number: u64,
    operation: &'static str,
    /// The members of the input other than the IDs.
    rest: KnownMap,
    askers: Vec<Asker>,
}

struct Asker {
    id: String,
    answer: oneshot::Sender<Told>,
}

/// The result of a batch for one asker.
enum Told {
    /// The answer to its question.
    Answer(Result<KnownMap, DriverError>),
    /// The call said nothing about its object.
    AskAlone,
}

/// The place of an asker in a batch.
enum Place {
    /// It has begun this batch and sends it.
    First(u64),
    /// Another asker sends it.
    Joined(oneshot::Receiver<Told>),
}

/// Takes a batch back that its first asker no longer sends. The others notice it and ask again.
struct Withdrawn<'a> {
    batched: &'a Batched,
    number: u64,
}

impl Drop for Withdrawn<'_> {
    fn drop(&mut self) {
        self.batched.take(self.number);
    }
}

impl Batched {
    /// Joins the reads that these rules describe.
    pub(super) fn new(service: Arc<dyn Api>, rules: &'static [BatchRead]) -> Self {
        Self { service, rules, open: Mutex::default() }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The batch of this number, which no asker joins from here on; `None` if it was taken.
    fn take(&self, number: u64) -> Option<Batch> {
        let mut open = self.open();
        let at = open.batches.iter().position(|batch| batch.number == number)?;
        Some(open.batches.swap_remove(at))
    }

    /// Joins the batch of questions of this form, or begins one.
    fn join(&self, rule: &BatchRead, operation: &'static str, rest: &KnownMap, id: &str) -> Place {
        let mut open = self.open();
        let same = |it: &&mut Batch| {
            it.operation == operation && it.rest == *rest && it.askers.len() + 1 < rule.most
        };
        if let Some(batch) = open.batches.iter_mut().find(same) {
            let (answer, told) = oneshot::channel();
            batch.askers.push(Asker { id: id.to_owned(), answer });
            return Place::Joined(told);
        }
        let number = open.next;
        open.next = number.wrapping_add(1);
        let rest = rest.clone();
        open.batches.push(Batch { number, operation, rest, askers: Vec::new() });
        Place::First(number)
    }

    /// Asks about one object, with others if there are.
    async fn ask(
        &self,
        rule: &BatchRead,
        operation: &'static str,
        rest: &KnownMap,
        id: &str,
    ) -> Result<KnownMap, DriverError> {
        let told = loop {
            match self.join(rule, operation, rest, id) {
                Place::First(number) => break self.send(rule, number, id).await,
                Place::Joined(told) => {
                    if let Ok(told) = told.await {
                        break told;
                    }
                }
            }
        };
        match told {
            Told::Answer(answer) => answer,
            Told::AskAlone => {
                self.service.call(operation, rule.input(rest.clone(), [id.to_owned()])).await
            }
        }
    }

    /// Sends the batch once all who ask at the same time have joined it, and tells each its part; the
    /// result for the first asker, who sends it.
    async fn send(&self, rule: &BatchRead, number: u64, own: &str) -> Told {
        let withdrawn = Withdrawn { batched: self, number };
        yield_now().await;
        let Some(batch) = self.take(number) else { return Told::AskAlone };
        drop(withdrawn);
        let mut ids = vec![own.to_owned()];
        for asker in &batch.askers {
            if !ids.contains(&asker.id) {
                ids.push(asker.id.clone());
            }
        }
        let is_one = ids.len() == 1;
        let answer = self.service.call(batch.operation, rule.input(batch.rest, ids)).await;
        let told = |id: &str| match &answer {
            answer if is_one => Told::Answer(answer.clone()),
            Ok(answer) => rule.part(answer, id).map_or(Told::AskAlone, |it| Told::Answer(Ok(it))),
            Err(error) if is_about_all(error) => Told::Answer(Err(error.clone())),
            Err(_) => Told::AskAlone,
        };
        for asker in batch.askers {
            // An asker that no longer listens needs no answer.
            let _ = asker.answer.send(told(&asker.id));
        }
        told(own)
    }
}

/// True if the question about one object alone would fail in the same way.
fn is_about_all(error: &DriverError) -> bool {
    matches!(error.kind, ErrorKind::Credentials | ErrorKind::Unreachable | ErrorKind::Throttled)
}

impl BatchRead {
    /// The only ID of an input, and its other members; `None` if it does not name one object.
    fn one(&self, input: &KnownMap) -> Option<(String, KnownMap)> {
        let KnownValue::List(ids) = input.get(&self.ids)? else { return None };
        let [KnownValue::String(id)] = ids.as_slice() else { return None };
        let mut rest = input.clone();
        rest.remove(&self.ids);
        Some((id.clone(), rest))
    }

    fn input(&self, mut rest: KnownMap, ids: impl IntoIterator<Item = String>) -> KnownMap {
        let ids = ids.into_iter().map(KnownValue::from).collect();
        rest.insert(self.ids.clone(), KnownValue::List(ids));
        rest
    }

    /// The part of an answer that is about one object; `None` if the answer goes on elsewhere.
    fn part(&self, answer: &KnownMap, id: &str) -> Option<KnownMap> {
        let ended = match answer.get("NextToken") {
            Some(KnownValue::String(next)) => next.is_empty(),
            Some(_) => false,
            None => true,
        };
        let is_own = |item: &&KnownValue| {
            let named = item.as_map().and_then(|it| it.get(&self.id)).and_then(KnownValue::as_str);
            named == Some(id)
        };
        ended.then(|| {
            let mut part = answer.clone();
            let all = answer.get(&self.items).and_then(KnownValue::as_list).unwrap_or_default();
            let own = all.iter().filter(is_own).cloned().collect();
            part.insert(self.items.clone(), KnownValue::List(own));
            part
        })
    }
}

#[async_trait]
impl Api for Batched {
    async fn call(
        &self,
        operation: &'static str,
        input: KnownMap,
    ) -> Result<KnownMap, DriverError> {
        let rule = self.rules.iter().find(|rule| rule.operation == operation);
        match rule.and_then(|rule| Some((rule, rule.one(&input)?))) {
            Some((rule, (id, rest))) => self.ask(rule, operation, &rest, &id).await,
            None => self.service.call(operation, input).await,
        }
    }

    fn host(&self) -> String {
        self.service.host()
    }

    fn now(&self) -> SystemTime {
        self.service.now()
    }
}

#[cfg(test)]
mod tests;
