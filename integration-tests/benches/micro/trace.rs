//! Subscribers that listen to carom's spans.

use tracing::{
    Event, Metadata, Subscriber,
    callsite::rebuild_interest_cache,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
    subscriber::with_default,
};

/// Hears everything, looks at every field and keeps nothing.
struct Discard;

struct Look;

impl Visit for Look {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        std::hint::black_box((field, value));
    }
}

impl Subscriber for Discard {
    fn enabled(&self, _metadata: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut Look);
        Id::from_u64(1)
    }

    fn record(&self, _span: &Id, values: &Record<'_>) {
        values.record(&mut Look);
    }

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn event(&self, _event: &Event<'_>) {}

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}

/// Runs `act` where somebody hears every span and keeps none.
pub(crate) fn discarding(act: &mut dyn FnMut()) {
    heard(Discard, act);
}

/// Runs `act` where spans are kept as long as they are open, as most layers need it.
pub(crate) fn keeping(act: &mut dyn FnMut()) {
    heard(tracing_subscriber::registry(), act);
}

fn heard(by: impl Subscriber + Send + Sync, act: &mut dyn FnMut()) {
    with_default(by, act);
    // Else the call sites would go on asking whether somebody listens.
    rebuild_interest_cache();
}
