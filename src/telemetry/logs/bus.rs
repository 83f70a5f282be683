//! What happened to the bus, and what is odd about how it is used.

use std::{fmt::Display, time::Duration};

use crate::{
    kafka::record::TopicPartition,
    telemetry::{blocked::Calls, names::message},
};

/// It starts; `report` is all that it says of itself then.
pub(crate) fn starts(report: &dyn Display) {
    say!(INFO BUS STARTS; report);
}

/// Something works, and is probably not meant.
pub(crate) fn warning(warning: &str) {
    say!(WARN BUS WARNING; warning);
}

/// It did not exist; `partitions` it has now.
pub(crate) fn topic_created(topic: &str, partitions: u32) {
    say!(INFO BUS TOPIC_CREATED, TOPIC = topic, PARTITIONS = partitions);
}

/// Nobody answers; the start fails if it stays so.
pub(crate) fn waits_for_broker(servers: &str, patience: Duration) {
    let patience = patience.as_secs();
    say!(
        WARN BUS WAITS_FOR_BROKER;
        format_args!("waiting for an answer from Kafka at `{servers}`; the start fails after {patience} s")
    );
}

/// It has begun to end; `handlers` that run, if it has any, may take so long.
pub(crate) fn stops(service: &str, handlers: Option<Duration>) {
    let text = if handlers.is_some() { message::STOPS } else { message::STOPS_PUBLISHING };
    say!(INFO BUS STOPS, SERVICE = service, WITHIN_MS = handlers.map(|within| within.as_millis() as u64); text);
}

/// Somebody has lost patience with handlers that still run.
pub(crate) fn hurries(service: &str) {
    say!(WARN BUS HURRIES, SERVICE = service);
}

/// Somebody has lost patience with the bus, or with what holds the program up behind it.
pub(crate) fn cut_short() {
    say!(WARN BUS CUT_SHORT);
}

/// It has ended.
pub(crate) fn stopped(service: &str) {
    say!(INFO BUS STOPPED, SERVICE = service);
}

/// It ends in a way that nobody asked for.
pub(crate) fn dropped(service: &str) {
    say!(WARN BUS DROPPED, SERVICE = service);
}

/// It was stopping, and nobody waits for that any more.
pub(crate) fn unattended(service: &str) {
    say!(WARN BUS UNATTENDED, SERVICE = service);
}

/// It ends by itself.
pub(crate) fn ends(service: &str, error: &dyn Display) {
    say!(ERROR BUS ENDS, SERVICE = service, ERROR = tracing::field::display(error));
}

/// The consumer was left to close alone.
pub(crate) fn closes_late(service: &str) {
    say!(ERROR BUS CLOSES_LATE, SERVICE = service);
}

/// Something is wrong with the bus.
pub(crate) fn degraded(reason: &str) {
    say!(WARN BUS DEGRADED, REASON = reason);
}

/// It is well again.
pub(crate) fn recovered(reason: &str) {
    say!(INFO BUS RECOVERED, REASON = reason);
}

/// Only an operator can help.
pub(crate) fn alarm(reason: &str) {
    say!(ERROR BUS ALARM, REASON = reason);
}

/// A handler blocks its thread: `took` is the last call, `calls` are all since the last line.
pub(crate) fn blocked(handler: Option<&str>, took: Duration, calls: Calls) {
    say!(
        WARN BUS BLOCKED,
        HANDLER = handler,
        TOOK_MS = took.as_millis() as u64,
        CALLS = calls.count,
        LONGEST_MS = calls.longest.as_millis() as u64
    );
}

/// A handler blocks its thread, and has not returned yet.
pub(crate) fn blocks(handler: &str, of: &TopicPartition, since: Duration) {
    say!(
        WARN BUS BLOCKS,
        HANDLER = handler, TOPIC = &*of.topic, PARTITION = of.partition, TOOK_MS = since.as_millis() as u64
    );
}

/// A hook of the user's, with how often since the last line.
pub(crate) fn hook_panicked(hook: &str, panics: u64, panic: Option<&str>) {
    say!(ERROR BUS HOOK_PANICKED, HOOK = hook, PANICS = panics, PANIC = panic);
}

/// A panic that nobody could be told of otherwise.
pub(crate) fn panicked(place: &str) {
    say!(ERROR BUS PANICKED, PLACE = place);
}

/// An event says something that its readers may not understand as it is meant.
pub(crate) fn odd_event(warning: &str) {
    say!(WARN BUS ODD_EVENT; warning);
}

/// Events are published without the trace that was given for them.
pub(crate) fn untraced(traceparent: &str) {
    say!(WARN BUS UNTRACED, TRACEPARENT = traceparent);
}

/// A variable is none of carom's, and looks like one.
pub(crate) fn overlooked(said: &str, meant: &str) {
    say!(WARN BUS OVERLOOKED; format_args!("`{said}` is not read: did you mean `{meant}`?"));
}
