//! A ledger as lines in a file: what a process did before it was killed.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::Path,
};

use crate::ledger::{End, Entry};

/// A file that each line reaches with one write, so that a killed process leaves whole lines.
#[derive(Debug)]
pub struct Journal(File);

impl Journal {
    /// Goes on with a journal, or begins one.
    pub fn open(path: &Path) -> io::Result<Self> {
        OpenOptions::new().create(true).append(true).open(path).map(Self)
    }

    fn line(&self, line: &str) {
        (&self.0).write_all(line.as_bytes()).expect("the journal can be written");
    }

    /// The bus of a member runs.
    pub fn ready(&self, member: u32) {
        self.line(&format!("ready {member}\n"));
    }

    pub(crate) fn started(&self, at: usize, entry: &Entry) {
        let Entry { member, key, seq, partition, offset, attempt, .. } = entry;
        self.line(&format!("start {member} {at} {key} {seq} {partition} {offset} {attempt}\n"));
    }

    pub(crate) fn ended(&self, member: u32, at: usize, end: End) {
        self.line(&format!("end {member} {at} {end:?}\n"));
    }
}

/// Whether a member has said that it is ready.
pub fn is_ready(path: &Path, member: u32) -> bool {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().any(|line| line == format!("ready {member}"))
}

/// All runs in a journal, in the order of their starts.
///
/// # Panics
///
/// If a line is not one of a [`Journal`].
pub fn read(path: &Path) -> Vec<Entry> {
    let text = fs::read_to_string(path).unwrap_or_default();
    // What comes after the last line break is being written.
    let whole = &text[..text.rfind('\n').map_or(0, |at| at + 1)];
    let mut entries: Vec<Entry> = Vec::new();
    let mut places = HashMap::new();
    for (tick, line) in whole.lines().enumerate() {
        let words: Vec<_> = line.split(' ').collect();
        match words[..] {
            ["ready", _] => {}
            ["start", member, at, key, seq, partition, offset, attempt] => {
                places.insert((member, at), entries.len());
                entries.push(Entry {
                    member: number(member),
                    actor: "Worker",
                    key: key.to_owned(),
                    seq: number(seq),
                    partition: number(partition),
                    offset: number(offset),
                    attempt: number(attempt),
                    end: None,
                    started: tick + 1,
                    ended: 0,
                });
            }
            ["end", member, at, end] => {
                let entry = &mut entries[places[&(member, at)]];
                entry.end = Some(if end == "Succeeded" { End::Succeeded } else { End::Failed });
                entry.ended = tick + 1;
            }
            _ => panic!("no line of a journal: {line}"),
        }
    }
    entries
}

fn number<T: std::str::FromStr>(word: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    word.parse().expect("a number")
}
