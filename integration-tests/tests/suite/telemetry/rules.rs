//! An error whose type no rule can see.

use carom::{Actor, Context, Directive, Event, Failure, Handler, Supervisor, handler};
use integration_tests::{capture::Capture, job::Declined, world::World};
use serde::{Deserialize, Serialize};

use crate::contract::contract;

contract!(test_bus: { a_handler_whose_errors_no_rule_can_see_is_named_once });

#[derive(Serialize, Deserialize, Event)]
#[event(entity = Card, domain = "contract")]
struct CardSwiped {
    #[event(key)]
    key: String,
}

/// Hides its errors.
#[derive(Debug, Actor)]
struct Teller;

#[handler]
impl Handler<CardSwiped> for Teller {
    async fn handle(&mut self, _: CardSwiped, _: &mut Context<'_>) -> Result<(), Failure> {
        Err(anyhow::Error::new(Declined))?
    }
}

// Fails when the line is left out, or comes with each attempt.
async fn a_handler_whose_errors_no_rule_can_see_is_named_once(world: World) {
    let capture = Capture::of(world.environment());
    let policy = Supervisor::one_for_one().on::<Declined>(Directive::DeadLetter);
    let bus = world.start(world.bus().supervise::<Teller>(policy)).await;
    let cards = ["one", "two"].map(|key| CardSwiped { key: key.to_owned() });
    bus.publisher().publish_all(cards).await.unwrap();
    bus.dead_letters::<CardSwiped>(&world, 2).await;
    bus.stop::<CardSwiped>(&world).await;
    let lines = capture.named("carom.rule.unseen");
    let [line] = &lines[..] else { panic!("{lines:?}") };
    assert!(line.get("handler").is_some_and(|handler| handler.ends_with("Teller/contract.card-swiped.v1")), "{line:?}");
}
