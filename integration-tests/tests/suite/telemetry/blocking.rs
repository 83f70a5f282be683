//! A handler that blocks its thread and does not return: nothing on that thread can say so.

use std::time::Duration;

use integration_tests::{
    job::{Job, Step},
    probe,
    world::World,
};

use super::start;
use crate::contract::contract;

contract!(embedded: { a_handler_that_does_not_return_is_named_while_it_blocks });

// Fails when only its return is told of, or when health asks what it may be.
async fn a_handler_that_does_not_return_is_named_while_it_blocks(world: World) {
    const WHO: &str = "integration_tests::job::Worker/contract.job.v1";
    let (bus, shared, capture) = start(&world, |bus| bus.stalled_after(Duration::from_secs(1))).await;
    bus.publish([Job::new("stuck", 0, [Step::BlockAtGate])]).await;
    let named = || capture.named("carom.handler.blocks");
    let said = probe::until("the line", named, |lines| !lines.is_empty()).await;
    assert_eq!(said[0].get("handler"), Some(WHO), "{said:?}");
    let reason = format!("`{WHO}` has kept its thread busy for ");
    probe::until("the reason", || bus.health().degraded, |reasons| reasons.iter().any(|why| why.contains(&reason)))
        .await;
    shared.gate.open();
    shared.ledger.until_handled(1).await;
    assert_eq!(named().len(), 1, "once for each time");
    bus.stop::<Job>(&world).await;
}
