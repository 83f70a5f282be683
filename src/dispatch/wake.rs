//! Which lanes of a mailbox have something to do.
//!
//! A turn must not look at hundreds of lanes because one of them can go on. So a waker sets the bit of its lane, from
//! whatever thread, and a turn polls those that are set. A waker that is called while the turn runs brings another one.

use std::{
    sync::{
        Arc,
        atomic::{
            AtomicU64,
            Ordering::{AcqRel, Release},
        },
    },
    task::{Wake, Waker},
};

use futures_util::task::AtomicWaker;

/// One bit for each lane; setting one from a waker wakes the mailbox.
#[derive(Debug)]
pub(crate) struct WakeSet {
    /// 64 lanes in each.
    words: Box<[AtomicU64]>,
    /// The task in which the mailbox runs; registered anew in each turn.
    mailbox: AtomicWaker,
}

impl WakeSet {
    /// For so many lanes, none of them marked.
    pub(crate) fn new(lanes: usize) -> Arc<Self> {
        let words = (0..lanes.div_ceil(64)).map(|_| AtomicU64::new(0)).collect();
        Arc::new(Self { words, mailbox: AtomicWaker::new() })
    }

    /// Whom the wakers of the lanes wake.
    pub(crate) fn register(&self, mailbox: &Waker) {
        self.mailbox.register(mailbox);
    }

    /// Marks a lane without waking anybody: for the mailbox itself, before its turn.
    pub(crate) fn mark(&self, lane: usize) {
        self.words[lane / 64].fetch_or(1 << (lane % 64), Release);
    }

    /// Has the mailbox polled again soon.
    pub(crate) fn wake_mailbox(&self) {
        self.mailbox.wake();
    }

    /// Takes the marks of the `word`th 64 lanes; the indices of the lanes, lowest first.
    pub(crate) fn take(&self, word: usize) -> impl Iterator<Item = usize> + use<> {
        let mut bits = self.words[word].swap(0, AcqRel);
        std::iter::from_fn(move || {
            let bit = bits.trailing_zeros() as usize;
            bits &= bits.wrapping_sub(1);
            (bit < 64).then_some(word * 64 + bit)
        })
    }

    /// How often [`take`](Self::take) has to be called to see all lanes.
    pub(crate) fn words(&self) -> usize {
        self.words.len()
    }

    /// The waker for the future that runs in this lane.
    pub(crate) fn waker(self: &Arc<Self>, lane: usize) -> Waker {
        Waker::from(Arc::new(LaneWaker { set: Arc::clone(self), lane }))
    }
}

/// The waker of one lane. It may outlive its mailbox, and then does nothing that matters.
struct LaneWaker {
    set: Arc<WakeSet>,
    lane: usize,
}

impl Wake for LaneWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.set.mark(self.lane);
        self.set.wake_mailbox();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_taken_once_and_in_order() {
        let set = WakeSet::new(130);
        for lane in [129, 64, 3, 63] {
            set.waker(lane).wake();
        }
        let taken: Vec<usize> = (0..set.words()).flat_map(|word| set.take(word)).collect();
        assert_eq!(taken, [3, 63, 64, 129]);
        assert_eq!((0..set.words()).flat_map(|word| set.take(word)).count(), 0);
    }
}
