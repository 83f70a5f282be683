//! One lane: an actor instance, the attempt it runs, and what waits for it.
//!
//! It has one instance of the user's actor, and runs one attempt at a time with it. That is what "one event at a time"
//! means: `&mut self` of a handler is this instance, and nobody else has it. A lane is no task; its mailbox polls it in
//! place.

use std::{
    future::pending,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

use futures_util::future::BoxFuture;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;
use tracing::{Instrument, Span};

use super::{queue::LaneQueue, route::Member, spare::Spare, ticket::Ticket};
use crate::{
    actor::{Answer, At, Call, Fault, Handling, Instance, Invoke, Returned, Site, discard, panic_message},
    telemetry::Attempt,
};

/// One lane; same key, same lane, one event at a time.
pub(crate) struct Lane {
    /// Its place among the lanes of its mailbox.
    number: u16,
    /// Built when it is first needed, and again after a restart; not here while an attempt runs.
    instance: Option<Instance>,
    /// The attempt that began and has not ended.
    running: Option<Running>,
    /// Whose attempt it is; the attempt has a copy of the record.
    ticket: Option<Ticket>,
    /// What this lane takes next; filled by the mailbox.
    pub(crate) queue: LaneQueue<Ticket>,
    /// The instance goes after the attempt that runs.
    rebuild: bool,
    /// It is in its mailbox's list of lanes that found nothing to do.
    pub(crate) idle: bool,
    /// Marks this lane in the mailbox's [`WakeSet`](super::wake::WakeSet).
    waker: Waker,
}

/// An attempt that had to wait. Dropping it cancels the handler at its `.await` (a blocking one that has begun runs to
/// its end).
struct Running {
    /// Has the instance inside: dropped half-way, both are gone, or run on together on a blocking thread.
    attempt: BoxFuture<'static, Returned>,
    /// Set when the attempt did not end at its first poll; the timeout counts from there.
    since: Option<Instant>,
    /// Entered for each poll.
    span: Attempt,
}

/// How an attempt ended. The ticket, in which this attempt counts, is beside it, or still with whoever started it.
pub(crate) struct Ended {
    /// What to publish, of which nothing was sent; or why it failed.
    pub(crate) answer: Answer,
    /// As [`Running::since`].
    pub(crate) since: Option<Instant>,
    /// The span it ran in.
    pub(crate) span: Attempt,
}

impl Lane {
    pub(crate) fn new(number: usize, waker: Waker) -> Self {
        let queue = LaneQueue::default();
        Self {
            number: number as u16,
            instance: None,
            running: None,
            ticket: None,
            queue,
            rebuild: false,
            idle: true,
            waker,
        }
    }

    /// An attempt is going on: the lane takes nothing else.
    pub(crate) fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Nothing runs, nothing waits and no key is parked: what comes now may start now.
    pub(crate) fn is_free(&self) -> bool {
        self.running.is_none() && self.queue.is_untouched()
    }

    /// Starts an attempt and goes on with it as far as it comes, as [`Lane::poll`]. The lane must not be running one.
    ///
    /// If it has to wait, [`Lane::keep`] must follow. Otherwise the ticket stays where it is: what is moved back and
    /// forth is a good part of what an attempt takes.
    pub(crate) fn start(
        &mut self,
        ticket: &mut Ticket,
        member: &Member,
        site: &Arc<Site>,
        spare: &mut Spare,
        now: impl FnOnce() -> Instant,
    ) -> Poll<Ended> {
        ticket.attempts += 1;
        let Some(handler) = ticket.handler else { unreachable!("a ticket without a handler never enters a lane") };
        let (actor, invoke) = (&member.actor, member.handlers[handler].invoke);
        let instance = match self.instance.take() {
            Some(instance) => instance,
            None => match std::panic::catch_unwind(AssertUnwindSafe(|| (actor.build)())) {
                Ok(instance) => instance,
                Err(panic) => {
                    // The state is cloned for it.
                    let answer = Answer::panicked("building the actor", &panic_message(panic.as_ref()));
                    return Poll::Ready(Ended { answer, since: None, span: Attempt::none() });
                }
            },
        };
        let (record, site) = spare.for_attempt(&ticket.record, site);
        let (attempt, lane, handler) = (ticket.attempts, self.number, handler as u16);
        // Built where it is used, it goes into a register.
        let at = move || At { attempt, lane, handler };
        let (of, shared) = (&record, &site);
        let span = Attempt::begin(move || Call { record: of.clone(), site: Arc::clone(shared), at: at() });
        let attempt = match actor.policy.blocking {
            true => aside(invoke, instance, Call { record, site, at: at() }, span.span().cloned()),
            false => invoke(instance, record, site, at()),
        };
        self.go_on(Running { attempt, since: None, span }, spare, now)
    }

    /// Keeps the ticket of the attempt that was started, until it ends.
    pub(crate) fn keep(&mut self, ticket: Ticket) {
        self.ticket = Some(ticket);
    }

    /// Goes on with the attempt that runs; `now` is asked if it does not end at its first poll.
    pub(crate) fn poll(&mut self, spare: &mut Spare, now: impl FnOnce() -> Instant) -> Poll<(Ticket, Ended)> {
        let Some(running) = self.running.take() else { return Poll::Pending };
        let ended = ready!(self.go_on(running, spare, now));
        Poll::Ready((self.kept(), ended))
    }

    /// The ticket of the attempt that ran.
    fn kept(&mut self) -> Ticket {
        let Some(ticket) = self.ticket.take() else { unreachable!("an attempt that has to wait has its ticket kept") };
        ticket
    }

    /// Polls once. What comes back is the instance, unless a panic spoilt it.
    fn go_on(&mut self, mut running: Running, spare: &mut Spare, now: impl FnOnce() -> Instant) -> Poll<Ended> {
        let cx = &mut Context::from_waker(&self.waker);
        let Returned { instance, answer, left } = match running.span.enter(|| running.attempt.as_mut().poll(cx)) {
            Poll::Ready(returned) => returned,
            Poll::Pending => {
                running.since.get_or_insert_with(now);
                self.running = Some(running);
                return Poll::Pending;
            }
        };
        let Running { attempt, since, span } = running;
        drop(attempt);
        if let Some((record, site)) = left {
            spare.keep_of_attempt(record, site);
        }
        self.instance = instance;
        if self.rebuild {
            self.rebuild = false;
            self.discard_instance();
        }
        Poll::Ready(Ended { answer, since, span })
    }

    /// Drops the attempt that runs, and the instance with it.
    pub(crate) fn give_up(&mut self) {
        self.ticket = None;
        if let Some(Running { attempt, span, .. }) = self.running.take() {
            span.enter(|| discard(attempt));
            span.cancelled();
        }
    }

    /// When the attempt that runs was first seen to take time.
    pub(crate) fn since(&self) -> Option<Instant> {
        self.running.as_ref().and_then(|running| running.since)
    }

    /// Ends an attempt that takes too long; its half-changed instance goes with it.
    pub(crate) fn time_out(&mut self, after: Duration) -> Option<(Ticket, Ended)> {
        let Running { attempt, since, span } = self.running.take()?;
        span.enter(|| discard(attempt));
        self.rebuild = false;
        Some((self.kept(), Ended { answer: Answer::of(Err(Fault::Timeout(after))), since, span }))
    }

    /// Has the instance built anew, after the attempt that runs.
    pub(crate) fn restart(&mut self) {
        if self.running.is_some() {
            self.rebuild = true;
        } else {
            self.discard_instance();
        }
    }

    /// What runs: its handler's place among those of the actor.
    pub(crate) fn handler_at(&self) -> Option<usize> {
        self.ticket.as_ref().and_then(|ticket| ticket.handler)
    }

    /// The next attempt builds another one. A panic in the user's `Drop` stays here.
    fn discard_instance(&mut self) {
        if let Some(instance) = self.instance.take() {
            discard(instance);
        }
    }
}

/// Runs an attempt on a thread that may block. Dropped before a thread was free for it, it never starts; after that, it
/// runs to its end, and nobody waits for it.
fn aside(invoke: Invoke, instance: Instance, call: Call, span: Option<Span>) -> BoxFuture<'static, Returned> {
    let home = call.site.services.home.clone();
    let inside = home.clone();
    // Dropped with its partition before a thread was free, it never starts.
    let span = span.unwrap_or_else(Span::none);
    let encoder = Arc::clone(&call.site.services.encoder);
    let run = move || {
        let _handling = Handling::begin(&encoder);
        let Call { record, site, at } = call;
        inside.block_on(invoke(instance, record, site, at).instrument(span))
    };
    let attempt = AbortOnDropHandle::new(home.spawn_blocking(run));
    Box::pin(async move {
        match attempt.await {
            Ok(returned) => returned,
            // The runtime shuts down: not a failure of this record, which stays unfinished.
            Err(error) if error.is_cancelled() => pending().await,
            // `invoke` catches what a handler does; this is a value of the user's that panics when it is dropped.
            Err(error) => {
                let answer = Answer::panicked("a value of the handler's", &error.to_string());
                Returned { instance: None, answer, left: None }
            }
        }
    })
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.give_up();
        self.discard_instance();
    }
}

/// A timer that is set only while it is needed.
#[derive(Default)]
pub(crate) struct Alarm(Option<crate::clock::Timer>);

impl Alarm {
    pub(crate) fn is_set(&self) -> bool {
        self.0.is_some()
    }

    /// Sets it, in place of the one before.
    pub(crate) fn set(&mut self, timer: crate::clock::Timer) {
        self.0 = Some(timer);
    }

    /// Whether it rings; it goes on ringing until it is taken with [`Alarm::rang`]. Registers the waker if it does not.
    pub(crate) fn rings(&mut self, cx: &mut Context<'_>) -> bool {
        self.0.as_mut().is_some_and(|timer| Pin::as_mut(timer).poll(cx).is_ready())
    }

    /// Whether it rang; then it is no longer set.
    pub(crate) fn rang(&mut self, cx: &mut Context<'_>) -> bool {
        let rang = self.rings(cx);
        if rang {
            self.0 = None;
        }
        rang
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    // Fails when `rings` forgets the timer: an alarm that rings at the end of a turn would be lost, and with it a
    // timeout.
    #[test]
    fn an_alarm_rings_until_it_is_taken() {
        let clock = Clock::by_hand();
        let cx = &mut Context::from_waker(Waker::noop());
        let mut alarm = Alarm::default();
        alarm.set(clock.sleep(Duration::from_secs(1)));
        assert!(!alarm.rings(cx));
        clock.advance(Duration::from_secs(1));
        assert!(alarm.rings(cx) && alarm.rings(cx));
        assert!(alarm.rang(cx) && !alarm.is_set());
    }
}
