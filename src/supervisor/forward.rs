//! Carrying out a decision: wait and run again, or write the dead letter, and tell the mailbox.

use std::{sync::Arc, time::Duration};

use super::{
    actor::Failed,
    dead_letter::{self, DeadLetter},
};
use crate::{
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
    failed.mailbox.do_send(Verdict::Settled { stub: failed.ticket.stub(), attempts: failed.ticket.attempts, end });
}

/// Writes the dead letter, for as long as it takes; the record counts as finished only after the broker's answer.
pub(super) async fn dead_letter(services: Arc<Services>, failed: Failed) {
    let topic = &failed.routes.dead_letter_topic;
    let info = info(&services, &failed);
    let mut limit = services.dead_letters.max_record_bytes();
    for round in 1.. {
        let record = OutRecord {
            topic: Arc::clone(topic),
            partition: same_partition(&services, &failed).await,
            ..dead_letter::build(&failed.ticket.record, &info, limit)
        };
        let size = record.size();
        let Err(error) = send(&services, record).await else { break };
        if error.kind == SendErrorKind::TooLarge && limit > dead_letter::SMALLEST {
            limit = size.saturating_sub(1).max(dead_letter::SMALLEST);
            continue;
        }
        services.health.degrade(topic, format!("cannot write dead letters: {error}"));
        if !services.wait(persistent_backoff(round), &failed.assignment.cancel).await {
            return failed.mailbox.do_send(Verdict::GivenUp);
        }
    }
    services.health.recover(topic);
    Counters::add(&services.counters.dead_lettered, 1);
    log_dead_letter(&failed);
    settle(&failed, SettledAs::DeadLettered { reason: failed.fault.to_string() });
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
