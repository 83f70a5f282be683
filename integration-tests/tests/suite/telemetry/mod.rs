//! What a bus says of itself: `docs/telemetry.md`, line by line. Beside each test stands the change to carom's code that
//! made it fail when it was tried.

mod attributes;
mod blocking;
mod ends;
mod error_texts;
mod failed_spans;
mod health;
mod logs;
mod publishing;
mod rules;
mod spans;
mod start;
mod stats;
mod trace;

use carom::{Actor, Bus, Context, Event, Failure, Handler, Supervisor, handler};
use integration_tests::{
    capture::{Capture, SUITE},
    job::{Shared, Worker},
    world::{Running, World},
};
use serde::{Deserialize, Serialize};

/// Something that its handlers talk about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Event)]
#[event(entity = Story, domain = "contract", partitions = 4)]
struct Told {
    #[event(key)]
    key: String,
    text: String,
}

impl Told {
    fn new(key: &str) -> Self {
        Self { key: key.to_owned(), text: String::new() }
    }
}

/// Says so before and after it waits.
#[derive(Debug, Actor)]
struct Narrator;

#[handler]
impl Handler<Told> for Narrator {
    async fn handle(&mut self, told: Told, _cx: &mut Context<'_>) -> Result<(), Failure> {
        tracing::info!(target: SUITE, key = told.key, "before");
        tokio::task::yield_now().await;
        tracing::info!(target: SUITE, key = told.key, "after");
        Ok(())
    }
}

/// A bus with the scripted worker, and what it says.
async fn start(world: &World, change: impl FnOnce(Bus<Shared>) -> Bus<Shared>) -> (Running, Shared, Capture) {
    let capture = Capture::of(world.environment());
    let shared = Shared::new();
    let bus = change(world.bus_with(&shared)).supervise::<Worker>(Supervisor::one_for_one());
    (world.start(bus).await, shared, capture)
}
