//! What leaves the process of an error's text: it is the user's, and may carry personal data.

/// How much of an error is shown, in log lines of failures, in dead letters and in
/// [`Error::Escalated`](crate::Error::Escalated).
///
/// ```
/// use carom::{Actor, Bus, Context, Event, Failure, Handler, Kafka, Supervisor, handler};
/// use carom::{telemetry::ErrorDetail, testing::TestBus};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize, Event)]
/// # #[event(entity = Order, domain = "sales")]
/// # struct OrderPlaced { #[event(key)] order_id: u64 }
/// # #[derive(Actor)]
/// # struct Billing;
///
/// #[handler]
/// impl Handler<OrderPlaced> for Billing {
///     async fn handle(&mut self, event: OrderPlaced, cx: &mut Context<'_>) -> Result<(), Failure> {
///         Err(Failure::permanent("the card of ada@example.org was declined").with_code("card-declined"))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), carom::Error> {
/// let bus = Bus::new(Kafka::embedded()).service("billing").supervise::<Billing>(Supervisor::one_for_one());
/// let bus = TestBus::start(bus.error_detail(ErrorDetail::None)).await?;
/// bus.deliver(OrderPlaced { order_id: 7 }).await;
/// let letter = &bus.dead_letters()[0];
/// assert_eq!(letter.header("carom-error-message"), None);
/// assert_eq!(letter.header("carom-error-class"), Some("permanent"));
/// assert_eq!(letter.header("carom-error-type"), Some("card-declined"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ErrorDetail {
    /// Its text and those of its sources, after [`Bus::redact_errors`](crate::Bus::redact_errors). The default.
    #[default]
    Full,
    /// Nothing but its class and its type, or the code that [`Failure::with_code`](crate::Failure::with_code) gave it.
    None,
}
