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

/// Everything that contradicts "events of one key are handled by one actor one after another in log order": a start before
/// the end of the run before it, or a run out of order.
pub fn order_violations(entries: &[Entry]) -> Vec<String> {
    let mut violations = Vec::new();
    let mut keys: BTreeMap<(&str, &str), Vec<&Entry>> = BTreeMap::new();
    for entry in entries {
        keys.entry((entry.actor, &entry.key)).or_default().push(entry);
    }
    for ((actor, key), runs) in keys {
        for pair in runs.windows(2) {
            if pair[0].ended == 0 || pair[1].started < pair[0].ended {
                violations.push(format!("{actor}: {key} #{} began before #{} had ended", pair[1].seq, pair[0].seq));
            }
            if pair[1].seq < pair[0].seq {
                violations.push(format!("{actor}: {key} #{} after #{}", pair[1].seq, pair[0].seq));
            }
        }
    }
    violations
}
