//! The billing service: charges the card for every order.

use std::time::Duration;

use carom::{Actor, Bus, Context, Directive, Failure, Handler, Kafka, Retry, Supervisor, handler};

use crate::events::{OrderPaid, OrderPlaced};

/// The gateway cannot be reached; a second later it may be.
#[derive(Debug, thiserror::Error)]
#[error("the gateway did not answer")]
pub struct NoAnswer;

/// The bank said no, and will say no again.
#[derive(Debug, thiserror::Error)]
#[error("card declined: {0} cents are too many")]
pub struct Declined(u64);

/// A make-believe payment gateway.
#[derive(Clone)]
pub struct Gateway;

impl Gateway {
    async fn charge(&self, order: &OrderPlaced, attempt: u32) -> Result<(), Failure> {
        if order.cents > 100_000 {
            return Err(Declined(order.cents).into());
        }
        if order.order_id == 7 && attempt == 1 {
            return Err(NoAnswer.into());
        }
        Ok(())
    }
}

/// Charges cards.
#[derive(Actor)]
pub struct Billing {
    gateway: Gateway,
}

#[handler]
impl Handler<OrderPlaced> for Billing {
    async fn handle(&mut self, event: OrderPlaced, cx: &mut Context<'_>) -> Result<OrderPaid, Failure> {
        println!("billing: order {}, attempt {}", event.order_id, cx.attempt());
        self.gateway.charge(&event, cx.attempt()).await?;
        Ok(OrderPaid { order_id: event.order_id })
    }
}

/// The service, ready to be spawned.
pub fn bus(kafka: Kafka) -> Bus<Gateway> {
    let supervisor = Supervisor::one_for_one()
        .retry(Retry::exponential(5).initial(Duration::from_millis(50)))
        .on::<Declined>(Directive::DeadLetter);
    Bus::new(kafka).service("billing").with_state(Gateway).supervise::<Billing>(supervisor).partial()
}

#[cfg(test)]
mod tests {
    use carom::testing::TestBus;

    use super::*;

    #[tokio::test]
    async fn a_charged_order_is_paid() {
        let mut billing = Billing { gateway: Gateway };
        let order = OrderPlaced { order_id: 1, cents: 500 };
        let paid = billing.handle(order, &mut Context::detached()).await.unwrap();
        assert_eq!(paid, OrderPaid { order_id: 1 });
    }

    #[tokio::test]
    async fn an_order_survives_a_gateway_that_does_not_answer() {
        let bus = TestBus::start(bus(Kafka::embedded())).await.unwrap();
        let outcome = bus.deliver(OrderPlaced { order_id: 7, cents: 500 }).await;
        assert!(outcome.is_acked());
        assert_eq!(outcome.retries(), 1);
        assert_eq!(bus.published::<OrderPaid>(), [OrderPaid { order_id: 7 }]);
    }

    #[tokio::test]
    async fn a_declined_card_is_not_charged_again() {
        let bus = TestBus::start(bus(Kafka::embedded())).await.unwrap();
        let outcome = bus.deliver(OrderPlaced { order_id: 13, cents: 1_000_000 }).await;
        assert_eq!(outcome.dead_letter(), Some("card declined: 1000000 cents are too many"));
        assert_eq!(outcome.actors[0].attempts(), 1);
    }
}
