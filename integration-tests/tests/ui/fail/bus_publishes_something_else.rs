use carom::BusHandle;

struct OrderPlaced;

async fn run(bus: &BusHandle) -> Result<(), carom::Error> {
    bus.publish(OrderPlaced).await?;
    Ok(())
}

fn main() {
    let _ = run;
}
