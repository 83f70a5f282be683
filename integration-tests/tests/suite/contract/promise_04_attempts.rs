//! Attempts are bounded; waiting for a dependency is not an attempt.

use std::time::Duration;

use carom::{Directive, Error, Retry, Supervisor, supervisor::OnLimit};
use integration_tests::{
    job::{Job, Shared, Step, Worker},
    world::{Running, World},
};

use super::contract;

contract!(test_bus, embedded, real: {
    a_record_that_always_fails_is_dead_lettered_after_its_attempts,
    a_permanent_failure_is_not_retried,
    a_rule_decides_about_an_error_type,
    what_a_rule_dead_letters_is_permanent,
    waiting_for_a_dependency_is_not_an_attempt,
    too_many_restarts_end_the_bus_if_asked_for,
});

fn policy() -> Supervisor {
    Supervisor::one_for_one().retry(Retry::exponential(4).initial(Duration::from_millis(5)))
}

// Fails when `Retry::allows_another` compares with `<=`.
async fn a_record_that_always_fails_is_dead_lettered_after_its_attempts(world: World) {
    let shared = Shared::new();
    let bus = world.start(world.bus_with(&shared).supervise::<Worker>(policy())).await;
    bus.publish([Job::new("key", 0, vec![Step::Fail; 100]), Job::ok("key", 1)]).await;
    let letters = bus.dead_letters::<Job>(&world, 1).await;
    shared.ledger.until("the next job of the key", |_| shared.ledger.succeeded("Worker").len() == 1).await;
    assert_eq!(letters[0].header("carom-attempts"), Some("4"));
    assert_eq!(letters[0].header("carom-error-class"), Some("transient"));
    let attempts: Vec<u32> = shared.ledger.runs("Worker", "key", 0).iter().map(|run| run.attempt).collect();
    assert_eq!(attempts, [1, 2, 3, 4]);
    assert_eq!(bus.stop::<Job>(&world).await.values().sum::<i64>(), 2);
}

// Fails when `directive::failed` retries a permanent failure.
async fn a_permanent_failure_is_not_retried(world: World) {
    let shared = Shared::new();
    let bus = world.start(world.bus_with(&shared).supervise::<Worker>(policy())).await;
    bus.publish([Job::new("key", 0, [Step::Refuse])]).await;
    let letters = bus.dead_letters::<Job>(&world, 1).await;
    assert_eq!(letters[0].header("carom-attempts"), Some("1"));
    assert_eq!(letters[0].header("carom-error-class"), Some("permanent"));
    assert_eq!(letters[0].header("carom-error-message"), Some("asked to refuse"));
}

// Fails when `directive::failed` does not look at the rules.
async fn a_rule_decides_about_an_error_type(world: World) {
    let shared = Shared::new();
    let policy = policy().on::<integration_tests::job::Declined>(Directive::Discard);
    let bus = world.start(world.bus_with(&shared).supervise::<Worker>(policy)).await;
    bus.publish([Job::new("key", 0, [Step::Decline]), Job::ok("key", 1)]).await;
    shared.ledger.until("the next job of the key", |_| shared.ledger.succeeded("Worker").len() == 1).await;
    assert_eq!(shared.ledger.runs("Worker", "key", 0).len(), 1);
    assert_eq!(bus.stop::<Job>(&world).await.values().sum::<i64>(), 2, "a discarded record is finished");
}

// Fails when `Outcome::class` asks the kind of the failure: an error that came through `?` is transient.
async fn what_a_rule_dead_letters_is_permanent(world: World) {
    let shared = Shared::new();
    let policy = policy().on::<integration_tests::job::Declined>(Directive::DeadLetter);
    let bus = world.start(world.bus_with(&shared).supervise::<Worker>(policy)).await;
    bus.publish([Job::new("key", 0, [Step::Decline])]).await;
    let letters = bus.dead_letters::<Job>(&world, 1).await;
    assert_eq!(letters[0].header("carom-attempts"), Some("1"));
    assert_eq!(letters[0].header("carom-error-class"), Some("permanent"));
}

// Fails when the supervisor counts a hold as an attempt.
async fn waiting_for_a_dependency_is_not_an_attempt(world: World) {
    let shared = Shared::new();
    let bus = world.start(world.bus_with(&shared).supervise::<Worker>(policy())).await;
    bus.publish([Job::new("key", 0, vec![Step::Unavailable; 10])]).await;
    shared.ledger.until("the job", |_| shared.ledger.succeeded("Worker").len() == 1).await;
    let runs = shared.ledger.runs("Worker", "key", 0);
    assert_eq!(runs.len(), 11);
    assert!(runs.iter().all(|run| run.attempt == 1), "{runs:#?}");
}

// Fails when `SupervisorActor` answers `Escalate` with a dead letter.
async fn too_many_restarts_end_the_bus_if_asked_for(world: World) {
    let shared = Shared::new();
    let policy = policy().restart_limit(1, Duration::from_secs(3600)).on_limit(OnLimit::Escalate);
    let bus = world.start(world.bus_with(&shared).supervise::<Worker>(policy)).await;
    bus.publish([Job::new("key", 0, vec![Step::Panic; 9])]).await;
    shared.ledger.until("two runs", |runs| runs.len() == 2).await;
    let error = match bus {
        Running::Test(bus) => bus.run().await.unwrap_err(),
        Running::Kafka(bus) => bus.run_until(std::future::pending::<()>()).await.unwrap_err(),
    };
    assert!(matches!(&error, Error::Escalated { actor, .. } if actor.ends_with("Worker")), "{error}");
}
