//! A client that is dead is told once, and left alone.

use super::*;

#[test]
fn a_dead_client_is_told_once_and_neither_taken_from_nor_committed() {
    let mut bench = Bench::running(Limits::default(), 1, 1_000);
    bench.turn(Duration::ZERO);
    bench.finish_batch(0);
    bench.notes();
    bench.event(SourceEvent::Fatal("fenced".to_owned()));
    bench.event(SourceEvent::Fatal("fenced".to_owned()));
    let text = heard(|| (bench.turn(SECOND), bench.turn(SECOND * 3)));
    assert_eq!(bench.notes(), [Note::Fatal]);
    // Fails when `on_fatal` does not say why the bus ends.
    let line = "ERROR carom::bus: the consumer's client is dead: the bus ends reason=\"fenced\"";
    assert!(text.contains(line), "{text}");
    let mut closed = bench.stop(SECOND);
    bench.assignment(0).drained();
    bench.turn(SECOND * 3);
    bench.turn(SECOND * 3);
    assert_eq!(closed.try_recv(), Ok(()));
}
