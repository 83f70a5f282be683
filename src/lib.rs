//! Integration events on Kafka: typed handlers, order per key, retries, dead letters and safe commits.
//!
//! A service writes actors that handle typed events. carom consumes, routes, retries, dead-letters, commits and
//! publishes. This program runs as it is: its broker is inside the process.
//!
//! ```standalone_crate
//! use std::sync::Arc;
//!
//! use carom::{Actor, Bus, Context, Event, Failure, Handler, Kafka, Retry, Supervisor, handler};
//! use serde::{Deserialize, Serialize};
//! use tokio::sync::Notify;
//!
//! /// An order was placed and awaits payment.
//! #[derive(Serialize, Deserialize, Event)]
//! #[event(entity = Order, domain = "sales")] // topic dev.sales.public.orders.v1, type sales.order-placed.v1
//! struct OrderPlaced {
//!     #[event(key)] // events of one order are handled one after another
//!     order_id: u64,
//!     cents: u64,
//! }
//!
//! /// An order's card was charged.
//! #[derive(Serialize, Deserialize, Event)]
//! #[event(entity = Order, domain = "sales")]
//! struct OrderPaid {
//!     #[event(key)]
//!     order_id: u64,
//! }
//!
//! /// Charges cards.
//! #[derive(Actor)]
//! struct Billing;
//!
//! #[handler]
//! impl Handler<OrderPlaced> for Billing {
//!     async fn handle(&mut self, event: OrderPlaced, cx: &mut Context<'_>) -> Result<OrderPaid, Failure> {
//!         if cx.attempt() == 1 {
//!             return Err("the gateway did not answer".into()); // any error: retried, then dead-lettered
//!         }
//!         println!("charged {} cents", event.cents);
//!         Ok(OrderPaid { order_id: event.order_id }) // published when the handler succeeds
//!     }
//! }
//!
//! /// Ships what is paid.
//! #[derive(Actor)]
//! struct Shipping {
//!     shipped: Arc<Notify>, // from the bus state, again after every restart
//! }
//!
//! #[handler]
//! impl Handler<OrderPaid> for Shipping {
//!     async fn handle(&mut self, event: OrderPaid, _cx: &mut Context<'_>) -> Result<(), Failure> {
//!         println!("shipping order {}", event.order_id);
//!         self.shipped.notify_one();
//!         Ok(())
//!     }
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let shipped = Arc::new(Notify::new());
//!     let bus = Bus::new(Kafka::embedded()) // or Kafka::new("localhost:9092")
//!         .service("billing")
//!         .with_state(Arc::clone(&shipped))
//!         .supervise::<Billing>(Supervisor::one_for_one().retry(Retry::exponential(5)))
//!         .supervise::<Shipping>(Supervisor::one_for_one())
//!         .spawn()
//!         .await?;
//!     bus.publish(OrderPlaced { order_id: 7, cents: 4_200 }).await?;
//!     bus.run_until(shipped.notified()).await?; // a service writes bus.run_until_signal()
//!     Ok(())
//! }
//! ```
//!
//! # What is where
//!
//! | you want to | look at |
//! |---|---|
//! | say what an event is, its topic and its key | [`derive@Event`], [`derive@KeyPart`] |
//! | handle it | [`derive@Actor`], [`Handler`] and [`macro@handler`], [`Context`] |
//! | give actors their dependencies | [`Bus::with_state`], [`derive@FromRef`] |
//! | say what a failure means | [`Failure`] |
//! | decide what follows a failure | [`Supervisor`], [`Retry`], [`Directive`], [`Ordering`] |
//! | build, run and stop a bus | [`Bus`], [`BusHandle`] |
//! | publish by hand | [`BusHandle::publish`], [`Publisher`], [`Bus::publishes`] |
//! | share topics with .NET Momentum | [`Profile::Momentum`], [`event::dotnet`] |
//! | reach a broker, or do without one | [`Kafka`], [`Kafka::embedded`] |
//! | take settings from a file or the environment | [`Settings`], [`Bus::from_settings`] |
//! | know whether it does its job | [`BusHandle::health`], [`Health`], [`BusHandle::monitor`] |
//! | see how far it is, and how long handlers take | [`BusHandle::stats`], [`Stats`] |
//! | see it in traces and logs | `docs/telemetry.md`, [`telemetry`], [`Bus::trace_context`] |
//! | test without a broker | `carom::testing` (feature `testing`), [`Context::detached`] |
//!
//! The macros name this crate `carom`. Where Cargo.toml gives it another name (`bus = { package = "carom" }`), write
//! `extern crate bus as carom;` in the root of your crate.
//!
//! # What is promised
//!
//! At least once, and ordering per key; a failing key holds back only itself; attempts are bounded; what cannot be
//! handled goes to a dead-letter topic; a panic is a failure of one record. A handler may see an event again, with the
//! same id: make it idempotent. `docs/semantics.md` in the repository says what each promise means, what it does not
//! cover and which tests prove it; `docs/architecture.md` how it is done, `docs/decisions` why. `docs/guide` goes from
//! an empty crate to two services in ten minutes, `docs/errors.md` says what to do on an error.

// So that the derives, which write `::carom`, work in the tests of this crate too.
#[cfg(test)]
extern crate self as carom;

pub mod actor;
mod bus;
mod clock;
mod dispatch;
pub mod error;
pub mod event;
mod health;
mod home;
pub mod kafka;
mod leb128;
mod monitor;
mod nearest;
pub mod publish_future;
mod publisher;
mod services;
pub mod settings;
pub mod stats;
pub mod supervisor;
pub mod telemetry;
#[cfg(feature = "testing")]
pub mod testing;

#[doc(hidden)]
pub mod __private;

pub use actor::{Actor, Context, Failure, FromRef, Handler};
pub use bus::{Bus, BusHandle};
pub use carom_macros::{Actor, Event, FromRef, KeyPart, handler};
pub use cloudevents;
pub use dispatch::Route;
pub use error::{Error, PublishError};
pub use event::{Event, KeyPart, Profile};
pub use health::Health;
pub use kafka::Kafka;
pub use monitor::Monitor;
pub use publisher::Publisher;
pub use settings::Settings;
pub use stats::Stats;
pub use supervisor::{Directive, Ordering, Retry, Supervisor};

#[cfg(doctest)]
mod doctests;
