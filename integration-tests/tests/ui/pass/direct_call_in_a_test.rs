//! A handler is a plain method, and a direct call gives the type that it names.

use std::{
    pin::pin,
    task::{self, Poll, Waker},
};

use carom::{Actor, Context, Event, Failure, Handler, handler};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "sales")]
struct OrderPlaced(#[event(key)] u64);

#[derive(Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "sales")]
struct OrderPaid {
    #[event(key)]
    order_id: u64,
}

#[derive(Actor)]
struct Billing {
    #[actor(default)]
    count: u64,
}

#[handler]
impl Handler<OrderPlaced> for Billing {
    async fn handle(&mut self, event: OrderPlaced, _cx: &mut Context<'_>) -> Result<OrderPaid, Failure> {
        self.count += 1;
        Ok(OrderPaid { order_id: event.0 })
    }
}

/// The output of a future that waits for nothing.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut task::Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!(),
    }
}

fn main() {
    let mut billing = Billing { count: 0 };
    let mut cx = Context::detached();
    let paid: OrderPaid = now(billing.handle(OrderPlaced(7), &mut cx)).unwrap_or_else(|failure| panic!("{failure}"));
    assert_eq!((paid.order_id, billing.count), (7, 1));
}
