//! A process that is told to end, as an orchestrator does it: SIGTERM, a while to end, then SIGKILL.

use std::{collections::BTreeMap, time::Duration};

use integration_tests::{
    check,
    job::{Job, Step, key_in},
    ledger::{End, Entry},
    workers::{SHUTDOWN_TIMEOUT, Workers},
    world::{SHUTDOWN, World},
};

use super::contract;

contract!(embedded, real: {
    a_process_that_is_told_to_end_repeats_only_what_it_left_behind,
    a_second_ctrl_c_waits_for_no_handler,
    a_third_ctrl_c_ends_the_process,
    a_bus_that_is_started_again_ends_in_order_too,
});

const WORKER: &str = env!("CARGO_BIN_EXE_worker");

// Fails when `run_until` drops the bus instead of shutting it down: what had finished since the last commit is repeated.
async fn a_process_that_is_told_to_end_repeats_only_what_it_left_behind(world: World) {
    let mut workers = Workers::new(&world, WORKER).await;
    let first = workers.start(1, "closed").await;
    // One in each partition that never ends: the gate of this worker stays closed.
    let stuck = (0..4).map(|partition| Job::new(key_in(partition, 0), 0, [Step::Gate]));
    let load = |seq| (1..40).map(move |nth| Job::new(key_in(nth % 4, nth as usize), seq, [Step::Sleep(200)]));
    workers.publisher.publish(stuck.chain((0..40).flat_map(load))).await;
    workers.until("a tenth of the jobs", |runs| check::succeeded(runs).len() >= 39 * 4).await;

    let ended = workers.end(first, SHUTDOWN_TIMEOUT + SHUTDOWN);
    assert!(ended >= SHUTDOWN_TIMEOUT, "it ended after {ended:?}, and so did not wait for what ran");
    let before = workers.entries();
    let left: Vec<_> = before.iter().filter(|run| run.end != Some(End::Succeeded)).map(|run| run.key.clone()).collect();
    assert_eq!(left.len(), 4, "what could end has ended: {left:?}");
    assert!(check::succeeded(&before).len() < 39 * 40, "there was no load any more");

    let _second = workers.start(2, "open").await;
    workers.until("all jobs", |runs| check::succeeded(runs).len() == 4 + 39 * 40).await;
    let runs = workers.entries();
    assert_eq!(check::keys_out_of_order(&runs), [""; 0]);
    let repeated: BTreeMap<_, _> = check::repeated(&runs);
    let expected: BTreeMap<_, _> = left.iter().map(|key| ((key.as_str(), 0), 2)).collect();
    assert_eq!(repeated, expected, "{:#?}", runs.iter().filter(of(&repeated)).collect::<Vec<_>>());
}

// Fails when a program that waits for a handler can only be killed, or ends without its last commit.
async fn a_second_ctrl_c_waits_for_no_handler(world: World) {
    let mut workers = Workers::new(&world, WORKER).await;
    workers.shutdown_timeout = Duration::from_secs(600);
    let first = workers.start(1, "closed").await;
    let jobs = |nth, step: Step| (0..4).map(move |partition| Job::new(key_in(partition, nth), 0, [step.clone()]));
    workers.publisher.publish(jobs(0, Step::Gate).chain(jobs(1, Step::UntilCancelled))).await;
    workers.until("all jobs", |runs| runs.len() == 8).await;

    assert_eq!(workers.insist(first, 2, SHUTDOWN).await, 0, "`main` has returned");
    // Fails when `close` does not say what the hurry costs.
    let said = workers.last_words();
    assert!(said.contains(" WARN carom::bus: told to end while it stops: the bus no longer waits "), "{said}");
    assert_eq!(check::succeeded(&workers.entries()).len(), 4, "what could end has ended");

    let _second = workers.start(2, "open").await;
    workers.until("all jobs", |runs| check::succeeded(runs).len() == 8).await;
    let mut again: Vec<_> = check::repeated(&workers.entries()).into_keys().map(|(key, _)| key.to_owned()).collect();
    let mut stuck: Vec<_> = (0..4).map(|partition| key_in(partition, 0)).collect();
    again.sort();
    stuck.sort();
    assert_eq!(again, stuck, "only what was left behind is handled again");
}

// Fails when only the bus is cut short: the runtime of `main` waits for threads that block.
async fn a_third_ctrl_c_ends_the_process(world: World) {
    let mut workers = Workers::new(&world, WORKER).await;
    workers.shutdown_timeout = Duration::from_secs(600);
    let first = workers.start(1, "blocking").await;
    workers.publisher.publish((0..4).map(|partition| Job::new(key_in(partition, 0), 0, [Step::BlockAtGate]))).await;
    workers.until("all jobs", |runs| runs.len() == 4).await;

    assert_eq!(workers.insist(first, 3, SHUTDOWN).await, 130, "as of a program that Ctrl-C ended");
    // Fails when the process ends without `last_words`.
    let said = workers.last_words();
    assert!(said.contains(" WARN carom::bus: told again to end: the process ends at once"), "{said}");

    let _second = workers.start(2, "open").await;
    workers.until("all jobs", |runs| check::succeeded(runs).len() == 4).await;
}

// Fails when what a person said to the first bus counts against the second, and the process ends at once.
async fn a_bus_that_is_started_again_ends_in_order_too(world: World) {
    let mut workers = Workers::new(&world, WORKER).await;
    workers.shutdown_timeout = Duration::from_secs(600);
    let mut twice = workers.start(1, "again").await;
    twice.signal("INT").expect("its guard lives");
    workers.ready(2).await;
    // Later than a Ctrl-C that was sent twice.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let jobs = (0..4).map(|partition| Job::new(key_in(partition, 0), 0, [Step::Sleep(1_000)]));
    workers.publisher.publish(jobs).await;
    workers.until("all jobs", |runs| runs.len() == 4).await;

    assert_eq!(workers.insist(twice, 1, SHUTDOWN).await, 0, "`main` has returned");
    let runs = workers.entries();
    assert!(runs.len() == 4 && check::succeeded(&runs).len() == 4, "it waited for what ran: {runs:#?}");
}

fn of<'a>(jobs: &'a BTreeMap<(&str, u32), usize>) -> impl Fn(&&Entry) -> bool + 'a {
    |run| jobs.contains_key(&(run.key.as_str(), run.seq))
}
