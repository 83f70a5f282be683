use std::sync::Arc;

use carom::{Bus, FromRef, Kafka};

trait Email {}

struct Smtp;

impl Email for Smtp {}

#[derive(FromRef)]
struct App {
    email: Arc<dyn Email>,
}

fn main() {
    let _ = Bus::new(Kafka::embedded()).with_state(App { email: Arc::new(Smtp) });
}
