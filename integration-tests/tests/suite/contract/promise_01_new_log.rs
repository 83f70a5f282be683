//! A topic that is deleted and made anew under a running bus: nothing of the new one is skipped.

use carom::{Supervisor, testing::TestRecord};
use integration_tests::{
    job::{Job, Shared, Worker},
    probe,
    world::World,
};
use rdkafka::{
    ClientConfig,
    admin::{AdminClient, AdminOptions},
    client::DefaultClientContext,
};

use super::contract;

// The embedded broker deletes no topics.
contract!(real: { a_topic_made_anew_is_read_from_its_beginning });

fn record(topic: &str, n: u32) -> TestRecord {
    let id = format!("job-{n}");
    let headers =
        [("ce_specversion", "1.0"), ("ce_id", id.as_str()), ("ce_type", "contract.job.v1"), ("ce_source", "/suite")];
    TestRecord {
        topic: topic.to_owned(),
        key: Some(b"key".to_vec()),
        value: Some(serde_json::to_vec(&Job::ok("key", n)).unwrap()),
        headers: headers.map(|(name, value)| (name.into(), Some(value.into()))).into(),
    }
}

// Fails when what does not ascend is dropped: the client finds its offset out of range and begins again, without a word
// to the program. `consumer/tests/begins_again.rs` has the cases one by one.
async fn a_topic_made_anew_is_read_from_its_beginning(world: World) {
    let shared = Shared::new();
    let bus = world.start(world.bus_with(&shared).supervise::<Worker>(Supervisor::one_for_one())).await;
    let topic = bus.topic::<Job>();
    bus.write(&world, (0..20).map(|n| record(&topic, n)).collect()).await;
    shared.ledger.until_handled(20).await;

    let servers = world.kafka().bootstrap_servers().expect("the cluster has an address");
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", servers).create().expect("a plain client starts");
    admin.delete_topics(&[&topic], &AdminOptions::new()).await.expect("the cluster answers")[0]
        .as_ref()
        .expect("the topic is deleted");
    probe::until("the topic's end", || probe::partitions(world.kafka(), &topic), |count| *count == 0).await;
    world.create_topic(&topic).await;
    bus.write(&world, (20..25).map(|n| record(&topic, n)).collect()).await;

    shared.ledger.until_handled(25).await;
    let handled: Vec<_> = shared.ledger.succeeded("Worker").into_iter().map(|(_, seq)| seq).collect();
    assert_eq!(handled, (0..25).collect::<Vec<_>>());
}
