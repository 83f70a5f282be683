//! What the poll loop tells those who look at it.

use std::time::Duration;

use super::PollLoop;
use crate::{dispatch::Intake, kafka::source::Source};

/// How often figures are looked at.
const EVERY: Duration = Duration::from_secs(1);

impl<S: Source, I: Intake> PollLoop<S, I> {
    /// A sign of life at each turn, and the client's figures once a second.
    pub(super) fn observe(&mut self, now: Duration) {
        self.intake.turned(now);
        if now >= self.look {
            self.look = now + EVERY;
            let figures = self.source.figures();
            if figures.joined {
                self.intake.joined(true);
            }
            self.intake.measured(&figures.partitions);
        }
    }
}
