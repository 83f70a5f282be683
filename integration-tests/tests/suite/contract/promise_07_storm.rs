//! Many members that come and go all the time, as in a deployment that goes wrong.

use std::sync::atomic::{AtomicBool, Ordering};

use carom::Supervisor;
use futures_util::future::join_all;
use integration_tests::{
    check,
    job::{Job, Shared, Step, Worker},
    world::{Running, World},
};

use super::contract;

contract!(embedded, real, real_decides: { a_storm_of_rebalances_loses_nothing_and_keeps_the_order });

/// Seats for members; the partitions are fewer, so that some always sit idle.
const SEATS: usize = 6;

/// Starts and stops, at some of the seats at once.
const ROUNDS: u32 = 8;

const KEYS: u32 = 40;

/// Rounds of jobs, one for each key, that wait at most.
const AHEAD: u32 = 5;

/// The seats at which something changes in a round: 60 % of them on average, and always others.
fn changes(round: u32, seat: usize) -> bool {
    let spread = (u64::from(round) * 31 + seat as u64 * 17 + 7).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33;
    spread % 10 < 6
}

// Fails when commits wait until nothing is unfinished. That a stop goes without its last commit shows in some runs only.
async fn a_storm_of_rebalances_loses_nothing_and_keeps_the_order(world: World) {
    let shared = Shared::new();
    let publisher = world.start(world.bus()).await;
    let over = AtomicBool::new(false);
    let load = async {
        let mut seq = 0;
        while !over.load(Ordering::Relaxed) {
            publisher.publish((0..KEYS).map(|key| Job::new(format!("key-{key}"), seq, [Step::Sleep(5)]))).await;
            seq += 1;
            shared.ledger.until_handled((KEYS * seq.saturating_sub(AHEAD)) as usize).await;
        }
        seq
    };
    let storm = async {
        let mut seats: Vec<Option<Running>> = (0..SEATS).map(|_| None).collect();
        let mut members = 0;
        for round in 0..ROUNDS {
            let mut turns = Vec::new();
            for (at, seat) in seats.iter_mut().enumerate().filter(|(at, _)| *at == 0 || changes(round, *at)) {
                // One of them stays, so that the load goes on.
                if at == 0 && seat.is_some() {
                    continue;
                }
                members += 1;
                turns.push(turn(&world, &shared, members, seat));
            }
            join_all(turns).await;
        }
        over.store(true, Ordering::Relaxed);
        (seats, members)
    };
    let (seq, (mut seats, members)) = tokio::join!(load, storm);
    shared.ledger.until_handled((KEYS * seq) as usize).await;
    join_all(seats.iter_mut().filter(|seat| seat.is_some()).map(|seat| turn(&world, &shared, 0, seat))).await;

    let runs = shared.ledger.entries();
    assert_eq!(check::keys_out_of_order(&runs), [""; 0]);
    let repeated = check::repeated(&runs);
    println!("{members} members, {} jobs, {} of them repeated", KEYS * seq, repeated.len());
    // The embedded broker refuses commits while the group joins, and what they covered is repeated. On a real one nothing was,
    // whenever it was tried; some may be, where a member does not hear from the group for longer than its session.
    if world.kafka().broker().is_none() {
        assert!(repeated.len() <= KEYS as usize, "{} jobs were repeated", repeated.len());
    }
}

/// A member comes to an empty seat, or leaves its seat.
async fn turn(world: &World, shared: &Shared, number: u32, seat: &mut Option<Running>) {
    match seat.take() {
        Some(Running::Kafka(member)) => member.shutdown().await.expect("the member stops"),
        Some(Running::Test(_)) => unreachable!("a test bus has no group"),
        None => {
            let bus = world.bus_with(&shared.of_member(number)).supervise::<Worker>(Supervisor::one_for_one());
            *seat = Some(world.start(bus).await);
        }
    }
}
