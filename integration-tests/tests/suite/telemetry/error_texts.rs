//! What log lines and dead letters show of a failure's error.

use carom::{Bus, telemetry::ErrorDetail};
use integration_tests::{
    capture::Capture,
    job::{Job, Shared, Step},
    probe,
    world::World,
};

use super::start;
use crate::contract::contract;

contract!(test_bus: {
    an_error_is_shown_as_it_is_unless_somebody_objects,
    a_hook_takes_out_what_must_not_be_shown,
    without_detail_class_and_type_are_left,
    a_hook_that_panics_shows_nothing_and_loses_nothing,
});

const NAMES: [&str; 3] = ["carom-error-class", "carom-error-type", "carom-error-message"];

/// The headers of one dead letter, and what its log line says.
async fn failed(world: World, step: Step, change: fn(Bus<Shared>) -> Bus<Shared>) -> ([String; 3], String, Capture) {
    let (bus, _, capture) = start(&world, change).await;
    bus.publish([Job::new("key", 0, vec![step; 5])]).await;
    let letters = || {
        if let integration_tests::world::Running::Test(bus) = &bus {
            bus.advance(std::time::Duration::from_secs(61));
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

// Fails when the hook is not guarded.
async fn a_hook_that_panics_shows_nothing_and_loses_nothing(world: World) {
    let (headers, line, _) = failed(world, Step::Refuse, |bus| bus.redact_errors(|_| panic!("a broken hook"))).await;
    assert_eq!((headers, line.as_str()), (["permanent", "none", "none"].map(str::to_owned), "none"));
}
