//! Where an actor's dependencies come from.

use super::Actor;

/// Takes a part out of the bus state, as axum's trait of the same name does.
///
/// Every `Clone` type is a part of itself; `#[derive(FromRef)]` on a state struct adds each of its fields.
///
/// ```
/// use std::sync::Arc;
///
/// use carom::FromRef;
///
/// #[derive(Clone)]
/// struct Gateway {
///     url: Arc<str>,
/// }
///
/// #[derive(FromRef)]
/// struct App {
///     gateway: Gateway, // an actor that has a field of type `Gateway` gets it
///     currency: &'static str,
/// }
///
/// let app = App { gateway: Gateway { url: "https://pay.example".into() }, currency: "EUR" };
/// assert_eq!(&*Gateway::from_ref(&app).url, "https://pay.example");
/// ```
#[diagnostic::on_unimplemented(
    message = "the bus state `{S}` cannot provide `{Self}`",
    label = "an actor needs a `{Self}`, and `{S}` has none, or one without `Clone`",
    note = "where the state is `()`, the bus was given none: call `.with_state(..)` before `.supervise`",
    note = "add a field of type `{Self}` to `{S}` and derive `FromRef` for `{S}`, or mark the actor's field `#[actor(default)]`",
    note = "a part is found by its exact type and cloned: name a trait object's type (`let part: Arc<dyn Part> = Arc::new(..)`), write `Arc` instead of `Box`, and put no `Arc` around a struct that derives `FromRef`"
)]
pub trait FromRef<S> {
    /// Copies the part out of the state: once for each instance of an actor that is built. A part that is expensive to
    /// clone belongs in an `Arc`.
    ///
    /// By hand it is written for a part that is no field:
    ///
    /// ```
    /// use carom::FromRef;
    ///
    /// struct App {
    ///     cents_per_parcel: u64,
    /// }
    ///
    /// struct Postage(u64);
    ///
    /// impl FromRef<App> for Postage {
    ///     fn from_ref(app: &App) -> Self {
    ///         Self(app.cents_per_parcel)
    ///     }
    /// }
    ///
    /// assert_eq!(Postage::from_ref(&App { cents_per_parcel: 499 }).0, 499);
    /// ```
    fn from_ref(state: &S) -> Self;
}

impl<T: Clone> FromRef<T> for T {
    fn from_ref(state: &T) -> Self {
        state.clone()
    }
}

/// Builds an actor from the bus state; `#[derive(Actor)]` implements it.
///
/// Written by hand, it builds what the derive cannot; such an actor says that it is one, too:
///
/// ```
/// use carom::{
///     Actor, Bus, Context, Event, Failure, Handler, Kafka, Supervisor, actor::FromState, handler, testing::TestBus,
/// };
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize, Event)]
/// # #[event(entity = Order, domain = "sales")]
/// # struct OrderPlaced { #[event(key)] order_id: u64 }
///
/// struct Settings {
///     buffer: usize,
/// }
///
/// struct Archive {
///     buffer: Vec<u64>,
/// }
///
/// impl Actor for Archive {}
///
/// impl FromState<Settings> for Archive {
///     fn from_state(settings: &Settings) -> Self {
///         Self { buffer: Vec::with_capacity(settings.buffer) }
///     }
/// }
///
/// #[handler]
/// impl Handler<OrderPlaced> for Archive {
///     async fn handle(&mut self, event: OrderPlaced, _cx: &mut Context<'_>) -> Result<(), Failure> {
///         self.buffer.push(event.order_id);
///         Ok(())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let bus = Bus::new(Kafka::embedded())
///     .service("archive")
///     .with_state(Settings { buffer: 64 })
///     .supervise::<Archive>(Supervisor::one_for_one());
/// let bus = TestBus::start(bus).await.unwrap();
/// assert!(bus.deliver(OrderPlaced { order_id: 7 }).await.is_acked());
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an actor",
    label = "not an `Actor`",
    note = "add `#[derive(carom::Actor)]` to `{Self}`"
)]
pub trait FromState<S>: Actor {
    /// Builds a fresh instance: when a lane handles its first event, and again after every restart.
    ///
    /// A panic in it counts as a transient failure of the record for which the instance was needed. It runs on the
    /// thread of the handlers, so it does not block; what has to be awaited is made before the bus, and put into its
    /// state.
    ///
    /// ```
    /// use carom::{Actor, actor::FromState};
    ///
    /// #[derive(Actor)]
    /// struct Billing {
    ///     currency: &'static str,
    /// }
    ///
    /// let billing = Billing::from_state(&"EUR"); // as the bus does, from the state `&str`
    /// assert_eq!(billing.currency, "EUR");
    /// ```
    fn from_state(state: &S) -> Self;
}

/// The state of a bus that was given none; so that a second `.with_state` has an error of its own.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the bus has a state already, a `{Self}`",
    label = "a second state",
    note = "put what actors need into one struct with `#[derive(carom::FromRef)]`, and call `.with_state(..)` once with that"
)]
pub trait NoState {}

impl NoState for () {}
