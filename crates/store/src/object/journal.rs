//! The journal of a run: objects that are created one after another, each with the token of its writer.
//!
//! The first line of an object is its header, the others are records. Concurrent appends share one
//! object: what has queued up while one is written goes into the next.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use rstack_journal::{Entry, Tail};
use serde::{Deserialize, Serialize};

use super::current::Current;
use super::holding::Holding;
use super::objects::{Condition, Put};
use crate::backend::JournalWriter;
use crate::error::{LeaseLoss, StoreError};
use crate::location::Location;

/// The version of the header's format.
const FORMAT: u32 = 1;
/// The number of records that an earlier holder may append while it is fenced.
const ATTEMPTS: usize = 64;

/// The first line of a journal object.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    format: u32,
    /// The fencing token of the writer.
    token: u64,
}

/// The end of the objects of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Batches {
    /// The number of the next object.
    pub(crate) next: u64,
    /// The token of the last one.
    pub(crate) token: u64,
}

/// The bytes of an object of these lines; without lines it is a fence.
pub(crate) fn batch(token: u64, lines: &[u8]) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = serde_json::to_vec(&Header { format: FORMAT, token })?;
    bytes.push(b'\n');
    bytes.extend(lines);
    Ok(bytes)
}

/// The lines of the next object of a run. Behind the object of a later holder none of an earlier one
/// is accepted.
pub(crate) fn lines<'a>(batches: &mut Batches, object: &'a [u8]) -> Result<&'a [u8], String> {
    let end = object.iter().position(|byte| *byte == b'\n').ok_or("its header is cut off")?;
    let (header, lines) = object.split_at(end);
    let header: Header = serde_json::from_slice(header).map_err(|error| error.to_string())?;
    if header.format > FORMAT {
        return Err(format!("it has format {}, which is newer", header.format));
    }
    if header.token < batches.token {
        return Err(format!(
            "a holder of token {} wrote it behind one of token {}",
            header.token, batches.token
        ));
    }
    *batches = Batches { next: batches.next.saturating_add(1), token: header.token };
    Ok(lines.get(1..).unwrap_or_default())
}

/// Ends a run's journal for every earlier holder: none of them can write the number of the fence.
pub(crate) async fn fence(holding: &Holding, run: &str, from: u64) -> Result<(), StoreError> {
    let stack = &holding.stack;
    let mut number = from;
    for _ in 0..ATTEMPTS {
        let path = stack.names.record(run, number);
        let location = stack.objects.location(&path);
        let bytes = batch(holding.token, &[]).map_err(damaged(&location))?;
        match stack.objects.put(&path, &bytes, &Condition::Absent).await? {
            Put::Done(_) => return Ok(()),
            Put::Refused => {
                let found = stack.objects.get(&path).await?.map(|object| object.bytes);
                let mut batches = Batches::default();
                lines(&mut batches, &found.unwrap_or_default())
                    .map_err(|problem| StoreError::Damaged { location, problem })?;
                if batches.token > holding.token {
                    break;
                }
                // An earlier holder was faster: its record counts, and the fence goes behind it.
                number = number.saturating_add(1);
            }
        }
    }
    Err(holding.lost(LeaseLoss::TakenOver))
}

fn damaged(location: &Location) -> impl FnOnce(serde_json::Error) -> StoreError {
    let location = location.clone();
    move |error| StoreError::Damaged { location, problem: error.to_string() }
}

/// The journal of the open run, as its holder writes it.
#[derive(Debug)]
pub(crate) struct Writer {
    holding: Arc<Holding>,
    run: String,
    queue: Mutex<Queue>,
    /// Held by the append that writes for all that have queued up.
    turn: tokio::sync::Mutex<Turn>,
}

/// Records that are not written yet.
#[derive(Debug)]
struct Queue {
    tail: Tail,
    lines: Vec<u8>,
    broken: bool,
}

#[derive(Debug)]
struct Turn {
    /// The number of the next object.
    next: u64,
    /// The number of records that are durable.
    durable: u64,
    /// An object that is being written, and how many records there are with it. It stays when an append
    /// is cancelled, and the next one writes it again.
    writing: Option<(Vec<u8>, u64)>,
}

impl Writer {
    pub(crate) fn new(holding: &Arc<Holding>, run: String, next: u64, tail: Tail) -> Self {
        let turn = Turn { next, durable: tail.count, writing: None };
        let queue = Mutex::new(Queue { tail, lines: Vec::new(), broken: false });
        Self { holding: Arc::clone(holding), run, queue, turn: tokio::sync::Mutex::new(turn) }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn location(&self) -> Location {
        self.holding.stack.objects.location(&self.holding.stack.names.run(&self.run))
    }

    fn refuse_broken(&self) -> Result<(), StoreError> {
        if self.queue().broken {
            return Err(StoreError::Broken { location: self.location() });
        }
        Ok(())
    }

    /// Puts a record in the queue; its number among all, counted from one.
    fn enqueue(&self, entry: &Entry) -> Result<u64, StoreError> {
        let location = self.location();
        let mut queue = self.queue();
        let (line, tail) = queue.tail.line(entry).map_err(damaged(&location))?;
        queue.lines.extend(line);
        queue.tail = tail;
        Ok(queue.tail.count)
    }

    /// Refuses if a later holder has taken over, or the run is not the open one any more.
    async fn refuse_ended(&self) -> Result<(), StoreError> {
        let (Current { token, run, .. }, _) = self.holding.stack.current().await?;
        if token > self.holding.token {
            return Err(self.holding.lost(LeaseLoss::TakenOver));
        }
        if run.as_ref() == Some(&self.run) {
            return Ok(());
        }
        Err(StoreError::JournalLost { location: self.location() })
    }

    /// Writes everything that has queued up.
    async fn write(&self, turn: &mut Turn) -> Result<(), StoreError> {
        let Holding { stack, token, .. } = self.holding.as_ref();
        self.holding.ensure().await?;
        let path = stack.names.record(&self.run, turn.next);
        if turn.writing.is_none() {
            let mut queue = self.queue();
            let lines = std::mem::take(&mut queue.lines);
            let bytes = batch(*token, &lines).map_err(damaged(&stack.objects.location(&path)))?;
            turn.writing = Some((bytes, queue.tail.count));
        }
        let Some((bytes, count)) = &turn.writing else { return Ok(()) };
        match stack.objects.put(&path, bytes, &Condition::Absent).await? {
            Put::Done(_) => {
                turn.durable = *count;
                turn.next = turn.next.saturating_add(1);
                turn.writing = None;
            }
            // Only the fence of a later holder can have this number.
            Put::Refused => return Err(self.holding.lost(LeaseLoss::TakenOver)),
        }
        // A later holder writes the pointer before it reads: it has seen this object, or is seen here.
        self.refuse_ended().await
    }
}

#[async_trait]
impl JournalWriter for Writer {
    async fn append(&self, entry: &Entry) -> Result<(), StoreError> {
        if self.queue().broken {
            self.holding.verify().await?;
        }
        self.refuse_broken()?;
        let mine = self.enqueue(entry)?;
        loop {
            let mut turn = self.turn.lock().await;
            if turn.durable >= mine {
                return Ok(());
            }
            self.refuse_broken()?;
            if let Err(error) = self.write(&mut turn).await {
                self.queue().broken = true;
                return Err(error);
            }
        }
    }

    async fn verify(&self) -> Result<(), StoreError> {
        self.holding.verify().await?;
        self.refuse_ended().await
    }
}
