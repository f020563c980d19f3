//! The time that no schedule of a graph of jobs can do without, computed from the jobs' true durations
//! and from nothing of the engine.
//!
//! Two simple bounds are the longest chain, and all work divided by the number of slots. A third looks
//! at stretches of time (Fernandez and Bussell, 1973). A job cannot begin before the longest chain that
//! leads to it, nor end so late that the longest chain behind it does not fit any more. So of each job
//! some part falls into a stretch wherever the job is put, and the sum of these parts is at most the
//! length of the stretch times the slots. What it is more, divided by the slots, has to be added to the
//! time of the whole.

use std::time::Duration;

/// A job. Jobs are numbered by their place in a list in which each is behind those that it waits for.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) lasts: Duration,
    pub(crate) after: Vec<usize>,
}

/// Two lower bounds of a graph, and an upper one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// The larger of longest chain and work divided by slots.
    pub(crate) plain: Duration,
    /// The bound that looks at stretches of time, too; at least `plain`.
    pub(crate) strong: Duration,
    /// No schedule that leaves no slot idle while a job is ready takes longer than this, whatever it
    /// knows of durations (Graham, 1969).
    pub(crate) busy: Duration,
}

/// At most so many beginnings, and so many ends, of stretches are looked at. Every stretch gives a
/// bound; with fewer the best of them is a little lower.
const SAMPLES: usize = 16;

/// The bounds of these jobs on so many slots.
pub(crate) fn bounds(jobs: &[Job], slots: u32) -> Bounds {
    let (heads, tails) = (heads(jobs), tails(jobs));
    let ends = jobs.iter().zip(&heads).map(|(job, head)| *head + job.lasts);
    let chain = ends.max().unwrap_or_default();
    let work: Duration = jobs.iter().map(|job| job.lasts).sum();
    let plain = chain.max(work / slots);
    let latest: Vec<Duration> = tails.iter().map(|tail| plain - *tail).collect();
    let begins = sampled(heads.iter().copied());
    let ends = sampled(latest.iter().copied().chain([plain]));
    let mut missing = Duration::ZERO;
    for &begin in &begins {
        for &end in ends.iter().filter(|end| **end > begin) {
            let inside = |((job, head), latest): ((&Job, &Duration), &Duration)| {
                let early = end.min(*head + job.lasts).saturating_sub(begin.max(*head));
                let late = end.min(*latest).saturating_sub(begin.max(*latest - job.lasts));
                early.min(late)
            };
            let needed: Duration = jobs.iter().zip(&heads).zip(&latest).map(inside).sum();
            missing = missing.max(needed.saturating_sub((end - begin) * slots) / slots);
        }
    }
    let busy = work / slots + chain / slots * (slots - 1);
    Bounds { plain, strong: plain + missing, busy }
}

/// For each job, the longest chain that leads to it.
fn heads(jobs: &[Job]) -> Vec<Duration> {
    let mut heads: Vec<Duration> = Vec::new();
    for job in jobs {
        let before = job.after.iter().map(|&earlier| heads[earlier] + jobs[earlier].lasts);
        heads.push(before.max().unwrap_or_default());
    }
    heads
}

/// For each job, the longest chain behind it.
fn tails(jobs: &[Job]) -> Vec<Duration> {
    let mut tails = vec![Duration::ZERO; jobs.len()];
    for (number, job) in jobs.iter().enumerate().rev() {
        let own = tails[number] + job.lasts;
        for &earlier in &job.after {
            tails[earlier] = tails[earlier].max(own);
        }
    }
    tails
}

fn sampled(moments: impl Iterator<Item = Duration>) -> Vec<Duration> {
    let mut all: Vec<Duration> = moments.collect();
    all.sort();
    all.dedup();
    let (every, last) = (all.len().div_ceil(SAMPLES).max(1), all.last().copied());
    all.into_iter().step_by(every).chain(last).collect()
}

/// The shortest time in which the jobs can be done, found by trying every order in which a slot that is
/// free takes a job, or waits for the next end. For a handful of jobs.
fn shortest(jobs: &[Job], slots: usize) -> Duration {
    fn from(
        jobs: &[Job],
        slots: usize,
        begun: &mut Vec<Option<Duration>>,
        now: Duration,
    ) -> Duration {
        let end = |number: usize, begun: &[Option<Duration>]| {
            begun[number].map(|begin| begin + jobs[number].lasts)
        };
        let ends: Vec<Duration> = (0..jobs.len()).filter_map(|job| end(job, begun)).collect();
        let mut best = Duration::MAX;
        if begun.iter().all(Option::is_some) {
            return ends.into_iter().max().unwrap_or_default();
        }
        if ends.iter().filter(|end| **end > now).count() < slots {
            for number in 0..jobs.len() {
                let is_done = |&on: &usize| end(on, begun).is_some_and(|end| end <= now);
                if begun[number].is_none() && jobs[number].after.iter().all(is_done) {
                    begun[number] = Some(now);
                    best = best.min(from(jobs, slots, begun, now));
                    begun[number] = None;
                }
            }
        }
        match ends.into_iter().filter(|end| *end > now).min() {
            Some(next) => best.min(from(jobs, slots, begun, next)),
            None => best,
        }
    }
    from(jobs, slots, &mut vec![None; jobs.len()], Duration::ZERO)
}

fn job(seconds: u64, after: &[usize]) -> Job {
    Job { lasts: Duration::from_secs(seconds), after: after.to_vec() }
}

#[test]
fn the_bound_counts_what_a_root_and_a_last_job_leave_idle() {
    // One before and one after twelve that run beside each other on four slots.
    let mut jobs = vec![job(10, &[])];
    jobs.extend((0..12).map(|_| job(10, &[0])));
    jobs.push(job(10, &(1..=12).collect::<Vec<_>>()));
    let found = bounds(&jobs, 4);
    assert_eq!(found.plain, Duration::from_secs(35));
    assert_eq!(found.strong, Duration::from_secs(50));
}

#[test]
fn no_bound_is_above_the_shortest_schedule() {
    let mut state = 7u64;
    let mut below = |bound: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) % bound
    };
    let (mut stronger, mut tight) = (0, 0);
    for _ in 0..80 {
        let jobs: Vec<Job> = (0..6)
            .map(|number| {
                let after: Vec<usize> = (0..number).filter(|_| below(4) == 0).collect();
                job(1 + below(9), &after)
            })
            .collect();
        for slots in [2, 3] {
            let (found, shortest) = (bounds(&jobs, slots), shortest(&jobs, slots as usize));
            assert!(found.plain <= found.strong, "{jobs:?}");
            assert!(found.strong <= shortest, "{slots} slots, {found:?}, {shortest:?}: {jobs:?}");
            stronger += u32::from(found.strong > found.plain);
            tight += u32::from(found.strong == shortest);
        }
    }
    assert!(stronger > 0 && tight > 80, "{stronger} stronger, {tight} tight");
}
