//! Nothing, an event, `Option`, `Vec` and tuples can be returned, and `cx.publish` adds to them.

use carom::{Actor, Context, Event, Failure, Handler, handler};
use serde::{Deserialize, Serialize};

macro_rules! events {
    ($($name:ident)+) => {$(
        #[derive(Serialize, Deserialize, Event)]
        #[event(entity = Order, domain = "sales")]
        struct $name {
            #[event(key)]
            id: u64,
        }
    )+};
}

events!(Placed Paid Shipped Refused Lost Found);

#[derive(Actor)]
struct Billing;

#[handler]
impl Handler<Placed> for Billing {
    async fn handle(&mut self, event: Placed, cx: &mut Context<'_>) -> Result<Option<Paid>, Failure> {
        cx.publish(Found { id: event.id });
        Ok((event.id > 0).then_some(Paid { id: event.id }))
    }
}

#[handler]
impl Handler<Paid> for Billing {
    async fn handle(&mut self, event: Paid, _: &mut Context<'_>) -> Result<Vec<Shipped>, Failure> {
        Ok(vec![Shipped { id: event.id }])
    }
}

#[handler]
impl Handler<Shipped> for Billing {
    async fn handle(
        &mut self,
        Shipped { id }: Shipped,
        _: &mut Context<'_>,
    ) -> Result<(Lost, Option<Refused>, Vec<Found>), Failure> {
        Ok((Lost { id }, None, vec![]))
    }
}

#[handler]
impl Handler<Lost> for Billing {
    async fn handle(&mut self, _: Lost, _: &mut Context<'_>) -> Result<(), Failure> {
        Err(Failure::permanent("lost for good"))
    }
}

fn main() {}
