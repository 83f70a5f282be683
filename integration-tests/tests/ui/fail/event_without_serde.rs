use carom::{Actor, Bus, Context, Event, Failure, Handler, Kafka, handler};

#[derive(Event)]
#[event(entity = Order, domain = "sales")]
struct OrderPlaced {
    #[event(key)]
    order_id: u64,
}

#[derive(Actor)]
struct Billing;

#[handler]
impl Handler<OrderPlaced> for Billing {
    async fn handle(&mut self, event: OrderPlaced, _cx: &mut Context<'_>) -> Result<OrderPlaced, Failure> {
        Ok(event)
    }
}

async fn run() -> Result<(), carom::Error> {
    let bus = Bus::new(Kafka::embedded()).publishes::<OrderPlaced>().spawn().await?;
    bus.publish(OrderPlaced { order_id: 7 }).await?;
    bus.shutdown().await
}

fn main() {
    drop(run());
}
