//! Carrying out a decision: wait and run again, or write the dead letter, and tell the mailbox.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, SecondsFormat, Utc};

use super::{
    actor::Failed,
    dead_letter::{self, Obituary},
};
use crate::{
    actor::Fault,
    dispatch::{SettledAs, Verdict},
    kafka::{
        record::OutRecord,
        source::{SendError, SendErrorKind},
    },
    services::{Counters, Services, persistent_backoff},
};

/// Waits, then has the record run again; given up when the partition goes.
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
    let why = obituary(&services, &failed);
    let mut limit = services.dead_letters.max_record_bytes();
    for round in 1.. {
        let letter = OutRecord {
            topic: Arc::clone(topic),
            partition: same_partition(&services, &failed).await,
            ..dead_letter::build(&failed.ticket.record, &why, limit)
        };
        let size = letter.wire_size();
        let Err(error) = send(&services, letter).await else { break };
        if error.kind == SendErrorKind::TooLarge && size > dead_letter::SMALLEST {
            limit = (size - 1).max(dead_letter::SMALLEST);
            continue;
        }
        services.health.degrade(topic, format!("a dead letter cannot be written, its key waits: {error}"));
        if !services.wait(persistent_backoff(round), &failed.assignment.cancel).await {
            return failed.mailbox.do_send(Verdict::GivenUp);
        }
    }
    services.health.recover(topic);
    Counters::add(&services.counters.dead_lettered, 1);
    log(&failed, "dead-lettered", None);
    settle(&failed, SettledAs::DeadLettered { reason: failed.fault.to_string() });
}

/// RFC 3339, UTC, microseconds.
fn time_text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

async fn send(services: &Services, record: OutRecord) -> Result<(), SendError> {
    let results = services.dead_letters.send(vec![record]).await;
    results.into_iter().find_map(Result::err).map_or(Ok(()), Err)
}

/// The source's partition, if the dead-letter topic has it; else the partitioner decides by key.
async fn same_partition(services: &Services, failed: &Failed) -> Option<i32> {
    let count = services.dead_letters.partition_count(&failed.routes.dead_letter_topic).await?;
    Some(failed.assignment.partition.partition).filter(|partition| *partition < count)
}

fn obituary(services: &Services, failed: &Failed) -> Obituary {
    let handler = failed.ticket.handler.as_ref();
    let (error_type, chain) = match &failed.fault {
        Fault::Failure(failure) => (None, failure.chain().map(ToString::to_string).collect()),
        other => (None, vec![other.to_string()]),
    };
    Obituary {
        group: services.group.to_string(),
        handler: handler.map(|handler| handler.name.to_string()),
        event_type: handler.map(|handler| handler.event_type.to_owned()),
        attempts: failed.attempts(),
        first_failure: failed.ticket.first_failure.map(time_text),
        last_failure: Some(time_text(services.clock.wall())),
        class: failed.fault.class(),
        error_type,
        message: failed.fault.to_string(),
        chain,
        service: services.service.to_string(),
    }
}

/// One line for each failure.
pub(super) fn log(failed: &Failed, what: &str, after: Option<Duration>) {
    let record = &failed.ticket.record;
    tracing::warn!(
        event_type = failed.ticket.handler.as_ref().map_or("unknown", |handler| handler.event_type),
        key = %String::from_utf8_lossy(record.key().unwrap_or_default()),
        topic = %record.from().topic,
        partition = record.from().partition,
        offset = record.offset(),
        attempt = failed.ticket.attempts,
        after_ms = after.map(|after| after.as_millis() as u64),
        error = %failed.fault,
        "{what}"
    );
}
