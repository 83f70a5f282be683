//! What a handler may ask about the record that brought its event: key, headers and place.

use super::Context;

/// The record.
///
/// ```
/// use carom::{
///     Actor, Bus, Context, Event, Failure, Handler, Kafka, Supervisor, handler,
///     testing::{TestBus, TestRecord},
/// };
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize, Event)]
/// # #[event(entity = Order, domain = "sales")]
/// # struct OrderPlaced { #[event(key)] order_id: u64 }
///
/// #[derive(Actor)]
/// struct Imports;
///
/// #[handler]
/// impl Handler<OrderPlaced> for Imports {
///     async fn handle(&mut self, _event: OrderPlaced, cx: &mut Context<'_>) -> Result<(), Failure> {
///         let tenant = cx.header("tenant").ok_or_else(|| Failure::permanent("no tenant"))?;
///         println!("{}-{}-{}: {tenant:?}", cx.topic(), cx.partition(), cx.offset());
///         Ok(())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let bus = Bus::new(Kafka::embedded()).service("imports").supervise::<Imports>(Supervisor::one_for_one());
/// let bus = TestBus::start(bus).await.unwrap();
/// let record = TestRecord::new(bus.topic::<OrderPlaced>())
///     .key("7")
///     .value(r#"{"order_id": 7}"#)
///     .header("ce_specversion", "1.0")
///     .header("ce_id", "1")
///     .header("ce_source", "/sales/legacy")
///     .header("ce_type", "sales.order-placed.v1");
/// assert!(bus.deliver_record(record.clone().header("tenant", "acme")).await.is_acked());
/// assert_eq!(bus.deliver_record(record).await.dead_letter(), Some("no tenant"));
/// # }
/// ```
impl Context<'_> {
    /// The last header of this name (compared byte for byte); `None` if there is none or it is null.
    ///
    /// Headers `carom-*` count only in records that carom wrote for this group, dead letters for example: in others
    /// anybody may have written them. `carom-replay-count`, which decides nothing, counts everywhere.
    ///
    /// ```
    /// use carom::Context;
    ///
    /// /// Headers are bytes, and need not be text.
    /// fn tenant<'a>(cx: &'a Context<'_>) -> Option<&'a str> {
    ///     std::str::from_utf8(cx.header("tenant")?).ok()
    /// }
    /// assert_eq!(tenant(&Context::detached()), None);
    /// ```
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        let call = self.call?;
        if name.starts_with("carom-") && name != "carom-replay-count" && !call.is_own() {
            return None;
        }
        call.record.headers().filter(|(key, _)| *key == name.as_bytes()).last().and_then(|(_, value)| value)
    }

    /// The record key; `None` if it is null.
    ///
    /// ```
    /// use carom::Context;
    ///
    /// /// Another producer's order number, which its events do not repeat in their data.
    /// fn order_number(cx: &Context<'_>) -> Option<u64> {
    ///     std::str::from_utf8(cx.key()?).ok()?.parse().ok()
    /// }
    /// assert_eq!(order_number(&Context::detached()), None);
    /// ```
    pub fn key(&self) -> Option<&[u8]> {
        self.call?.record.key()
    }

    /// The topic the record came from, complete with environment and version.
    ///
    /// ```
    /// use carom::Context;
    ///
    /// fn is_live(cx: &Context<'_>) -> bool {
    ///     cx.topic().starts_with("prod.")
    /// }
    /// assert!(!is_live(&Context::detached()));
    /// ```
    pub fn topic(&self) -> &str {
        self.call.map_or("", |call| &call.record.from().topic)
    }

    /// The partition the record came from.
    ///
    /// ```
    /// use carom::Context;
    ///
    /// /// Where the record is, as `kcat -t .. -p .. -o ..` wants it.
    /// fn place(cx: &Context<'_>) -> (String, i32, i64) {
    ///     (cx.topic().to_owned(), cx.partition(), cx.offset())
    /// }
    /// assert_eq!(place(&Context::detached()), (String::new(), 0, 0));
    /// ```
    pub fn partition(&self) -> i32 {
        self.call.map_or(0, |call| call.record.from().partition)
    }

    /// Which lane of the partition runs the handler, from 0; see
    /// [`Supervisor::concurrency`](crate::Supervisor::concurrency).
    ///
    /// ```
    /// use carom::Context;
    ///
    /// /// A file of its own for each instance of the actor, so that no two write to the same one.
    /// fn scratch_file(cx: &Context<'_>) -> String {
    ///     format!("{}-{}-{}.tmp", cx.topic(), cx.partition(), cx.lane())
    /// }
    /// assert_eq!(scratch_file(&Context::detached()), "-0-0.tmp");
    /// ```
    pub fn lane(&self) -> usize {
        self.call.map_or(0, |call| call.at.lane.into())
    }

    /// The offset of the record in its partition.
    ///
    /// ```
    /// use carom::Context;
    ///
    /// /// Whether a projection that remembers how far it is has seen the record before.
    /// fn is_known(cx: &Context<'_>, applied: i64) -> bool {
    ///     cx.offset() <= applied
    /// }
    /// assert!(is_known(&Context::detached(), 0));
    /// ```
    pub fn offset(&self) -> i64 {
        self.call.map_or(0, |call| call.record.offset())
    }
}
