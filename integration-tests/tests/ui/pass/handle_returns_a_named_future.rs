//! `handle` may be an `fn` that returns a future; attributes, constants and macros around it do no harm.

use carom::{Actor, Context, Event, Failure, Handler, handler};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "sales")]
struct OrderPlaced;

#[derive(Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "sales")]
struct OrderPaid;

#[derive(Actor)]
struct Billing;

/// Charges the card.
#[handler]
#[cfg(not(any()))]
impl Handler<OrderPlaced> for Billing {
    fn handle(
        &mut self,
        _event: OrderPlaced,
        _cx: &mut Context<'_>,
    ) -> impl Future<Output = Result<OrderPaid, Failure>> + Send {
        async { Ok(OrderPaid) }
    }
}

#[handler]
#[cfg(any())]
impl Handler<NoSuchEvent> for Billing {}

macro_rules! ignored {
    ($event:ty, $actor:ty) => {
        #[handler]
        impl Handler<$event> for $actor {
            /// Does nothing.
            #[allow(clippy::unused_async)]
            async fn handle(&mut self, _: $event, _: &mut Context<'_>) -> Result<(), Failure> {
                Ok(())
            }
        }
    };
}

ignored!(OrderPaid, Billing);

fn main() {}
