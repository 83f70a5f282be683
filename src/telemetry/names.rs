//! Every name that spans and log lines carry: OpenTelemetry's semantic conventions 1.44 (messaging is in development
//! there, so names may change: they stand here and nowhere else), and carom's own.

/// Targets, for filters such as `carom::send=off`.
pub(crate) mod target {
    /// Spans around attempts.
    pub(crate) const PROCESS: &str = "carom::process";
    /// Spans around publishing.
    pub(crate) const SEND: &str = "carom::send";
    /// What happened to records.
    pub(crate) const RECORD: &str = "carom::record";
    /// What an operator has to know of the bus and its cluster.
    pub(crate) const BUS: &str = "carom::bus";
}

/// Names of spans, which are also the names of their operations.
pub(crate) mod span {
    pub(crate) const PROCESS: &str = "process";
    pub(crate) const SEND: &str = "send";
}

/// Attributes of spans.
pub(crate) mod attribute {
    // What `tracing-opentelemetry` reads.
    pub(crate) const OTEL_NAME: &str = "otel.name";
    pub(crate) const OTEL_KIND: &str = "otel.kind";
    pub(crate) const OTEL_STATUS_CODE: &str = "otel.status_code";

    pub(crate) const ERROR_TYPE: &str = "error.type";
    pub(crate) const SERVER_ADDRESS: &str = "server.address";
    pub(crate) const SERVER_PORT: &str = "server.port";

    pub(crate) const SYSTEM: &str = "messaging.system";
    pub(crate) const OPERATION_NAME: &str = "messaging.operation.name";
    pub(crate) const OPERATION_TYPE: &str = "messaging.operation.type";
    pub(crate) const DESTINATION_NAME: &str = "messaging.destination.name";
    pub(crate) const PARTITION_ID: &str = "messaging.destination.partition.id";
    pub(crate) const GROUP_NAME: &str = "messaging.consumer.group.name";
    pub(crate) const CLIENT_ID: &str = "messaging.client.id";
    pub(crate) const MESSAGE_ID: &str = "messaging.message.id";
    pub(crate) const CONVERSATION_ID: &str = "messaging.message.conversation_id";
    pub(crate) const BATCH_COUNT: &str = "messaging.batch.message_count";
    pub(crate) const CLUSTER_ID: &str = "messaging.kafka.cluster.id";
    pub(crate) const OFFSET: &str = "messaging.kafka.offset";
    pub(crate) const KEY: &str = "messaging.kafka.message.key";
    pub(crate) const TOMBSTONE: &str = "messaging.kafka.message.tombstone";

    pub(crate) const EVENT_ID: &str = "cloudevents.event_id";
    pub(crate) const EVENT_SOURCE: &str = "cloudevents.event_source";
    pub(crate) const EVENT_SPEC_VERSION: &str = "cloudevents.event_spec_version";
    pub(crate) const EVENT_TYPE: &str = "cloudevents.event_type";
    pub(crate) const EVENT_SUBJECT: &str = "cloudevents.event_subject";

    // carom's own.
    pub(crate) const HANDLER: &str = "carom.handler";
    pub(crate) const ATTEMPT: &str = "carom.attempt";
    /// The W3C trace context of the hop that brought the record.
    pub(crate) const TRACEPARENT: &str = "traceparent";
    pub(crate) const TRACESTATE: &str = "tracestate";
    /// The context of the event's creation, where that is another one.
    pub(crate) const CREATION_TRACEPARENT: &str = "carom.creation.traceparent";
}

/// Values of attributes.
pub(crate) mod value {
    pub(crate) const KAFKA: &str = "kafka";
    pub(crate) const CONSUMER: &str = "consumer";
    pub(crate) const PRODUCER: &str = "producer";
    /// The producer of these, in log lines.
    pub(crate) const DEAD_LETTERS: &str = "dead-letters";
    /// The client that looks at topics and members, and creates topics; in log lines.
    pub(crate) const ADMIN: &str = "admin";
    pub(crate) const ERROR: &str = "ERROR";
    pub(crate) const SPEC_VERSION: &str = "1.0";
    /// `error.type` of a failure that has no code of its own.
    pub(crate) const OTHER: &str = "_OTHER";
    /// `error.type` of an attempt that was given up with its partition.
    pub(crate) const CANCELLED: &str = "cancelled";
}

/// Names of events, for filters and tests; what a person reads is in [`message`].
pub(crate) mod event {
    pub(crate) const RETRIED: &str = "carom.record.retried";
    pub(crate) const HELD: &str = "carom.record.held";
    pub(crate) const DISCARDED: &str = "carom.record.discarded";
    pub(crate) const DEAD_LETTERED: &str = "carom.record.dead_lettered";
    pub(crate) const REDUCED: &str = "carom.record.reduced";
    pub(crate) const UNSEEN: &str = "carom.rule.unseen";
    pub(crate) const SKIPPED: &str = "carom.event.skipped";
    pub(crate) const LARGE: &str = "carom.event.large";
    pub(crate) const BLOCKED: &str = "carom.handler.blocked";
    pub(crate) const BLOCKS: &str = "carom.handler.blocks";
    pub(crate) const ASSIGNED: &str = "carom.partitions.assigned";
    pub(crate) const REVOKED: &str = "carom.partitions.revoked";
    pub(crate) const LOST: &str = "carom.partitions.lost";
    pub(crate) const WAITS_FOR_GROUP: &str = "carom.group.waits";
    pub(crate) const BEGINS_AGAIN: &str = "carom.partition.begins_again";
    pub(crate) const DELETED_UNREAD: &str = "carom.records.deleted_unread";
    pub(crate) const DEGRADED: &str = "carom.bus.degraded";
    pub(crate) const RECOVERED: &str = "carom.bus.recovered";
    pub(crate) const ALARM: &str = "carom.bus.alarm";
    pub(crate) const HOOK_PANICKED: &str = "carom.hook.panicked";
    pub(crate) const PANICKED: &str = "carom.panicked";
    pub(crate) const STARTS: &str = "carom.bus.starts";
    pub(crate) const WARNING: &str = "carom.bus.warning";
    pub(crate) const TOPIC_CREATED: &str = "carom.topic.created";
    pub(crate) const WAITS_FOR_BROKER: &str = "carom.broker.awaited";
    pub(crate) const STOPS: &str = "carom.bus.stops";
    pub(crate) const HURRIES: &str = "carom.bus.hurries";
    pub(crate) const CUT_SHORT: &str = "carom.bus.cut_short";
    pub(crate) const STOPPED: &str = "carom.bus.stopped";
    pub(crate) const DROPPED: &str = "carom.bus.dropped";
    pub(crate) const UNATTENDED: &str = "carom.bus.unattended";
    pub(crate) const ENDS: &str = "carom.bus.ends";
    pub(crate) const CLOSES_LATE: &str = "carom.bus.closes_late";
    pub(crate) const ODD_EVENT: &str = "carom.event.odd";
    pub(crate) const UNTRACED: &str = "carom.event.untraced";
    pub(crate) const OVERLOOKED: &str = "carom.setting.overlooked";
    pub(crate) const FORGOT_BROKERS: &str = "carom.client.forgot_brokers";
    pub(crate) const CONSUMER_DEAD: &str = "carom.consumer.dead";
    pub(crate) const CONSUMER_LEFT_BEHIND: &str = "carom.consumer.left_behind";
    pub(crate) const PRODUCER_ERROR: &str = "carom.producer.error";
    pub(crate) const PRODUCER_DEAD: &str = "carom.producer.dead";
    pub(crate) const PRODUCER_NOT_REPLACED: &str = "carom.producer.not_replaced";
    pub(crate) const PRODUCER_ENDS_HERE: &str = "carom.producer.ends_here";
    pub(crate) const IN_DOUBT: &str = "carom.publish.in_doubt";
    pub(crate) const GIVEN_UP: &str = "carom.publish.given_up";
    pub(crate) const FINISHED_LATE: &str = "carom.records.finished_late";
    pub(crate) const ABANDONED: &str = "carom.partitions.abandoned";
    pub(crate) const UNCOMMITTED: &str = "carom.partitions.uncommitted";
    pub(crate) const SHARED: &str = "carom.group.shared";
    pub(crate) const UNANSWERED: &str = "carom.commit.unanswered";
    pub(crate) const REFUSED: &str = "carom.commit.refused";
    pub(crate) const WITHOUT_MAP: &str = "carom.commit.without_map";
    pub(crate) const COMMITTED_IGNORED: &str = "carom.commit.metadata_ignored";
    pub(crate) const COMMITTED_UNKNOWN: &str = "carom.commit.unknown";
    pub(crate) const BROKER_UP: &str = "carom.broker.up";
    pub(crate) const BROKER_DOWN: &str = "carom.broker.down";
}

/// What a person reads; stable, so that an operator can search for it. Sentences with names in them are written in
/// `logs`, and what is wrong at start where it is found.
pub(crate) mod message {
    pub(crate) const RETRIED: &str = "retried";
    pub(crate) const HELD: &str = "held";
    pub(crate) const DISCARDED: &str = "discarded";
    pub(crate) const DEAD_LETTERED: &str = "dead-lettered";
    pub(crate) const REDUCED: &str = "a dead letter is too large and leaves something out";
    pub(crate) const UNSEEN: &str = "an error came as `anyhow::Error` or `eyre::Report`, and no rule (`Supervisor::on`) \
                                     matches: they hide the type of what they were made of; if a rule is meant for it, \
                                     hand on the error itself, or with `.context(..)`; said once for each handler";
    pub(crate) const SKIPPED: &str = "skipped: no actor of this bus handles events of this type (one that was renamed is handled with \
                                      `alias = \"..\"` on the event); said once for each type, and \
                                      `Bus::dead_letter_unknown_types` keeps them";
    pub(crate) const LARGE: &str = "an event is larger than the 64 KiB that every CloudEvents intermediary has to pass \
                                    on; put the large part elsewhere and publish a reference to it (claim check, \
                                    extension `dataref`); said once for each type";
    pub(crate) const TOPIC_CREATED: &str = "a topic was created, which did not exist";
    pub(crate) const BLOCKED: &str = "a handler, or the encoding of what it publishes, kept its thread busy without an \
                                      `.await`, and other keys waited; use `tokio::task::spawn_blocking` for the one, or \
                                      `.blocking()` on its supervisor for both (if neither takes long: the machine has too \
                                      much to do); said once a minute at most for each handler";
    pub(crate) const BLOCKS: &str = "a handler keeps its thread busy without an `.await`, and has not returned: all that shares \
                                     the thread waits for it; does it hang?";
    pub(crate) const ASSIGNED: &str = "partitions assigned";
    pub(crate) const REVOKED: &str = "partitions revoked";
    pub(crate) const LOST: &str = "partitions lost: another member may own them already, and handles again what was not \
                                   committed";
    pub(crate) const WAITS_FOR_GROUP: &str = "still waiting for the group: it waits for a member that went without a word, for up to \
                                              its `session.timeout.ms`, and for members that finish what they have begun";
    pub(crate) const BEGINS_AGAIN: &str = "a partition begins again at a lower offset: its topic was made anew, or its log was \
                                           truncated; its records are handled as new ones, after those before";
    pub(crate) const DELETED_UNREAD: &str = "records were deleted before they were read: this group was further behind than \
                                             their topic keeps them; the events from `offset` up to `end` are not handled";
    pub(crate) const DEGRADED: &str = "degraded";
    pub(crate) const RECOVERED: &str = "recovered";
    pub(crate) const ALARM: &str = "consuming needs an operator";
    pub(crate) const HOOK_PANICKED: &str = "a hook panicked: what it would have given is left out";
    pub(crate) const PANICKED: &str = "a panic was caught, and carom goes on";
    pub(crate) const STOPS: &str = "the bus stops: running handlers may end, then it commits";
    pub(crate) const STOPS_PUBLISHING: &str = "the bus stops: it waits for what was given to it to be acknowledged";
    pub(crate) const HURRIES: &str = "told to end while it stops: the bus no longer waits for running handlers, whose events will \
                                      be redelivered, and commits; the next Ctrl-C ends the process at once";
    pub(crate) const CUT_SHORT: &str = "told again to end: the process ends at once";
    pub(crate) const STOPPED: &str = "the bus has stopped";
    pub(crate) const DROPPED: &str =
        "the bus stops, because its handle was dropped; end with `.run_until_signal()` or `.run_until(..)`";
    pub(crate) const UNATTENDED: &str = "the bus was stopping, and nothing waits for it any more: handlers that run are cut off where \
                                         the program ends; do not let a `select!` drop what `run_until` or `shutdown` return";
    pub(crate) const ENDS: &str = "the bus ends";
    pub(crate) const CLOSES_LATE: &str =
        "the consumer did not close in time; what it had not committed will be delivered again";
    pub(crate) const UNTRACED: &str = "no W3C `traceparent`: events are published without it";
    pub(crate) const CONSUMER_DEAD: &str = "the consumer's client is dead: the bus ends";
    pub(crate) const CONSUMER_LEFT_BEHIND: &str = "the consumer's client did not close in time and was left behind";
    pub(crate) const PRODUCER_ERROR: &str = "a producer reports an error that it cannot repair alone";
    pub(crate) const PRODUCER_DEAD: &str = "a producer's client is dead and gets replaced";
    pub(crate) const PRODUCER_NOT_REPLACED: &str = "no new client yet for a producer whose own is dead";
    pub(crate) const PRODUCER_ENDS_HERE: &str =
        "no thread to end a producer's dead client on: publishing waited for its end";
    pub(crate) const IN_DOUBT: &str = "records were not acknowledged before the bus stopped";
    pub(crate) const GIVEN_UP: &str = "records were given up before a broker acknowledged them";
    pub(crate) const FINISHED_LATE: &str = "finished after the partition was revoked: will be redelivered";
    pub(crate) const ABANDONED: &str = "what handlers had begun did not end in time: these partitions leave with unfinished records, which will be redelivered";
    pub(crate) const UNCOMMITTED: &str = "the last commit was not answered in time: records will be redelivered";
    pub(crate) const UNANSWERED: &str = "a commit was not answered in time: the newest is sent";
    pub(crate) const REFUSED: &str = "a commit was refused: a rebalance runs, or the partition is lost";
    pub(crate) const WITHOUT_MAP: &str = "committed without the offset map, which is too large: what is finished beyond the \
                                          offset is handled again by the next owner of the partition";
    pub(crate) const COMMITTED_IGNORED: &str =
        "ignored the metadata of the committed offset: some records may be repeated";
    pub(crate) const COMMITTED_UNKNOWN: &str = "what the group has committed is unknown: some records may be repeated";
    pub(crate) const BROKER_UP: &str = "the broker is connected";
    pub(crate) const BROKER_DOWN: &str = "the broker cannot be reached";
}

/// Fields of log lines: short, because a person reads them.
pub(crate) mod field {
    pub(crate) const EVENT_TYPE: &str = "event_type";
    pub(crate) const HANDLER: &str = "handler";
    pub(crate) const KEY: &str = "key";
    /// As in the header `carom-key-hash` and in `PartitionStats::hottest_keys`.
    pub(crate) const KEY_HASH: &str = "key_hash";
    pub(crate) const TOPIC: &str = "topic";
    pub(crate) const PARTITION: &str = "partition";
    pub(crate) const OFFSET: &str = "offset";
    /// The offset behind the last one.
    pub(crate) const END: &str = "end";
    pub(crate) const ATTEMPT: &str = "attempt";
    pub(crate) const AFTER_MS: &str = "after_ms";
    /// How long it may take at most.
    pub(crate) const WITHIN_MS: &str = "within_ms";
    pub(crate) const TOOK_MS: &str = "took_ms";
    /// How often it happened since the last line.
    pub(crate) const CALLS: &str = "calls";
    /// The longest of these.
    pub(crate) const LONGEST_MS: &str = "longest_ms";
    pub(crate) const COUNT: &str = "count";
    pub(crate) const PARTITIONS: &str = "partitions";
    pub(crate) const ERROR: &str = "error";
    pub(crate) const CLASS: &str = "class";
    pub(crate) const DEAD_LETTER_TOPIC: &str = "dead_letter_topic";
    pub(crate) const REASON: &str = "reason";
    pub(crate) const RECORDS: &str = "records";
    /// Which time a partition was this member's.
    pub(crate) const EPOCH: &str = "epoch";
    pub(crate) const TRACEPARENT: &str = "traceparent";
    pub(crate) const HOOK: &str = "hook";
    /// How often since the last line.
    pub(crate) const PANICS: &str = "panics";
    /// Its text.
    pub(crate) const PANIC: &str = "panic";
    /// Where it was caught.
    pub(crate) const PLACE: &str = "place";
    pub(crate) const SIZE: &str = "size";
    pub(crate) const LEFT_OUT: &str = "left_out";
    /// `published` or `read`.
    pub(crate) const WHEN: &str = "when";
    /// Which bus it is about, where there are several; not where the topic says it.
    pub(crate) const SERVICE: &str = "service";
    /// See `logs::client`.
    pub(crate) const CLIENT: &str = "client";
}

#[cfg(test)]
mod tests;
