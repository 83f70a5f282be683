//! Records as a test writes them, and as it finds them written.

use std::fmt;

use crate::event::{Event, decode_if};

/// A record with any bytes, for [`TestBus::deliver_record`](super::TestBus::deliver_record). By default it has no
/// topic, no key, no value and no headers.
///
/// ```
/// use carom::testing::TestRecord;
///
/// // An event as another producer writes it.
/// let record = TestRecord::new("dev.sales.public.orders.v1")
///     .key("7")
///     .value(r#"{"order_id":7}"#)
///     .header("ce_specversion", "1.0")
///     .header("ce_id", "1")
///     .header("ce_source", "/web")
///     .header("ce_type", "sales.order-placed.v1");
/// assert_eq!(record.key.as_deref(), Some(&b"7"[..]));
/// assert_eq!(TestRecord::new("dev.sales.public.orders.v1").value, None); // a tombstone
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
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

impl TestRecord {
    /// A record for this topic (its complete name), so far without a key, a value and headers.
    ///
    /// ```
    /// use carom::testing::TestRecord;
    ///
    /// assert_eq!(TestRecord::new("dev.sales.public.orders.v1").headers, []);
    /// ```
    #[must_use]
    pub fn new(topic: impl Into<String>) -> Self {
        Self { topic: topic.into(), ..Self::default() }
    }

    /// Sets the key. Without it, it is null.
    ///
    /// ```
    /// use carom::testing::TestRecord;
    ///
    /// let record = TestRecord::new("dev.sales.public.orders.v1").key("7");
    /// assert_eq!(record.key, Some(b"7".to_vec()));
    /// ```
    #[must_use]
    pub fn key(mut self, key: impl Into<Vec<u8>>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Sets the value. Without it, it is null: a tombstone.
    ///
    /// ```
    /// use carom::testing::TestRecord;
    ///
    /// let record = TestRecord::new("dev.sales.public.orders.v1").value([0xff, 0xfe]); // no text
    /// assert_eq!(record.value, Some(vec![0xff, 0xfe]));
    /// ```
    #[must_use]
    pub fn value(mut self, value: impl Into<Vec<u8>>) -> Self {
        self.value = Some(value.into());
        self
    }

    /// Adds a header behind the others, also where one of this name is there. One that is null goes into
    /// [`headers`](Self::headers).
    ///
    /// ```
    /// use carom::testing::TestRecord;
    ///
    /// let record = TestRecord::new("dev.sales.public.orders.v1").header("ce_id", "1").header("ce_id", "2");
    /// assert_eq!(record.headers.len(), 2);
    /// ```
    #[must_use]
    pub fn header(mut self, name: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.into(), Some(value.into())));
        self
    }
}

/// A record as it was written to a topic. `Debug` shows bytes that are UTF-8 as text.
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
#[derive(Clone, PartialEq, Eq)]
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

impl fmt::Debug for TestRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { topic, key, value, headers } = self;
        f.debug_struct("TestRecord")
            .field("topic", topic)
            .field("key", &shown(key.as_deref()))
            .field("value", &shown(value.as_deref()))
            .field("headers", &Headers(headers))
            .finish()
    }
}

impl fmt::Debug for WrittenRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { topic, partition, offset, key, value, headers } = self;
        f.debug_struct("WrittenRecord")
            .field("topic", topic)
            .field("partition", partition)
            .field("offset", offset)
            .field("key", &shown(key.as_deref()))
            .field("value", &shown(value.as_deref()))
            .field("headers", &Headers(headers))
            .finish()
    }
}

fn shown(bytes: Option<&[u8]>) -> Option<Shown<'_>> {
    bytes.map(Shown)
}

/// Text where it is some, else bytes as Rust writes them.
struct Shown<'a>(&'a [u8]);

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match std::str::from_utf8(self.0) {
            Ok(text) => fmt::Debug::fmt(text, f),
            Err(_) => write!(f, "b\"{}\"", self.0.escape_ascii()),
        }
    }
}

/// In their order, and twice where they are there twice.
struct Headers<'a>(&'a [(Vec<u8>, Option<Vec<u8>>)]);

impl fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter().map(|(name, value)| (Shown(name), shown(value.as_deref())))).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Fails when `Debug` is derived: bytes are numbers then.
    #[test]
    fn a_record_shows_its_text() {
        let bytes = |text: &str| text.as_bytes().to_vec();
        let key = Some(vec![b'7', 0xff]);
        let value = Some(bytes("{}"));
        let headers = vec![(bytes("ce_id"), Some(bytes("1"))), (bytes("empty"), None)];
        let topic = "orders".to_owned();
        let rest = r#"key: Some(b"7\xff"), value: Some("{}"), headers: {"ce_id": Some("1"), "empty": None} }"#;
        let record =
            TestRecord { topic: topic.clone(), key: key.clone(), value: value.clone(), headers: headers.clone() };
        assert_eq!(format!("{record:?}"), format!(r#"TestRecord {{ topic: "orders", {rest}"#));
        let record = WrittenRecord { topic, partition: 3, offset: 5, key, value, headers };
        assert_eq!(
            format!("{record:?}"),
            format!(r#"WrittenRecord {{ topic: "orders", partition: 3, offset: 5, {rest}"#)
        );
    }
}
