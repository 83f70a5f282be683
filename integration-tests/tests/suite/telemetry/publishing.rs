//! What is said of a handler that publishes by hand.

use carom::{
    Actor, Bus, Context, Event, Failure, Handler, Kafka, Publisher, Supervisor, handler,
    testing::{RecordingPublisher, TestBus},
};
use integration_tests::capture::Capture;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(entity = Letter, domain = "post")]
struct LetterPosted {
    #[event(key)]
    letter: u32,
    by_hand: bool,
}

#[derive(Serialize, Deserialize, Event)]
#[event(entity = Letter, domain = "post")]
struct LetterSorted {
    #[event(key)]
    letter: u32,
}

#[derive(Actor)]
struct Sorter {
    publisher: Publisher,
}

#[handler]
impl Handler<LetterPosted> for Sorter {
    async fn handle(&mut self, event: LetterPosted, cx: &mut Context<'_>) -> Result<(), Failure> {
        let sorted = LetterSorted { letter: event.letter };
        if event.by_hand {
            self.publisher.publish(sorted).await?;
        } else {
            cx.publish(sorted);
        }
        Ok(())
    }
}

// Fails when nobody looks where a `Publisher` is used, when each event has a line, or when a test that publishes has one.
#[tokio::test]
async fn a_handler_that_publishes_by_hand_is_told_once_of_what_it_loses() {
    let capture = Capture::of("a handler publishes with a `Publisher`");
    let recording = RecordingPublisher::new();
    let bus = Bus::new(Kafka::embedded()).service("post").with_state(recording.publisher());
    let bus = TestBus::start(bus.supervise::<Sorter>(Supervisor::one_for_one())).await.unwrap();
    recording.publisher().publish(LetterSorted { letter: 1 }).await.unwrap();
    bus.deliver(LetterPosted { letter: 2, by_hand: false }).await;
    assert!(capture.named("carom.bus.warning").is_empty(), "{:?}", capture.lines());
    for letter in 3..6 {
        assert!(bus.deliver(LetterPosted { letter, by_hand: true }).await.is_acked());
    }
    let said = capture.named("carom.bus.warning");
    let [line] = &said[..] else { panic!("{said:?}") };
    assert!(line.get("message").unwrap().contains("write `cx.publish(..)`"), "{line:?}");
}
