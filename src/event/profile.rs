//! Whose conventions a bus follows.

use chrono::{DateTime, SecondsFormat, Utc};

use super::{Descriptor, momentum};

/// Whose conventions a bus follows where other services share its topics; set with
/// [`Bus::profile`](crate::Bus::profile).
///
/// [Momentum](https://github.com/vgmello/momentum) is a .NET template whose services exchange events through Wolverine.
/// Most of what it puts on the wire is carom's default as well: topic names, record keys, the order of the headers,
/// `source` (`/{domain in snake case}/{service}`), group id (`{service}-{env}`) and client id (`{service}`). Where the
/// two profiles differ:
///
/// | | `Carom` | `Momentum` |
/// |---|---|---|
/// | mode | as [`Bus::mode`](crate::Bus::mode) and [`Bus::structured`](crate::Bus::structured) say | binary; structured mode is an error at start, because Momentum cannot read it |
/// | partitioner | as [`Kafka::partitioner`](crate::Kafka::partitioner) says | [`Partitioner::Librdkafka`](crate::event::Partitioner); another one is an error at start, because a key has to land where Momentum puts it |
/// | domain of the service | any text that may stand in `source` | an ASCII letter, then ASCII letters and digits; another one is an error at start |
/// | `ce_time` | six fraction digits | 0, 3, 6 or 7 fraction digits, the fewest that lose nothing, as the C# SDK of CloudEvents writes them; what is below 100 ns is cut off |
/// | `type` | any | a warning if it cannot be the full name of a .NET type: at start, and when the first event of the type is published |
/// | data of an event | any JSON | a JSON object; `null`, a list or a bare value cannot be published |
/// | [`publish_cloudevent`](crate::Publisher::publish_cloudevent) | any `id`, content type and data | the `id` is a Guid, the content type is JSON or left out, the data is a JSON object |
/// | [`publish_tombstone`](crate::Publisher::publish_tombstone) | a null value | an error: Momentum fails on a null value |
///
/// The `type` is a warning and no error because a .NET class may carry a message identity, which is any text. The
/// default type (`sales.order-placed.v1`) is never the name of a .NET type: write
/// `#[event(type = "Sales.Orders.OrderPlaced")]`.
///
/// What carom writes beyond Momentum's own headers stays: `ce_correlationid` and `ce_causationid` of a handler's
/// outputs, `traceparent` and `tracestate`. Momentum reads past them. Reading is the same under both profiles.
/// `docs/momentum.md` in the repository says what to write on either side, and [`event::dotnet`](crate::event::dotnet)
/// has the forms in which .NET writes dates, decimals, enums and bytes as JSON.
///
/// ```
/// use carom::{Bus, Error, Kafka, Profile, event::Mode, testing::TestBus};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Error> {
/// let bus = || {
///     Bus::new(Kafka::embedded())
///         .service("appdomain-api") // source /app_domain/appdomain-api, group appdomain-api-dev
///         .domain("AppDomain")
///         .profile(Profile::Momentum)
/// };
/// TestBus::start(bus()).await?;
///
/// let error = TestBus::start(bus().mode(Mode::Structured)).await.unwrap_err();
/// assert!(error.to_string().contains("Momentum cannot read events in structured mode"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Profile {
    /// carom's own. The default. Nothing is refused for the sake of other readers.
    #[default]
    Carom,
    /// Those of .NET Momentum: what its services could not read is refused, at start where that is known.
    Momentum,
}

impl Profile {
    /// `ce_time`: RFC 3339 in UTC; carom writes microseconds.
    pub(super) fn time_text(self, time: DateTime<Utc>) -> String {
        match self {
            Self::Carom => time.to_rfc3339_opts(SecondsFormat::Micros, true),
            Self::Momentum => momentum::time_text(time),
        }
    }

    /// What keeps readers of this profile from knowing the event by its type.
    pub(crate) fn type_warning(self, event: &Descriptor) -> Option<String> {
        (self == Self::Momentum && !momentum::is_full_name(event.event_type)).then(|| {
            format!(
                "{}: `{}` has the type `{}`, which cannot be the full name of a .NET type: Momentum ignores it unless its \
                 class carries that text as a message identity; write `#[event(type = \"Namespace.{}\")]`",
                event.location, event.rust_name, event.event_type, event.rust_name
            )
        })
    }
}
