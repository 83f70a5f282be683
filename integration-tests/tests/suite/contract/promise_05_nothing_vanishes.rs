//! Nothing vanishes: what cannot be decoded is dead-lettered as it was.

use carom::Supervisor;
use integration_tests::{
    job::{Job, Shared, Step, Worker},
    world::World,
};

use super::contract;

contract!(test_bus, embedded, real: {
    a_dead_letter_is_the_record_as_it_was,
});

// Fails when `dead_letter::build` leaves out headers, and when the source partition is not kept.
async fn a_dead_letter_is_the_record_as_it_was(world: World) {
    let shared = Shared::new();
    let bus = world.start(world.bus_with(&shared).supervise::<Worker>(Supervisor::one_for_one())).await;
    bus.publish([Job::new("key", 0, [Step::Refuse])]).await;
    let letters = bus.dead_letters::<Job>(&world, 1).await;
    let originals = bus.records::<Job>(&world);
    let (letter, original) = (&letters[0], &originals[0]);
    assert_eq!((&letter.key, &letter.value), (&original.key, &original.value));
    assert_eq!(letter.foreign_headers(), original.headers);
    assert_eq!(letter.partition, original.partition);
    assert_eq!(letter.header("carom-original-offset"), Some("0"));
    assert_eq!(letter.header("carom-original-partition"), Some(original.partition.to_string().as_str()));
    assert_eq!(letter.header("carom-group"), Some(world.group()));
}
