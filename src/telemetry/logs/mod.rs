//! Log lines for an operator: one for each record that failed, and one for each change of state. The path of a record
//! that succeeds logs nothing.
//!
//! Names, texts, targets and fields are those of `names`: an operator filters by them, and searches for them. What may
//! be shown of an error was decided before. Lines at `DEBUG` are for carom's developers and stand where they are
//! written.

/// One line: its level, its target and its name, then its fields, then its text where that is not always the same.
macro_rules! line {
    ($level:ident $target:ident $line:ident $(, $field:ident = $value:expr)*) => {
        line!($level $target $line $(, $field = $value)*; $crate::telemetry::names::message::$line)
    };
    ($level:ident $target:ident $line:ident $(, $field:ident = $value:expr)*; $text:expr) => {
        tracing::event!(
            name: $crate::telemetry::names::event::$line,
            target: $crate::telemetry::names::target::$target,
            tracing::Level::$level,
            { $({ $crate::telemetry::names::field::$field } = $value),* },
            "{}", $text
        )
    };
}

mod bus;
mod client;
mod group;
mod record;

pub(crate) use bus::{
    alarm, blocked, closes_late, degraded, dropped, ends, hook_panicked, odd_event, overlooked, panicked, recovered,
    starts, stopped, stops, untraced, waits_for_broker, warning,
};
pub(crate) use client::{
    broker_down, broker_up, dead, error, forgot_brokers, given_up, in_doubt, left_behind, not_replaced,
};
pub(crate) use group::{
    abandoned, assigned, begins_again, committed_ignored, committed_unknown, deleted_unread, finished_late, lost,
    refused, revoked, shared, unanswered, uncommitted, waits_for_group, without_map,
};
pub(crate) use record::{Failure, dead_lettered, discarded, held, large, reduced, retried};
