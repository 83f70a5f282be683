//! Sends what a handler published, before its record counts as handled.
//!
//! A future of the mailbox, not of the lane: the key is parked, the lane goes on with others. It belongs to promise 10:
//! what an attempt publishes is in the log before its input may be committed.

use std::sync::Arc;

use tracing::Instrument;

use super::ticket::{Stub, Ticket};
use crate::{
    actor::{Failure, Fault, Site},
    kafka::{
        record::OutRecord,
        source::{SendError, SendErrorKind},
    },
    services::{Counters, persistent_backoff},
    telemetry::Attempt,
};

/// How the outputs of an attempt fared.
pub(crate) enum Published {
    /// The broker has all of them: the record is handled.
    Acked { stub: Stub, attempts: u32 },
    /// One of them can never be sent: a permanent failure of the input.
    Refused { ticket: Ticket, fault: Fault },
    /// The partition is being given up before they got through.
    GivenUp,
}

/// Sends the outputs until the broker has all of them; the handler is not run again for that.
///
/// It goes on until the broker's answer is a final one, or `site` says that the partition goes. Health names the
/// handler and the record from the first failure on, until this ends.
pub(crate) async fn publish(site: Arc<Site>, ticket: Ticket, outputs: Vec<OutRecord>, attempt: Attempt) -> Published {
    let count = outputs.len();
    let mut left = outputs;
    let sending = site.services.telemetry.sending_outputs(&attempt, &mut left, site.services.sink.max_record_bytes());
    // The attempt's span ends with this one.
    drop(attempt);
    // One reason for each record and actor: another one's success does not make this one well.
    let reason = || {
        let handler = ticket.handler.map_or("", |at| site.handler(at));
        format!("outputs of {handler}, {} {}", ticket.record.from(), ticket.record.offset())
    };
    let (mut health, mut round) = (None, 1);
    let mut results;
    let published = loop {
        results = site.services.sink.send(left.clone()).instrument(sending.span().clone()).await;
        let (first, error) = match judge(&results) {
            Ok(()) => {
                Counters::add(&site.services.counters.published, count as u64);
                break Published::Acked { stub: ticket.stub(), attempts: ticket.attempts };
            }
            Err(Failed::Never(error)) => {
                break Published::Refused { ticket, fault: Fault::Failure(Failure::permanent(error)) };
            }
            Err(Failed::At(first, error)) => (first, error),
        };
        // Everything after the first failure goes again, acknowledged or not: a repeat is recognised by its id, a
        // changed order is not.
        left.drain(..first);
        let health = health.get_or_insert_with(|| site.services.health.reason(reason()));
        health.degrade(format!("cannot publish what a handler returned, its key waits: {error}"));
        if !site.services.wait(persistent_backoff(round), &site.cancel).await {
            break Published::GivenUp;
        }
        round += 1;
    };
    if let (Published::Acked { .. }, Some(health)) = (&published, health) {
        health.recover();
    }
    sending.ended(&results, count);
    published
}

/// Why not all outputs are with the broker.
#[derive(Debug, PartialEq, Eq)]
enum Failed {
    /// One of them can never be sent. It need not be the first that failed: where one is too large, none is sent.
    Never(SendError),
    /// The first that failed, and why.
    At(usize, SendError),
}

/// What a round of answers means: whether to stop for good comes before where to go on.
fn judge<T>(results: &[Result<T, SendError>]) -> Result<(), Failed> {
    let errors = || results.iter().enumerate().filter_map(|(at, result)| Some((at, result.as_ref().err()?)));
    let never = |error: &SendError| matches!(error.kind, SendErrorKind::Permanent | SendErrorKind::TooLarge);
    if let Some((_, error)) = errors().find(|(_, error)| never(error)) {
        return Err(Failed::Never(error.clone()));
    }
    errors().next().map_or(Ok(()), |(at, error)| Err(Failed::At(at, error.clone())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(kind: SendErrorKind) -> SendError {
        SendError { topic: "t".to_owned(), kind, reason: format!("{kind:?}"), code: None }
    }

    #[test]
    fn outputs_are_sent_again_from_the_first_failure_on_unless_one_can_never_be_sent() {
        use SendErrorKind::{InDoubt, Permanent, Retriable, TooLarge};
        let at = |at, kind| Err(Failed::At(at, error(kind)));
        let never = |kind| Err(Failed::Never(error(kind)));
        // Fails, in its last rows, when `judge` stops at the first failure: a small output that is held back because of
        // a large one would be sent again for ever.
        let rows = [
            (vec![None, None], Ok(())),
            (vec![None, Some(InDoubt), Some(Retriable)], at(1, InDoubt)),
            (vec![Some(Retriable), None], at(0, Retriable)),
            (vec![None, Some(Permanent)], never(Permanent)),
            (vec![Some(Retriable), Some(TooLarge)], never(TooLarge)),
            (vec![Some(InDoubt), None, Some(Permanent)], never(Permanent)),
        ];
        for (kinds, expected) in rows {
            let results: Vec<_> = kinds.iter().map(|kind| kind.map_or(Ok(()), |kind| Err(error(kind)))).collect();
            assert_eq!(judge(&results), expected, "{kinds:?}");
        }
    }
}
