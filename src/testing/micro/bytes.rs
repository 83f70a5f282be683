//! From a client's bytes to an event.

use std::{hint::black_box, sync::Arc};

use super::{Piece, Setting, TestRecord, piece};
use crate::{
    event::{Event, read},
    kafka::record::{Batch, Record},
};

/// The copy that the poll thread makes.
struct Copying<'a>(&'a Setting);

impl Piece for Copying<'_> {
    type Input = Option<Arc<Batch>>;

    fn prepare(&mut self) -> Self::Input {
        None
    }

    fn run(&mut self, copied: &mut Self::Input) {
        *copied = Some(self.0.copy(0).seal(&self.0.held));
    }

    fn count(&self, copied: &Self::Input) -> usize {
        let copied = copied.iter().flat_map(Batch::records);
        let same = |(copied, record): &(Record, &TestRecord)| {
            let headers = record.headers.iter().map(|(name, value)| (&name[..], value.as_deref()));
            copied.plain_type().is_some() && copied.value() == record.value.as_deref() && copied.headers().eq(headers)
        };
        copied.zip(&self.0.records).filter(same).count()
    }
}

impl Setting {
    /// Copies the records into a batch and glances at their headers; counts those that came out the same, and plain.
    pub fn copying(&self) -> impl Piece {
        Copying(self)
    }

    /// Reads all of each envelope, which a plain event needs only for its outputs, its span and the context.
    pub fn reading(&self) -> impl Piece {
        piece(
            || self.batch(),
            |records| {
                let good = |record: &&Record| {
                    black_box(read(record.headers(), record.value())).is_ok_and(|incoming| incoming.time.is_some())
                };
                records.iter().filter(good).count()
            },
        )
    }

    /// Decodes the events.
    pub fn decoding<E: Event>(&self) -> impl Piece {
        let decoded = |record: &&Record| record.text().is_some_and(|json| black_box(E::codec().text(json)).is_ok());
        piece(|| self.batch(), move |records| records.iter().filter(decoded).count())
    }
}
