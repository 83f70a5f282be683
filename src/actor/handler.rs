//! How one actor reacts to one event type.

use super::{Actor, Context, Failure, Outputs};
use crate::event::Event;

/// How one actor reacts to one event type. Put `#[handler]` above the impl: it registers the handler, and without it
/// the program does not compile.
///
/// An actor may have handlers for several event types, and several actors may handle the same one: then each of them
/// has attempts, retries and a dead letter of its own. What a panic does to the instance is said by the
/// [`Supervisor`](crate::Supervisor).
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
/// #[event(entity = Order, domain = "sales")]
/// struct OrderCancelled {
///     #[event(key)]
///     order_id: u64,
/// }
///
/// #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
/// #[event(entity = Invoice, domain = "sales")]
/// struct InvoiceWritten {
///     #[event(key)]
///     order_id: u64,
/// }
///
/// #[derive(Actor)]
/// struct Invoicing;
///
/// #[handler]
/// impl Handler<OrderPlaced> for Invoicing {
///     async fn handle(&mut self, event: OrderPlaced, _cx: &mut Context<'_>) -> Result<InvoiceWritten, Failure> {
///         Ok(InvoiceWritten { order_id: event.order_id }) // published
///     }
/// }
///
/// #[handler]
/// impl Handler<OrderCancelled> for Invoicing {
///     async fn handle(&mut self, _event: OrderCancelled, _cx: &mut Context<'_>) -> Result<(), Failure> {
///         Ok(()) // nothing to publish
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let bus = Bus::new(Kafka::embedded()).service("invoices").supervise::<Invoicing>(Supervisor::one_for_one());
/// let bus = TestBus::start(bus).await.unwrap();
/// assert!(bus.deliver(OrderPlaced { order_id: 7 }).await.is_acked());
/// assert!(bus.deliver(OrderCancelled { order_id: 7 }).await.is_acked());
/// assert_eq!(bus.published::<InvoiceWritten>(), [InvoiceWritten { order_id: 7 }]);
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not handle `{E}`",
    label = "no `impl Handler<{E}> for {Self}`",
    note = "write `#[handler] impl Handler<{E}> for {Self} {{ .. }}`"
)]
pub trait Handler<E: Event>: Actor + Registered<E> {
    /// Handles one event, as `async fn handle(&mut self, event: E, cx: &mut Context<'_>) -> Result<.., Failure>`.
    ///
    /// `Ok` publishes what is returned (see [`Outputs`]) and completes the record. The same event may come again, with
    /// the same id: after a crash, and after an attempt that failed half-way.
    ///
    /// # Errors
    ///
    /// A [`Failure`] goes to the supervisor: a transient one, which `?` makes of any error, is retried, then
    /// dead-lettered.
    ///
    /// # Panics
    ///
    /// It may: a panic is caught, counts as a transient failure of this record, and the instance is built anew.
    ///
    /// `tokio::task::block_in_place` panics in it, whatever runtime `main` has: handlers run on single-threaded ones of
    /// the bus. Use `tokio::task::spawn_blocking`, or [`Supervisor::blocking`](crate::Supervisor::blocking).
    ///
    /// ```
    /// use carom::{Actor, Context, Event, Failure, Handler, handler};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, Event)]
    /// # #[event(entity = Order, domain = "sales")]
    /// # struct OrderPlaced { #[event(key)] order_id: u64, country: String }
    /// # #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
    /// # #[event(entity = CustomsForm, domain = "sales")]
    /// # struct CustomsFormNeeded { #[event(key)] order_id: u64 }
    ///
    /// #[derive(Actor)]
    /// struct Customs;
    ///
    /// #[handler]
    /// impl Handler<OrderPlaced> for Customs {
    ///     async fn handle(
    ///         &mut self,
    ///         event: OrderPlaced,
    ///         _cx: &mut Context<'_>,
    ///     ) -> Result<Option<CustomsFormNeeded>, Failure> {
    ///         if event.country.is_empty() {
    ///             return Err(Failure::permanent("an order needs a country"));
    ///         }
    ///         Ok((event.country == "CH").then_some(CustomsFormNeeded { order_id: event.order_id }))
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let abroad = OrderPlaced { order_id: 7, country: "CH".to_owned() };
    /// let form = Customs.handle(abroad, &mut Context::detached()).await.unwrap();
    /// assert_eq!(form, Some(CustomsFormNeeded { order_id: 7 }));
    /// # }
    /// ```
    fn handle(
        &mut self,
        event: E,
        cx: &mut Context<'_>,
    ) -> impl Future<Output = Result<impl Outputs + use<Self, E>, Failure>> + Send;
}

/// Proof that `#[handler]` stands on the impl; only the attribute implements it.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "this handler would never be called: `impl Handler<{E}> for {Self}` is not registered",
    label = "missing `#[handler]`",
    note = "add `#[handler]` on the line above `impl Handler<{E}> for {Self}`"
)]
pub trait Registered<E> {}
