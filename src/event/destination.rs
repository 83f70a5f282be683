//! Where events of a type go: found out once for each type.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use super::{Event, Mode, large::LARGE};

/// Where events of a type go, and how.
#[derive(Debug)]
pub(crate) struct Destination {
    /// Shared with each record, which names its topic until it is sent.
    pub(crate) topic: Arc<str>,
    /// That of the topic, else that of the bus.
    pub(crate) mode: Mode,
    /// As its attribute says.
    pub(crate) partitions: Option<u32>,
    /// How many bytes the last event took: the next one will take about as many, so its buffer need not grow.
    size: AtomicUsize,
}

impl Destination {
    pub(super) fn new(topic: String, mode: Mode, partitions: Option<u32>) -> Self {
        Self { topic: topic.into(), mode, partitions, size: AtomicUsize::new(0) }
    }

    /// The event as JSON, in place of what `json` holds.
    pub(super) fn json<E: Event>(&self, event: &E, json: &mut Vec<u8>) -> Result<(), serde_json::Error> {
        let last = self.size.load(Relaxed);
        json.clear();
        json.reserve(last + last / 16);
        (E::codec().write)(event, json)?;
        self.size.store(json.len().min(LARGE), Relaxed);
        Ok(())
    }
}
