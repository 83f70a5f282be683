//! What an attempt leaves for the next one: its references to the batch and to what the attempts share.
//!
//! Each record needs three of them, for its ticket, for its attempt, and for the site of the attempt. To count one up
//! and down takes two atomic operations, and the next record is mostly of the same batch, so they are handed on.
//! Nothing depends on it but speed.

use std::sync::Arc;

use crate::{
    actor::Site,
    kafka::record::{Batch, Record},
};

/// References that are handed on. Those of records keep a batch in memory: no turn may end with them.
#[derive(Default)]
pub(crate) struct Spare {
    /// Of a ticket that has ended.
    ticket: Option<Record>,
    /// Of an attempt that has ended.
    attempt: Option<Record>,
    /// The mailbox's own, which lives as long.
    site: Option<Arc<Site>>,
}

impl Spare {
    /// A record for a ticket.
    pub(crate) fn record(&mut self, batch: &Arc<Batch>, at: usize) -> Record {
        batch.record(at, self.ticket.take())
    }

    /// The same record for an attempt, and what that shares with the others.
    pub(crate) fn for_attempt(&mut self, record: &Record, site: &Arc<Site>) -> (Record, Arc<Site>) {
        let site = self.site.take().unwrap_or_else(|| Arc::clone(site));
        (self.again(record), site)
    }

    fn again(&mut self, record: &Record) -> Record {
        record.again(self.attempt.take())
    }

    /// A ticket has ended, and nobody needs its record.
    pub(crate) fn keep(&mut self, record: Record) {
        self.ticket = Some(record);
    }

    /// An attempt has ended.
    pub(crate) fn keep_of_attempt(&mut self, record: Record, site: Arc<Site>) {
        self.attempt = Some(record);
        self.site = Some(site);
    }

    /// Lets the batch go.
    pub(crate) fn clear(&mut self) {
        (self.ticket, self.attempt) = (None, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::record::{HeldBytes, Timestamp, TopicPartition};

    fn batch(offsets: std::ops::Range<i64>) -> Arc<Batch> {
        let mut batch = Batch::new(TopicPartition::new("orders", 0));
        offsets.for_each(|offset| batch.push(offset, Timestamp::Create(0), None, None));
        batch.seal(&HeldBytes::unlimited())
    }

    // Fails when a record is that of the batch before, or a reference is counted that is handed on.
    #[test]
    fn a_reference_is_handed_on_within_a_batch_and_only_there() {
        let (first, second) = (batch(0..2), batch(7..9));
        let mut spare = Spare::default();
        let record = spare.record(&first, 0);
        spare.keep(record);
        let record = spare.record(&first, 1);
        assert_eq!((record.offset(), Arc::strong_count(&first)), (1, 2));
        spare.keep(record);
        let record = spare.record(&second, 0);
        assert_eq!((record.offset(), Arc::strong_count(&first), Arc::strong_count(&second)), (7, 1, 2));
    }

    // Fails when an attempt gets the record of the batch before.
    #[test]
    fn an_attempt_gets_the_record_that_it_is_for() {
        let (first, second) = (batch(0..2), batch(7..9));
        let mut spare = Spare::default();
        let record = spare.again(&first.record(0, None));
        spare.attempt = Some(record);
        let record = spare.again(&first.record(1, None));
        assert_eq!((record.offset(), Arc::strong_count(&first)), (1, 2));
        spare.attempt = Some(record);
        let record = spare.again(&second.record(1, None));
        assert_eq!((record.offset(), Arc::strong_count(&first), Arc::strong_count(&second)), (8, 1, 2));
    }

    // Fails when something stays: a partition that is full of it would wait for room without end.
    #[test]
    fn nothing_keeps_a_batch_when_it_is_let_go() {
        let batch = batch(0..1);
        let mut spare = Spare::default();
        let record = spare.record(&batch, 0);
        spare.attempt = Some(record.again(None));
        spare.keep(record);
        assert_eq!(Arc::strong_count(&batch), 3);
        spare.clear();
        assert_eq!(Arc::strong_count(&batch), 1);
    }
}
