//! Which handlers are said to go round.

use serde::{Deserialize, Serialize};

use super::*;
use crate::{Actor, Context, Event, Failure, Handler, actor::Registered};

#[derive(Serialize, Deserialize, Event)]
#[event(entity = Ball, domain = "table", alias = "table.ball-hit.v1")]
struct BallPlayed {}

#[derive(Serialize, Deserialize, Event)]
#[event(entity = Ball, domain = "table", type = "table.ball-hit.v1")]
struct BallHit {}

#[derive(Serialize, Deserialize, Event)]
#[event(entity = Point, domain = "table")]
struct PointMade {}

/// Never runs: only its type counts.
macro_rules! handler {
    ($event:ty => $returns:ty) => {{
        #[derive(Actor)]
        struct Player;
        impl Registered<$event> for Player {}
        #[allow(refining_impl_trait)]
        impl Handler<$event> for Player {
            async fn handle(&mut self, _: $event, _: &mut Context<'_>) -> Result<$returns, Failure> {
                Err("nobody plays".into())
            }
        }
        &const { Registration::of::<Player, $event>("src/table.rs", line!()) }
    }};
}

fn said_of(handlers: &[&'static Registration]) -> Vec<String> {
    let environment = Environment::new("development");
    let topics: Vec<_> =
        handlers.iter().map(|handler| topic_name((handler.event)(), &environment).expect("it is a name")).collect();
    let candidates = handlers.iter().zip(&topics);
    rounds_of(candidates.map(|(registration, topic)| Candidate { topic, registration }).collect(), &environment)
}

#[test]
fn a_handler_that_always_returns_what_it_handles_goes_round() {
    let handler = handler!(BallPlayed => BallPlayed);
    let said = said_of(&[handler]);
    let text = format!(
        "events go round without end: `Player` (src/table.rs:{}) handles `table.ball-played.v1` and returns \
         `table.ball-played.v1`; return another event, or an `Option` or a `Vec`, which may be empty",
        handler.location.line
    );
    assert_eq!(said, [text]);
}

// Fails when aliases are forgotten, or only the first of a tuple counts.
#[test]
fn it_does_so_by_an_alias_and_as_a_part_of_what_it_returns() {
    assert_eq!(said_of(&[handler!(BallPlayed => BallHit)]).len(), 1);
    assert_eq!(said_of(&[handler!(BallPlayed => (PointMade, (Option<PointMade>, BallPlayed)))]).len(), 1);
}

#[test]
fn what_may_stop_does_not_go_round() {
    assert_eq!(said_of(&[handler!(BallPlayed => Option<BallPlayed>)]), [""; 0]);
    assert_eq!(said_of(&[handler!(BallPlayed => Vec<BallPlayed>)]), [""; 0]);
    assert_eq!(said_of(&[handler!(BallPlayed => (PointMade, Option<(BallPlayed, PointMade)>))]), [""; 0]);
    assert_eq!(said_of(&[handler!(BallPlayed => ()), handler!(PointMade => BallPlayed)]), [""; 0]);
}

// Fails when only the type counts: an internal event that becomes a public one of the same name comes back to nobody.
#[test]
fn an_event_that_goes_to_another_topic_does_not_come_back() {
    mod internal {
        use super::*;

        #[derive(Serialize, Deserialize, Event)]
        #[event(entity = Ball, domain = "table", internal)]
        pub(super) struct BallPlayed {}
    }
    assert_eq!(internal::BallPlayed::descriptor().event_type, BallPlayed::descriptor().event_type);
    assert_eq!(said_of(&[handler!(internal::BallPlayed => BallPlayed)]), [""; 0]);
    assert_eq!(said_of(&[handler!(internal::BallPlayed => internal::BallPlayed)]).len(), 1);
}

// Fails when a round of several is told once for each of its handlers, or when one that leads into it counts as part.
#[test]
fn several_handlers_go_round_together_and_are_told_once() {
    let leads_in = handler!(BallHit => BallPlayed);
    let played = handler!(BallPlayed => PointMade);
    let made = handler!(PointMade => (BallPlayed, ()));
    let said = said_of(&[made, played, leads_in]);
    let [said] = &said[..] else { panic!("{said:?}") };
    let line = |at: &Registration| at.location.line;
    assert!(
        said.starts_with(&format!(
            "events go round without end: `Player` (src/table.rs:{}) handles `table.ball-played.v1` and returns \
             `table.point-made.v1`, `Player` (src/table.rs:{}) handles `table.point-made.v1` and returns \
             `table.ball-played.v1`; ",
            line(played),
            line(made)
        )),
        "{said}"
    );
}

// Fails when the search never ends among handlers that answer each other.
#[test]
fn two_rounds_are_told_as_two() {
    let both = handler!(BallPlayed => (PointMade, BallPlayed));
    let back = handler!(PointMade => BallPlayed);
    let alone = handler!(BallHit => BallHit);
    let said = said_of(&[both, back, alone]);
    assert_eq!(said.len(), 2, "{said:?}");
}
