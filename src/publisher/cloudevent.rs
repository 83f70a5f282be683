//! Publishing what the CloudEvents SDK built: for events that come from elsewhere and are only passed on.

use cloudevents::AttributesReader;
use tracing::Instrument;

use super::Publisher;
use crate::{
    error::{PublishError, PublishErrorKind},
    event::{NoData, Target, extension_name_warning},
};

impl Publisher {
    /// Publishes an event of the CloudEvents SDK to a topic, under its own id, source and type.
    ///
    /// `key` is the record key; the id if it is `None` or empty. The topic's name is used as it is, and the event has
    /// to have data: without data its record would be a tombstone. In structured mode it need not.
    ///
    /// # Errors
    ///
    /// As [`Publisher::publish`]; [`PublishErrorKind::Invalid`] also for an event that breaks the specification,
    /// because the SDK's builder checks little.
    ///
    /// ```
    /// use carom::{
    ///     cloudevents::{EventBuilder, EventBuilderV10},
    ///     testing::RecordingPublisher,
    /// };
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let recording = RecordingPublisher::new();
    /// # let publisher = recording.publisher();
    /// // What a webhook brought, passed on as it is.
    /// let event = EventBuilderV10::new()
    ///     .id("4711")
    ///     .source("https://payments.example")
    ///     .ty("payments.refunded")
    ///     .data("application/json", serde_json::json!({ "order_id": 7 }))
    ///     .build()?;
    /// publisher.publish_cloudevent("prod.payments.public.refunds.v1", Some(b"7"), &event).await?;
    /// # assert_eq!(recording.records()[0].header("ce_id"), Some("4711"));
    /// # assert_eq!(recording.records()[0].key.as_deref(), Some(&b"7"[..]));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn publish_cloudevent(
        &self,
        topic: &str,
        key: Option<&[u8]>,
        event: &cloudevents::Event,
    ) -> Result<(), PublishError> {
        self.publish_sdk(topic, key, event, NoData::Refuse).await
    }

    /// As [`Publisher::publish_cloudevent`], for an event without data that is meant as a tombstone: in binary mode its
    /// record has a null value, which deletes the key on a compacted topic.
    ///
    /// # Errors
    ///
    /// As [`Publisher::publish_cloudevent`].
    ///
    /// ```
    /// use carom::{
    ///     cloudevents::{EventBuilder, EventBuilderV10},
    ///     testing::RecordingPublisher,
    /// };
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let recording = RecordingPublisher::new();
    /// # let publisher = recording.publisher();
    /// // The customer is to be forgotten: compaction removes the address that lies under this key.
    /// let forgotten = EventBuilderV10::new().id("4712").source("/crm/api").ty("crm.address-forgotten").build()?;
    /// publisher.publish_tombstone("prod.crm.public.addresses.v1", Some(b"customer-7"), &forgotten).await?;
    /// # assert_eq!(recording.records()[0].value, None);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn publish_tombstone(
        &self,
        topic: &str,
        key: Option<&[u8]>,
        event: &cloudevents::Event,
    ) -> Result<(), PublishError> {
        self.publish_sdk(topic, key, event, NoData::Tombstone).await
    }

    async fn publish_sdk(
        &self,
        topic: &str,
        key: Option<&[u8]>,
        event: &cloudevents::Event,
        no_data: NoData,
    ) -> Result<(), PublishError> {
        for warning in event.iter_extensions().filter_map(|(name, _)| extension_name_warning(name)) {
            self.encoder.odd(&warning);
        }
        let sending = self.telemetry.sending(topic, event.ty());
        let trace = self.trace_of(&sending);
        let target = Target { topic, key, trace: trace.as_ref(), no_data };
        let record = self.encoder.encode_cloudevent(event, target).map_err(|error| {
            sending.refused();
            PublishError::new(event.ty(), PublishErrorKind::Invalid, error)
        })?;
        let records = vec![record];
        sending.carries(&self.telemetry, &records, 1);
        let results = self.sink.send(records).instrument(sending.span().clone()).await;
        self.ended(event.ty(), &results, &sending)
    }
}
