//! A member that stands still for longer than its session, and then goes on as if nothing had happened.

use std::collections::BTreeMap;

use integration_tests::{
    check,
    job::{Job, Step, key_in},
    ledger::{End, Entry},
    probe,
    workers::Workers,
    world::World,
};

use super::contract;

contract!(embedded, real: { what_a_member_finishes_after_its_session_is_not_committed });

const WORKER: &str = env!("CARGO_BIN_EXE_worker");

/// Longer than the longest session that is asked for here.
const LONG: u64 = 9_000;

// No single change to carom made it fail: the broker refuses the commits of a member that it has forgotten, also when lost
// partitions are treated as revoked ones. What carom does by itself is tested in `src/kafka/consumer/tests/lost.rs`.
async fn what_a_member_finishes_after_its_session_is_not_committed(world: World) {
    let mut workers = Workers::new(&world, WORKER).await;
    let topic = workers.publisher.topic::<Job>();
    let committed = || probe::committed(world.kafka(), world.group(), &topic);
    let mut first = workers.start(1, "open").await;
    workers.publisher.publish((0..4).map(|partition| Job::ok(key_in(partition, 0), 0))).await;
    probe::until("the first jobs", committed, |at| at.len() == 4 && at.values().all(|offset| *offset == 1)).await;
    workers.publisher.publish((0..4).map(|partition| Job::new(key_in(partition, 0), 1, [Step::Sleep(LONG)]))).await;
    workers.until("the long ones", |runs| runs.iter().filter(|run| run.seq == 1).count() == 4).await;

    first.signal("STOP").expect("its guard lives");
    let _second = workers.start(2, "open").await;
    let begun = |runs: &[Entry]| runs.iter().filter(|run| run.member == 2).count() == 4;
    workers.until("all of them at the next owner", begun).await;
    first.signal("CONT").expect("its guard lives");
    let of_the_first = |run: &&Entry| run.member == 1 && run.seq == 1;
    let late: Vec<_> = workers.entries().iter().filter(of_the_first).map(|run| run.started).collect();
    let ended =
        |runs: &[Entry]| runs.iter().filter(|run| late.contains(&run.started) && run.end.is_some()).count() == 4;
    workers.until("the late ends", ended).await;

    let mut looked = 0;
    loop {
        // In this order: what had not ended afterwards had not ended when this was committed.
        let committed = committed();
        let runs = workers.entries();
        let again = |run: &&Entry| run.seq == 1 && run.end == Some(End::Succeeded) && !late.contains(&run.started);
        let ended: BTreeMap<_, _> = runs.iter().filter(again).map(|run| (run.partition, run.member)).collect();
        for (partition, offset) in &committed {
            let finished = ended.contains_key(partition);
            assert!(*offset <= if finished { 2 } else { 1 }, "{partition} is committed to {offset}: {runs:#?}");
            looked += usize::from(!finished);
        }
        if ended.len() == 4 && committed.values().all(|offset| *offset == 2) {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert!(looked > 0, "the late ends came before those of the next owner");
    assert_eq!(check::keys_out_of_order(&workers.entries()), [""; 0]);
}
