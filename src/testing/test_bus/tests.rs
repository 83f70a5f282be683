//! What is known of a record that a test waits for.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::*;
use crate::{
    Actor, Context, Event, Failure, Handler, Kafka, Supervisor, handler,
    telemetry::ErrorDetail,
    testing::watch::{Overdue, Undone},
};

#[derive(Serialize, Deserialize, Event)]
#[event(entity = Parcel, domain = "shop")]
struct ParcelPacked {
    /// How each attempt fails: whether a dependency is unavailable, and the error's text.
    fails: Vec<(bool, String)>,
}

/// Fails as often as the parcel says, then waits for the test.
#[derive(Actor)]
struct Post {
    #[actor(default)]
    seen: usize,
    gate: Arc<(Notify, Notify)>,
}

#[handler]
impl Handler<ParcelPacked> for Post {
    async fn handle(&mut self, event: ParcelPacked, _: &mut Context<'_>) -> Result<(), Failure> {
        self.seen += 1;
        match event.fails.into_iter().nth(self.seen - 1) {
            Some((true, why)) => Err(Failure::unavailable("trains", why)),
            Some((false, why)) => Err(why.into()),
            None => {
                self.gate.0.notify_one();
                self.gate.1.notified().await;
                Ok(())
            }
        }
    }
}

/// What is told of a parcel that has failed so.
async fn told(fails: &[(bool, &str)], detail: ErrorDetail) -> Option<String> {
    let gate = Arc::default();
    let bus = Bus::new(Kafka::embedded()).service("post").error_detail(detail).with_state(Arc::clone(&gate));
    let bus = TestBus::start(bus.supervise::<Post>(Supervisor::one_for_one())).await.unwrap();
    let parcel = ParcelPacked { fails: fails.iter().map(|(held, why)| (*held, (*why).to_owned())).collect() };
    let at_the_gate = async {
        gate.0.notified().await;
        let overdue = bus.watch.overdue(Duration::ZERO);
        gate.1.notify_one();
        let [Overdue { actors, .. }] = &overdue[..] else { panic!("{overdue:?}") };
        let [Undone { actor, failure }] = &actors[..] else { panic!("{actors:?}") };
        assert!(actor.ends_with("Post"), "{actor}");
        failure.clone()
    };
    let (outcome, told) = tokio::join!(bus.deliver(parcel), at_the_gate);
    assert!(outcome.is_acked());
    told
}

#[tokio::test]
async fn it_is_told_how_the_last_attempt_failed() {
    assert_eq!(told(&[], ErrorDetail::default()).await, None);
    assert_eq!(
        told(&[(false, "no stamp"), (false, "no ink")], ErrorDetail::default()).await.as_deref(),
        Some("no ink")
    );
    let held = told(&[(false, "no stamp"), (true, "it is night")], ErrorDetail::default()).await.unwrap();
    assert!(held.contains("trains") && held.contains("it is night"), "{held}");
}

#[tokio::test]
async fn an_error_that_must_not_be_shown_is_not() {
    assert_eq!(told(&[(false, "no stamp")], ErrorDetail::None).await, None);
}
