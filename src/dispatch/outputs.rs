//! Sends what a handler published, before its record counts as handled.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::ticket::{Stub, Ticket};
use crate::{
    actor::{Failure, Fault},
    kafka::{
        record::OutRecord,
        source::{SendError, SendErrorKind},
    },
    services::{Counters, Services, persistent_backoff},
};

/// How the outputs of an attempt fared.
pub(crate) enum Published {
    /// The broker has all of them.
    Acked { stub: Stub, attempts: u32 },
    /// One of them can never be sent: a permanent failure of the input.
    Refused { ticket: Ticket, fault: Fault },
    /// The partition is being given up before they got through.
    GivenUp(Stub),
}

/// Sends the outputs until the broker has all of them; the handler is not run again for that.
pub(crate) async fn publish(
    services: Arc<Services>,
    cancel: CancellationToken,
    ticket: Ticket,
    outputs: Vec<OutRecord>,
) -> Published {
    let count = outputs.len() as u64;
    let mut left = outputs;
    for round in 1.. {
        let results = services.sink.send(left.clone()).await;
        let Some((first, error)) = first_failure(results) else {
            services.health.recover(HEALTH);
            Counters::add(&services.counters.published, count);
            return Published::Acked { stub: ticket.stub(), attempts: ticket.attempts };
        };
        if matches!(error.kind, SendErrorKind::Permanent | SendErrorKind::TooLarge) {
            return Published::Refused { ticket, fault: Fault::Failure(Failure::permanent(error)) };
        }
        // Everything after the first failure goes again, acknowledged or not: a repeat is recognised by its id, a
        // changed order is not.
        left.drain(..first);
        services.health.degrade(HEALTH, format!("cannot publish what a handler returned: {error}"));
        if !services.wait(persistent_backoff(round), &cancel).await {
            break;
        }
    }
    Published::GivenUp(ticket.stub())
}

const HEALTH: &str = "outputs";

fn first_failure<T>(results: Vec<Result<T, SendError>>) -> Option<(usize, SendError)> {
    results.into_iter().enumerate().find_map(|(at, result)| result.err().map(|error| (at, error)))
}
