//! The pointer to the present state of a stack and to its open run, and everything it points to.

use object_store::path::Path;
use rstack_journal::Records;
use rstack_model::plan::PlanBase;
use rstack_model::state::State;
use rstack_model::{Lineage, Serial, StackName};
use serde::{Deserialize, Serialize};

use super::journal::{self, Batches};
use super::names::{Names, number_of_record};
use super::objects::{Object, Objects};
use crate::content::Content;
use crate::error::StoreError;
use crate::stored::{Stored, Version};

/// The version of the pointer's format.
const FORMAT: u32 = 1;
/// The number of times that a stack is read anew that is written to while it is read.
const ATTEMPTS: usize = 16;

/// A state that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kept {
    pub(crate) serial: Serial,
    pub(crate) lineage: Lineage,
    /// The name of its object.
    pub(crate) object: String,
}

impl Kept {
    pub(crate) fn base(&self) -> PlanBase {
        PlanBase { lineage: self.lineage.clone(), serial: self.serial }
    }
}

/// The pointer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Current {
    pub(crate) format: u32,
    /// The token of the holder that wrote it. No holder of a lower one may write it any more.
    pub(crate) token: u64,
    pub(crate) state: Option<Kept>,
    /// The open run.
    pub(crate) run: Option<String>,
    /// The kept states, the last published one first.
    pub(crate) history: Vec<Kept>,
}

impl Default for Current {
    fn default() -> Self {
        Self { format: FORMAT, token: 0, state: None, run: None, history: Vec::new() }
    }
}

/// The format of any pointer.
#[derive(Deserialize)]
struct Format {
    format: u32,
}

/// One stack in an object store.
#[derive(Clone, Debug)]
pub(crate) struct Stack {
    pub(crate) objects: Objects,
    pub(crate) names: Names,
    pub(crate) name: StackName,
}

/// Everything that is stored of a stack.
#[derive(Debug)]
pub(crate) struct Contents {
    pub(crate) current: Current,
    pub(crate) content: Option<Content>,
    pub(crate) run: Option<(Batches, Records)>,
}

impl Contents {
    pub(crate) fn stored(self) -> Stored {
        let (state, written) = match self.content {
            Some(Content { state, written, .. }) => (Some(state), written),
            None => (None, None),
        };
        let journal = self.run.map(|(_, records)| records.entries);
        Stored { state, written, journal, torn: false }
    }
}

impl Stack {
    fn damaged(&self, path: &Path, problem: impl Into<String>) -> StoreError {
        StoreError::Damaged { location: self.objects.location(path), problem: problem.into() }
    }

    /// The pointer, and the object it is in; the default one if there is none.
    pub(crate) async fn current(&self) -> Result<(Current, Option<Object>), StoreError> {
        let path = self.names.current();
        let Some(object) = self.objects.get(&path).await? else {
            return Ok((Current::default(), None));
        };
        let json = |error: serde_json::Error| self.damaged(&path, error.to_string());
        let Format { format } = serde_json::from_slice(&object.bytes).map_err(json)?;
        if format > FORMAT {
            let location = self.objects.location(&path);
            return Err(StoreError::NewerFormat { location, found: format, known: FORMAT });
        }
        Ok((serde_json::from_slice(&object.bytes).map_err(json)?, Some(object)))
    }

    /// State and journal, both as one pointer names them: what is written meanwhile is read anew.
    pub(crate) async fn read(&self) -> Result<Contents, StoreError> {
        let mut attempt = 1;
        loop {
            let (current, _) = self.current().await?;
            let read = self.read_at(current.clone()).await;
            // The objects of a run are removed behind the pointer that ends it.
            let without_run = matches!(&read, Ok(Contents { run: None, .. }));
            if without_run || attempt == ATTEMPTS || self.current().await?.0 == current {
                return read;
            }
            attempt += 1;
        }
    }

    async fn read_at(&self, current: Current) -> Result<Contents, StoreError> {
        let content = match &current.state {
            Some(kept) => Some(self.content(kept).await?),
            None => None,
        };
        let run = match &current.run {
            Some(run) => {
                let base = content.as_ref().map(|content| &content.state);
                Some(self.run(run, base).await?)
            }
            None => None,
        };
        Ok(Contents { current, content, run })
    }

    /// The bytes of the present state's object; `None` if there is no state.
    pub(crate) async fn copy(&self) -> Result<Option<Vec<u8>>, StoreError> {
        let mut attempt = 1;
        loop {
            let (current, _) = self.current().await?;
            let Some(kept) = &current.state else { return Ok(None) };
            let read = self.sealed(kept).await;
            // The object of an old state is removed behind the pointer to a new one.
            if read.is_ok() || attempt == ATTEMPTS || self.current().await?.0 == current {
                return read.map(|(_, bytes)| Some(bytes));
            }
            attempt += 1;
        }
    }

    async fn content(&self, kept: &Kept) -> Result<Content, StoreError> {
        Ok(self.sealed(kept).await?.0)
    }

    /// A kept state, and the bytes of its object.
    async fn sealed(&self, kept: &Kept) -> Result<(Content, Vec<u8>), StoreError> {
        let path = self.names.state(&kept.object);
        let object = self.objects.get(&path).await?;
        let object = object.ok_or_else(|| self.damaged(&path, "it is missing"))?;
        let content = Content::parse(self.objects.location(&path), &object.bytes, &self.name)?;
        let base =
            PlanBase { lineage: content.state.lineage.clone(), serial: content.state.serial };
        if base == kept.base() {
            Ok((content, object.bytes))
        } else {
            Err(self.damaged(&path, format!("it is not serial {}", kept.serial)))
        }
    }

    /// The records of a run over this state.
    async fn run(&self, run: &str, base: Option<&State>) -> Result<(Batches, Records), StoreError> {
        let folder = self.names.run(run);
        let (mut bytes, mut batches) = (Vec::new(), Batches::default());
        for path in self.objects.list(&folder).await? {
            let number = path.filename().and_then(number_of_record);
            if number != Some(batches.next) {
                let missing = self.names.record(run, batches.next);
                return Err(self.damaged(&missing, "it is missing"));
            }
            let object = self.objects.get(&path).await?;
            let object = object.ok_or_else(|| self.damaged(&path, "it is missing"))?;
            let damaged = |problem| self.damaged(&path, problem);
            bytes.extend(journal::lines(&mut batches, &object.bytes).map_err(damaged)?);
        }
        let records = crate::records::parse(self.objects.location(&folder), &bytes, base)?;
        if records.entries.is_empty() || records.torn {
            return Err(self.damaged(&folder, "a part of it is missing"));
        }
        Ok((batches, records))
    }

    /// The kept states, those of the present lineage first.
    pub(crate) async fn history(&self) -> Result<Vec<Version>, StoreError> {
        let (Current { state, mut history, .. }, _) = self.current().await?;
        if let Some(lineage) = state.or_else(|| history.first().cloned()).map(|kept| kept.lineage) {
            history.sort_by_key(|kept| kept.lineage != lineage);
        }
        let mut versions = Vec::new();
        for kept in history {
            let content = self.content(&kept).await;
            let content = content.map(|content| (content.state, content.written));
            let location = self.objects.location(&self.names.state(&kept.object));
            versions.push(Version { serial: kept.serial, location, content });
        }
        Ok(versions)
    }
}
