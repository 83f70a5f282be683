//! What is said of a handler that publishes by hand.

use std::sync::{Arc, OnceLock};

use carom::{
    Actor, Bus, Context, Event, Failure, FromRef, Handler, Kafka, Publisher, Supervisor, handler,
    testing::{RecordingPublisher, TestBus},
};
use integration_tests::{capture::Capture, unique};
use serde::{Deserialize, Serialize};
use tracing::Level;

#[derive(Serialize, Deserialize, Event)]
#[event(entity = Letter, domain = "post")]
struct LetterPosted {
    #[event(key)]
    letter: u32,
    by: By,
}

#[derive(Serialize, Deserialize)]
enum By {
    Context,
    Own,
    Other,
}

#[derive(Serialize, Deserialize, Event)]
#[event(entity = Letter, domain = "post")]
struct LetterSorted {
    #[event(key)]
    letter: u32,
}

/// The publishers of the bus itself, which is there when it runs, and of another one.
#[derive(Clone, FromRef)]
struct Post {
    own: Arc<OnceLock<Publisher>>,
    other: Publisher,
}

#[derive(Actor)]
struct Sorter {
    own: Arc<OnceLock<Publisher>>,
    other: Publisher,
}

#[handler]
impl Handler<LetterPosted> for Sorter {
    async fn handle(&mut self, event: LetterPosted, cx: &mut Context<'_>) -> Result<(), Failure> {
        let sorted = LetterSorted { letter: event.letter };
        match event.by {
            By::Context => cx.publish(sorted),
            By::Own => self.own.wait().publish(sorted).await?,
            By::Other => self.other.publish(sorted).await?,
        }
        Ok(())
    }
}

// Fails when nobody looks where a `Publisher` is used, when each event has a line, or when a test that publishes, or a
// handler that passes events on to another cluster, has one.
#[tokio::test]
async fn a_handler_that_publishes_by_hand_is_told_once_of_what_it_loses() {
    let capture = Capture::of("a handler publishes with a `Publisher`");
    let said = || capture.named("carom.bus.warning");
    let post = Post { own: Arc::default(), other: RecordingPublisher::new().publisher() };
    let bus = Bus::new(Kafka::embedded()).service("post").with_state(post.clone());
    let bus = TestBus::start(bus.supervise::<Sorter>(Supervisor::one_for_one())).await.unwrap();
    let own = post.own.get_or_init(|| bus.publisher());
    own.publish(LetterSorted { letter: 1 }).await.unwrap();
    for by in [By::Context, By::Other] {
        assert!(bus.deliver(LetterPosted { letter: 2, by }).await.is_acked());
    }
    assert!(said().is_empty(), "{:?}", capture.lines());
    for letter in 3..6 {
        assert!(bus.deliver(LetterPosted { letter, by: By::Own }).await.is_acked());
    }
    let said = said();
    let [line] = &said[..] else { panic!("{said:?}") };
    assert!(line.get("message").unwrap().contains("write `cx.publish(..)`"), "{line:?}");
}

// Fails when events leave the trace that they were meant for without a word.
#[test]
fn a_trace_that_cannot_be_one_is_named() {
    let text = unique("no-traceparent");
    let capture = Capture::of(&text);
    let _ = RecordingPublisher::new().publisher().with_trace(&text, None);
    let lines = capture.named("carom.event.untraced");
    let [line] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!((line.level, line.get("traceparent")), (Level::WARN, Some(text.as_str())));
}
