//! An event whose author means an array is one, though an array is not taken for the fields of a struct.

use carom::{
    Actor, Context, Event, Failure, FromRef, Handler, Supervisor, handler,
    testing::{TestBus, TestRecord},
};
use integration_tests::world::World;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::contract;

contract!(test_bus: {
    an_event_that_is_an_array_is_handled,
});

#[derive(Debug, Serialize, Deserialize, Event)]
#[event(entity = Parcel, domain = "contract")]
struct ParcelSeen(#[event(key)] String, u32);

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(entity = Parcel, domain = "contract")]
#[serde(from = "(String, u32)", into = "(String, u32)")]
struct ParcelWeighed {
    #[event(key)]
    parcel: String,
    grams: u32,
}

impl From<(String, u32)> for ParcelWeighed {
    fn from((parcel, grams): (String, u32)) -> Self {
        Self { parcel, grams }
    }
}

impl From<ParcelWeighed> for (String, u32) {
    fn from(event: ParcelWeighed) -> Self {
        (event.parcel, event.grams)
    }
}

#[derive(Clone, FromRef)]
struct Desk {
    seen: UnboundedSender<(String, u32)>,
}

#[derive(Debug, Actor)]
struct Scales {
    seen: UnboundedSender<(String, u32)>,
}

#[handler]
impl Handler<ParcelSeen> for Scales {
    async fn handle(&mut self, event: ParcelSeen, _: &mut Context<'_>) -> Result<(), Failure> {
        Ok(self.seen.send((event.0, event.1))?)
    }
}

#[handler]
impl Handler<ParcelWeighed> for Scales {
    async fn handle(&mut self, event: ParcelWeighed, _: &mut Context<'_>) -> Result<(), Failure> {
        Ok(self.seen.send(event.into())?)
    }
}

// Fails when each array is refused, not only one in place of a struct.
async fn an_event_that_is_an_array_is_handled(world: World) {
    let (seen, mut received) = unbounded_channel();
    let bus = world.bus().with_state(Desk { seen }).supervise::<Scales>(Supervisor::one_for_one());
    let bus = TestBus::start(bus).await.unwrap();
    for event_type in ["contract.parcel-seen.v1", "contract.parcel-weighed.v1"] {
        let record = TestRecord::new(bus.topic::<ParcelSeen>())
            .key("p-1")
            .value(r#"["p-1", 70]"#)
            .header("ce_specversion", "1.0")
            .header("ce_id", "1")
            .header("ce_type", event_type)
            .header("ce_source", "/suite");
        assert!(bus.deliver_record(record).await.is_acked());
        assert_eq!(received.recv().await, Some(("p-1".to_owned(), 70)));
    }
    assert!(bus.deliver(ParcelWeighed { parcel: "p-2".to_owned(), grams: 80 }).await.is_acked());
    assert_eq!(received.recv().await, Some(("p-2".to_owned(), 80)));
}
