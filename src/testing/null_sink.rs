//! A cluster that acknowledges everything at once and keeps nothing.

use std::{sync::Arc, time::Duration};

use futures_util::{
    FutureExt,
    future::{BoxFuture, ready},
};

use crate::kafka::{
    record::OutRecord,
    source::{Delivery, SendError, Sink},
};

/// Acknowledges everything at once and keeps nothing.
#[derive(Debug)]
pub(super) struct NullSink;

impl Sink for NullSink {
    fn send(&self, records: Vec<OutRecord>) -> BoxFuture<'static, Vec<Result<Delivery, SendError>>> {
        ready(records.iter().map(|_| Ok(Delivery { partition: 0, offset: 0 })).collect()).boxed()
    }

    fn is_known(&self, _topic: &Arc<str>) -> bool {
        true
    }

    fn max_record_bytes(&self) -> usize {
        1_000_000
    }

    fn partition_count(&self, _topic: &Arc<str>) -> BoxFuture<'static, Option<i32>> {
        ready(Some(1)).boxed()
    }

    fn flush(&self, _within: Duration) -> BoxFuture<'static, usize> {
        ready(0).boxed()
    }
}
