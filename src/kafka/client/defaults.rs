//! The options each client starts from, before those of the user, and those that nobody may change.

use rdkafka::ClientConfig;

use super::{GroupProtocol, Publishing};

type Values = [(&'static str, &'static str)];

/// How many records the producer's queue takes; permits must stay below, so that it is never full.
pub(crate) const PRODUCER_QUEUE_RECORDS: usize = 100_000;
/// How many bytes the producer's queue takes, in units of 1,024.
pub(crate) const PRODUCER_QUEUE_KBYTES: usize = 262_144;

/// What the headers of a dead letter may add to the record it carries.
pub(in crate::kafka) const DEAD_LETTER_HEADROOM: u64 = 64 * 1024;
/// librdkafka's own default.
const MESSAGE_MAX_BYTES: u64 = 1_000_000;

const CONSUMER: &Values = &[
    // The default `latest` drops what came before the first commit, and the start of every new partition.
    ("auto.offset.reset", "earliest"),
    ("isolation.level", "read_committed"),
    ("max.poll.interval.ms", "300000"),
    // These two count per partition, because each partition has a queue of its own.
    ("queued.min.messages", "4096"),
    ("queued.max.messages.kbytes", "8192"),
    // With the default of 1 s a small prefetch is 200 times slower.
    ("fetch.queue.backoff.ms", "5"),
    // A fetch that asks only for drained partitions waits this long while the others run dry.
    ("fetch.wait.max.ms", "10"),
    ("fetch.min.bytes", "1"),
    ("fetch.max.bytes", "16777216"),
    ("reconnect.backoff.ms", "10"),
    ("topic.metadata.refresh.interval.ms", "60000"),
    ("statistics.interval.ms", "5000"),
];

/// Only with the classic protocol: under KIP-848 the broker decides these, and librdkafka refuses them.
const CLASSIC_GROUP: &Values = &[
    ("partition.assignment.strategy", "cooperative-sticky"),
    ("session.timeout.ms", "45000"),
    ("heartbeat.interval.ms", "3000"),
];

const PRODUCER: &Values = &[
    ("linger.ms", "5"),
    ("compression.type", "lz4"),
    ("reconnect.backoff.ms", "10"),
    ("topic.metadata.refresh.interval.ms", "60000"),
    // librdkafka believes in a topic that the cluster does not know for this long. 30 s by default: a typo would hold
    // its key for that time. Topics are provisioned at start, so a few seconds are enough for them to spread.
    ("topic.metadata.propagation.max.ms", "5000"),
    ("statistics.interval.ms", "5000"),
];

/// Sets a list of options.
pub(super) fn apply(config: &mut ClientConfig, values: impl IntoIterator<Item = (&'static str, &'static str)>) {
    for (key, value) in values {
        config.set(key, value);
    }
}

pub(super) fn consumer(config: &mut ClientConfig, group: GroupProtocol) {
    apply(config, CONSUMER.iter().copied());
    if group == GroupProtocol::Classic {
        apply(config, CLASSIC_GROUP.iter().copied());
    }
}

pub(super) fn owned_by_consumer(config: &mut ClientConfig, group: GroupProtocol) {
    let protocol = match group {
        GroupProtocol::Classic => "classic",
        GroupProtocol::Consumer => "consumer",
    };
    apply(
        config,
        [
            ("enable.auto.commit", "false"),
            ("enable.auto.offset.store", "false"),
            ("enable.partition.eof", "false"),
            ("allow.auto.create.topics", "false"),
            ("group.protocol", protocol),
        ],
    );
}

pub(super) fn producer(config: &mut ClientConfig, purpose: Publishing) {
    apply(config, PRODUCER.iter().copied());
    let patience = match purpose {
        Publishing::Events => "120000",
        Publishing::DeadLetters => "30000",
    };
    config.set("delivery.timeout.ms", patience);
    config.set("queue.buffering.max.messages", PRODUCER_QUEUE_RECORDS.to_string());
    config.set("queue.buffering.max.kbytes", PRODUCER_QUEUE_KBYTES.to_string());
}

/// Lets a dead letter be as large as any record this configuration may send, plus the headers that say why.
pub(super) fn room_for_reasons(config: &mut ClientConfig) {
    let limit = config.get("message.max.bytes").and_then(|limit| limit.parse().ok()).unwrap_or(MESSAGE_MAX_BYTES);
    config.set("message.max.bytes", (limit + DEAD_LETTER_HEADROOM).to_string());
}

pub(super) fn owned_by_producer(config: &mut ClientConfig) {
    apply(config, [("enable.idempotence", "true"), ("acks", "all"), ("allow.auto.create.topics", "false")]);
}
