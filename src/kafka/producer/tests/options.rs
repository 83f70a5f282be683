//! What the sink makes of the options of its client.

use super::*;

#[test]
fn a_queue_with_no_room_for_the_largest_record_is_refused_at_start() {
    let mut config = ClientConfig::new();
    config.set("queue.buffering.max.kbytes", "900");
    let error = KafkaSink::new(&config, Secrets::default()).unwrap_err().to_string();
    assert!(error.contains("`queue.buffering.max.kbytes`") && error.contains("977"), "{error}");
}

#[test]
fn defaults_leave_what_the_user_set_alone() {
    let cluster = cluster();
    let patience = |settings| {
        let sink = sink(&cluster, settings);
        let queue = sink.shared.with_queue(|queue| queue.limits());
        queue.patience
    };
    assert_eq!(patience(&[]), Duration::from_secs(120));
    assert_eq!(patience(&[("delivery.timeout.ms", "30000")]), Duration::from_secs(30));
    assert_eq!(patience(&[("message.timeout.ms", "30000")]), Duration::from_secs(30));
    assert_eq!(patience(&[("delivery.timeout.ms", "0")]), FOR_EVER);
}
