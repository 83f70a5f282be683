//! A failing key holds back only itself.

use std::time::Duration;

use carom::{Directive, Retry, Supervisor};
use integration_tests::{
    job::{Auditor, Job, Shared, Step, Worker, key_in},
    world::World,
};

use super::contract;

contract!(test_bus, embedded, real: {
    a_failing_key_does_not_hold_back_its_neighbours,
    a_failing_actor_does_not_hold_back_another_actor_on_the_same_event,
    a_record_is_finished_when_every_actor_is_done_with_it,
});

// Fails, on a broker, when `LaneQueue::next` returns `None` for a parked key; in memory, time jumps to the retry then.
async fn a_failing_key_does_not_hold_back_its_neighbours(world: World) {
    let shared = Shared::new();
    let never = Retry::forever()
        .initial(Duration::from_secs(3600))
        .max(Duration::from_secs(3600))
        .jitter(carom::supervisor::Jitter::None);
    let policy = Supervisor::one_for_one().retry(never).concurrency(1);
    let bus = world.start(world.bus_with(&shared).supervise::<Worker>(policy)).await;
    // While one works, the time of a test bus stands still; each in a lane of its own, which is that of its partition.
    let works = Job::new(key_in(3, 0), 0, [Step::Gate]);
    let failing = (0..5).map(|seq| Job::new(key_in(0, 0), seq, vec![Step::Fail; 1000]));
    let others = (0..210).map(|n| Job::ok(key_in(n % 3, 1 + n as usize % 7), n as u32 / 21));
    bus.publish([works].into_iter().chain(failing).chain(others)).await;
    shared.ledger.until("the neighbours", |_| shared.ledger.succeeded("Worker").len() == 210).await;
    assert_eq!(
        shared.ledger.runs("Worker", &key_in(0, 0), 1).len(),
        0,
        "what comes after a failing record waits for it"
    );
    assert_eq!(shared.ledger.order_violations(), Vec::<String>::new());
}

// Fails when `Deliver` goes to the first mailbox of a partition only.
async fn a_failing_actor_does_not_hold_back_another_actor_on_the_same_event(world: World) {
    let shared = Shared::new();
    let policy = Supervisor::one_for_one().on::<std::fmt::Error>(Directive::Discard).retry(Retry::none());
    let bus = world.bus_with(&shared).supervise::<Worker>(policy).supervise::<Auditor>(Supervisor::one_for_one());
    let bus = world.start(bus).await;
    bus.publish((0..20).map(|n| Job::new(format!("key-{n}"), 0, [Step::Fail]))).await;
    shared.ledger.until("the other actor", |_| shared.ledger.succeeded("Auditor").len() == 20).await;
    let letters = bus.dead_letters::<Job>(&world, 20).await;
    assert_eq!(letters.len(), 20, "each actor has its own dead letters");
    assert!(letters.iter().all(|letter| letter.header("carom-handler").unwrap().contains("Worker")));
    let committed = bus.stop::<Job>(&world).await;
    assert_eq!(committed.values().sum::<i64>(), 20);
}

// Fails when `Assignment::open` counts one mailbox whatever there are.
async fn a_record_is_finished_when_every_actor_is_done_with_it(world: World) {
    let shared = Shared::new();
    let bus = world
        .bus_with(&shared)
        .shutdown_timeout(Duration::from_millis(200))
        .supervise::<Worker>(Supervisor::one_for_one())
        .supervise::<Auditor>(Supervisor::one_for_one());
    let bus = world.start(bus).await;
    bus.publish([Job::new("key", 0, [Step::Hang])]).await;
    shared.ledger.until("the other actor", |_| shared.ledger.succeeded("Auditor").len() == 1).await;
    shared.ledger.until("the hanging one", |runs| runs.len() == 2).await;
    assert_eq!(bus.stop::<Job>(&world).await.values().sum::<i64>(), 0, "the other actor is not done with it");
}
