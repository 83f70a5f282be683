//! What a handler may do besides changing its own state: publish, and learn that it should come to an end. What it may
//! ask about the event is in [`event`], what it may ask about the record in [`record`].

mod event;
mod record;

use super::{invoke::Call, outputs::OutputBuffer};
use crate::event::{Event, Incoming, read};

/// What a handler may do besides changing its own state: publish, look at the record it handles, and learn that it
/// should come to an end.
///
/// A handler gets one for each attempt. A test that calls a handler as a method makes one with [`Context::detached`].
///
/// ```
/// use carom::Context;
///
/// async fn copy_all(files: &[&str], cx: &mut Context<'_>) -> usize {
///     let mut copied = 0;
///     for _file in files {
///         if cx.is_cancelled() {
///             break; // the partition moves to another member, or the bus stops
///         }
///         copied += 1;
///     }
///     copied
/// }
/// # let mut cx = Context::detached();
/// # assert_eq!(cx.attempt(), 1);
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// # assert_eq!(copy_all(&["a", "b"], &mut cx).await, 2);
/// # });
/// ```
#[derive(Debug)]
pub struct Context<'a> {
    /// The attempt; `None` for a context of its own, which has no record, no bus and nothing that could cancel it.
    call: Option<&'a Call>,
    /// Kept back until the handler has succeeded: an attempt that fails publishes nothing.
    outputs: OutputBuffer<'a>,
}

impl<'a> Context<'a> {
    pub(crate) fn of(call: &'a Call) -> Self {
        Self { call: Some(call), outputs: OutputBuffer::new(Some(call)) }
    }

    pub(crate) fn into_outputs(self) -> OutputBuffer<'a> {
        self.outputs
    }

    /// The event around the data, read again at each call: most handlers never ask, and pay nothing for it.
    fn incoming(&self) -> Option<Incoming<'a>> {
        let call = self.call?;
        read(call.record.headers(), call.record.value()).ok()
    }
}

impl Context<'_> {
    /// A context of its own, for calling a handler as a plain method in a test.
    ///
    /// It is the first attempt of no record: id, source, type and topic are empty, partition, lane and offset are 0,
    /// key, headers and everything else is `None`, and nothing is ever cancelled. What the handler publishes can be
    /// read with [`Context::published`].
    ///
    /// ```
    /// use carom::{Actor, Context, Event, Failure, Handler, handler};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, Event)]
    /// # #[event(entity = Order, domain = "sales")]
    /// # struct OrderPlaced { #[event(key)] order_id: u64, cents: u64 }
    ///
    /// #[derive(Actor)]
    /// struct Billing;
    ///
    /// #[handler]
    /// impl Handler<OrderPlaced> for Billing {
    ///     async fn handle(&mut self, event: OrderPlaced, _cx: &mut Context<'_>) -> Result<(), Failure> {
    ///         if event.cents == 0 { Err(Failure::permanent("nothing to charge")) } else { Ok(()) }
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let free = OrderPlaced { order_id: 7, cents: 0 };
    /// let failure = Billing.handle(free, &mut Context::detached()).await.unwrap_err();
    /// assert_eq!(failure.to_string(), "nothing to charge");
    /// # }
    /// ```
    pub fn detached() -> Self {
        Self { call: None, outputs: OutputBuffer::new(None) }
    }

    /// Publishes `event` together with what the handler returns; there is nothing to await.
    ///
    /// Nothing is sent before the handler has succeeded; an attempt that fails publishes nothing. These events come
    /// before those that the handler returns, in the order of the calls. An event that cannot be serialised, or is too
    /// large, makes the attempt fail permanently.
    ///
    /// ```
    /// # use carom::{Context, Event, Failure};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
    /// # #[event(entity = Invoice, domain = "sales")]
    /// # struct InvoiceSent { #[event(key)] order_id: u64, part: u32 }
    /// /// Part of a handler that sends an invoice for each delivery.
    /// fn send_invoices(order_id: u64, deliveries: u32, cx: &mut Context<'_>) {
    ///     for part in 1..=deliveries {
    ///         cx.publish(InvoiceSent { order_id, part });
    ///     }
    /// }
    ///
    /// let mut cx = Context::detached();
    /// send_invoices(7, 2, &mut cx);
    /// let sent: Vec<InvoiceSent> = cx.published();
    /// assert_eq!(sent, [InvoiceSent { order_id: 7, part: 1 }, InvoiceSent { order_id: 7, part: 2 }]);
    /// ```
    #[expect(clippy::needless_pass_by_value, reason = "as `Publisher::publish`: the event is given away")]
    pub fn publish<E: Event>(&mut self, event: E) {
        self.outputs.push(&event);
    }

    /// The events of type `E` that were given to [`Context::publish`] so far, in order; what the handler returns is not
    /// among them. Each call decodes them again.
    ///
    /// ```
    /// # use carom::{Context, Event};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, Event)]
    /// # #[event(entity = Order, domain = "sales")]
    /// # struct OrderPaid { #[event(key)] order_id: u64 }
    /// let mut cx = Context::detached();
    /// cx.publish(OrderPaid { order_id: 7 });
    /// assert_eq!(cx.published::<OrderPaid>()[0].order_id, 7);
    /// ```
    pub fn published<E: Event>(&self) -> Vec<E> {
        self.outputs.decoded()
    }

    /// Which attempt this is; 1 for the first. It counts the runs of this handler for this record, but for those after
    /// which it was held, and begins at 1 again after a restart of the process and after a rebalance.
    ///
    /// ```
    /// use carom::Context;
    ///
    /// /// The second gateway costs more: only for orders that the first one has failed three times.
    /// fn gateway(cx: &Context<'_>) -> &'static str {
    ///     if cx.attempt() > 3 { "second" } else { "first" }
    /// }
    /// assert_eq!(gateway(&Context::detached()), "first");
    /// ```
    pub fn attempt(&self) -> u32 {
        self.call.map_or(1, |call| call.at.attempt)
    }

    /// Whether the partition is being revoked or the bus stops: come to an end soon, the record will be delivered again
    /// unless the handler still succeeds within the drain bound.
    ///
    /// That bound is [`Bus::drain_timeout`](crate::Bus::drain_timeout) for a partition that is revoked, and
    /// [`Bus::shutdown_timeout`](crate::Bus::shutdown_timeout) for a bus that stops.
    ///
    /// ```
    /// use carom::{Context, Failure};
    ///
    /// async fn archive(pages: &[&str], cx: &mut Context<'_>) -> Result<usize, Failure> {
    ///     for _page in pages {
    ///         if cx.is_cancelled() {
    ///             return Err("the bus stops".into()); // comes again, on another member or after the restart
    ///         }
    ///     }
    ///     Ok(pages.len())
    /// }
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # assert_eq!(archive(&["a", "b"], &mut Context::detached()).await.unwrap(), 2);
    /// # });
    /// ```
    pub fn is_cancelled(&self) -> bool {
        self.call.is_some_and(|call| call.site.cancel.is_cancelled())
    }

    /// Ends when [`Context::is_cancelled`] becomes true; for `tokio::select!` beside a long wait. Of a context that is
    /// [detached](Context::detached) it never ends.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use carom::{Context, Failure};
    ///
    /// async fn wait_for_the_bank(wait: Duration, cx: &mut Context<'_>) -> Result<(), Failure> {
    ///     tokio::select! {
    ///         () = tokio::time::sleep(wait) => Ok(()),
    ///         () = cx.cancelled() => Err("the bus stops".into()),
    ///     }
    /// }
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # assert!(wait_for_the_bank(Duration::from_millis(1), &mut Context::detached()).await.is_ok());
    /// # });
    /// ```
    pub fn cancelled(&self) -> impl Future<Output = ()> + Send + 'static {
        let cancel = self.call.map(|call| call.site.cancel.clone());
        async move {
            match cancel {
                Some(cancel) => cancel.cancelled().await,
                None => std::future::pending().await,
            }
        }
    }
}
