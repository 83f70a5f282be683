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
    /// What is known of it: `None` where nothing new is.
    fn note(&mut self, joined: Option<bool>, now: Duration) {
        match joined {
            Some(true) => *self = Self::default(),
            Some(false) => self.since = self.since.or(Some(now)),
            None => {}
        }
    }

    /// Why it is outside has been said: the group refuses it, perhaps.
    pub(super) fn is_known(&mut self) {
        self.told |= self.since.is_some();
    }

    /// Whether it is time to say that this member still waits for its group: once, when that has lasted.
    fn is_news(&mut self, now: Duration) -> bool {
        let is_news = !self.told && self.since.is_some_and(|since| now.saturating_sub(since) >= LONG);
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
            if figures.joined == Some(true) {
                self.intake.joined(true);
            }
            if self.reachable {
                self.outside.note(figures.joined, now);
            } else {
                // Without a broker, that is what it waits for; from then on it waits anew.
                self.outside = Outside::default();
            }
            if self.outside.is_news(now) {
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
        let mut at = |second, joined| {
            outside.note(joined, Duration::from_secs(second));
            outside.is_news(Duration::from_secs(second))
        };
        assert_eq!([0, 9, 10, 11, 60].map(|second| at(second, Some(false))), [false, false, true, false, false]);
        assert_eq!([61, 70, 80].map(|second| at(second, Some(true))), [false; 3]);
        assert_eq!([82, 91, 92].map(|second| at(second, Some(false))), [false, false, true]);
    }

    // Fails when a member that is refused is said to wait; one that was let in, and waits again, does.
    #[test]
    fn where_the_reason_was_said_no_other_one_is() {
        let mut outside = Outside::default();
        outside.note(Some(false), Duration::ZERO);
        outside.is_known();
        assert!(!outside.is_news(Duration::from_secs(60)));
        outside.note(Some(true), Duration::from_secs(61));
        outside.note(Some(false), Duration::from_secs(62));
        assert!(outside.is_news(Duration::from_secs(72)));
    }

    // Fails when silence counts as an answer: figures come every 5 s, or as rarely as the user says.
    #[test]
    fn a_member_of_which_nothing_new_is_known_is_where_it_was() {
        let mut outside = Outside::default();
        let mut at = |second, joined| {
            outside.note(joined, Duration::from_secs(second));
            outside.is_news(Duration::from_secs(second))
        };
        assert_eq!([0, 30].map(|second| at(second, None)), [false; 2]);
        assert_eq!([at(31, Some(true)), at(60, None), at(90, None)], [false; 3]);
        assert_eq!([at(91, Some(false)), at(100, None), at(101, None)], [false, false, true]);
    }
}
