//! A broker that is gone.

use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

use super::*;
use crate::{
    clock::monotonic,
    kafka::consumer::group::{GroupContext, committed},
    telemetry::heard::heard,
};

#[test]
fn a_client_whose_broker_is_gone_tells_so_once_and_closes_in_time() {
    let cluster = cluster(1);
    cluster.write([(0, written(0))].into_iter());
    let log: Arc<Mutex<Log>> = Arc::default();
    let poller = member(&consumer_config(&cluster), &log, |_, _| true);
    eventually("the record", || log.lock().unwrap().count() == 1);
    assert_eq!(log.lock().unwrap().broker, [true]);
    drop(cluster);
    eventually("the news", || log.lock().unwrap().broker.len() > 1);
    let start = monotonic();
    stop(&poller);
    println!("closed after {:?}", start.elapsed());
    assert!(start.elapsed() < Duration::from_secs(13));
    assert_eq!(log.lock().unwrap().broker, [true, false]);
    assert!(log.lock().unwrap().fatal.is_empty());
}

// Fails when a group whose place nobody could ask for begins anew without a word.
#[test]
fn what_cannot_be_asked_for_is_said_to_be_unknown() {
    let cluster = cluster(1);
    let refused = RDKafkaRespErr::RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED;
    cluster.mock().request_errors(RDKafkaApiKey::OffsetFetch, &[refused; 9]);
    let client = consumer_config(&cluster).create_with_context(GroupContext::default()).unwrap();
    let text = heard(|| assert!(committed(&client, &[TopicPartition::new(TOPIC, 0)])[0].is_none()));
    let line = " WARN carom::bus: what the group has committed is unknown: some records may be repeated error=";
    assert!(text.starts_with(line) && text.lines().count() == 1, "{text}");
}
