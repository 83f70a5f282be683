//! The test brokers themselves: what starts must also go away.

use std::{
    io::{BufRead, BufReader, ErrorKind},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use integration_tests::{Guarded, RealKafka, run_dir};
use rdkafka::{
    ClientConfig,
    consumer::{BaseConsumer, Consumer},
};

fn runs(pid: u32) -> bool {
    Command::new("kill").args(["-0", &pid.to_string()]).stderr(Stdio::null()).status().unwrap().success()
}

fn becomes_true(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !condition() {
        assert!(Instant::now() < deadline, "not within 10 s: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

fn sleeper(dir: &Path) -> Guarded {
    Guarded::spawn(dir, &dir.join("log"), &["sleep".to_owned(), "600".to_owned()]).unwrap()
}

fn answers(servers: &str, within: Duration) -> bool {
    let consumer: BaseConsumer = ClientConfig::new().set("bootstrap.servers", servers).create().unwrap();
    consumer.fetch_metadata(None, within).is_ok()
}

/// Nobody listens there any more.
fn refuses(servers: &str) -> bool {
    std::net::TcpStream::connect(servers).is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
}

#[test]
fn a_killed_test_process_leaves_no_child_and_no_data() {
    let mut doomed = Command::new(env!("CARGO_BIN_EXE_doomed")).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(doomed.stdout.take().unwrap()).lines();
    let pid = lines.next().unwrap().unwrap().parse().unwrap();
    let dir = PathBuf::from(lines.next().unwrap().unwrap());
    assert!(runs(pid) && dir.exists());

    doomed.kill().unwrap();
    doomed.wait().unwrap();
    becomes_true("the child is gone", || !runs(pid));
    becomes_true("its data is gone", || !dir.exists());
}

#[test]
fn a_dropped_guard_leaves_no_child_and_no_data_even_if_it_was_suspended() {
    let dir = run_dir().unwrap();
    let mut child = sleeper(&dir);
    let pid = child.pid();
    child.signal("STOP").unwrap();
    assert!(!child.wait_exit(Duration::from_millis(1)));

    drop(child);
    assert!(!runs(pid) && !dir.exists());
}

#[test]
fn a_guard_that_hands_over_leaves_the_data() {
    let dir = run_dir().unwrap();
    let mut first = sleeper(&dir);
    first.signal("KILL").unwrap();
    assert!(first.wait_exit(Duration::from_secs(10)));

    let second = sleeper(&dir);
    first.hand_over().unwrap();
    assert!(dir.exists() && runs(second.pid()));
    drop(second);
    assert!(!dir.exists());
}

#[test]
fn a_private_broker_stops_dies_hangs_and_comes_back() {
    let Some(mut broker) = RealKafka::private("a_private_broker_stops_dies_hangs_and_comes_back") else { return };
    let servers = broker.bootstrap_servers();
    let patient = Duration::from_secs(20);
    assert!(answers(&servers, patient));

    broker.suspend().unwrap();
    becomes_true("a suspended broker answers nobody", || !answers(&servers, Duration::from_millis(500)));
    broker.resume().unwrap();
    assert!(answers(&servers, patient));

    broker.kill().unwrap();
    assert!(refuses(&servers), "a killed broker listens to nobody");
    broker.start().unwrap();
    assert!(answers(&servers, patient));

    broker.stop().unwrap();
    assert!(refuses(&servers), "a stopped broker listens to nobody");

    let (pid, dir) = (broker.pid(), broker.dir().to_owned());
    drop(broker);
    assert!(!runs(pid) && !dir.exists());
}
