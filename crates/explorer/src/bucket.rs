//! An object store as one process sees it, until it dies. What is in it outlives the process.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use crate::crash_injector::{CrashInjector, Verdict};
use crate::crash_point::Act;

/// The objects as one process sees them. Every write and every removal is a step at which it can die,
/// before the store has made it or before its answer comes.
#[derive(Debug)]
pub(crate) struct WatchedBucket {
    pub(crate) bucket: Arc<InMemory>,
    pub(crate) injector: Arc<CrashInjector>,
}

impl fmt::Display for WatchedBucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a bucket that is watched")
    }
}

/// Does something, unless the process is dead.
async fn act<T>(
    injector: &CrashInjector,
    act: Act,
    work: impl Future<Output = Result<T>> + Send,
) -> Result<T> {
    let verdict = injector.meet(act);
    if verdict == Verdict::Dead {
        return Err(Error::Generic { store: "bucket", source: "the process is dead".into() });
    }
    let done = work.await;
    if verdict == Verdict::Last {
        injector.die();
    }
    done
}

#[async_trait]
impl ObjectStore for WatchedBucket {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        opts: PutOptions,
    ) -> Result<PutResult> {
        act(&self.injector, Act::Write, self.bucket.put_opts(location, payload, opts)).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        opts: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.bucket.put_multipart_opts(location, opts).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.bucket.get_opts(location, options).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let (bucket, injector) = (Arc::clone(&self.bucket), Arc::clone(&self.injector));
        let removed = locations.then(move |location| {
            let (bucket, injector) = (Arc::clone(&bucket), Arc::clone(&injector));
            async move {
                let location = location?;
                act(&injector, Act::Remove, bucket.delete(&location)).await?;
                Ok(location)
            }
        });
        removed.boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.bucket.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.bucket.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        act(&self.injector, Act::Write, self.bucket.copy_opts(from, to, options)).await
    }
}

/// True if some object of a bucket holds these bytes; `None` if one cannot be read. A store in
/// memory answers at once.
pub(crate) fn holds(bucket: &InMemory, bytes: &[u8]) -> Option<bool> {
    use futures_util::FutureExt;
    let looked = async {
        let mut objects = bucket.list(None);
        while let Some(object) = objects.next().await {
            let found = bucket.get(&object?.location).await?.bytes().await?;
            if found.windows(bytes.len().max(1)).any(|window| window == bytes) {
                return Ok::<bool, Error>(true);
            }
        }
        Ok(false)
    };
    looked.now_or_never()?.ok()
}
