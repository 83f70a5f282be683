//! Run with `cargo run --example retry`; with `KAFKA_BOOTSTRAP_SERVERS=host:port` it uses that broker.
//!
//! When a record is handled again: by the supervisor's policy, by a rule for one error type, or, while a dependency is
//! down, as often as it takes without counting an attempt. Whatever waits holds back its own key alone.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use carom::{
    Actor, Bus, Context, Directive, Event, Failure, FromRef, Handler, Kafka, Retry, Supervisor, event::Environment,
    handler, supervisor::Jitter,
};
use serde::{Deserialize, Serialize};
use tokio::{sync::mpsc, time::timeout};

/// A shipment has to be booked with a carrier.
#[derive(Serialize, Deserialize, Event)]
#[event(entity = Shipment, domain = "logistics", partitions = 1)]
struct ShipmentReady {
    #[event(key)]
    carrier: String,
}

/// The carrier takes only so many bookings a second.
#[derive(Debug, thiserror::Error)]
#[error("429 Too Many Requests")]
struct RateLimited;

/// The carriers, which count how often they were called.
#[derive(Clone, Default)]
struct Carriers {
    calls: Arc<Mutex<HashMap<String, u32>>>,
}

impl Carriers {
    fn book(&self, carrier: &str) -> Result<(), Failure> {
        let mut calls = self.calls.lock().expect("nobody panics while it is locked");
        let call = calls.entry(carrier.to_owned()).or_default();
        *call += 1;
        match (carrier, *call) {
            // By the policy: `?` does the same with an error of the carrier's client.
            ("flaky", 1..=3) => Err(Failure::transient("connection reset")),
            // By a rule: the type of the error says that it is worth more patience.
            ("busy", 1..=5) => Err(RateLimited.into()),
            // Not the record's fault: it waits, and no attempt is counted.
            ("closed", 1..=4) => Err(Failure::unavailable("carrier", "503 Service Unavailable")),
            _ => Ok(()),
        }
    }
}

/// A booking that was made: carrier and attempt.
type Booked = (String, u32);

/// Books shipments.
#[derive(Actor)]
struct Booking {
    carriers: Carriers,
    booked: mpsc::UnboundedSender<Booked>,
}

#[handler]
impl Handler<ShipmentReady> for Booking {
    async fn handle(&mut self, event: ShipmentReady, cx: &mut Context<'_>) -> Result<(), Failure> {
        let result = self.carriers.book(&event.carrier);
        let end = result.as_ref().map_or_else(ToString::to_string, |()| "booked".to_owned());
        println!("{:<6} attempt {}: {end}", event.carrier, cx.attempt());
        result?;
        Ok(self.booked.send((event.carrier, cx.attempt()))?)
    }
}

/// What the bus gives to its actors, field by field.
#[derive(Clone, FromRef)]
struct State {
    carriers: Carriers,
    booked: mpsc::UnboundedSender<Booked>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let kafka = std::env::var("KAFKA_BOOTSTRAP_SERVERS").map_or_else(|_| Kafka::embedded(), Kafka::new);
    // Topics and groups of this run's own, so that a run on a broker of yours finds nothing of the last one.
    let environment = Environment::short(format!("run{}", std::time::UNIX_EPOCH.elapsed()?.as_millis()));

    // 20 ms, 40, 80, .. A service keeps the default jitter, so that what failed together does not come back together.
    let policy = Retry::exponential(4).initial(Duration::from_millis(20)).jitter(Jitter::None);
    let supervisor = Supervisor::one_for_one()
        .retry(policy)
        .on::<RateLimited>(Directive::Retry(Retry::fixed(6, Duration::from_millis(50))));

    let (booked, mut bookings) = mpsc::unbounded_channel();
    let bus = Bus::new(kafka)
        .environment(environment)
        .service("booking")
        .with_state(State { carriers: Carriers::default(), booked })
        .supervise::<Booking>(supervisor)
        .spawn()
        .await?;
    let carriers = ["flaky", "busy", "closed", "fine"].map(str::to_owned);
    bus.publish_all(carriers.map(|carrier| ShipmentReady { carrier })).await?;

    let mut booked = Vec::new();
    while booked.len() < 4 {
        booked.extend(timeout(Duration::from_secs(30), bookings.recv()).await?);
    }
    bus.shutdown().await?;
    assert_eq!(booked[0], ("fine".to_owned(), 1), "nobody waits for the others");
    for (carrier, attempts) in [("flaky", 4), ("busy", 6), ("closed", 1)] {
        assert!(booked.contains(&(carrier.to_owned(), attempts)), "{carrier} was booked at attempt {attempts}");
    }
    Ok(())
}
