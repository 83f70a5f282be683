//! A cluster that says of itself that it has no brokers, as one does whose broker starts or stops.

use std::time::Duration;

use carom::{Kafka, Supervisor};
use integration_tests::{
    RealKafka,
    capture::Capture,
    job::{Done, Shared, Worker},
    load::{self, Load},
    world::World,
};
use tokio::time::sleep;

// How often clients ask which brokers there are.
const ASK: Duration = Duration::from_millis(200);

// Fails when `bootstrap::knows_none` is always false: within a few rounds, client after client connects to nothing any
// more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_are_told_of_no_broker_come_back() {
    let test = "clients_that_are_told_of_no_broker_come_back";
    let Some((broker, proxy)) = tokio::task::block_in_place(|| RealKafka::behind_proxy(test)) else { return };
    let near = World::on(Kafka::new(broker.bootstrap_servers()));
    let far = near.clone().tuned(|_| {
        Kafka::new(proxy.bootstrap_servers())
            .set("topic.metadata.refresh.interval.ms", ASK.as_millis().to_string())
            .set("statistics.interval.ms", "500")
    });
    let capture = Capture::of("the cluster named no broker");
    let shared = Shared::new();
    // A lane for each key: one that waits holds back no other.
    let policy = Supervisor::one_for_one().concurrency(1024);
    let bus = far.start(far.bus_with(&shared).supervise::<Worker>(policy)).await;
    far.create_topic(&bus.topic::<Done>()).await;
    let load = Load::start(&bus, &shared);
    for _ in 0..12 {
        proxy.hide_brokers();
        sleep(ASK * 4).await;
        proxy.heal();
        let handled = shared.ledger.succeeded("Worker").len();
        shared.ledger.until_handled(handled + 400).await;
    }
    // Fails when a client begins anew without a word.
    let said = capture.named("carom.client.forgot_brokers");
    assert!(said.iter().any(|line| line.get("client").is_some()), "{said:?}");
    let jobs = load.end().await;
    load::costs_nothing(&near, bus, &shared, jobs).await;
}
