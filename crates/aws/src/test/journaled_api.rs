//! A scripted API that is the journal, too: the effects that it records stand in one order with the
//! calls.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use rstack_driver::{DriverError, EffectSink, ErrorKind, SinkError};
use rstack_model::{Cursor, Identifier, KnownMap, KnownValue, PhysicalId};

use crate::api::Api;
use crate::test::scripted_api::{ScriptedApi, known};

/// The answer to a call.
pub(crate) type Answer = Result<KnownMap, DriverError>;

/// Answers calls in the order of its script, and keeps calls and effects as lines of text.
#[derive(Debug)]
pub(crate) struct JournaledApi {
    service: ScriptedApi,
    lines: Mutex<Vec<String>>,
}

impl JournaledApi {
    pub(crate) fn new<const N: usize>(answers: [(&'static str, Answer); N]) -> Arc<Self> {
        Self::of(answers)
    }

    /// As [`Self::new`], with any number of answers.
    pub(crate) fn of(answers: impl IntoIterator<Item = (&'static str, Answer)>) -> Arc<Self> {
        let script = |service: ScriptedApi, (operation, answer)| service.then(operation, answer);
        let service = answers.into_iter().fold(ScriptedApi::new(), script);
        Arc::new(Self { service, lines: Mutex::default() })
    }

    /// The input of the call at a position.
    pub(crate) fn input(&self, position: usize) -> KnownMap {
        self.service.input(position)
    }

    /// The number of calls that were made.
    pub(crate) fn made(&self) -> usize {
        self.service.operations().len()
    }

    /// The script was played to its end.
    #[track_caller]
    pub(crate) fn assert_finished(&self) {
        self.service.assert_finished();
    }

    /// The script was played to its end, by these calls and effects: secrets as `‹secret›`.
    #[track_caller]
    pub(crate) fn assert_calls(&self, expected: &[&str]) {
        assert_eq!(*self.lines.lock().unwrap(), expected);
        self.service.assert_finished();
    }

    /// The script was played to its end, by calls and effects that begin like these.
    #[track_caller]
    pub(crate) fn assert_calls_start(&self, expected: &[&str]) {
        let lines = self.lines.lock().unwrap();
        assert_eq!(lines.len(), expected.len(), "{lines:?}");
        for (line, start) in lines.iter().zip(expected) {
            assert!(line.starts_with(start), "{line}\n{start}");
        }
        self.service.assert_finished();
    }

    /// The script was played to its end, by calls of these operations.
    #[track_caller]
    pub(crate) fn assert_operations(&self, expected: &[&str]) {
        let lines = self.lines.lock().unwrap();
        let operations: Vec<_> = lines.iter().filter_map(|line| line.split(' ').next()).collect();
        assert_eq!(operations, expected);
        self.service.assert_finished();
    }
}

#[async_trait]
impl Api for JournaledApi {
    async fn call(&self, operation: &'static str, input: KnownMap) -> Answer {
        let line = format!("{operation} {}", shown(&input.clone().into()));
        self.lines.lock().unwrap().push(line);
        self.service.call(operation, input).await
    }
}

#[async_trait]
impl EffectSink for JournaledApi {
    async fn created(&self, _: &Identifier, physical_id: &PhysicalId) -> Result<(), SinkError> {
        self.lines.lock().unwrap().push(format!("effect {physical_id}"));
        Ok(())
    }

    async fn absent(&self) -> Result<(), SinkError> {
        self.lines.lock().unwrap().push("absent".to_owned());
        Ok(())
    }

    async fn begins(&self, _: &Cursor) -> Result<(), SinkError> {
        Ok(())
    }
}

/// A value as one line of JSON.
fn shown(value: &KnownValue) -> String {
    match value {
        KnownValue::Secret(_) => "‹secret›".to_owned(),
        KnownValue::List(list) => {
            format!("[{}]", list.iter().map(shown).collect::<Vec<_>>().join(","))
        }
        KnownValue::Map(map) => {
            let entries: Vec<_> = map.iter().map(|(k, v)| format!("{k:?}:{}", shown(v))).collect();
            format!("{{{}}}", entries.join(","))
        }
        other => other.redacted().to_string(),
    }
}

/// A tree given as JSON.
pub(crate) fn tree(json: &str) -> KnownMap {
    known(serde_json::from_str(json).unwrap())
}

/// The answer that is this JSON.
pub(crate) fn json(json: &str) -> Answer {
    Ok(tree(json))
}

/// The answer that says nothing.
pub(crate) fn done() -> Answer {
    Ok(KnownMap::new())
}

/// The answer that it failed.
pub(crate) fn failure(kind: ErrorKind, code: &str) -> Answer {
    let error = DriverError::new(kind, "test:Call", "it failed");
    Err(DriverError { code: Some(code.to_owned()), ..error })
}

/// The answer that there is no such thing.
pub(crate) fn gone() -> Answer {
    failure(ErrorKind::NotFound, "NoSuchEntity")
}
