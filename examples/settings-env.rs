//! Run with `cargo run --example settings-env`: one program, two deployments, and the environment says which.
//!
//! A service writes `Settings::from_env("CAROM")`. Here the variables are written down, so that the example runs by
//! itself.

use std::{path::Path, sync::Arc};

use carom::{Actor, Bus, Context, Event, Failure, Handler, Settings, Supervisor, handler};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

/// An order was placed.
#[derive(Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "sales")]
struct OrderPlaced {
    #[event(key)]
    order_id: u64,
}

/// Charges cards.
#[derive(Actor)]
struct Billing {
    charged: Arc<Notify>,
}

#[handler]
impl Handler<OrderPlaced> for Billing {
    async fn handle(&mut self, event: OrderPlaced, _cx: &mut Context<'_>) -> Result<(), Failure> {
        println!("charging order {}", event.order_id);
        self.charged.notify_one();
        Ok(())
    }
}

/// What a deployment sets: `__` goes down one level, `_` belongs to the name.
fn variables(secret: &Path) -> Vec<(&'static str, String)> {
    let text = |name, value: &str| (name, value.to_owned());
    vec![
        text("CAROM__SERVICE", "billing"),
        text("CAROM__ENVIRONMENT", "production"),
        text("CAROM__SHUTDOWN_TIMEOUT", "30s"),
        text("CAROM__KAFKA__BOOTSTRAP_SERVERS", "embedded"), // or kafka-1:9092,kafka-2:9092
        text("CAROM__KAFKA__CLIENT_RACK", "eu-1a"),          // librdkafka's `client.rack`, for all clients
        text("CAROM__KAFKA__CONSUMER__FETCH_MIN_BYTES", "1"), // its `fetch.min.bytes`, for consumers
        ("CAROM__KAFKA__SASL_PASSWORD_FILE", secret.display().to_string()), // the value is in this file
    ]
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The report at start says which settings are in effect.
    tracing_subscriber::fmt().with_max_level(tracing_subscriber::filter::LevelFilter::INFO).without_time().init();

    let secret = std::env::temp_dir().join(format!("carom-settings-env-{}", std::process::id()));
    std::fs::write(&secret, "hunter2\n")?;
    let settings = Settings::from_vars("CAROM", variables(&secret));
    std::fs::remove_file(&secret)?;
    let settings = settings?;
    assert_eq!(settings.service.as_deref(), Some("billing"));
    // What came from a file, and whatever is called a password, is never shown.
    assert!(!format!("{settings:?}").contains("hunter2"));

    let charged = Arc::new(Notify::new());
    let bus = Bus::from_settings(settings)
        .workers(1) // what the program says afterwards wins
        .with_state(Arc::clone(&charged))
        .supervise::<Billing>(Supervisor::one_for_one())
        .spawn()
        .await?;
    assert_eq!(bus.topic::<OrderPlaced>()?, "prod.sales.public.orders.v1");
    bus.publish(OrderPlaced { order_id: 7 }).await?;
    bus.run_until(charged.notified()).await?;

    // Everything that is wrong comes at once, under the names of the variables.
    let mistakes = [
        ("CAROM__SERVCE", "billing"),
        ("CAROM__DRAIN_TIMEOUT", "5 seconds"),
        ("CAROM__KAFKA__CONSUMER__ENABLE_AUTO_COMMIT", "true"),
        ("CAROM__KAFKA__CONSUMER__FETCH_MIN_BYTE", "1"),
    ];
    let error = Settings::from_vars("CAROM", mistakes).expect_err("four mistakes").to_string();
    println!("{error}");
    for (name, _) in mistakes {
        assert!(error.contains(name), "{name}");
    }
    Ok(())
}
