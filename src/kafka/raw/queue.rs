//! A queue of a consumer client.

use std::{
    ffi::c_void,
    ptr::{self, NonNull},
    sync::Arc,
};

use rdkafka::{
    bindings as sys,
    consumer::{BaseConsumer, ConsumerContext},
};

pub(super) type NonEmpty = Box<dyn Fn() + Send + Sync>;

/// A queue of a consumer, with a callback for when it is no longer empty.
pub(super) struct Queue<C: ConsumerContext> {
    pub(super) ptr: NonNull<sys::rd_kafka_queue_t>,
    /// On the heap, because librdkafka keeps its address until the queue is dropped.
    _non_empty: Box<NonEmpty>,
    /// The queue belongs to the client and must go first.
    pub(super) client: Arc<BaseConsumer<C>>,
}

// SAFETY: librdkafka's queues may be used from any thread, and the callback is `Send + Sync`.
unsafe impl<C: ConsumerContext> Send for Queue<C> {}

impl<C: ConsumerContext> Queue<C> {
    /// Takes ownership of a reference to a queue of `client`; null gives `None`.
    pub(super) fn new(
        client: &Arc<BaseConsumer<C>>,
        ptr: *mut sys::rd_kafka_queue_t,
        non_empty: NonEmpty,
    ) -> Option<Self> {
        // SAFETY: librdkafka calls it with the `opaque` it is registered with below.
        unsafe extern "C" fn call(_: *mut sys::rd_kafka_t, opaque: *mut c_void) {
            // SAFETY: `opaque` is the box below; the callback is switched off, under the lock under which it runs,
            // before the box goes.
            let non_empty = unsafe { &*opaque.cast::<NonEmpty>() };
            non_empty();
        }
        let ptr = NonNull::new(ptr)?;
        let mut non_empty = Box::new(non_empty);
        let opaque = ptr::from_mut::<NonEmpty>(&mut non_empty).cast();
        // SAFETY: the queue is alive, and `opaque` stays where it is until `drop` has switched the callback off.
        unsafe { sys::rd_kafka_queue_cb_event_enable(ptr.as_ptr(), Some(call), opaque) };
        Some(Self { ptr, _non_empty: non_empty, client: Arc::clone(client) })
    }
}

impl<C: ConsumerContext> Drop for Queue<C> {
    fn drop(&mut self) {
        // SAFETY: the queue is alive and this reference is ours; the client outlives it.
        unsafe {
            sys::rd_kafka_queue_cb_event_enable(self.ptr.as_ptr(), None, ptr::null_mut());
            sys::rd_kafka_queue_destroy(self.ptr.as_ptr());
        }
    }
}
