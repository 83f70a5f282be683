//! carom's shape without what it is for: one thread polls and copies, another decodes and counts.
//!
//! No lanes, retries, dead letters, spans or outputs. What it is faster than the loop is the most that carom could be.

use std::{
    ops::Range,
    sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel},
    thread,
    time::Duration,
};

use rdkafka::consumer::Consumer;

use super::{Bare, handle, raw::Message, text};
use crate::load::OrderPlaced;

/// Records that are handed over at once, as carom's default is.
const BATCH: usize = 256;
/// Batches on their way to the second thread.
const AHEAD: usize = 8;

/// Records of one partition, copied out of the client; goes there and back.
#[derive(Default)]
struct Batch {
    partition: i32,
    /// Offset of the last record.
    last: i64,
    text: String,
    records: Vec<[Range<usize>; 3]>,
}

impl Batch {
    fn clear(&mut self) {
        self.text.clear();
        self.records.clear();
    }

    /// Type, id and payload; what is missing is empty. UTF-8 is checked here: the second thread is the busier one.
    fn push(&mut self, message: &Message) -> Result<(), String> {
        let (kind, id) = message.type_and_id();
        let parts = [text(kind.unwrap_or_default())?, text(id.unwrap_or_default())?, text(message.payload())?];
        self.records.push(parts.map(|part| {
            let start = self.text.len();
            self.text.push_str(part);
            start..self.text.len()
        }));
        self.last = message.offset();
        Ok(())
    }
}

impl Bare {
    pub(super) fn by_two_threads(&mut self, records: u64, see: impl FnMut(&OrderPlaced) + Send) -> Result<(), String> {
        let (full, filled) = sync_channel(AHEAD);
        let (done, empty) = sync_channel(4 * AHEAD);
        thread::scope(|scope| {
            let worker = scope.spawn(move || decode(&filled, &done, see));
            let polled = self.copy(records, &full, &empty);
            // Ends the worker.
            drop(full);
            let decoded = worker.join().map_err(|_| "the second thread panicked".to_owned())?;
            polled.and(decoded)
        })
    }

    /// Hands over batches until `records` of them are handled.
    fn copy(&mut self, records: u64, full: &SyncSender<Batch>, empty: &Receiver<Batch>) -> Result<(), String> {
        let mut spare = Vec::new();
        while self.handled < records {
            let mut taken = 0;
            for queue in &mut self.queues {
                let mut batch: Batch = spare.pop().unwrap_or_default();
                batch.partition = queue.partition;
                taken += queue.take(BATCH, |message| if message.is_record() { batch.push(message) } else { Ok(()) })?;
                if batch.records.is_empty() {
                    spare.push(batch);
                } else {
                    full.send(batch).map_err(|error| error.to_string())?;
                }
            }
            loop {
                // With nothing to take there is time to wait for what is under way.
                let back = match empty.try_recv() {
                    Err(TryRecvError::Empty) if taken == 0 => empty.recv_timeout(Duration::from_millis(1)).ok(),
                    back => back.ok(),
                };
                let Some(mut batch) = back else { break };
                self.handled += batch.records.len() as u64;
                let stored = self.consumer.store_offset(&self.topic, batch.partition, batch.last);
                stored.map_err(|error| error.to_string())?;
                batch.clear();
                spare.push(batch);
            }
            self.commit();
            drop(self.consumer.poll(Duration::ZERO));
            self.take_assigned();
        }
        Ok(())
    }
}

/// The second thread.
fn decode(filled: &Receiver<Batch>, done: &SyncSender<Batch>, mut see: impl FnMut(&OrderPlaced)) -> Result<(), String> {
    for batch in filled {
        for record in &batch.records {
            let [kind, id, json] = record.clone().map(|part| &batch.text[part]);
            handle(Some(kind.as_bytes()), Some(id.as_bytes()), json, &mut see)?;
        }
        if done.send(batch).is_err() {
            break;
        }
    }
    Ok(())
}
