//! The events of the shop, and the two actors that handle them.

use std::time::Duration;

use carom::{Actor, Context, Event, Failure, Handler, handler};
use serde::{Deserialize, Serialize};

use crate::ledger::{Ledger, Run};

/// Something happened to an order that has to be paid for.
#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "shop", partitions = 4)]
pub(crate) struct OrderPlaced {
    /// Events of one order are handled one after another, in this order.
    #[event(key)]
    pub(crate) order: String,
    pub(crate) number: u32,
    pub(crate) cents: u64,
}

/// An order's card was charged.
#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(entity = Payment, domain = "shop", partitions = 4)]
pub(crate) struct OrderPaid {
    #[event(key)]
    pub(crate) order: String,
    pub(crate) number: u32,
}

/// What goes wrong in this shop.
pub(crate) const FLAKY: (&str, u32) = ("order-07", 2);
pub(crate) const HOPELESS: (&str, u32) = ("order-13", 1);
pub(crate) const EXPLOSIVE: (&str, u32) = ("order-21", 3);

/// The events of some orders, mixed as a shop would mix them.
pub(crate) fn orders(orders: u32, events: u32) -> impl Iterator<Item = OrderPlaced> {
    (0..events).flat_map(move |number| {
        (0..orders).map(move |order| OrderPlaced {
            order: format!("order-{order:02}"),
            number,
            cents: u64::from(order * 100 + number),
        })
    })
}

/// Charges cards.
#[derive(Actor)]
pub(crate) struct Billing {
    ledger: Ledger,
    /// What this instance has charged; a restart begins anew.
    #[actor(default)]
    charged: u64,
}

#[handler]
impl Handler<OrderPlaced> for Billing {
    async fn handle(&mut self, event: OrderPlaced, cx: &mut Context<'_>) -> Result<OrderPaid, Failure> {
        let run = self.ledger.start("billing", &event.order, event.number, cx);
        self.charge(&event, &run).await?;
        self.charged += event.cents;
        run.succeeded();
        Ok(OrderPaid { order: event.order, number: event.number })
    }
}

impl Billing {
    async fn charge(&self, event: &OrderPlaced, run: &Run) -> Result<(), Failure> {
        tokio::time::sleep(Duration::from_millis(2)).await;
        match (event.order.as_str(), event.number) {
            FLAKY if run.attempt() < 3 => Err(run.failed("the card machine does not answer")),
            HOPELESS => Err(run.failed("the card was declined")),
            EXPLOSIVE if run.attempt() == 1 => {
                drop(run.failed("a bug"));
                panic!("a bug in billing");
            }
            _ => Ok(()),
        }
    }
}

/// Ships what is paid: handles what billing's handler returns.
#[derive(Actor)]
pub(crate) struct Shipping {
    ledger: Ledger,
}

#[handler]
impl Handler<OrderPaid> for Shipping {
    async fn handle(&mut self, event: OrderPaid, cx: &mut Context<'_>) -> Result<(), Failure> {
        self.ledger.start("shipping", &event.order, event.number, cx).succeeded();
        Ok(())
    }
}
