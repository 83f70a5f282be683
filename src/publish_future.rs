//! Events on their way to the broker.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use crate::PublishError;

/// What `publish` and `publish_all` return. Nothing is sent before it is awaited; it resolves when the broker has
/// acknowledged everything, or to why it has not.
///
/// It has a name, and does not mention the type of the event, so that publishing something else is one compile error:
/// with an `async fn` it is three.
///
/// ```
/// use carom::{Event, PublishError, publish_future::PublishFuture, testing::RecordingPublisher};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize, Event)]
/// # #[event(entity = Order, domain = "sales")]
/// # struct OrderPlaced { #[event(key)] order_id: u64 }
/// # #[derive(Serialize, Deserialize, Event)]
/// # #[event(entity = Invoice, domain = "sales")]
/// # struct InvoiceWritten { #[event(key)] order_id: u64 }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), PublishError> {
/// # let recording = RecordingPublisher::new();
/// # let publisher = recording.publisher();
/// let placed: PublishFuture<'_> = publisher.publish(OrderPlaced { order_id: 7 });
/// let invoiced = publisher.publish(InvoiceWritten { order_id: 7 });
/// assert_eq!(recording.records(), []); // nothing is on its way yet
/// tokio::try_join!(placed, invoiced)?; // side by side, and the names of both types are gone
/// assert_eq!(recording.records().len(), 2);
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is published before this is awaited: write `.await`"]
pub struct PublishFuture<'a>(Pin<Box<dyn Future<Output = Result<(), PublishError>> + Send + 'a>>);

impl<'a> PublishFuture<'a> {
    pub(crate) fn of(publishing: impl Future<Output = Result<(), PublishError>> + Send + 'a) -> Self {
        Self(Box::pin(publishing))
    }
}

impl Future for PublishFuture<'_> {
    type Output = Result<(), PublishError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl fmt::Debug for PublishFuture<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublishFuture")
    }
}
