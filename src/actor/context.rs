//! What a handler may do besides changing its own state.

use std::marker::PhantomData;

use crate::event::Event;

/// What a handler may do besides changing its own state.
#[derive(Debug)]
pub struct Context<'a> {
    outputs: OutputBuffer,
    life: PhantomData<&'a ()>,
}

impl Context<'_> {
    /// A context of its own, for calling a handler as a plain method in a test.
    pub fn detached() -> Self {
        Self { outputs: OutputBuffer::default(), life: PhantomData }
    }

    /// Publishes `event` together with what the handler returns, if the attempt succeeds.
    pub fn publish<E: Event>(&mut self, event: &E) {
        self.outputs.push(event);
    }
}

/// Outputs of one attempt, serialised.
#[doc(hidden)]
#[derive(Debug, Default)]
pub struct OutputBuffer {
    records: Vec<Vec<u8>>,
}

impl OutputBuffer {
    pub(crate) fn push<E: Event>(&mut self, event: &E) {
        self.records.extend(serde_json::to_vec(event));
    }
}
