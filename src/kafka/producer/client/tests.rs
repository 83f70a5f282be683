//! What the thread of a producer says of clients that die, on the thread of the test.

use bytes::Bytes;

use super::{
    super::{
        super::record::OutRecord,
        queue::{Limits, Outcome},
        topics::Topics,
    },
    *,
};
use crate::{kafka::client::Secrets, telemetry::heard::heard};

/// Nobody answers there.
fn config() -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", "127.0.0.1:1");
    config
}

fn shared(client: Option<&Arc<RawProducer>>, config: ClientConfig, patience: Duration) -> Shared {
    let name = Name { service: "billing".into(), client: "producer" };
    let queue = SendQueue::new(Limits { records: 8, bytes: 1_000, patience });
    Shared::new(client.cloned(), config, ClientLog { name, secrets: Secrets::default() }, queue)
}

fn push(shared: &Shared) -> tokio::sync::oneshot::Receiver<Vec<Outcome>> {
    let value = Some(Bytes::from_static(b"1"));
    let record = OutRecord { topic: "t".into(), partition: None, key: None, value, headers: Vec::new() };
    let topics = Topics::of_all(std::slice::from_ref(&record));
    shared.with_queue(|queue| queue.push(vec![record], topics, now()))
}

// Fails when a client is replaced without a word, and when nobody learns how many records went with it.
#[test]
fn a_client_that_dies_is_a_line_and_what_it_gives_up_is_another() {
    let client = Arc::new(RawProducer::new(&config()).unwrap());
    let shared = shared(Some(&client), config(), Duration::from_secs(60));
    let told = push(&shared);
    let text = heard(|| assert!(shared.rebuild(client, "fenced").is_some()));
    let lines = [
        "ERROR carom::bus: a producer's client is dead and gets replaced service=\"billing\" client=\"producer\" \
         reason=\"fenced\"",
        " WARN carom::bus: records were given up before a broker acknowledged them service=\"billing\" \
         client=\"producer\" records=1",
    ];
    assert_eq!(text.lines().collect::<Vec<_>>(), lines);
    assert!(told.blocking_recv().unwrap()[0].is_err());
}

// Fails when a producer that can have no client stands still without a word.
#[test]
fn a_client_that_cannot_be_replaced_is_a_line() {
    let mut refused = config();
    refused.set("linger.ms", "never");
    let shared = shared(None, refused, Duration::ZERO);
    let told = push(&shared);
    let dead = Arc::new(RawProducer::new(&config()).unwrap());
    let text = thread::scope(|scope| {
        // It ends where the first try begins, and the next one is not made any more.
        scope.spawn(|| (told.blocking_recv(), shared.close()).1);
        heard(|| assert!(shared.rebuild(dead, "fenced").is_none()))
    });
    let line = "ERROR carom::bus: no new client yet for a producer whose own is dead service=\"billing\" \
                client=\"producer\" reason=\"";
    assert!(text.lines().nth(1).is_some_and(|said| said.starts_with(line)), "{text}");
}
