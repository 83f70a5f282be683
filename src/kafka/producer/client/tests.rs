//! What the thread of a producer says of clients that die, on the thread of the test.

use std::{
    pin::pin,
    task::{Context, Wake, Waker},
};

use rdkafka::error::RDKafkaErrorCode;

use super::{
    super::{
        super::record::OutRecord,
        queue::{Limits, Outcome},
        topics::Topics,
    },
    ending::drop_aside,
    *,
};
use crate::{
    kafka::client::Secrets,
    telemetry::{heard::heard, logs::client::Name},
};

/// Nobody answers there.
fn config() -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", "127.0.0.1:1");
    config
}

fn name() -> Name {
    Name { service: "billing".into(), client: "producer" }
}

fn shared(client: Option<&Arc<RawProducer>>, config: ClientConfig, patience: Duration) -> Shared {
    let queue = SendQueue::new(Limits { records: 2 * MANY, bytes: 1_000_000, patience });
    Shared::new(client.cloned(), config, ClientLog::new(name(), Secrets::default()), queue)
}

fn push(shared: &Shared) -> tokio::sync::oneshot::Receiver<Vec<Outcome>> {
    let record = OutRecord::new("t".into(), None, None, Some(b"1"), &[]);
    let topics = Topics::of_all(std::slice::from_ref(&record));
    shared.with_queue(|queue| queue.push(vec![record], topics, now()))
}

// Fails when records go to the client where they are brought although many are on their way, when they wait for the
// thread although few are, and when the thread is not woken: it would look after half a second.
#[test]
fn what_comes_while_many_records_are_on_their_way_is_left_to_the_thread() {
    let mut quiet = config();
    quiet.set("reconnect.backoff.ms", "600000").set("reconnect.backoff.max.ms", "600000");
    let client = Arc::new(RawProducer::new(&quiet).unwrap());
    let down = |event| matches!(event, Event::Error { code: RDKafkaErrorCode::AllBrokersDown, .. });
    // Nothing comes from it by itself after that.
    while !down(client.poll(IDLE, &mut Vec::new())) {}
    let shared = shared(Some(&client), config(), Duration::from_secs(60));
    let _told: Vec<_> = (0..=MANY).map(|_| push(&shared)).collect();
    let with_the_client = || shared.lock().queue.on_the_way();
    assert_eq!(with_the_client(), MANY + 1);
    let _more = push(&shared);
    assert_eq!(with_the_client(), MANY + 1);
    let mut round = Round { reports: Vec::new(), connection: Connection::new(name(), Arc::new(|_, _: &str| {})) };
    let begun = now();
    assert!(matches!(shared.serve(&client, &mut round), Next::Go));
    assert_eq!(with_the_client(), MANY + 2);
    assert!(now() - begun < IDLE / 2);
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

// Fails when what waits for the thread is given up without being counted.
#[test]
fn a_producer_that_ends_says_how_many_records_it_gives_up() {
    let client = Arc::new(RawProducer::new(&config()).unwrap());
    let shared = shared(Some(&client), config(), Duration::from_secs(60));
    let told: Vec<_> = (0..MANY + 9).map(|_| push(&shared)).collect();
    let text = heard(|| shared.end(&client));
    assert!(text.ends_with(&format!(" records={}\n", MANY + 9)), "{text}");
    assert!(told.into_iter().all(|told| told.blocking_recv().unwrap()[0].is_err()));
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

// Fails when what waits for a client that never comes is given up without being counted.
#[test]
fn a_producer_that_ends_without_a_client_says_how_many_records_it_gives_up() {
    let shared = shared(None, config(), Duration::from_secs(60));
    let told = push(&shared);
    shared.close();
    let text = heard(|| assert!(shared.rebuild(Arc::new(RawProducer::new(&config()).unwrap()), "fenced").is_none()));
    assert!(text.ends_with(" records=1\n"), "{text}");
    assert!(told.blocking_recv().unwrap()[0].is_err());
}

struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        panic!("woken");
    }
}

// Fails when the panic of a task that is woken goes further, or is swallowed.
#[test]
fn a_task_that_panics_when_it_is_told_is_a_line() {
    let shared = shared(None, config(), Duration::ZERO);
    let mut told = pin!(push(&shared));
    let waker = Waker::from(Arc::new(Panics));
    assert!(told.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    let text = heard(|| shared.with_queue(|queue| queue.expire(now() + Duration::from_secs(1))));
    let line =
        "ERROR carom::bus: a panic was caught, and carom goes on place=\"a task that waited for the producer\"\n";
    assert_eq!(text, line);
}

// Fails when a panic ends the thread, or is swallowed.
#[test]
fn a_panic_on_the_thread_of_a_producer_is_a_line_and_the_thread_goes_on() {
    let client = Arc::new(RawProducer::new(&config()).unwrap());
    let shared = Arc::new(shared(Some(&client), config(), Duration::ZERO));
    let closes = Arc::clone(&shared);
    let tell = move |_, _: &str| {
        closes.close();
        panic!("told that nothing can be reached");
    };
    let text = heard(|| shared.run(client, Connection::new(name(), Arc::new(tell))));
    let line = "ERROR carom::bus: a panic was caught, and carom goes on place=\"the producer's thread\"";
    assert_eq!(text.lines().filter(|said| *said == line).count(), 1, "{text}");
}

// Fails when publishing waits for the end of a dead client without a word.
#[test]
fn a_client_that_ends_where_it_was_served_is_a_line() {
    let client = || Arc::new(RawProducer::new(&config()).unwrap());
    // More than there is, so that the system refuses the thread.
    let too_large = thread::Builder::new().stack_size(usize::MAX / 4);
    let text = heard(|| drop_aside(too_large, client(), &name()));
    let line = " WARN carom::bus: no thread to end a producer's dead client on: publishing waited for its end \
                service=\"billing\" client=\"producer\" error=";
    assert!(text.starts_with(line), "{text}");
    assert_eq!(heard(|| drop_aside(thread::Builder::new(), client(), &name())), "");
}
