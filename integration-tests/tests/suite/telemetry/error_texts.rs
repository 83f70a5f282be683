//! What log lines and dead letters show of a failure's error.

use std::time::Duration;

use carom::{Bus, Supervisor, supervisor::OnLimit, telemetry::ErrorDetail};
use integration_tests::{
    capture::Capture,
    job::{Job, Shared, Step, Worker},
    probe,
    world::{Running, World},
};

use super::start;
use crate::contract::contract;

contract!(test_bus: {
    an_error_is_shown_as_it_is_unless_somebody_objects,
    a_hook_takes_out_what_must_not_be_shown,
    without_detail_class_and_type_are_left,
    a_hook_that_panics_shows_nothing_and_loses_nothing,
    what_ends_the_bus_is_no_exception,
});

const NAMES: [&str; 3] = ["carom-error-class", "carom-error-type", "carom-error-message"];

/// The headers of one dead letter, and what its log line says.
async fn failed(world: World, step: Step, change: fn(Bus<Shared>) -> Bus<Shared>) -> ([String; 3], String, Capture) {
    let (bus, _, capture) = start(&world, change).await;
    bus.publish([Job::new("key", 0, vec![step; 5])]).await;
    let letters = || {
        if let Running::Test(bus) = &bus {
            bus.advance(Duration::from_secs(61));
        }
        capture.named("carom.record.dead_lettered")
    };
    let lines = probe::until("the line", letters, |lines| lines.len() == 1).await;
    let letter = &bus.dead_letters::<Job>(&world, 1).await[0];
    let or_none = |text: Option<&str>| text.unwrap_or("none").to_owned();
    (NAMES.map(|name| or_none(letter.header(name))), or_none(lines[0].get("error")), capture)
}

// Fails when `ErrorText::of` forgets the label.
async fn an_error_is_shown_as_it_is_unless_somebody_objects(world: World) {
    let (headers, line, _) = failed(world, Step::Decline, |bus| bus).await;
    assert_eq!(headers, ["transient", "integration_tests::job::Declined", "asked to decline"]);
    assert_eq!(line, "asked to decline");
}

// Fails when lines or headers are written without asking the hook.
async fn a_hook_takes_out_what_must_not_be_shown(world: World) {
    let hide = |bus: Bus<Shared>| bus.redact_errors(|text| text.replace("refuse", "***"));
    let (headers, line, capture) = failed(world, Step::Refuse, hide).await;
    assert_eq!(headers, ["permanent", "none", "asked to ***"]);
    assert_eq!(line, "asked to ***");
    assert!(!format!("{:?}", capture.lines()).contains("refuse"));
}

// Fails when `error_text` asks the hook alone.
async fn without_detail_class_and_type_are_left(world: World) {
    let (headers, line, capture) = failed(world, Step::Decline, |bus| bus.error_detail(ErrorDetail::None)).await;
    assert_eq!(headers, ["transient", "integration_tests::job::Declined", "none"]);
    assert_eq!(line, "none");
    assert!(!format!("{:?}", capture.lines()).contains("asked to decline"));
}

// Fails when the hook is not guarded, and when the line about it has the text of the panic.
async fn a_hook_that_panics_shows_nothing_and_loses_nothing(world: World) {
    let spy = Capture::of("broken over");
    let broken = |bus: Bus<Shared>| bus.redact_errors(|text| panic!("broken over {text}"));
    let (headers, line, _) = failed(world, Step::Refuse, broken).await;
    assert_eq!((headers, line.as_str()), (["permanent", "none", "none"].map(str::to_owned), "none"));
    assert!(spy.lines().is_empty(), "{:?}", spy.lines());
}

// Fails when `forward::reason` takes the text as it is, for the line or for the caller.
async fn what_ends_the_bus_is_no_exception(world: World) {
    for (detail, shown) in [(ErrorDetail::Full, "*** to panic"), (ErrorDetail::None, "error texts are not shown")] {
        let world = world.again();
        let (capture, shared) = (Capture::of(world.environment()), Shared::new());
        let policy = Supervisor::one_for_one().restart_limit(0, Duration::from_secs(60)).on_limit(OnLimit::Escalate);
        let bus = world.bus_with(&shared).supervise::<Worker>(policy).error_detail(detail);
        let bus = world.start(bus.redact_errors(|text| text.replace("asked", "***"))).await;
        bus.publish([Job::new("key", 0, vec![Step::Panic])]).await;
        let error = match bus {
            Running::Test(bus) => bus.run().await.unwrap_err(),
            Running::Kafka(bus) => bus.run_until(std::future::pending::<()>()).await.unwrap_err(),
        };
        assert!(error.to_string().contains(shown), "{error}");
        assert!(!format!("{error} {:?}", capture.lines()).contains("asked"), "{error} {:?}", capture.lines());
    }
}
