//! The lease object of a stack: taken, renewed, released and taken over by conditional writes.

use std::sync::Arc;
use std::time::Duration;

use object_store::UpdateVersion;
use rstack_model::LockId;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::clock::{Clock, Timestamp};
use super::current::Stack;
use super::objects::{Condition, Object, Put};
use crate::error::{LeaseLoss, StoreError};
use crate::holder::{LockHolder, Unlocked};

/// The version of the lease object's format.
const FORMAT: u32 = 1;
/// The number of times that a lease is looked at anew that others write while it is being taken.
const ATTEMPTS: usize = 8;

/// The content of the lease object.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    format: u32,
    token: u64,
    /// `None` if it was released.
    holder: Option<LockHolder>,
    expires: Timestamp,
}

/// A lease as its holder knows it.
#[derive(Debug)]
pub(crate) struct Holding {
    pub(crate) stack: Stack,
    pub(crate) token: u64,
    pub(crate) holder: LockHolder,
    pub(crate) dead: Option<LockHolder>,
    clock: Arc<dyn Clock>,
    duration: Duration,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    version: UpdateVersion,
    expires: Timestamp,
    lost: bool,
}

impl Stack {
    async fn lease(&self) -> Result<Option<(Record, Object)>, StoreError> {
        let path = self.names.lease();
        let Some(object) = self.objects.get(&path).await? else { return Ok(None) };
        let record = serde_json::from_slice(&object.bytes);
        let record: Record = record.map_err(|error| StoreError::Damaged {
            location: self.objects.location(&path),
            problem: error.to_string(),
        })?;
        Ok(Some((record, object)))
    }

    async fn put_lease(&self, record: &Record, condition: &Condition) -> Result<Put, StoreError> {
        let path = self.names.lease();
        let bytes = serde_json::to_vec(record).map_err(|error| StoreError::Damaged {
            location: self.objects.location(&path),
            problem: error.to_string(),
        })?;
        self.objects.put(&path, &bytes, condition).await
    }

    fn locked(&self, holder: Option<LockHolder>) -> StoreError {
        StoreError::Locked { stack: self.name.clone(), holder: holder.map(Box::new) }
    }

    /// Removes the name of a holder whose lease has expired.
    pub(crate) async fn unlock(
        &self,
        id: &LockId,
        clock: &dyn Clock,
    ) -> Result<Unlocked, StoreError> {
        let Some((record, object)) = self.lease().await? else { return Ok(Unlocked::NotHeld) };
        let Some(holder) = record.holder.clone() else { return Ok(Unlocked::NotHeld) };
        if clock.now() < record.expires {
            return Err(self.locked(Some(holder)));
        }
        if holder.id != *id {
            return Ok(Unlocked::Other(holder));
        }
        let given_back = Record { holder: None, ..record };
        match self.put_lease(&given_back, &Condition::as_found(Some(&object))).await? {
            Put::Done(_) => Ok(Unlocked::Dead(holder)),
            Put::Refused => Err(self.locked(None)),
        }
    }
}

impl Holding {
    /// Takes the lease if no other holder has it, or the one that has it let it expire.
    pub(crate) async fn take(
        stack: Stack,
        holder: &LockHolder,
        clock: Arc<dyn Clock>,
        duration: Duration,
    ) -> Result<Self, StoreError> {
        for _ in 0..ATTEMPTS {
            let found = stack.lease().await?;
            let (mut token, mut dead, now) = (0, None, clock.now());
            if let Some((record, _)) = &found {
                if let Some(other) = &record.holder {
                    if now < record.expires {
                        return Err(stack.locked(Some(other.clone())));
                    }
                    dead = Some(other.clone());
                }
                token = record.token;
            }
            // Should the lease object be lost, the pointer remembers the last token.
            let token = token.max(stack.current().await?.0.token).saturating_add(1);
            let expires = now.after(duration);
            let record = Record { format: FORMAT, token, holder: Some(holder.clone()), expires };
            let condition = Condition::as_found(found.as_ref().map(|(_, object)| object));
            if let Put::Done(version) = stack.put_lease(&record, &condition).await? {
                let (holder, inner) = (holder.clone(), Inner { version, expires, lost: false });
                let inner = Mutex::new(inner);
                return Ok(Self { stack, token, holder, dead, clock, duration, inner });
            }
        }
        Err(stack.locked(None))
    }

    pub(crate) fn lost(&self, loss: LeaseLoss) -> StoreError {
        let location = self.stack.objects.location(&self.stack.names.lease());
        StoreError::LeaseLost { stack: self.stack.name.clone(), location, loss }
    }

    /// The time within which the lease is to be renewed.
    pub(crate) fn half(&self) -> Duration {
        self.duration / 2
    }

    /// Renews the lease if half of its time has passed. To be called before every write.
    pub(crate) async fn ensure(&self) -> Result<(), StoreError> {
        let mut inner = self.inner.lock().await;
        if inner.lost {
            return Err(self.lost(LeaseLoss::TakenOver));
        }
        if self.clock.now().after(self.half()) < inner.expires {
            return Ok(());
        }
        let expires = self.clock.now().after(self.duration);
        self.write(&mut inner, Some(self.holder.clone()), expires).await
    }

    /// Renews the lease now.
    pub(crate) async fn renew(&self) -> Result<(), StoreError> {
        let mut inner = self.inner.lock().await;
        let expires = self.clock.now().after(self.duration);
        self.write(&mut inner, Some(self.holder.clone()), expires).await
    }

    /// Releases the lease.
    pub(crate) async fn release(&self) -> Result<(), StoreError> {
        let mut inner = self.inner.lock().await;
        let expires = inner.expires;
        self.write(&mut inner, None, expires).await?;
        inner.lost = true;
        Ok(())
    }

    async fn write(
        &self,
        inner: &mut Inner,
        holder: Option<LockHolder>,
        expires: Timestamp,
    ) -> Result<(), StoreError> {
        if inner.lost {
            return Err(self.lost(LeaseLoss::TakenOver));
        }
        let record = Record { format: FORMAT, token: self.token, holder, expires };
        let condition = Condition::Unchanged(inner.version.clone());
        match self.stack.put_lease(&record, &condition).await? {
            Put::Done(version) => {
                (inner.version, inner.expires) = (version, expires);
                Ok(())
            }
            Put::Refused => {
                inner.lost = true;
                Err(self.loss().await)
            }
        }
    }

    /// Refuses if the lease object is not this holder's any more.
    pub(crate) async fn verify(&self) -> Result<(), StoreError> {
        self.ensure().await?;
        let ours = self.stack.lease().await?.is_some_and(|(record, _)| {
            record.token == self.token && record.holder.is_some_and(|it| it.id == self.holder.id)
        });
        if ours {
            return Ok(());
        }
        self.inner.lock().await.lost = true;
        Err(self.loss().await)
    }

    /// The way the lease was lost, as far as its object says.
    async fn loss(&self) -> StoreError {
        let later = self.stack.lease().await;
        let later = later.is_ok_and(|it| it.is_some_and(|(record, _)| record.token > self.token));
        self.lost(if later { LeaseLoss::TakenOver } else { LeaseLoss::Replaced })
    }
}
