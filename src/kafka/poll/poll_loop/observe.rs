//! What the poll loop tells those who look at it.

use std::time::Duration;

use super::PollLoop;
use crate::{dispatch::Intake, kafka::source::Source, telemetry::logs};

/// How often figures are looked at.
const EVERY: Duration = Duration::from_secs(1);

/// Groups that nobody has left without a word form in less.
const LONG: Duration = Duration::from_secs(10);

/// How long this member has been outside of its group.
#[derive(Debug, Default)]
pub(super) struct Outside {
    since: Option<Duration>,
    told: bool,
}

impl Outside {
    /// Whether it is time to say that this member still waits for its group: once, when that has lasted.
    fn is_news(&mut self, joined: bool, now: Duration) -> bool {
        if joined {
            *self = Self::default();
            return false;
        }
        let since = *self.since.get_or_insert(now);
        let is_news = !self.told && now.saturating_sub(since) >= LONG;
        self.told |= is_news;
        is_news
    }
}

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
            // Without a broker, that is what it waits for.
            if self.reachable && self.outside.is_news(figures.joined, now) {
                logs::group::waits_for_group();
            }
            self.intake.measured(&figures.partitions);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn that_a_member_waits_for_its_group_is_said_once_each_time() {
        let mut outside = Outside::default();
        let mut at = |second: u64, joined| outside.is_news(joined, Duration::from_secs(second));
        assert_eq!([0, 9, 10, 11, 60].map(|second| at(second, false)), [false, false, true, false, false]);
        assert_eq!([at(61, true), at(62, false), at(71, false), at(72, false)], [false, false, false, true]);
    }
}
