//! Clients that nobody here wrote, kcat and Kafka's own for Java, write what carom reads and read what carom writes.

use std::collections::{BTreeMap, BTreeSet};

use carom::{event::Partitioner, kafka::provision};
use integration_tests::{
    cashier::{self, CashierCreated, PARENT},
    foreign::{Foreign, Seen},
    ledger::PATIENCE,
    world::World,
};

use super::contract;

contract!(real: {
    what_kcat_writes_is_handled,
    what_the_java_client_writes_is_handled,
    kcat_reads_what_is_published,
    the_java_client_reads_what_is_published,
    kcat_puts_keys_on_the_same_partitions,
    the_java_client_puts_keys_on_the_same_partitions,
});

fn kcat(world: &World, test: &str) -> Option<Foreign> {
    Foreign::kcat(test, world.kafka().bootstrap_servers().unwrap())
}

fn java(world: &World, test: &str) -> Option<Foreign> {
    let servers = world.kafka().bootstrap_servers().unwrap();
    tokio::task::block_in_place(|| Foreign::java(test, servers))
}

// Fails when `topic_name` does not lower-case the domain: the bus then listens to another topic.
async fn what_kcat_writes_is_handled(world: World) {
    let Some(client) = kcat(&world, "what_kcat_writes_is_handled") else { return };
    is_handled(&world, &client).await;
}

// Fails as the test above.
async fn what_the_java_client_writes_is_handled(world: World) {
    let Some(client) = java(&world, "what_the_java_client_writes_is_handled") else { return };
    is_handled(&world, &client).await;
}

async fn is_handled(world: &World, client: &Foreign) {
    let (bus, mut got) = cashier::till(world);
    let _bus = world.start(bus).await;
    let topic = format!("{}.appdomain.public.cashiers.v1", world.environment());
    tokio::task::block_in_place(|| client.write(&topic, &cashier::golden()));
    cashier::assert_golden(&cashier::next(&mut got).await);
}

// Fails when `momentum::time_text` writes nanoseconds.
async fn kcat_reads_what_is_published(world: World) {
    let Some(client) = kcat(&world, "kcat_reads_what_is_published") else { return };
    is_read(&world, &client).await;
}

// Fails as the test above.
async fn the_java_client_reads_what_is_published(world: World) {
    let Some(client) = java(&world, "the_java_client_reads_what_is_published") else { return };
    is_read(&world, &client).await;
}

async fn is_read(world: &World, client: &Foreign) {
    let bus = world.start(cashier::bus(world).publishes::<CashierCreated>()).await;
    bus.publisher().with_trace(PARENT, None).publish(cashier::created()).await.unwrap();
    let topic = format!("{}.appdomain.public.cashiers.v1", world.environment());
    let seen = tokio::task::block_in_place(|| client.read(&topic, 1));
    assert_eq!(seen[0].topic, topic);
    cashier::assert_written(&seen[0].record);
}

// Fails when `Partitioner::Librdkafka` is librdkafka's `murmur2_random`.
async fn kcat_puts_keys_on_the_same_partitions(world: World) {
    let Some(client) = kcat(&world, "kcat_puts_keys_on_the_same_partitions") else { return };
    same_partitions(&world, &client, Partitioner::Librdkafka).await;
}

// Fails when `Partitioner::Java` is librdkafka's `consistent_random`.
async fn the_java_client_puts_keys_on_the_same_partitions(world: World) {
    let Some(client) = java(&world, "the_java_client_puts_keys_on_the_same_partitions") else { return };
    same_partitions(&world, &client, Partitioner::Java).await;
}

const KEYS: u32 = 40;
const PARTITIONS: u32 = 12;

async fn same_partitions(world: &World, client: &Foreign, partitioner: Partitioner) {
    let world = world.with_kafka(|kafka| kafka.partitioner(partitioner));
    let bus = world.start(world.bus()).await;
    let topic = bus.topic::<CashierCreated>();
    provision(world.kafka(), &[(&topic, Some(PARTITIONS), None)], PATIENCE).await.unwrap();
    let events: Vec<_> = (0..KEYS).map(|_| cashier::with_payments(uuid::Uuid::new_v4().as_u128())).collect();
    let keys: Vec<String> = events.iter().map(|event| event.tenant_id.to_string()).collect();
    bus.publisher().publish_all(events).await.unwrap();
    let seen = tokio::task::block_in_place(|| {
        client.write_keys(&topic, &keys);
        client.read(&topic, 2 * keys.len())
    });
    let (theirs, ours): (Vec<_>, Vec<_>) = seen.into_iter().partition(|seen| seen.record.headers.is_empty());
    assert_eq!((theirs.len(), ours.len()), (keys.len(), keys.len()));
    let ours = by_key(&ours);
    assert_eq!(ours, by_key(&theirs), "{client}");
    for (key, partition) in &ours {
        assert_eq!(partitioner.partition(Some(key.as_bytes()), PARTITIONS as i32), Some(*partition), "{key}");
    }
    assert!(ours.values().collect::<BTreeSet<_>>().len() > 4, "the keys spread: {ours:?}");
}

fn by_key(seen: &[Seen]) -> BTreeMap<String, i32> {
    seen.iter().map(|seen| (seen.record.key.clone().unwrap(), seen.partition)).collect()
}
