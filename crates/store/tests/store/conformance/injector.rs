//! An object store that is struck at one of its calls.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// The fault at a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strike {
    /// It fails, and was not made.
    Fail,
    /// It is made, and its answer is lost.
    LoseAnswer,
    /// It is not made, and none after it.
    DieBefore,
    /// It is made, and none after it; its answer is lost.
    DieAfter,
    /// Something else happens before it is made.
    MeanwhileBefore,
    /// Something else happens after it was made, before its answer comes.
    MeanwhileAfter,
}

type Meanwhile = Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>;

/// The store, and where it is struck.
pub(crate) struct Struck {
    inner: Arc<InMemory>,
    calls: AtomicUsize,
    at: AtomicUsize,
    strike: Strike,
    meanwhile: Mutex<Option<Meanwhile>>,
}

impl fmt::Debug for Struck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Struck").field("at", &self.at).field("strike", &self.strike).finish()
    }
}

impl fmt::Display for Struck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

fn failure() -> Error {
    Error::Generic { store: "struck", source: "struck".into() }
}

impl Struck {
    pub(crate) fn new(inner: &Arc<InMemory>, at: usize, strike: Strike) -> Arc<Self> {
        let (inner, calls, meanwhile) = (Arc::clone(inner), AtomicUsize::new(0), Mutex::default());
        Arc::new(Self { inner, calls, at: AtomicUsize::new(at), strike, meanwhile })
    }

    /// Sets the acts of others that happen meanwhile.
    pub(crate) fn meanwhile(&self, meanwhile: Meanwhile) {
        *self.meanwhile.lock().unwrap() = Some(meanwhile);
    }

    /// True if there were so many calls that it was struck.
    pub(crate) fn was_struck(&self) -> bool {
        self.calls.load(Ordering::SeqCst) > self.at()
    }

    /// The next call is the one.
    pub(crate) fn strike_next(&self) {
        self.at.store(self.calls.load(Ordering::SeqCst), Ordering::SeqCst);
    }

    fn at(&self) -> usize {
        self.at.load(Ordering::SeqCst)
    }

    async fn call<T>(&self, call: impl Future<Output = Result<T>> + Send) -> Result<T> {
        let number = self.calls.fetch_add(1, Ordering::SeqCst);
        let (now, dead) = (number == self.at(), number > self.at());
        match self.strike {
            Strike::Fail if now => Err(failure()),
            Strike::LoseAnswer if now => call.await.and(Err(failure())),
            Strike::DieBefore if now || dead => Err(failure()),
            Strike::DieAfter if now => call.await.and(Err(failure())),
            Strike::DieAfter if dead => Err(failure()),
            Strike::MeanwhileBefore if now => {
                self.let_happen().await;
                call.await
            }
            Strike::MeanwhileAfter if now => {
                let result = call.await;
                self.let_happen().await;
                result
            }
            _ => call.await,
        }
    }

    async fn let_happen(&self) {
        let meanwhile = self.meanwhile.lock().unwrap().take();
        if let Some(meanwhile) = meanwhile {
            meanwhile().await;
        }
    }
}

#[async_trait]
impl ObjectStore for Struck {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        opts: PutOptions,
    ) -> Result<PutResult> {
        self.call(self.inner.put_opts(location, payload, opts)).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        opts: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.call(self.inner.put_multipart_opts(location, opts)).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.call(self.inner.get_opts(location, options)).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        // The store that is struck outlives no call; the calls are counted here.
        let number = self.calls.fetch_add(1, Ordering::SeqCst);
        let dies = matches!(self.strike, Strike::DieBefore | Strike::DieAfter);
        let made = match self.strike {
            Strike::Fail | Strike::DieBefore => number < self.at() || (!dies && number > self.at()),
            Strike::DieAfter => number <= self.at(),
            Strike::LoseAnswer | Strike::MeanwhileBefore | Strike::MeanwhileAfter => true,
        };
        let answered = match self.strike {
            Strike::LoseAnswer | Strike::Fail => number != self.at(),
            Strike::DieBefore | Strike::DieAfter => number < self.at(),
            Strike::MeanwhileBefore | Strike::MeanwhileAfter => true,
        };
        let inner = Arc::clone(&self.inner);
        locations
            .then(move |location| {
                let inner = Arc::clone(&inner);
                async move {
                    let location = location?;
                    if made {
                        inner.delete(&location).await?;
                    }
                    if answered { Ok(location) } else { Err(failure()) }
                }
            })
            .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let number = self.calls.fetch_add(1, Ordering::SeqCst);
        let failed = match self.strike {
            Strike::Fail | Strike::LoseAnswer => number == self.at(),
            Strike::DieBefore | Strike::DieAfter => number >= self.at(),
            Strike::MeanwhileBefore | Strike::MeanwhileAfter => false,
        };
        if failed {
            return futures_util::stream::iter([Err(failure())]).boxed();
        }
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.call(self.inner.list_with_delimiter(prefix)).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.call(self.inner.copy_opts(from, to, options)).await
    }
}
