//! Which leader epoch a partition's records were written under.

/// Where leader epochs begin, oldest first; as long as there were elections, so nearly always one entry.
///
/// A commit carries the epoch of the last record before its offset: with a newer one a truncated log would go
/// unnoticed.
#[derive(Debug, Default)]
pub(in crate::kafka) struct LeaderEpochs {
    begins: Vec<(i64, i32)>,
    /// Offset of the last record.
    last: Option<i64>,
}

/// librdkafka's word for an unknown epoch.
pub(in crate::kafka) const UNKNOWN: i32 = -1;

impl LeaderEpochs {
    /// Starts at a committed offset.
    pub(in crate::kafka) fn from_committed(offset: i64, epoch: i32) -> Self {
        let mut epochs = Self::default();
        epochs.seen(offset - 1, epoch);
        epochs
    }

    /// A record at `offset` was written under `epoch`.
    pub(in crate::kafka) fn seen(&mut self, offset: i64, epoch: i32) {
        if self.last.replace(offset).is_some_and(|last| offset <= last) {
            // Another log, with other epochs.
            self.begins.clear();
        }
        if epoch >= 0 && self.begins.last().is_none_or(|&(_, last)| epoch > last) {
            self.begins.push((offset, epoch));
        }
    }

    /// The epoch to commit with `offset`; entries that no later commit can need are forgotten.
    pub(in crate::kafka) fn before(&mut self, offset: i64) -> i32 {
        let past = self.begins.iter().take_while(|&&(begins, _)| begins < offset).count();
        if past == 0 {
            return UNKNOWN;
        }
        self.begins.drain(..past - 1);
        self.begins[0].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_carries_the_epoch_of_the_record_before_it() {
        let mut epochs = LeaderEpochs::from_committed(10, 3);
        epochs.seen(10, 3);
        epochs.seen(20, 4);
        epochs.seen(30, 7);
        // Fails with `begins <= offset`: 20 would then carry 4.
        assert_eq!([10, 20, 21, 30, 31].map(|offset| epochs.before(offset)), [3, 3, 4, 4, 7]);
    }

    // Fails when offsets are not compared: the commit of another log would carry an epoch that log never had.
    #[test]
    fn another_log_has_other_epochs() {
        let mut epochs = LeaderEpochs::from_committed(10, 3);
        epochs.seen(10, 4);
        epochs.seen(0, 0);
        epochs.seen(1, 0);
        assert_eq!([epochs.before(1), epochs.before(20)], [0, 0]);
    }

    #[test]
    fn without_epochs_nothing_is_claimed() {
        let mut epochs = LeaderEpochs::default();
        epochs.seen(5, UNKNOWN);
        assert_eq!(epochs.before(6), UNKNOWN);
        epochs.seen(7, 2);
        assert_eq!((epochs.before(7), epochs.before(8)), (UNKNOWN, 2));
    }
}
