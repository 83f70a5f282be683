//! What a handler may ask about the event that it handles: its CloudEvents attributes.

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use super::Context;
use crate::event::TraceContext;

/// The attributes of the event.
///
/// ```
/// use carom::{Actor, Bus, Context, Event, Failure, Handler, Kafka, Supervisor, handler, testing::TestBus};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, Event)]
/// #[event(entity = Order, domain = "sales")]
/// struct OrderPlaced {
///     #[event(key)]
///     order_id: u64,
/// }
///
/// #[derive(Serialize, Deserialize, Event)]
/// #[event(entity = AuditEntry, domain = "sales")]
/// struct Noted {
///     #[event(key)]
///     id: String,
///     what: String,
///     by: String,
/// }
///
/// #[derive(Actor)]
/// struct Audit;
///
/// #[handler]
/// impl Handler<OrderPlaced> for Audit {
///     async fn handle(&mut self, _event: OrderPlaced, cx: &mut Context<'_>) -> Result<Noted, Failure> {
///         Ok(Noted { id: cx.id(), what: cx.event_type(), by: cx.source() })
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let bus = Bus::new(Kafka::embedded()).service("sales-audit").supervise::<Audit>(Supervisor::one_for_one());
/// let bus = TestBus::start(bus).await.unwrap();
/// bus.deliver(OrderPlaced { order_id: 7 }).await;
/// let noted = &bus.published::<Noted>()[0];
/// assert_eq!(noted.id.len(), 36); // a UUIDv7
/// assert_eq!((&*noted.what, &*noted.by), ("sales.order-placed.v1", "/sales/sales-audit"));
/// # }
/// ```
impl Context<'_> {
    /// The CloudEvents `id` of the event. Together with [`Context::source`] it names the event: a handler that sees
    /// both again sees a repeat.
    ///
    /// ```
    /// use carom::Context;
    ///
    /// /// The gateway charges once for each of these, however often the event comes.
    /// fn idempotency_key(cx: &Context<'_>) -> String {
    ///     format!("{}:{}", cx.source(), cx.id())
    /// }
    /// assert_eq!(idempotency_key(&Context::detached()), ":");
    /// ```
    pub fn id(&self) -> String {
        self.incoming().map(|incoming| incoming.id.into_owned()).unwrap_or_default()
    }

    /// The CloudEvents `source` of the event: which service published it.
    ///
    /// ```
    /// use carom::Context;
    ///
    /// fn is_of_the_web_shop(cx: &Context<'_>) -> bool {
    ///     cx.source() == "/sales/web-shop"
    /// }
    /// assert!(!is_of_the_web_shop(&Context::detached()));
    /// ```
    pub fn source(&self) -> String {
        self.incoming().map(|incoming| incoming.source.into_owned()).unwrap_or_default()
    }

    /// The CloudEvents `type` of the event, which may be an alias.
    ///
    /// ```
    /// use carom::Context;
    ///
    /// /// Whether the event was written before its type was renamed.
    /// fn is_of_the_old_shop(cx: &Context<'_>) -> bool {
    ///     cx.event_type().starts_with("shop.")
    /// }
    /// assert!(!is_of_the_old_shop(&Context::detached()));
    /// ```
    pub fn event_type(&self) -> String {
        self.incoming().map(|incoming| incoming.event_type.into_owned()).unwrap_or_default()
    }

    /// The CloudEvents `subject` of the event; `None` if it has none. Events that carom made of a Rust type have none.
    ///
    /// ```
    /// use carom::Context;
    ///
    /// fn log_line(cx: &Context<'_>) -> String {
    ///     format!("billed {}", cx.subject().as_deref().unwrap_or("something"))
    /// }
    /// assert_eq!(log_line(&Context::detached()), "billed something");
    /// ```
    pub fn subject(&self) -> Option<String> {
        self.incoming()?.subject.map(Cow::into_owned)
    }

    /// The CloudEvents `time` of the event: when it happened; `None` if it has none.
    ///
    /// ```
    /// use carom::Context;
    /// use chrono::{TimeDelta, Utc};
    ///
    /// /// Nobody wants to hear of an order that was shipped days ago.
    /// fn is_worth_a_mail(cx: &Context<'_>) -> bool {
    ///     cx.time().is_none_or(|shipped| Utc::now() - shipped < TimeDelta::days(2))
    /// }
    /// assert!(is_worth_a_mail(&Context::detached()));
    /// ```
    pub fn time(&self) -> Option<DateTime<Utc>> {
        self.incoming()?.time
    }

    /// The W3C `traceparent` of the hop that brought the record, else that of the event's creation; `None` if it has
    /// neither, or no valid one.
    ///
    /// ```
    /// use carom::Context;
    ///
    /// /// The header for a call of the gateway, where nothing else carries the trace on.
    /// fn trace_header(cx: &Context<'_>) -> Option<(&'static str, String)> {
    ///     Some(("traceparent", cx.traceparent()?))
    /// }
    /// assert_eq!(trace_header(&Context::detached()), None);
    /// ```
    pub fn traceparent(&self) -> Option<String> {
        let (call, incoming) = (self.call?, self.incoming()?);
        TraceContext::of_hop(&incoming, call.record.headers(), call.is_own())
            .map(|trace| trace.traceparent().to_owned())
    }

    /// The event as the CloudEvents SDK has it; `None` if the SDK's types cannot hold it.
    ///
    /// ```
    /// use carom::{Context, cloudevents::AttributesReader};
    ///
    /// /// Where the schema of the event's data is, for a rule engine that asks for it.
    /// fn schema(cx: &Context<'_>) -> Option<String> {
    ///     cx.cloudevent()?.dataschema().map(ToString::to_string)
    /// }
    /// assert_eq!(schema(&Context::detached()), None);
    /// ```
    pub fn cloudevent(&self) -> Option<cloudevents::Event> {
        self.incoming()?.to_cloudevent().ok()
    }

    /// A CloudEvents extension, such as `correlationid`; `None` if the event has none of this name.
    ///
    /// Numbers and booleans of a structured event come as their text.
    ///
    /// ```
    /// use carom::Context;
    ///
    /// fn tenant(cx: &Context<'_>) -> String {
    ///     cx.extension("tenantid").unwrap_or_else(|| "default".to_owned())
    /// }
    /// assert_eq!(tenant(&Context::detached()), "default");
    /// ```
    pub fn extension(&self, name: &str) -> Option<String> {
        self.incoming().and_then(|incoming| incoming.extension(name).map(ToString::to_string))
    }
}
