//! Judges what handlers did, whoever wrote it down.

use std::collections::{BTreeMap, BTreeSet};

use crate::ledger::{End, Entry};

fn successes(entries: &[Entry]) -> impl Iterator<Item = &Entry> {
    entries.iter().filter(|entry| entry.end == Some(End::Succeeded))
}

/// The jobs that succeeded at least once.
pub fn succeeded(entries: &[Entry]) -> BTreeSet<(&str, u32)> {
    successes(entries).map(|entry| (entry.key.as_str(), entry.seq)).collect()
}

/// The jobs that were begun more than once, with how often.
pub fn repeated(entries: &[Entry]) -> BTreeMap<(&str, u32), usize> {
    let mut jobs = BTreeMap::new();
    for entry in entries {
        *jobs.entry((entry.key.as_str(), entry.seq)).or_insert(0) += 1;
    }
    jobs.retain(|_, times| *times > 1);
    jobs
}

/// The finished offsets, by partition.
pub fn finished(entries: &[Entry]) -> BTreeMap<i32, BTreeSet<i64>> {
    let mut partitions = BTreeMap::<_, BTreeSet<_>>::new();
    for entry in successes(entries) {
        partitions.entry(entry.partition).or_default().insert(entry.offset);
    }
    partitions
}

/// The lowest offset of a partition whose record has not succeeded, given the finished ones.
pub fn lowest_unfinished(finished: Option<&BTreeSet<i64>>) -> i64 {
    (0..).find(|offset| finished.is_none_or(|finished| !finished.contains(offset))).unwrap_or_default()
}

/// The keys whose jobs did not succeed for the first time in the order of their numbers.
pub fn keys_out_of_order(entries: &[Entry]) -> Vec<&str> {
    let mut ended: Vec<_> = successes(entries).collect();
    ended.sort_by_key(|entry| entry.ended);
    let mut next: BTreeMap<&str, u32> = BTreeMap::new();
    let mut wrong = Vec::new();
    for entry in ended {
        let next = next.entry(&entry.key).or_default();
        if entry.seq > *next {
            wrong.push(entry.key.as_str());
        }
        *next = (*next).max(entry.seq + 1);
    }
    wrong
}
