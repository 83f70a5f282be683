//! A panic is a failure of one record, never of the service.

use std::time::Duration;

use carom::{Retry, Supervisor};
use integration_tests::{
    job::{Auditor, Job, Shared, Step, Worker, key_in},
    world::World,
};

use super::contract;

contract!(test_bus, embedded, real: {
    a_panic_costs_one_attempt_and_the_instance,
    a_timeout_costs_one_attempt_and_the_instance,
    the_strategy_says_whose_instances_are_built_anew,
});

fn policy() -> Supervisor {
    Supervisor::one_for_one().retry(Retry::exponential(3).initial(Duration::from_millis(5)))
}

// Fails when `invoke` hands the instance back after a panic.
async fn a_panic_costs_one_attempt_and_the_instance(world: World) {
    let shared = Shared::new();
    let bus = world.start(world.bus_with(&shared).supervise::<Worker>(policy().concurrency(1))).await;
    bus.publish([Job::ok("key", 0), Job::new("key", 1, [Step::Panic]), Job::ok("key", 2)]).await;
    bus.publish(
        (0..50).map(|n| Job::new(format!("other-{n}"), 0, if n % 5 == 0 { vec![Step::Panic] } else { vec![] })),
    )
    .await;
    shared.ledger.until("all jobs", |_| shared.ledger.succeeded("Worker").len() == 53).await;
    assert_eq!(shared.ledger.runs("Worker", "key", 1).len(), 2);
    assert_eq!(shared.ledger.order_violations(), Vec::<String>::new());
    assert!(shared.ledger.instances("Worker") > 4, "each panic is followed by a new instance");
}

// Fails when `Mailbox::arm` sets no alarm.
async fn a_timeout_costs_one_attempt_and_the_instance(world: World) {
    let shared = Shared::new();
    let policy = policy().timeout(Duration::from_millis(50)).concurrency(2);
    let bus = world.start(world.bus_with(&shared).supervise::<Worker>(policy)).await;
    bus.publish([Job::new("key", 0, [Step::Hang]), Job::ok("key", 1), Job::new("hopeless", 0, vec![Step::Hang; 9])])
        .await;
    shared.ledger.until("both jobs", |_| shared.ledger.succeeded("Worker").len() == 2).await;
    let letters = bus.dead_letters::<Job>(&world, 1).await;
    assert_eq!(letters[0].header("carom-error-class"), Some("timeout"));
    assert_eq!(shared.ledger.runs("Worker", "hopeless", 0).len(), 3);
    assert_eq!(shared.ledger.order_violations(), Vec::<String>::new());
}

// Fails when `SupervisorActor::restart` returns at once, and when it looks at the failing actor only.
async fn the_strategy_says_whose_instances_are_built_anew(world: World) {
    for (strategy, [workers, auditors]) in
        [(Supervisor::one_for_one(), [3, 1]), (Supervisor::one_for_all(), [4, 1]), (Supervisor::rest_for_one(), [4, 2])]
    {
        let world = world.again();
        let shared = Shared::new();
        let policy = strategy.retry(Retry::none()).concurrency(2);
        let bus = world
            .bus_with(&shared)
            .supervise::<Worker>(policy)
            .supervise::<Auditor>(Supervisor::one_for_one().concurrency(1));
        let bus = world.start(bus).await;
        // Keys of one partition, enough for both of its lanes.
        let keys: Vec<_> = (0..16).map(|number| key_in(0, number)).collect();
        bus.publish(keys.iter().map(|key| Job::ok(key, 0))).await;
        shared.ledger.until("the first round", |runs| runs.len() == 32).await;
        assert_eq!([shared.ledger.instances("Worker"), shared.ledger.instances("Auditor")], [2, 1]);
        bus.publish([Job::new(&keys[0], 1, [Step::Panic])]).await;
        bus.dead_letters::<Job>(&world, 1).await;
        bus.publish(keys.iter().map(|key| Job::ok(key, 2))).await;
        shared.ledger.until("the second round", |runs| runs.len() == 66).await;
        let born = [shared.ledger.instances("Worker"), shared.ledger.instances("Auditor")];
        assert_eq!(born, [workers, auditors]);
    }
}
