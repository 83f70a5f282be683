//! Events on their way to the broker.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use crate::PublishError;

/// What `publish` returns. Nothing is sent before it is awaited.
///
/// It has a name, and does not mention the type of the event, so that publishing something else is one compile error: with an
/// `async fn` it is three.
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
