//! Misconfiguration fails at start, with a sentence that says what to write instead.

use std::time::{Duration, Instant};

use carom::{
    Actor, Bus, Context, Error, Event, Failure, Handler, Kafka, Ordering, Retry, Supervisor, event::Environment,
    handler, kafka::Topics, supervisor::OnLimit, testing::TestBus,
};
use integration_tests::{
    capture::Capture,
    job::{Done, Job, Shared, Worker},
    world::World,
};
use serde::{Deserialize, Serialize};

use super::contract;

contract!(test_bus, embedded, real: {
    an_actor_needs_a_handler,
    an_actor_is_supervised_once,
    two_events_of_one_type_are_refused,
    another_domains_internal_event_is_refused,
    names_are_checked,
    policies_are_checked,
    options_that_break_a_promise_are_refused,
    a_topic_that_nobody_reads_keeps_nothing,
    all_problems_are_reported_together,
});

mod on_a_broker {
    use super::{contract, missing_topics_are_named};

    contract!(embedded, real: { missing_topics_are_named });
}

/// An actor without handlers.
#[derive(Debug, Actor)]
struct Idle;

/// Of the same type as [`Other`].
#[derive(Serialize, Deserialize, Event)]
#[event(entity = Job, domain = "contract", type = "contract.twin.v1")]
struct One {}

/// Of the same type as [`One`], by an alias.
#[derive(Serialize, Deserialize, Event)]
#[event(entity = Job, domain = "contract", alias = "contract.twin.v1")]
struct Other {}

/// Of another domain, and not for this one.
#[derive(Serialize, Deserialize, Event)]
#[event(entity = Secret, domain = "vault", internal)]
struct SecretKept {}

#[derive(Debug, Actor)]
struct Twins;

#[derive(Debug, Actor)]
struct Spy;

#[handler]
impl Handler<One> for Twins {
    async fn handle(&mut self, _: One, _: &mut Context<'_>) -> Result<(), Failure> {
        Ok(())
    }
}

#[handler]
impl Handler<Other> for Twins {
    async fn handle(&mut self, _: Other, _: &mut Context<'_>) -> Result<(), Failure> {
        Ok(())
    }
}

#[handler]
impl Handler<SecretKept> for Spy {
    async fn handle(&mut self, _: SecretKept, _: &mut Context<'_>) -> Result<(), Failure> {
        Ok(())
    }
}

/// The problems for which a bus does not start.
async fn problems<S>(world: &World, bus: Bus<S>) -> Vec<String> {
    match world.try_start(bus).await {
        Err(Error::Misconfigured(problems)) => problems.iter().map(ToString::to_string).collect(),
        Err(other) => panic!("that is no misconfiguration: {other}"),
        Ok(_) => panic!("the bus starts"),
    }
}

/// The only problem has all these words.
async fn assert_refused<S>(world: &World, bus: Bus<S>, words: &[&str]) {
    let problems = problems(world, bus).await;
    assert_eq!(problems.len(), 1, "{problems:#?}");
    for word in words {
        assert!(problems[0].contains(word), "{word:?} is missing in: {}", problems[0]);
    }
}

const HERE: &str = "promise_11_misconfiguration.rs:";

// Fails when `Plan::check_actors` does not look for handlers.
async fn an_actor_needs_a_handler(world: World) {
    let bus = world.bus().supervise::<Idle>(Supervisor::one_for_one());
    let words = ["`Idle` is supervised but handles nothing", "`#[handler] impl Handler<..> for Idle`", HERE];
    assert_refused(&world, bus, &words).await;
}

// Fails when `Plan::check_actors` does not look at earlier actors.
async fn an_actor_is_supervised_once(world: World) {
    let policy = Supervisor::one_for_one;
    let bus = world.bus_with(&Shared::new()).supervise::<Worker>(policy()).supervise::<Worker>(policy());
    assert_refused(&world, bus, &["`Worker` is supervised twice", "remove one `.supervise`", HERE]).await;
}

// Fails when `Plan::check_kept` finds nothing wrong.
async fn a_topic_that_nobody_reads_keeps_nothing(world: World) {
    let bus = world.bus_with(&Shared::new()).supervise::<Worker>(Supervisor::one_for_one());
    let bus = bus.dead_letter_unknown_types::<integration_tests::job::Done>();
    let words = ["`.dead_letter_unknown_types::<Done>()` keeps nothing", "supervise one that does", HERE];
    assert_refused(&world, bus, &words).await;
}

// Fails when `check_types` leaves out aliases, and when `claimed_twice` names the types without their paths.
async fn two_events_of_one_type_are_refused(world: World) {
    let bus = world.bus().supervise::<Twins>(Supervisor::one_for_one());
    let twins = ["misconfiguration::One`", "misconfiguration::Other`", "both have the type `contract.twin.v1`"];
    let advice = ["`#[event(type = \"..\")]`", "`#[event(version = \"v2\")]`", HERE];
    assert_refused(&world, bus, &[twins, advice].concat()).await;
}

// Fails when `Plan::check_domain` lets internal events pass, and when it compares domains with their case.
async fn another_domains_internal_event_is_refused(world: World) {
    let bus = world.bus().supervise::<Spy>(Supervisor::one_for_one());
    let words =
        ["`SecretKept` is an internal event of the domain `vault`", "belongs to `contract`", "`.domain(\"vault\")`"];
    assert_refused(&world, bus, &words).await;
    let bus = world.bus().domain("Vault").supervise::<Spy>(Supervisor::one_for_one());
    world.start(bus).await;
}

// Fails when `Settings::identity` takes any service name, and when `topic::check` takes any length or character.
async fn names_are_checked(world: World) {
    let bus = || world.bus_with(&Shared::new()).supervise::<Worker>(Supervisor::one_for_one());
    assert_refused(&world, bus().service("Billing API"), &["`Billing API` is no service name", "`billing-api`"]).await;
    assert_refused(&world, world.bus().group(" "), &["the group id is empty", "leave `.group(..)` out"]).await;
    assert_refused(&world, bus().group("billing/eu"), &["the dead-letter topic", "'/' in its group id"]).await;
    let odd = Environment::short("dev/eu");
    assert_refused(&world, bus().environment(odd), &["the environment cannot be `dev/eu`", "`CAROM__ENVIRONMENT`"])
        .await;
    let long = Environment::short("e".repeat(240));
    assert_refused(&world, bus().environment(long), &[": the topic of `Job` cannot", "at most 249", "shorten"]).await;
    // The topic has room, its dead-letter topic has not.
    let long = Environment::short("e".repeat(200));
    assert_refused(&world, bus().environment(long), &["the dead-letter topic of group", "at most 249", "shorter"])
        .await;
    assert_refused(&world, bus().source("no uri"), &["`source`", "is not a URI-reference"]).await;
}

// Fails when `Plan::check_actors` does not ask the policies.
async fn policies_are_checked(world: World) {
    let one = Supervisor::one_for_one;
    let cases = [
        (one().concurrency(0), "`.concurrency(0)` would handle nothing: write 1 or more"),
        (one().concurrency(1_000_000), "write 4096 or less"),
        (one().ordering(Ordering::Partition).concurrency(8), "leave out `.concurrency(8)`"),
        (one().retry(Retry::exponential(0)), "write `Retry::none()` for one attempt"),
        (one().retry(Retry::exponential(3).initial(Duration::from_secs(60))), "raise it with `.max(..)`"),
        (one().retry(Retry::forever().initial(Duration::ZERO)), "give `.initial(..)` more than 0"),
        (one().timeout(Duration::ZERO), "`.timeout(0)` would fail every attempt"),
        (one().on_limit(OnLimit::Escalate), "set the limit too"),
        (one().restart_limit(1, Duration::ZERO), "write a longer window"),
    ];
    for (policy, words) in cases {
        let bus = world.bus_with(&Shared::new()).supervise::<Worker>(policy);
        assert_refused(&world, bus, &["`Worker`: ", words, HERE]).await;
    }
    assert_refused(&world, world.bus().workers(0), &["`.workers(0)`", "use 1 or more"]).await;
}

// Fails when `Bus::plan` does not ask `Kafka::problems`.
async fn options_that_break_a_promise_are_refused(world: World) {
    let cases = [
        ("enable.auto.commit", "true", "`enable.auto.commit` is not yours to set"),
        ("enable.auto.offset.store", "false", "`enable.auto.offset.store` is not yours to set"),
        ("group.id", "mine", "write `.service(\"..\")` on the bus"),
        ("partitioner", "murmur2", "write `.partitioner(Partitioner::Java)`"),
        ("enable.idempotence", "false", "`enable.idempotence` cannot be `false`"),
        ("request.required.acks", "1", "`acks` cannot be `1`"),
        ("allow.auto.create.topics", "true", "`.topics(Topics::Create)`"),
        ("metadata.broker.list", "elsewhere:9092", "it is the argument of `Kafka::new(..)`"),
        ("transactional.id", "mine", "`transactional.id` is not yours to set"),
        ("fetch.wait.max.millis", "5", "`fetch.wait.max.millis` is not an option of librdkafka"),
        ("linger.ms", "soon", "`linger.ms = soon`"),
        ("session.timeout.ms", "-1", "`session.timeout.ms = -1`"),
    ];
    for (option, value, words) in cases {
        let wrong = world.with_kafka(|kafka| kafka.set(option, value));
        assert_refused(&wrong, wrong.bus(), &[words]).await;
    }
    let wrong = world.with_kafka(|kafka| kafka.consumer("max.poll.interval.ms", "1000"));
    let problems = problems(&wrong, wrong.bus()).await.concat();
    assert!(problems.contains("librdkafka refuses the consumer's options"), "they contradict each other: {problems}");
}

// Fails when `Bus::plan` returns after the first kind of problem.
async fn all_problems_are_reported_together(world: World) {
    let wrong = world.with_kafka(|kafka| kafka.set("group.id", "mine").set("linger", "5"));
    let bus = wrong
        .bus()
        .service("Billing")
        .workers(0)
        .supervise::<Idle>(Supervisor::one_for_one().concurrency(0))
        .supervise::<Twins>(Supervisor::one_for_one().timeout(Duration::ZERO))
        .supervise::<Spy>(Supervisor::one_for_one());
    let text = wrong.try_start(bus).await.expect_err("the bus does not start").to_string();
    assert!(text.starts_with("the bus cannot start:\n  - "), "{text}");
    let expected = [
        "`group.id`",
        "`linger`",
        "`Billing` is no service name",
        "`.workers(0)`",
        "`Idle` is supervised but handles nothing",
        "`.concurrency(0)`",
        "`.timeout(0)`",
        "`contract.twin.v1`",
        "`SecretKept`",
    ];
    for words in expected {
        assert!(text.contains(words), "{words:?} is missing in: {text}");
    }
    assert_eq!(text.matches("\n  - ").count(), expected.len(), "{text}");
}

// Fails when `Plan::routes_of` leaves out `unsupervised`.
#[tokio::test]
async fn a_handler_whose_actor_nobody_supervises_is_named_with_its_place() {
    let shared = Shared::new();
    let bus = Bus::new(Kafka::embedded()).service("contract").with_state(shared.clone());
    let error = bus.supervise::<Worker>(Supervisor::one_for_one()).spawn().await.unwrap_err().to_string();
    let line = error.lines().find(|line| line.contains("`Auditor` handles `contract.job.v1`"));
    let line = line.unwrap_or_else(|| panic!("the other handler of the event is not named: {error}"));
    for words in ["integration-tests/src/job.rs:", "add `.supervise::<Auditor>(..)`", "or `.partial()`"] {
        assert!(line.contains(words), "{line}");
    }
    assert!(!error.contains("`Worker` handles"), "{error}");
    let unnamed = Bus::new(Kafka::embedded()).with_state(shared).partial();
    let error = unnamed.supervise::<Worker>(Supervisor::one_for_one()).spawn().await.unwrap_err().to_string();
    assert!(error.contains("add `.service(\"..\")`"), "{error}");
}

// Fails when `PATIENCE` is 20 s, when `state::describe` asks nobody for want of topics, and when `provision` waits
// in silence.
#[tokio::test]
async fn a_broker_that_is_not_there_is_an_error_after_ten_seconds() {
    let capture = Capture::of("from Kafka at `127.0.0.1:1`");
    let asked = Instant::now();
    let error = Bus::new(Kafka::new("127.0.0.1:1")).service("contract").spawn().await.unwrap_err();
    assert!(matches!(&error, Error::Unreachable { servers, .. } if servers == "127.0.0.1:1"), "{error}");
    assert!(error.to_string().contains("no Kafka broker at `127.0.0.1:1` answered within 10 s"), "{error}");
    assert!(error.to_string().contains("Connection refused"), "{error}");
    assert!((9..19).contains(&asked.elapsed().as_secs()), "{:?}", asked.elapsed());
    let said = capture.lines();
    assert!(said.len() == 1 && said[0].get("message").is_some_and(|text| text.contains("after 10 s")), "{said:?}");
}

// Fails when `sized_like_their_sources` drops the dead-letter topics of missing topics.
async fn missing_topics_are_named(world: World) {
    let world = world.with_kafka(|kafka| kafka.topics(Topics::Verify));
    let bus = world
        .bus_with(&Shared::new())
        .supervise::<Worker>(Supervisor::one_for_one())
        .supervise::<Spy>(Supervisor::one_for_one());
    let publisher = world.start(world.bus()).await;
    let topics = [publisher.topic::<Job>(), publisher.topic::<SecretKept>()];
    let topics: Vec<String> =
        topics.into_iter().flat_map(|topic| [format!("{topic}.{}.dlq", world.group()), topic]).collect();
    let problems = problems(&world, bus.domain("vault")).await;
    for topic in &topics {
        let named = |problem: &&String| {
            problem.starts_with(&format!("topic `{topic}` does not exist: create it"))
                && problem.ends_with("or write `.topics(Topics::Create)` on `Kafka`")
        };
        assert_eq!(problems.iter().filter(named).count(), 1, "{topic}: {problems:#?}");
    }
    assert_eq!(problems.len(), topics.len(), "{problems:#?}");
}

// Fails without `check_route`: nobody ever ends that record, and the test waits.
#[tokio::test]
#[should_panic(
    expected = "no actor of this test bus reads `dev.contract.public.results.v1`: add `.supervise::<..>(..)`"
)]
async fn what_nobody_reads_cannot_be_delivered() {
    let bus = Bus::new(Kafka::embedded()).service("contract").domain("contract").partial();
    let bus = bus.with_state(Shared::new()).supervise::<Worker>(Supervisor::one_for_one());
    let bus = TestBus::start(bus).await.unwrap();
    let done = Done { key: "key".to_owned(), seq: 0, nth: 0, text: String::new() };
    tokio::time::timeout(Duration::from_secs(10), bus.deliver(done)).await.expect("it says so at once");
}
