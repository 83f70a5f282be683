//! A partition whose log begins again while it is assigned.
//!
//! It is the topic that was deleted and made anew, or a log that was truncated. The old log is finished first and the
//! new one counts from its beginning, as promise 1 and decision 25 say of it.

use std::sync::{MutexGuard, PoisonError};

use super::{Assignment, Progress};
use crate::{kafka::record::Batch, telemetry::logs};

/// The beginning of another log, which waits until everything of the one before is finished.
#[derive(Debug)]
pub(super) struct NewLog {
    /// Its first records, as they came. Nothing else is taken of the partition until they are handed over.
    batch: Batch,
    /// The progress is that of this log already.
    begun: bool,
}

impl Assignment {
    pub(super) fn new_log(&self) -> MutexGuard<'_, Option<NewLog>> {
        self.new_log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Another log waits for the end of this one, which is not reached: nothing may be taken.
    pub(super) fn waits_for_its_end(&self) -> bool {
        self.unfinished() > 0 && self.new_log().is_some()
    }

    /// The beginning of another log, if there is one; to be asked when there is credit.
    pub(crate) fn begin_again(&self) -> Option<Batch> {
        self.turn_over(&mut self.progress());
        self.new_log().take().map(|new_log| new_log.batch)
    }

    /// Makes the progress that of the log which waits, if everything before is finished. From here on its beginning is
    /// what may be committed, so that the next owner does not go on where this log has nothing, or something else.
    pub(super) fn turn_over(&self, progress: &mut Progress) {
        if let Some(NewLog { batch, begun: begun @ false }) = &mut *self.new_log()
            && progress.unfinished() == 0
            && let Some(first) = batch.offsets().next()
        {
            *begun = true;
            progress.begin_again(first);
            self.publish(progress);
        }
    }

    /// Keeps what does not follow what was received before. Offsets ascend within a log: where they do not, the topic
    /// was made anew or the log was truncated, and the client, which found its offset out of range, began again.
    ///
    /// To drop the records would lose them. They wait until what came before is finished, so that a key keeps its order
    /// and nothing is cancelled, also if the client only repeated itself.
    pub(super) fn keep_what_begins_again(&self, batch: &mut Batch) {
        let (mut last, committed) = {
            let progress = self.progress();
            (progress.highest(), progress.committed())
        };
        let first = batch.offsets().next();
        if last.is_none() && first.is_some() && first < committed {
            logs::group::begins_again(&self.partition, first);
        }
        let behind = |offset| last.replace(offset).is_some_and(|last| offset <= last);
        let Some(at) = batch.offsets().position(behind) else { return };
        let kept = batch.split_off(at);
        logs::group::begins_again(&self.partition, kept.offsets().next());
        *self.new_log() = Some(NewLog { batch: kept, begun: false });
        self.progress().touch();
    }

    /// The lowest offset of a log that waits for the end of this one. Until then no more than that may be committed,
    /// and no offset map: in the new log, the old position and the old map would name records that nobody has handled.
    pub(super) fn waiting_from(&self) -> Option<i64> {
        let new_log = self.new_log();
        new_log.as_ref().filter(|new_log| !new_log.begun)?.batch.offsets().min()
    }
}
