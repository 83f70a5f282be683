//! A publisher that remembers what it was given.

use std::sync::Arc;

use super::{WrittenRecord, memory::Cluster};
use crate::{event::Event, publisher::Publisher};

/// A [`Publisher`] without a broker, and what was published through it. Clones share it.
///
/// It belongs to no bus: topics begin with `dev`, whatever the environment, and the `source` of events is `/detached`.
///
/// ```
/// use carom::{Event, testing::RecordingPublisher};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
/// #[event(entity = Order, domain = "sales")]
/// struct OrderPlaced {
///     #[event(key)]
///     order_id: u64,
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let recording = RecordingPublisher::new();
/// recording.publisher().publish(OrderPlaced { order_id: 7 }).await.unwrap();
/// assert_eq!(recording.published::<OrderPlaced>(), [OrderPlaced { order_id: 7 }]);
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct RecordingPublisher {
    cluster: Cluster,
    publisher: Publisher,
}

impl RecordingPublisher {
    /// A publisher that has published nothing yet.
    ///
    /// ```
    /// use carom::testing::RecordingPublisher;
    ///
    /// assert_eq!(RecordingPublisher::new().records(), []);
    /// ```
    pub fn new() -> Self {
        let cluster = Cluster::default();
        let publisher = Publisher::detached(Arc::new(cluster.clone()));
        Self { cluster, publisher }
    }

    /// The publisher to hand to the code under test.
    ///
    /// ```
    /// use carom::{Event, PublishError, Publisher, testing::RecordingPublisher};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
    /// # #[event(entity = Order, domain = "sales")]
    /// # struct OrderPlaced { #[event(key)] order_id: u64 }
    ///
    /// /// The code under test.
    /// async fn place(events: &Publisher, order_id: u64) -> Result<(), PublishError> {
    ///     events.publish(OrderPlaced { order_id }).await
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), carom::Error> {
    /// let recording = RecordingPublisher::new();
    /// place(&recording.publisher(), 7).await?;
    /// assert_eq!(recording.published::<OrderPlaced>().len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn publisher(&self) -> Publisher {
        self.publisher.clone()
    }

    /// The events of type `E` so far, in order.
    ///
    /// ```
    /// use carom::{Event, testing::RecordingPublisher};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
    /// # #[event(entity = Order, domain = "sales")]
    /// # struct OrderPlaced { #[event(key)] order_id: u64 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), carom::Error> {
    /// let recording = RecordingPublisher::new();
    /// recording.publisher().publish_all([OrderPlaced { order_id: 7 }, OrderPlaced { order_id: 8 }]).await?;
    /// let placed: Vec<OrderPlaced> = recording.published();
    /// assert_eq!(placed, [OrderPlaced { order_id: 7 }, OrderPlaced { order_id: 8 }]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn published<E: Event>(&self) -> Vec<E> {
        self.cluster.published().iter().filter_map(super::WrittenRecord::event).collect()
    }

    /// Everything published so far, as it would be on the wire.
    ///
    /// ```
    /// use carom::{Event, testing::RecordingPublisher};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
    /// # #[event(entity = Order, domain = "sales")]
    /// # struct OrderPlaced { #[event(key)] order_id: u64 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), carom::Error> {
    /// let recording = RecordingPublisher::new();
    /// recording.publisher().publish(OrderPlaced { order_id: 7 }).await?;
    /// assert_eq!(recording.records()[0].header("content-type"), Some("application/json"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn records(&self) -> Vec<WrittenRecord> {
        self.cluster.published()
    }
}

impl Default for RecordingPublisher {
    fn default() -> Self {
        Self::new()
    }
}
