//! Two buses of one process in one consumer group: instances of one service, or a mistake.

use carom::{Actor, Bus, Context, Error, Failure, Handler, Supervisor, handler};
use integration_tests::{
    job::{Auditor, Done, Shared, Worker},
    world::World,
};

use super::contract;

contract!(embedded: { buses_of_one_group_handle_the_same });

/// Handles another topic than `Worker` and `Auditor`.
#[derive(Actor)]
struct Clerk;

#[handler]
impl Handler<Done> for Clerk {
    async fn handle(&mut self, _: Done, _: &mut Context<'_>) -> Result<(), Failure> {
        Ok(())
    }
}

fn worker(world: &World) -> Bus<Shared> {
    world.bus_with(&Shared::new()).supervise::<Worker>(Supervisor::one_for_one())
}

fn auditor(world: &World) -> Bus<Shared> {
    world.bus_with(&Shared::new()).supervise::<Auditor>(Supervisor::one_for_one())
}

// Fails when `Membership::enter` lets everybody in, looks at the group alone, or forgets nobody.
async fn buses_of_one_group_handle_the_same(world: World) {
    let first = world.start(worker(&world)).await;
    for other in [auditor(&world), worker(&world).supervise::<Auditor>(Supervisor::one_for_one())] {
        let error = world.try_start(other).await.unwrap_err();
        let Error::Misconfigured(problems) = &error else { panic!("{error}") };
        let [problem] = &problems[..] else { panic!("{error}") };
        let text = problem.to_string();
        for words in [
            "promise_11_neighbours.rs:",
            &format!("another bus of this process is in the consumer group `{}` too", world.group()),
            ".contract.public.jobs.v1`",
            "supervise all these actors on one bus, or give one of the two another `.service(..)` or `.group(..)`",
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
    }
    // A second instance, another group, another topic, and another cluster.
    let mut fine = vec![world.start(worker(&world)).await];
    fine.push(world.start(auditor(&world).group("auditors")).await);
    fine.push(world.start(world.bus().supervise::<Clerk>(Supervisor::one_for_one())).await);
    let elsewhere = World::embedded();
    fine.push(elsewhere.start(auditor(&elsewhere).group(world.group())).await);
    drop((first, fine));
    let auditor = world.start(auditor(&world)).await;
    drop(auditor);
}
