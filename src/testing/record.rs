//! Records as a test writes them, and as it finds them written.

use crate::event::{Event, decode_if};

/// A record with any bytes, for [`TestBus::deliver_record`](super::TestBus::deliver_record). By default it has no
/// topic, no key, no value and no headers.
///
/// ```
/// use carom::testing::TestRecord;
///
/// // An event as another producer writes it.
/// let record = TestRecord {
///     topic: "dev.sales.public.orders.v1".to_owned(),
///     key: Some(b"7".to_vec()),
///     value: Some(br#"{"order_id":7}"#.to_vec()),
///     headers: [("ce_specversion", "1.0"), ("ce_id", "1"), ("ce_source", "/web"), ("ce_type", "sales.order-placed.v1")]
///         .map(|(name, value)| (name.into(), Some(value.into())))
///         .to_vec(),
/// };
/// assert_eq!(TestRecord::default().value, None); // a tombstone
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TestRecord {
    /// The topic, complete.
    pub topic: String,
    /// The key; null and empty are two things.
    pub key: Option<Vec<u8>>,
    /// The value; null and empty are two things.
    pub value: Option<Vec<u8>>,
    /// The headers in their order, names and values as bytes.
    pub headers: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

/// A record as it was written to a topic.
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
/// let record = &recording.records()[0];
/// assert_eq!(record.topic, "dev.sales.public.orders.v1");
/// assert_eq!(record.key.as_deref(), Some(&b"7"[..]));
/// assert_eq!(record.value.as_deref(), Some(&br#"{"order_id":7}"#[..]));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WrittenRecord {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The offset in the partition.
    pub offset: i64,
    /// The key; null and empty are two things.
    pub key: Option<Vec<u8>>,
    /// The value; null (a tombstone) and empty are two things.
    pub value: Option<Vec<u8>>,
    /// The headers in their order, names and values as bytes.
    pub headers: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

impl WrittenRecord {
    /// The event in the record; `None` if it is not one of type `E`.
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
    /// assert_eq!(recording.records()[0].event(), Some(OrderPlaced { order_id: 7 }));
    /// # Ok(())
    /// # }
    /// ```
    pub fn event<E: Event>(&self) -> Option<E> {
        let headers = self.headers.iter().map(|(name, value)| (name.as_slice(), value.as_deref()));
        decode_if(headers, self.value.as_deref())
    }

    /// The text of the last header of this name (compared byte for byte); `None` if there is none, or it is null or no
    /// text.
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
    /// assert_eq!(recording.records()[0].header("ce_type"), Some("sales.order-placed.v1"));
    /// assert_eq!(recording.records()[0].header("ce_subject"), None);
    /// # Ok(())
    /// # }
    /// ```
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().rfind(|(key, _)| key == name.as_bytes())?;
        std::str::from_utf8(value.as_deref()?).ok()
    }
}
