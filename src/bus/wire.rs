//! What a bus writes, and how: conventions, form, and the topics that it says it publishes to.

use super::Bus;
use crate::event::{Event, Mode, Profile};

impl<S> Bus<S> {
    /// Whose conventions this bus follows; [`Profile::Carom`] unless set. [`Profile::Momentum`] is for topics that .NET
    /// Momentum services share: it refuses at start, and when something is published, what they could not read.
    ///
    /// ```
    /// use carom::{Bus, Kafka, Profile, event::Mode, testing::TestBus};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let bus = Bus::new(Kafka::embedded()).service("shop").profile(Profile::Momentum).mode(Mode::Structured);
    /// let error = TestBus::start(bus).await.unwrap_err();
    /// assert!(error.to_string().contains("Momentum cannot read events in structured mode"));
    /// # }
    /// ```
    pub fn profile(mut self, profile: Profile) -> Self {
        self.options.profile = profile;
        self
    }

    /// How events are written: CloudEvents attributes in headers (the default, [`Mode::Binary`]), or one JSON envelope.
    /// Events are read in either.
    ///
    /// ```
    /// use carom::{Bus, Event, Kafka, event::Mode, testing::TestBus};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
    /// # #[event(entity = Order, domain = "sales")]
    /// # struct OrderPlaced { #[event(key)] order_id: u64 }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), carom::Error> {
    /// let bus = TestBus::start(Bus::new(Kafka::embedded()).service("shop").mode(Mode::Structured)).await?;
    /// bus.publisher().publish(OrderPlaced { order_id: 7 }).await?;
    /// let record = &bus.records()[0];
    /// assert_eq!(record.header("content-type"), Some("application/cloudevents+json; charset=UTF-8"));
    /// assert_eq!(record.event(), Some(OrderPlaced { order_id: 7 }));
    /// # Ok(())
    /// # }
    /// ```
    pub fn mode(mut self, mode: Mode) -> Self {
        self.options.mode = mode;
        self
    }

    /// Writes the topic of `E` as JSON envelopes, whatever [`Bus::mode`] says. Momentum (.NET) cannot read these.
    /// Other events of the same topic are written so too. Default: no topic.
    ///
    /// ```
    /// use carom::{Bus, Event, Kafka, testing::TestBus};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
    /// # #[event(entity = Order, domain = "sales")]
    /// # struct OrderPlaced { #[event(key)] order_id: u64 }
    /// # #[derive(Serialize, Deserialize, Event)]
    /// # #[event(entity = Invoice, domain = "sales")]
    /// # struct InvoiceWritten { #[event(key)] order_id: u64 }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), carom::Error> {
    /// // The archive wants each invoice as one piece.
    /// let bus = Bus::new(Kafka::embedded()).service("shop").structured::<InvoiceWritten>();
    /// let bus = TestBus::start(bus).await?;
    /// bus.publisher().publish(OrderPlaced { order_id: 7 }).await?;
    /// bus.publisher().publish(InvoiceWritten { order_id: 7 }).await?;
    /// let types: Vec<_> = bus.records().iter().map(|record| record.header("ce_type").is_some()).collect();
    /// assert_eq!(types, [true, false]); // the invoice's type is in its envelope
    /// # Ok(())
    /// # }
    /// ```
    pub fn structured<E: Event>(mut self) -> Self {
        self.options.structured.push(E::descriptor());
        self
    }

    /// Says that this bus publishes `E`: its topic is created or verified at start.
    ///
    /// Without it, that happens when the first event goes there. Topics of events that this bus handles need no such
    /// word.
    ///
    /// ```
    /// use carom::{Bus, Event, Kafka, kafka::Topics};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
    /// # #[event(entity = Order, domain = "sales")]
    /// # struct OrderPlaced { #[event(key)] order_id: u64 }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), carom::Error> {
    /// let kafka = Kafka::embedded().topics(Topics::Verify); // others create topics
    /// let error = Bus::new(kafka).service("shop").publishes::<OrderPlaced>().spawn().await.unwrap_err();
    /// assert!(error.to_string().contains(".sales.public.orders.v1` does not exist"), "{error}");
    /// # Ok(())
    /// # }
    /// ```
    pub fn publishes<E: Event>(mut self) -> Self {
        self.options.published.push(E::descriptor());
        self
    }
}
