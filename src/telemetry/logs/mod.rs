//! Log lines for an operator: one for each record that failed, and one for each change of state. The path of a record
//! that succeeds logs nothing.
//!
//! Names, texts, targets and fields are those of `names`: an operator filters by them, and searches for them. What may
//! be shown of an error was decided before. Lines at `DEBUG` are for carom's developers and stand where they are
//! written.

/// One line: its level, its target and its name, then its fields, then its text where that is not always the same.
macro_rules! say {
    ($level:ident $target:ident $line:ident $(, $field:ident = $value:expr)*) => {
        say!($level $target $line $(, $field = $value)*; $crate::telemetry::names::message::$line)
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

pub(crate) mod bus;
pub(crate) mod client;
pub(crate) mod group;
pub(crate) mod record;
