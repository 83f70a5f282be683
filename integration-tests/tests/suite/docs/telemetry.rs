//! What an operator gets to see is written in one place, where the names are, and those are on the page.

use std::fs;

use super::{files_below, root};

/// Who may write lines above `DEBUG`: carom's own with their names, and librdkafka's.
const WRITERS: [&str; 2] = ["src/telemetry/logs/", "src/kafka/client/log.rs"];

// Fails when a line is written where it happens, without a name and a target.
#[test]
fn every_line_for_an_operator_has_a_name() {
    let mut unnamed = Vec::new();
    let mut seen = 0;
    for file in files_below("src") {
        let path = file.strip_prefix(root()).unwrap().display().to_string();
        for (line, text) in fs::read_to_string(&file).unwrap_or_default().lines().enumerate() {
            let code = text.split("//").next().unwrap_or_default();
            let level = ["info!(", "warn!(", "error!(", "event!("].iter().any(|macro_| code.contains(macro_));
            seen += usize::from(level);
            if level && !WRITERS.iter().any(|writer| path.starts_with(writer)) {
                unnamed.push(format!("{path}:{}", line + 1));
            }
        }
    }
    assert!(seen > 0, "they are written otherwise, and this looks for nothing");
    assert_eq!(unnamed, Vec::<String>::new(), "write these in `telemetry::logs`");
}
