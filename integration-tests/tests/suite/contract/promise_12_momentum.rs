//! Under `Profile::Momentum`, what travels is what a .NET Momentum service writes and reads.

use carom::{
    Error, Profile,
    event::{Mode, Partitioner},
};
use integration_tests::{
    cashier::{self, CashierCreated, PARENT},
    plain,
    world::World,
};

use super::contract;

contract!(embedded, real: {
    an_event_is_written_as_momentum_writes_it,
    an_event_of_momentum_is_read,
    an_event_under_a_former_name_is_read,
    decimals_and_enums_arrive_as_they_left,
    what_momentum_could_not_read_is_refused_at_start,
});

// Fails when `momentum::time_text` writes nanoseconds.
async fn an_event_is_written_as_momentum_writes_it(world: World) {
    let bus = world.start(cashier::bus(&world).publishes::<CashierCreated>()).await;
    let topic = bus.topic::<CashierCreated>();
    assert_eq!(topic, format!("{}.appdomain.public.cashiers.v1", world.environment()));
    bus.publisher().with_trace(PARENT, None).publish(cashier::created()).await.unwrap();
    let record = tokio::task::block_in_place(|| plain::read_first(world.kafka(), &topic, 4));
    cashier::assert_written(&record);
}

// Fails when `topic_name` does not lower-case the domain.
async fn an_event_of_momentum_is_read(world: World) {
    let (bus, mut got) = cashier::till(&world);
    let _bus = world.start(bus).await;
    let topic = format!("{}.appdomain.public.cashiers.v1", world.environment());
    plain::write(world.kafka(), &topic, &cashier::golden()).await;
    cashier::assert_golden(&cashier::next(&mut got).await);
}

// Fails when `Plan::topic` leaves out the aliases.
async fn an_event_under_a_former_name_is_read(world: World) {
    let (bus, mut got) = cashier::till(&world);
    let bus = world.start(bus).await;
    let mut record = cashier::golden();
    let event_type = record.headers.iter_mut().find(|(name, _)| name == "ce_type").unwrap();
    event_type.1 = Some("AppDomain.Cashiers.CashierCreated".to_owned());
    plain::write(world.kafka(), &bus.topic::<CashierCreated>(), &record).await;
    let (event, [_, _, event_type, _], _) = cashier::next(&mut got).await;
    assert_eq!((event, event_type.as_str()), (cashier::created(), "AppDomain.Cashiers.CashierCreated"));
}

// Fails when `decimal` reads a `serde_json::Number`: `10.50` arrives as `10.5`.
async fn decimals_and_enums_arrive_as_they_left(world: World) {
    let (bus, mut got) = cashier::till(&world);
    let bus = world.start(bus).await;
    let event = cashier::with_payments(7);
    bus.publisher().publish(event.clone()).await.unwrap();
    let arrived = cashier::next(&mut got).await.0;
    assert_eq!(arrived, event);
    let record = tokio::task::block_in_place(|| plain::read_first(world.kafka(), &bus.topic::<CashierCreated>(), 4));
    let payments = r#""cashierPayments":[{"currency":978,"amount":10.50},{"currency":840,"amount":7.00}]"#;
    assert!(record.value.as_deref().unwrap().contains(payments), "{record:?}");
    assert_eq!(serde_json::to_string(&arrived).ok(), record.value, "with its scale");
}

// Fails when `plan` does not ask for the problems of the profile.
async fn what_momentum_could_not_read_is_refused_at_start(world: World) {
    let java = world.with_kafka(|kafka| kafka.partitioner(Partitioner::Java));
    let bus = cashier::bus(&java).mode(Mode::Structured).structured::<CashierCreated>().domain("app-domain");
    let Err(Error::Misconfigured(problems)) = java.try_start(bus).await else { panic!("the bus starts") };
    let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
    for expected in
        ["`.mode(..)`", "`.structured::<CashierCreated>()`", "`.partitioner(..)`", "`.domain(\"AppDomain\")`"]
    {
        assert_eq!(problems.iter().filter(|problem| problem.contains(expected)).count(), 1, "{problems:?}");
    }
    let bus = world.bus().mode(Mode::Structured).profile(Profile::Carom);
    assert!(world.try_start(bus).await.is_ok(), "the other profile takes it");
}
