//! A record on its way to the broker, and how it is written: its parts lie one behind the other, in memory that it
//! shares with the records before and after it, or that is its own where it is large.
//!
//! Many small pieces for each record would cost more than what is in them: the memory is given back by another thread,
//! and the two wait for each other (decision 23).

use std::{fmt, sync::Arc};

use bytes::{Bytes, BytesMut};

use super::{Header, WireHeaders, wire_headers::put_part};

/// A record on its way to the broker.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct OutRecord {
    pub(crate) topic: Arc<str>,
    /// `None` leaves the choice to the partitioner.
    pub(crate) partition: Option<i32>,
    /// Value, key, and the headers as they are on the wire.
    bytes: Bytes,
    parts: Parts,
}

/// What lies in the bytes of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Parts {
    /// Its length; `None` for null.
    value: Option<usize>,
    /// As `value`.
    key: Option<usize>,
    header_count: usize,
    /// Of names and values together, without the lengths before them.
    header_bytes: usize,
}

impl Parts {
    fn before_headers(&self) -> usize {
        self.value.unwrap_or(0) + self.key.unwrap_or(0)
    }
}

/// Room for the headers that every event has, about, in bytes.
const HEADERS: usize = 512;

/// Memory that is asked for at once for records to come, in bytes, about.
const CHUNK: usize = 64 * 1024;

/// A header that is text.
pub(crate) fn text_header<'a>(name: &'a str, value: &'a str) -> Header<'a> {
    (name.as_bytes(), Some(value.as_bytes()))
}

/// How many bytes a header takes, at most: each length before a part takes ten.
pub(crate) fn header_room((name, value): Header<'_>) -> usize {
    20 + name.len() + value.map_or(0, <[u8]>::len)
}

/// Memory that records are written into. One record gets as much as it takes; the more there are, the larger the
/// pieces.
#[derive(Debug, Default)]
pub(crate) struct RecordMemory {
    bytes: BytesMut,
    /// How much is asked for next.
    chunk: usize,
}

impl RecordMemory {
    /// Begins a record. What was begun before and not finished is gone.
    pub(crate) fn begin(&mut self) -> RecordWriter<'_> {
        self.bytes.clear();
        RecordWriter { memory: self, parts: Parts::default() }
    }

    /// Makes room for so many bytes, so that they need not be moved later.
    fn ensure(&mut self, size: usize) {
        if self.bytes.capacity() - self.bytes.len() < size {
            self.bytes.reserve(size.max(self.chunk));
            if size <= CHUNK {
                self.chunk = (2 * self.bytes.capacity()).min(CHUNK);
            }
        }
    }
}

/// Writes one record: value, key, headers, in this order.
#[derive(Debug)]
pub(crate) struct RecordWriter<'m> {
    memory: &'m mut RecordMemory,
    parts: Parts,
}

impl RecordWriter<'_> {
    /// Left out, it is null. Before the key; `beside` is how many bytes come with the key, and in headers that not every
    /// event has.
    pub(crate) fn value(&mut self, value: &[u8], beside: usize) {
        self.memory.ensure(value.len() + beside + HEADERS);
        self.put_value(value);
    }

    fn put_value(&mut self, value: &[u8]) {
        debug_assert!(self.parts == Parts::default(), "the value is first");
        self.memory.bytes.extend_from_slice(value);
        self.parts.value = Some(value.len());
    }

    /// Left out, it is null. Before the headers.
    pub(crate) fn key(&mut self, key: &[u8]) {
        debug_assert!(self.parts.header_count == 0 && self.parts.key.is_none(), "the key is before the headers");
        self.memory.ensure(key.len());
        self.memory.bytes.extend_from_slice(key);
        self.parts.key = Some(key.len());
    }

    pub(crate) fn header(&mut self, (name, value): Header<'_>) {
        put_part(&mut self.memory.bytes, Some(name));
        put_part(&mut self.memory.bytes, value);
        self.parts.header_count += 1;
        self.parts.header_bytes += name.len() + value.map_or(0, <[u8]>::len);
    }

    pub(crate) fn text_header(&mut self, name: &str, value: &str) {
        self.header(text_header(name, value));
    }

    pub(crate) fn finish(self, topic: Arc<str>, partition: Option<i32>) -> OutRecord {
        let bytes = self.memory.bytes.split().freeze();
        if bytes.len() > CHUNK {
            // Small records to come shall not hold the room of a large one.
            self.memory.bytes = BytesMut::new();
        }
        OutRecord { topic, partition, bytes, parts: self.parts }
    }
}

impl OutRecord {
    /// A record of these parts, in memory of its own.
    pub(crate) fn new(
        topic: Arc<str>,
        partition: Option<i32>,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: &[Header<'_>],
    ) -> Self {
        let beside: usize = key.map_or(0, <[u8]>::len) + headers.iter().copied().map(header_room).sum::<usize>();
        let mut memory = RecordMemory::default();
        memory.ensure(value.map_or(0, <[u8]>::len) + beside);
        let mut writer = memory.begin();
        value.into_iter().for_each(|value| writer.put_value(value));
        key.into_iter().for_each(|key| writer.key(key));
        headers.iter().for_each(|header| writer.header(*header));
        writer.finish(topic, partition)
    }

    pub(crate) fn value(&self) -> Option<&[u8]> {
        Some(&self.bytes[..self.parts.value?])
    }

    pub(crate) fn key(&self) -> Option<&[u8]> {
        let end = self.parts.before_headers();
        Some(&self.bytes[end - self.parts.key?..end])
    }

    /// Names and values as bytes, in the order in which they were written.
    pub(crate) fn headers(&self) -> WireHeaders<'_> {
        WireHeaders::counted(self.parts.header_count, &self.bytes[self.parts.before_headers()..])
    }

    pub(crate) fn header_count(&self) -> usize {
        self.parts.header_count
    }

    /// Key, value and headers together, in bytes.
    pub(crate) fn size(&self) -> usize {
        self.parts.before_headers() + self.parts.header_bytes
    }

    /// What the record takes of the broker's limit at most: [`OutRecord::size`] and the lengths around each part.
    pub(crate) fn wire_size(&self) -> usize {
        const RECORD: usize = 64;
        const HEADER: usize = 10;
        self.size() + RECORD + HEADER * self.header_count()
    }
}

impl fmt::Debug for OutRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |bytes: Option<&[u8]>| bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        f.debug_struct("OutRecord")
            .field("topic", &self.topic)
            .field("partition", &self.partition)
            .field("key", &text(self.key()))
            .field("value", &text(self.value()))
            .field("headers", &self.headers().map(|(name, value)| (text(Some(name)), text(value))).collect::<Vec<_>>())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, option, prelude::*};

    use super::*;

    type Part = Option<Vec<u8>>;
    type Given = (Part, Part, Vec<(Vec<u8>, Part)>);

    fn part() -> impl Strategy<Value = Part> {
        option::of(vec(any::<u8>(), 0..300))
    }

    fn given() -> impl Strategy<Value = Given> {
        (part(), part(), vec((vec(any::<u8>(), 0..80), part()), 0..9))
    }

    fn write(memory: &mut RecordMemory, (key, value, headers): &Given) -> OutRecord {
        let mut writer = memory.begin();
        value.iter().for_each(|value| writer.value(value, 0));
        key.iter().for_each(|key| writer.key(key));
        headers.iter().for_each(|(name, value)| writer.header((name, value.as_deref())));
        writer.finish("t".into(), None)
    }

    fn read(record: &OutRecord) -> Given {
        let headers = record.headers().map(|(name, value)| (name.to_vec(), value.map(<[u8]>::to_vec)));
        (record.key().map(<[u8]>::to_vec), record.value().map(<[u8]>::to_vec), headers.collect())
    }

    proptest! {
        // Fails when one record reaches into another, and when null and empty are taken for each other.
        #[test]
        fn what_was_written_is_read_beside_others_of_the_same_memory(all in vec(given(), 1..40), keep in any::<bool>()) {
            let mut memory = RecordMemory::default();
            let mut records = Vec::new();
            for given in &all {
                if !keep {
                    records.clear();
                }
                records.push((write(&mut memory, given), given));
            }
            for (record, given) in &records {
                prop_assert_eq!(&read(record), *given);
                let (key, value, headers) = given;
                let length = |part: &Part| part.as_ref().map_or(0, Vec::len);
                let names: usize = headers.iter().map(|(name, value)| name.len() + length(value)).sum();
                prop_assert_eq!((record.size(), record.header_count()), (length(key) + length(value) + names, headers.len()));
            }
        }
    }

    // Fails when room is made for the value alone: the rest would double it. And when what comes after a large record is
    // written behind it, and holds all of it.
    #[test]
    fn a_large_record_takes_what_it_needs_and_shares_it_with_none() {
        let mut memory = RecordMemory::default();
        let value = vec![b'v'; 900_000];
        let headers = [(&b"name"[..], Some(&value[..1_000])); 3];
        for count in [0, 1, 3] {
            let large = OutRecord::new("t".into(), None, Some(b"k"), Some(&value), &headers[..count]);
            assert_eq!(large.size(), 900_001 + count * 1_004);
            let room = Vec::from(large.bytes).capacity();
            assert!((900_001 + count * 1_004..904_000).contains(&room), "{room}");
        }
        let mut event = memory.begin();
        event.value(&value, 1_000);
        event.header((b"name", Some(&value[..1_400])));
        let room = Vec::from(event.finish("t".into(), None).bytes).capacity();
        assert_eq!(memory.bytes.capacity(), 0);
        assert!((901_404..902_000).contains(&room), "{room}");
    }

    // Fails without `clear`: the next record would begin with the rest of one that could not be written.
    #[test]
    fn what_was_begun_and_not_finished_is_gone() {
        let mut memory = RecordMemory::default();
        memory.begin().value(b"half of it", 0);
        let whole = (Some(b"k".to_vec()), None, Vec::new());
        assert_eq!(read(&write(&mut memory, &whole)), whole);
    }

    // Fails when each record has memory of its own, and when one record alone holds the room of many.
    #[test]
    fn many_records_take_few_pieces_of_memory_and_one_takes_what_it_needs() {
        let mut memory = RecordMemory::default();
        let mut begin = || {
            let mut writer = memory.begin();
            writer.value(&[b'v'; 500], 0);
            let room = writer.memory.bytes.capacity();
            (writer.finish("t".into(), None), room)
        };
        let all: Vec<_> = (0..1_000).map(|_| begin()).collect();
        assert!(all[0].1 < 1_100, "{}", all[0].1);
        let apart = |pair: &&[(OutRecord, usize)]| pair[0].0.bytes.as_ptr_range().end != pair[1].0.bytes.as_ptr();
        let pieces = all.windows(2).filter(apart).count();
        assert!((7..20).contains(&pieces), "{pieces}");
        assert!(all.iter().all(|(_, room)| *room <= CHUNK));
    }
}
