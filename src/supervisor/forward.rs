//! Carrying out a decision: wait and run again, or write the dead letter, and tell the mailbox.
//!
//! A delay or a dead letter is a task of its own on the supervisor's thread, and ends with one message to the mailbox.
//! A user's errors are shown under a guard, because their `Display` may panic.

use std::{
    any::type_name_of_val,
    fmt::Display,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use super::{
    actor::Failed,
    dead_letter::{dead_letter as build, reduced},
    dead_letter_headers::{DeadLetterInfo, ErrorText},
};
use crate::{
    actor::Fault,
    dispatch::{SettledAs, Verdict},
    event::is_own_topic,
    kafka::{
        record::OutRecord,
        source::{SendError, SendErrorKind},
    },
    services::{Counters, Services, persistent_backoff},
    telemetry::logs,
};

/// Waits, then has the record run again; given up when the partition goes, because its next owner begins with it.
pub(super) async fn resume(services: Arc<Services>, failed: Failed, after: Duration) {
    if services.wait(after, &failed.assignment.cancel).await {
        failed.mailbox.do_send(Verdict::Resume(Box::new(failed.ticket)));
    } else {
        failed.mailbox.do_send(Verdict::GivenUp);
    }
}

/// Reports a ticket as settled.
pub(super) fn settle(failed: &Failed, end: SettledAs) {
    failed.mailbox.do_send(Verdict::Settled { stub: failed.ticket.stub(), attempts: failed.attempts(), end });
}

/// Writes the dead letter, for as long as it takes; the record counts as finished only after the broker's answer.
pub(super) async fn dead_letter(services: Arc<Services>, failed: Failed) {
    let topic = &failed.routes.dead_letter_topic;
    // One reason for each record and actor: another one's success does not make this one well.
    let (actor, partition) = (failed.member.actor.name, &failed.assignment.partition);
    let key = format!("dead letter of {actor}, {partition} {}", failed.ticket.record.offset());
    let mut health = services.health.reason(key);
    let mut limit = services.dead_letters.max_record_bytes();
    let mut left_out = false;
    for round in 1.. {
        let partitions = services.dead_letters.partition_count(topic).await.unwrap_or(0);
        let letter = build(&failed.ticket.record, &info(&services, &failed, partitions), limit);
        let size = letter.wire_size();
        let what = reduced(&letter);
        left_out = what.is_some();
        if let Some(what) = what {
            logs::record::reduced(topic, size, what);
        }
        let Err(error) = send(&services, letter).await else { break };
        if error.kind == SendErrorKind::TooLarge && limit > SMALLEST {
            limit = (size.min(limit) / 2).max(SMALLEST);
            continue;
        }
        health.degrade(format!("a dead letter cannot be written to {topic}, its key waits: {error}"));
        if !services.wait(persistent_backoff(round), &failed.assignment.cancel).await {
            return failed.mailbox.do_send(Verdict::GivenUp);
        }
    }
    health.recover();
    services.counters.dead_letter(failed.class().as_str(), left_out);
    if let Some(handler) = failed.handler() {
        Counters::add(&handler.meter.dead_lettered, 1);
    }
    logs::record::dead_lettered(&line(&services, &failed), topic);
    settle(&failed, SettledAs::DeadLettered { reason: text(&failed.fault) });
}

/// No dead letter is asked to be smaller than this.
const SMALLEST: usize = 4_096;

/// One dead letter, with its own answer.
async fn send(services: &Services, record: OutRecord) -> Result<(), SendError> {
    let results = services.dead_letters.send(vec![record]).await;
    results.into_iter().find_map(Result::err).map_or(Ok(()), Err)
}

/// What its headers say. An error's texts go through the hook that hides personal data.
fn info<'a>(services: &'a Services, failed: &'a Failed, partitions: i32) -> DeadLetterInfo<'a> {
    let handler = failed.handler();
    let now = services.clock.wall();
    DeadLetterInfo {
        topic: Arc::clone(&failed.routes.dead_letter_topic),
        partitions,
        group: &services.group,
        handler: handler.map_or("", |handler| &handler.name),
        event_type: event_type(failed),
        attempts: failed.attempts(),
        retry_stage: None,
        first_failure: failed.ticket.first_failure.unwrap_or(now),
        last_failure: now,
        class: failed.class(),
        error: error_text(&failed.fault).shown(|text| services.telemetry.error_text(text)),
        service_name: &services.service,
        service_version: &services.telemetry.version,
        service_instance: &services.telemetry.instance,
        traceparent: failed.ticket.trace.as_ref().map_or("", |trace| trace.traceparent()),
        tracestate: failed.ticket.trace.as_ref().and_then(|trace| trace.tracestate.as_deref()).unwrap_or_default(),
        original_key: None,
        fence_id: "",
        trusted: is_own_topic(&failed.ticket.record.from().topic, &services.group),
    }
}

/// As far as it could be read.
fn event_type(failed: &Failed) -> Option<&str> {
    match &failed.fault {
        Fault::UnknownType(event_type) => Some(event_type),
        _ => failed.handler().map(|handler| handler.event_type),
    }
}

/// The error as text. If the user's `Display` panics, what can be said without it.
fn error_text(fault: &Fault) -> ErrorText {
    if let Fault::Failure(failure) = fault
        && let Ok(text) = catch_unwind(AssertUnwindSafe(|| ErrorText::of(failure)))
    {
        return text;
    }
    let kind = match fault {
        Fault::Failure(failure) => failure.label().map(str::to_owned),
        Fault::Undecodable(error) => Some(type_name_of_val(&**error).to_owned()),
        // None of them is an error's doing.
        Fault::Timeout(_) | Fault::Panic(_) | Fault::UnknownType(_) => None,
    };
    ErrorText { kind, message: Some(text(fault)), chain: Vec::new() }
}

/// The text of a user's error, whose `Display` may do anything.
pub(super) fn text(error: &impl Display) -> String {
    catch_unwind(AssertUnwindSafe(|| error.to_string()))
        .unwrap_or_else(|_| "an error whose `Display` panics".to_owned())
}

/// Why it failed, as far as it may be shown: the error and its sources, as `a: b: c`.
fn why(services: &Services, failed: &Failed) -> Option<String> {
    error_text(&failed.fault).shown(|text| services.telemetry.error_text(text)).in_a_line()
}

/// What ends the bus: where it failed and, as far as it may be shown, why.
pub(super) fn reason(services: &Services, failed: &Failed) -> String {
    let (partition, offset) = (&failed.assignment.partition, failed.ticket.record.offset());
    match why(services, failed) {
        Some(error) => format!("{partition} at offset {offset}: {error}"),
        None => format!("{partition} at offset {offset} (error texts are not shown)"),
    }
}

/// What the log line of a failure says.
pub(super) fn line<'a>(services: &Services, failed: &'a Failed) -> logs::record::Failure<'a> {
    let handler = failed.handler();
    logs::record::Failure {
        record: &failed.ticket.record,
        event_type: event_type(failed),
        handler: handler.map(|handler| &*handler.name),
        attempt: failed.attempts(),
        class: failed.class().as_str(),
        error: why(services, failed),
        keys: services.telemetry.keys,
    }
}
