//! The order in which a lane takes its records: pure.
//!
//! Three queues and what is parked: whatever leaves, leaves in the order of the log for its key. That `released` comes
//! before `fresh` keeps it so; `retries` may come first because their keys are parked for all others.

use std::collections::VecDeque;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

/// Identity of a record key within a lane; records without a key have none and wait for nobody.
pub(crate) type KeyHash = u64;

/// Something that waits in a lane.
pub(crate) trait Keyed {
    /// `None` for what may run beside anything.
    fn key(&self) -> Option<KeyHash>;
}

/// What waits in one lane, in the order of the log for each key.
///
/// A *parked* key lets nothing of its own pass, whatever comes after it in the lane does.
#[derive(Debug)]
pub(crate) struct LaneQueue<T> {
    /// Records whose next attempt is due; their key is still parked.
    retries: VecDeque<T>,
    /// Records of keys that were parked and are not any more; older than everything in `fresh`.
    released: VecDeque<T>,
    /// As they came. What belongs to a parked key is found, and put aside, when its turn comes.
    fresh: VecDeque<T>,
    /// What waits behind each parked key. The item for which it is parked is not here: it is with whoever will end it,
    /// or in `retries`.
    parked: HashMap<KeyHash, VecDeque<T>, RandomState>,
}

impl<T> Default for LaneQueue<T> {
    fn default() -> Self {
        Self { retries: VecDeque::new(), released: VecDeque::new(), fresh: VecDeque::new(), parked: HashMap::default() }
    }
}

impl<T: Keyed> LaneQueue<T> {
    /// Nothing waits and no key is parked.
    pub(crate) fn is_untouched(&self) -> bool {
        self.waiting() == 0 && self.parked.is_empty()
    }

    /// Adds an item behind all others of its key.
    pub(crate) fn push(&mut self, item: T) {
        self.fresh.push_back(item);
    }

    /// The next item that may start; those of parked keys are put aside on the way.
    pub(crate) fn next(&mut self) -> Option<T> {
        if let Some(item) = self.retries.pop_front() {
            return Some(item);
        }
        loop {
            let item = self.released.pop_front().or_else(|| self.fresh.pop_front())?;
            if self.parked.is_empty() {
                return Some(item);
            }
            match item.key().and_then(|key| self.parked.get_mut(&key)) {
                Some(behind) => behind.push_back(item),
                None => return Some(item),
            }
        }
    }

    /// Nothing of this key starts until [`LaneQueue::release`]; false if it was parked already.
    pub(crate) fn park(&mut self, key: KeyHash) -> bool {
        self.parked.try_insert(key, VecDeque::new()).is_ok()
    }

    /// The item its key is parked for may start again; the key stays parked for all others.
    pub(crate) fn resume(&mut self, item: T) {
        self.retries.push_back(item);
    }

    /// What waited behind this key may start, in its order; false if the key was not parked.
    pub(crate) fn release(&mut self, key: KeyHash) -> bool {
        if self.parked.is_empty() {
            return false;
        }
        let behind = self.parked.remove(&key);
        let was_parked = behind.is_some();
        self.released.extend(behind.into_iter().flatten());
        was_parked
    }

    /// Items that could start as soon as the lane is free, roughly: it includes those of parked keys not yet put aside.
    pub(crate) fn waiting(&self) -> usize {
        self.retries.len() + self.released.len() + self.fresh.len()
    }

    /// Gives up everything.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    struct Item {
        key: Option<KeyHash>,
        seq: u32,
    }

    impl Keyed for Item {
        fn key(&self) -> Option<KeyHash> {
            self.key
        }
    }

    fn item(key: u64, seq: u32) -> Item {
        Item { key: Some(key), seq }
    }

    #[test]
    fn a_parked_key_lets_its_neighbours_pass() {
        let mut queue = LaneQueue::default();
        queue.push(item(1, 0));
        queue.push(item(1, 1));
        queue.push(item(2, 2));
        let failing = queue.next().unwrap();
        queue.park(1);
        assert_eq!(queue.next(), Some(item(2, 2)));
        assert_eq!(queue.next(), None);
        queue.resume(failing);
        assert_eq!(queue.next(), Some(failing));
        queue.release(1);
        assert_eq!(queue.next(), Some(item(1, 1)));
    }

    #[derive(Debug, Clone)]
    enum Step {
        Push(u64),
        Start,
        /// The running item succeeds, or fails and waits.
        End {
            fails: bool,
        },
        /// The n-th waiting item is due, or is given up.
        Wake {
            nth: usize,
            retry: bool,
        },
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            3 => (0..4u64).prop_map(Step::Push),
            3 => Just(Step::Start),
            3 => any::<bool>().prop_map(|fails| Step::End { fails }),
            2 => (0..4usize, any::<bool>()).prop_map(|(nth, retry)| Step::Wake { nth, retry }),
        ];
        proptest::collection::vec(step, 0..200)
    }

    proptest! {
        // Fails when `next` looks into `fresh` before `released`.
        #[test]
        fn items_of_one_key_end_in_the_order_in_which_they_came(steps in steps()) {
            let mut queue = LaneQueue::default();
            let mut pushed = 0;
            let mut running: Option<Item> = None;
            let mut waiting: Vec<Item> = Vec::new();
            let mut ended: std::collections::HashMap<u64, Vec<u32>> = std::collections::HashMap::new();
            for step in steps {
                match step {
                    Step::Push(key) => { queue.push(item(key, pushed)); pushed += 1; }
                    Step::Start => if running.is_none() { running = queue.next(); },
                    Step::End { fails } => if let Some(item) = running.take() {
                        let key = item.key.unwrap();
                        if fails { queue.park(key); waiting.push(item); } else {
                            ended.entry(key).or_default().push(item.seq);
                            queue.release(key);
                        }
                    },
                    Step::Wake { nth, retry } => if nth < waiting.len() {
                        let item = waiting.remove(nth);
                        if retry { queue.resume(item); } else {
                            ended.entry(item.key.unwrap()).or_default().push(item.seq);
                            queue.release(item.key.unwrap());
                        }
                    },
                }
            }
            for seqs in ended.values() {
                prop_assert!(seqs.is_sorted(), "{seqs:?}");
            }
        }
    }
}
