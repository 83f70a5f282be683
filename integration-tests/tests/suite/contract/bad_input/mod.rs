//! Whatever bytes a topic holds: each record is handled, skipped or dead-lettered as it was, and nothing gets stuck.

mod attributes;
mod rows;

use std::collections::BTreeMap;

use carom::Supervisor;
use integration_tests::{
    job::{Job, Shared, Worker},
    probe::Letter,
    world::World,
};

use self::rows::{Expect, Row, good, rows};
use super::contract;

contract!(test_bus, embedded, real: {
    every_record_is_handled_skipped_or_dead_lettered_as_it_was,
});

// Fails when `Mailbox::admit` finishes a record that `read` refuses instead of failing it, when it leaves out the push
// for an unknown type, and when `Batch::push_headers` skips a name that is not UTF-8.
async fn every_record_is_handled_skipped_or_dead_lettered_as_it_was(world: World) {
    let shared = Shared::new();
    let bus = world.start(world.bus_with(&shared).supervise::<Worker>(Supervisor::one_for_one())).await;
    let topic = bus.topic::<Job>();
    // A good record behind each odd one: what is stuck would hold it back.
    let between = |(at, row): (usize, Row)| [row, good(format!("between-{at}"))];
    let rows: Vec<Row> = rows().into_iter().enumerate().flat_map(between).collect();
    let records = rows.iter().map(|row| row.to_record(&topic)).collect();
    let places = bus.write(&world, records).await;

    let is_dead = |row: &&Row| matches!(row.expect, Expect::Dead(_));
    let handled = rows.iter().filter(|row| matches!(row.expect, Expect::Handled)).count();
    shared.ledger.until("the good records", |_| shared.ledger.succeeded("Worker").len() == handled).await;
    let letters = bus.dead_letters::<Job>(&world, rows.iter().filter(is_dead).count()).await;
    let mut letters: BTreeMap<(i32, i64), Letter> =
        letters.into_iter().map(|letter| (origin(&letter), letter)).collect();
    for (row, place) in rows.iter().zip(&places) {
        row.check(letters.remove(place).as_ref(), place.0);
    }
    assert!(letters.is_empty(), "nothing else is dead-lettered: {:?}", letters.keys());
    assert_eq!(shared.ledger.entries().len(), handled, "and nothing is handled twice");
    assert!(bus.health().is_well());

    let mut ends = BTreeMap::new();
    places.iter().for_each(|(partition, offset)| {
        let end = ends.entry(*partition).or_insert(0);
        *end = (offset + 1).max(*end);
    });
    let mut committed = bus.stop::<Job>(&world).await;
    committed.retain(|_, offset| *offset > 0);
    assert_eq!(committed, ends, "every record is committed");
}

fn origin(letter: &Letter) -> (i32, i64) {
    let number = |name: &str| letter.header(name).expect("a letter says where it comes from").parse().unwrap();
    (number("carom-original-partition") as i32, number("carom-original-offset"))
}
