//! Members with a name of their own (`group.instance.id`): a restart within the session moves no partition.

use std::collections::{BTreeMap, BTreeSet};

use carom::{Bus, Supervisor};
use integration_tests::{
    check,
    job::{Job, Shared, Worker, key_in},
    ledger::{Entry, PATIENCE},
    world::{Running, World},
};

use tokio::time::timeout;

use super::contract;

// The embedded broker knows nothing of instance ids.
contract!(real: {
    a_static_member_that_restarts_gets_its_partitions_back,
    a_second_member_of_the_same_name_ends_the_first,
});

fn member(world: &World, shared: &Shared, number: u32, name: &str) -> Bus<Shared> {
    let named =
        world.clone().tuned(|kafka| kafka.consumer("group.instance.id", name).consumer("session.timeout.ms", "30000"));
    named.bus_with(&shared.of_member(number)).supervise::<Worker>(Supervisor::one_for_one())
}

/// Publishes one job for each partition; who handled it.
async fn round(bus: &Running, shared: &Shared, seq: u32) -> BTreeMap<i32, u32> {
    bus.publish((0..4).map(|partition| Job::ok(key_in(partition, 0), seq))).await;
    let of_round = |runs: &[Entry]| -> BTreeMap<i32, u32> {
        runs.iter().filter(|run| run.seq == seq).map(|run| (run.partition, run.member)).collect()
    };
    shared.ledger.until("the round", |runs| of_round(runs).len() == 4).await;
    of_round(&shared.ledger.entries())
}

fn of(member: u32, owners: &BTreeMap<i32, u32>) -> BTreeSet<i32> {
    owners.iter().filter(|(_, owner)| **owner == member).map(|(partition, _)| *partition).collect()
}

// Fails without `group.instance.id` in `member`: the other one gets all partitions.
async fn a_static_member_that_restarts_gets_its_partitions_back(world: World) {
    let shared = Shared::new();
    let publisher = world.start(world.bus()).await;
    let one = world.start(member(&world, &shared, 1, "one")).await;
    let two = world.start(member(&world, &shared, 2, "two")).await;
    let (mut seq, mut owners) = (0, BTreeMap::new());
    let settling = async {
        while of(1, &owners).len() != 2 || of(2, &owners).len() != 2 {
            owners = round(&publisher, &shared, seq).await;
            seq += 1;
        }
    };
    timeout(PATIENCE, settling).await.expect("both members have a share");

    one.stop::<Job>(&world).await;
    publisher.publish((0..4).map(|partition| Job::ok(key_in(partition, 0), seq))).await;
    shared.ledger.until_handled(4 * seq as usize + 2).await;
    let again = world.start(member(&world, &shared, 3, "one")).await;
    shared.ledger.until_handled(4 * (seq + 1) as usize).await;
    let after = round(&publisher, &shared, seq + 1).await;
    assert_eq!((of(3, &after), of(2, &after)), (of(1, &owners), of(2, &owners)));
    again.stop::<Job>(&world).await;
    two.stop::<Job>(&world).await;

    let runs = shared.ledger.entries();
    let foreign: Vec<_> = runs
        .iter()
        .filter(|run| run.member == 2 && !of(2, &owners).contains(&run.partition) && run.seq >= seq)
        .collect();
    assert!(foreign.is_empty(), "a partition moved although its owner came back: {foreign:#?}");
    assert_eq!(check::repeated(&runs), BTreeMap::new());
    assert_eq!(check::keys_out_of_order(&runs), [""; 0]);
}

// Fails when `of_poll` takes `Fatal` for an error that passes.
async fn a_second_member_of_the_same_name_ends_the_first(world: World) {
    let shared = Shared::new();
    let publisher = world.start(world.bus()).await;
    let Running::Kafka(one) = world.start(member(&world, &shared, 1, "one")).await else { panic!("there is a broker") };
    round(&publisher, &shared, 0).await;
    let two = world.start(member(&world, &shared, 2, "one")).await;

    let fenced = timeout(PATIENCE, one.run_until(std::future::pending::<()>())).await.expect("it ends by itself");
    let error = fenced.expect_err("it is fenced").to_string();
    assert!(error.contains("group.instance.id"), "{error}");
    let owners = round(&publisher, &shared, 1).await;
    assert_eq!(of(2, &owners).len(), 4);
    two.stop::<Job>(&world).await;
}
