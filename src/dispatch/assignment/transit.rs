//! Batches on their way from the poll thread to the mailboxes of a partition.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Deliveries on their way, one for each batch and mailbox, at which the partition is held. What has not arrived is
/// thrown away by a revoke, and fetched again by the next owner.
const MOST: usize = 2;

/// Set beside the count while the poll thread may sleep because of it.
const HELD: usize = 1 << (usize::BITS - 1);

/// Deliveries that no mailbox has looked at yet.
///
/// The poll thread is woken once for all of them, by the last one that arrives: what was just taken out keeps its
/// mailbox busy meanwhile. A wake for each batch costs both threads more; and one that did not wait needs none.
///
/// All is one number, so that no wake is lost between looking and sleeping.
#[derive(Debug, Default)]
pub(super) struct Transit(AtomicUsize);

impl Transit {
    /// So many deliveries were sent; the poll thread says so.
    pub(super) fn sent(&self, deliveries: usize) {
        self.0.fetch_add(deliveries, Relaxed);
    }

    /// Whether the partition is held; if so, some [`Transit::arrived`] will say that it no longer is. The poll thread
    /// asks.
    pub(super) fn is_full(&self) -> bool {
        let full = |now: usize| now & !HELD >= MOST;
        full(self.0.load(Relaxed)) && full(self.0.fetch_or(HELD, Relaxed))
    }

    /// A mailbox has looked at one. True if the poll thread may sleep because of what has now arrived.
    pub(super) fn arrived(&self) -> bool {
        let is_last = self.0.fetch_sub(1, Relaxed) == HELD | 1;
        if is_last {
            self.0.fetch_and(!HELD, Relaxed);
        }
        is_last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_arrival_wakes_whom_the_first_ones_held() {
        let transit = Transit::default();
        for _ in 0..2 {
            transit.sent(1);
            assert!(!transit.is_full());
            transit.sent(1);
            assert!(transit.is_full() && transit.is_full());
            // One place is free again, but nobody need hurry: another batch is there.
            assert!(!transit.arrived() && !transit.is_full());
            assert!(transit.arrived() && !transit.is_full());
        }
    }

    // Fails when each last arrival wakes: a partition with little to do would wake the poll thread for each batch.
    #[test]
    fn who_was_not_held_is_not_woken() {
        let transit = Transit::default();
        for _ in 0..3 {
            transit.sent(1);
            assert!(!transit.is_full() && !transit.arrived());
        }
    }

    // Fails when a mailbox's own count is enough: the partition would go on before the other one has looked.
    #[test]
    fn two_mailboxes_share_the_room() {
        let transit = Transit::default();
        transit.sent(2);
        assert!(transit.is_full());
        assert!(!transit.arrived());
        transit.sent(2);
        assert!(transit.is_full());
        let woken: Vec<bool> = (0..3).map(|_| transit.arrived()).collect();
        assert_eq!(woken, [false, false, true]);
    }

    // Each round ends only if the last arrival saw that it was waited for. Fails, by hanging, when looking and noting
    // are two steps.
    #[test]
    fn no_wake_is_lost_between_looking_and_sleeping() {
        let transit = Transit::default();
        let poll = std::thread::current();
        std::thread::scope(|scope| {
            let (send, deliveries) = std::sync::mpsc::channel();
            let transit = &transit;
            scope.spawn(move || {
                for () in deliveries {
                    if transit.arrived() {
                        poll.unpark();
                    }
                }
            });
            for _ in 0..10_000 {
                while transit.is_full() {
                    std::thread::park();
                }
                transit.sent(1);
                send.send(()).unwrap();
            }
        });
    }
}
