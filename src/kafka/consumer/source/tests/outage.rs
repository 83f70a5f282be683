//! A broker that is gone.

use super::*;
use crate::clock::monotonic;

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
