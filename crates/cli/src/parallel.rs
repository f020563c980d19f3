//! Work that is divided among threads, with results in the order of the work.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;

use rstack_model::ErrorCode;

use crate::error::CommandError;

/// The stack of each thread.
const STACK: usize = 16 << 20;

/// Does the work for every item, several at a time, and hands on the results in the order of the
/// items, each as soon as those before it are there.
///
/// # Errors
/// If a thread cannot be started, and with the first error of `done`, after which nothing more is
/// begun.
pub(crate) fn each_in_order<I: Sync, T: Send>(
    items: &[I],
    work: impl Fn(&I) -> T + Sync,
    mut done: impl FnMut(T) -> Result<(), CommandError>,
) -> Result<(), CommandError> {
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get).min(items.len());
    let next = AtomicUsize::new(0);
    let (sender, results) = channel();
    thread::scope(|scope| {
        for _ in 0..threads {
            let (sender, next, work) = (sender.clone(), &next, &work);
            let run = move || loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(item) = items.get(number) else { return };
                if sender.send((number, work(item))).is_err() {
                    return;
                }
            };
            let builder = thread::Builder::new().stack_size(STACK);
            builder.spawn_scoped(scope, run).map_err(|source| {
                CommandError::io(ErrorCode::Internal, "cannot start threads", &source)
            })?;
        }
        drop(sender);
        let mut waiting = BTreeMap::new();
        let mut told = 0;
        // Without the receiver the threads stop after the item that they are at.
        for (number, result) in results {
            waiting.insert(number, result);
            while let Some(result) = waiting.remove(&told) {
                told += 1;
                done(result)?;
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items() {
        let items: Vec<usize> = (0..500).collect();
        let mut got = Vec::new();
        let work = |item: &usize| item * 2;
        each_in_order(&items, work, |result| {
            got.push(result);
            Ok(())
        })
        .unwrap();
        assert_eq!(got, items.iter().map(work).collect::<Vec<_>>());
        let error = CommandError::new(ErrorCode::Internal, "no more");
        let stopped = each_in_order(&items, work, |_| Err(error.clone()));
        assert!(stopped.is_err());
    }
}
