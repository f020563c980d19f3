//! A stack in an object store whose lease is held.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use rstack_journal::{Entry, Tail};
use rstack_model::plan::PlanBase;
use rstack_model::state::State;
use rstack_model::{Serial, StackName};
use tokio::sync::{Mutex, MutexGuard};

use super::current::{Current, Kept};
use super::holding::Holding;
use super::journal::{self, Writer};
use super::names::{run_name, state_name, token_of_run, token_of_state};
use super::objects::{Condition, Object, Put};
use crate::backend::{JournalWriter, Lease};
use crate::content::{Content, Written};
use crate::error::{LeaseLoss, StoreError};
use crate::holder::LockHolder;
use crate::stored::{Stored, check_base};

/// The number of times that the pointer is written anew that an earlier holder writes while it is
/// fenced.
const ATTEMPTS: usize = 8;

/// The lease of one stack.
#[derive(Debug)]
pub(crate) struct ObjectLease {
    holding: Arc<Holding>,
    /// The number of states that are kept.
    keep: usize,
    begun: AtomicU64,
    /// Held by the one write of the pointer that is under way.
    pointer: Mutex<()>,
}

/// The next condition of a stack.
enum Next {
    Present,
    Retired,
}

impl ObjectLease {
    /// Fences every earlier holder, the pointer first: from then on no run can begin or end, and the
    /// journal of the open one is the one to fence.
    pub(crate) async fn fenced(holding: Holding, keep: usize) -> Result<Self, StoreError> {
        let lease = Self {
            holding: Arc::new(holding),
            keep,
            begun: AtomicU64::new(0),
            pointer: Mutex::new(()),
        };
        match lease.fence().await {
            Ok(()) => Ok(lease),
            Err(error) => {
                // The error of the fence is reported; a lease that is not released expires.
                let _given_back = lease.holding.release().await;
                Err(error)
            }
        }
    }

    async fn fence(&self) -> Result<(), StoreError> {
        let Holding { stack, token, .. } = self.holding.as_ref();
        let mut attempt = 1;
        let run = loop {
            let (found, object) = stack.current().await?;
            self.refuse_later(&found)?;
            let current = Current { token: *token, ..found };
            match self.put_pointer(&current, object.as_ref()).await? {
                Put::Done(_) => break current.run,
                Put::Refused if attempt == ATTEMPTS => {
                    return Err(self.holding.lost(LeaseLoss::TakenOver));
                }
                Put::Refused => attempt += 1,
            }
        };
        let Some(run) = run else { return Ok(()) };
        let known = stack.objects.list(&stack.names.run(&run)).await?.len();
        // A later holder writes the pointer before it fences: what was listed is not behind its fence.
        self.refuse_later(&stack.current().await?.0)?;
        journal::fence(&self.holding, &run, u64::try_from(known).unwrap_or(u64::MAX)).await
    }

    fn refuse_later(&self, current: &Current) -> Result<(), StoreError> {
        if current.token > self.holding.token {
            return Err(self.holding.lost(LeaseLoss::TakenOver));
        }
        Ok(())
    }

    async fn put_pointer(
        &self,
        current: &Current,
        found: Option<&Object>,
    ) -> Result<Put, StoreError> {
        let stack = &self.holding.stack;
        let path = stack.names.current();
        let bytes = serde_json::to_vec(current).map_err(|error| StoreError::Damaged {
            location: stack.objects.location(&path),
            problem: error.to_string(),
        })?;
        stack.objects.put(&path, &bytes, &Condition::as_found(found)).await
    }

    /// The pointer, to be written to: the lease is held, and no other write is under way.
    async fn turn(&self) -> Result<(MutexGuard<'_, ()>, Current, Option<Object>), StoreError> {
        let turn = self.pointer.lock().await;
        self.holding.ensure().await?;
        let (current, object) = self.holding.stack.current().await?;
        self.refuse_later(&current)?;
        if current.token < self.holding.token {
            // It was removed, or an older one was put in its place.
            return Err(self.holding.lost(LeaseLoss::Replaced));
        }
        Ok((turn, current, object))
    }

    fn refuse_run(&self, current: &Current) -> Result<(), StoreError> {
        let stack = &self.holding.stack;
        current.run.as_ref().map_or(Ok(()), |run| {
            Err(StoreError::OpenJournal { location: stack.objects.location(&stack.names.run(run)) })
        })
    }

    /// Writes the pointer, which no other holder may have written meanwhile.
    async fn point(&self, current: &Current, found: Option<&Object>) -> Result<(), StoreError> {
        match self.put_pointer(current, found).await? {
            Put::Done(_) => Ok(()),
            Put::Refused => Err(self.holding.lost(LeaseLoss::TakenOver)),
        }
    }

    async fn put(
        &self,
        state: State,
        (found, object): (Current, Option<Object>),
        next: Next,
    ) -> Result<State, StoreError> {
        let Holding { stack, token, holder, .. } = self.holding.as_ref();
        let content = Content::new(state, None, Some(Written::by(holder)));
        let bytes = content.bytes(stack.objects.location(&stack.names.states()))?;
        let Content { state, .. } = content;
        let kept = Kept {
            serial: state.serial,
            lineage: state.lineage.clone(),
            object: state_name(state.serial, *token, &bytes),
        };
        let path = stack.names.state(&kept.object);
        match stack.objects.put(&path, &bytes, &Condition::Absent).await? {
            Put::Done(_) => {}
            Put::Refused => {
                let problem = "it is not the state that its name says".to_owned();
                let location = stack.objects.location(&path);
                return Err(StoreError::Damaged { location, problem });
            }
        }
        let mut history = vec![kept.clone()];
        history.extend(found.history.iter().filter(|it| **it != kept).cloned());
        history.truncate(self.keep);
        let state_now = match next {
            Next::Present => Some(kept),
            Next::Retired => None,
        };
        let current = Current { state: state_now, run: None, history, ..found };
        self.point(&current, object.as_ref()).await?;
        // The state is published. What could not be removed is removed after the next one.
        let _removed = self.remove_stale(&current).await;
        Ok(state)
    }

    /// Removes the states and runs that no pointer names any more. Those of later holders are not this
    /// one's to judge.
    async fn remove_stale(&self, current: &Current) -> Result<(), StoreError> {
        let Holding { stack, token, .. } = self.holding.as_ref();
        let earlier = |found: Option<u64>| found.is_some_and(|found| found <= *token);
        for path in stack.objects.list(&stack.names.states()).await? {
            let name = path.filename().unwrap_or_default();
            let named = current.history.iter().chain(&current.state).any(|it| it.object == name);
            if !named && earlier(token_of_state(name)) {
                stack.objects.delete(&path).await?;
            }
        }
        for folder in stack.objects.folders(&stack.names.journals()).await? {
            let name = folder.filename().unwrap_or_default();
            if current.run.as_deref() == Some(name) || !earlier(token_of_run(name)) {
                continue;
            }
            for path in stack.objects.list(&folder).await? {
                stack.objects.delete(&path).await?;
            }
        }
        Ok(())
    }

    async fn succeed(
        &self,
        mut state: State,
        base: &PlanBase,
        (found, object): (Current, Option<Object>),
        next: Next,
    ) -> Result<State, StoreError> {
        check_base(found.state.as_ref().map(Kept::base), base)?;
        state.serial = base.serial.next();
        self.put(state, (found, object), next).await
    }
}

#[async_trait]
impl Lease for ObjectLease {
    fn stack(&self) -> &StackName {
        &self.holding.stack.name
    }

    fn dead_holder(&self) -> Option<&LockHolder> {
        self.holding.dead.as_ref()
    }

    fn fencing_token(&self) -> Option<u64> {
        Some(self.holding.token)
    }

    fn renew_within(&self) -> Option<Duration> {
        Some(self.holding.half())
    }

    async fn renew(&self) -> Result<(), StoreError> {
        self.holding.renew().await
    }

    async fn verify(&self) -> Result<(), StoreError> {
        self.holding.verify().await
    }

    async fn read(&self) -> Result<Stored, StoreError> {
        Ok(self.holding.stack.read().await?.stored())
    }

    async fn state_without_run(&self) -> Result<Option<State>, StoreError> {
        let (current, _) = self.holding.stack.current().await?;
        self.refuse_run(&current)?;
        Ok(Lease::read(self).await?.state)
    }

    async fn begin(&self, begin: &Entry) -> Result<Box<dyn JournalWriter>, StoreError> {
        let (_turn, found, object) = self.turn().await?;
        self.refuse_run(&found)?;
        let Holding { stack, token, .. } = self.holding.as_ref();
        let run = run_name(*token, self.begun.fetch_add(1, Ordering::Relaxed));
        let path = stack.names.record(&run, 0);
        let damaged = |error: serde_json::Error| StoreError::Damaged {
            location: stack.objects.location(&path),
            problem: error.to_string(),
        };
        let (line, tail) = Tail::default().line(begin).map_err(damaged)?;
        let bytes = journal::batch(*token, &line).map_err(damaged)?;
        if let Put::Refused = stack.objects.put(&path, &bytes, &Condition::Absent).await? {
            return Err(self.holding.lost(LeaseLoss::Replaced));
        }
        let current = Current { run: Some(run.clone()), ..found };
        self.point(&current, object.as_ref()).await?;
        Ok(Box::new(Writer::new(&self.holding, run, 1, tail)))
    }

    async fn resume(&self) -> Result<Box<dyn JournalWriter>, StoreError> {
        self.holding.verify().await?;
        let stack = &self.holding.stack;
        let contents = stack.read().await?;
        self.refuse_later(&contents.current)?;
        let missing = || StoreError::Damaged {
            location: stack.objects.location(&stack.names.journals()),
            problem: "there is no journal to go on with".to_owned(),
        };
        let (batches, records) = contents.run.ok_or_else(missing)?;
        let run = contents.current.run.ok_or_else(missing)?;
        if batches.token > self.holding.token {
            return Err(self.holding.lost(LeaseLoss::TakenOver));
        }
        Ok(Box::new(Writer::new(&self.holding, run, batches.next, records.tail)))
    }

    async fn publish(&self, state: State, base: &PlanBase) -> Result<State, StoreError> {
        let (_turn, found, object) = self.turn().await?;
        self.succeed(state, base, (found, object), Next::Present).await
    }

    async fn revise(&self, state: State, base: &PlanBase) -> Result<State, StoreError> {
        let (_turn, found, object) = self.turn().await?;
        self.refuse_run(&found)?;
        self.succeed(state, base, (found, object), Next::Present).await
    }

    async fn replace(&self, mut state: State) -> Result<State, StoreError> {
        let (_turn, found, object) = self.turn().await?;
        self.refuse_run(&found)?;
        let present = found.state.as_ref().map_or(Serial(0), |kept| kept.serial);
        state.serial = present.max(state.serial).next();
        self.put(state, (found, object), Next::Present).await
    }

    async fn retire(&self, state: State, base: &PlanBase) -> Result<(), StoreError> {
        let (_turn, found, object) = self.turn().await?;
        self.succeed(state, base, (found, object), Next::Retired).await.map(|_| ())
    }

    async fn release(self: Box<Self>) -> Result<(), StoreError> {
        self.holding.release().await
    }
}
