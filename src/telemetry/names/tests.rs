//! The page of telemetry has the names, levels and fields that the code has.

use std::collections::BTreeSet;

const NAMES: &str = include_str!("../names.rs");
const PAGE: &str = include_str!("../../../docs/telemetry.md");
const LOGS: [&str; 4] = [
    include_str!("../logs/bus.rs"),
    include_str!("../logs/client.rs"),
    include_str!("../logs/group.rs"),
    include_str!("../logs/record.rs"),
];

/// The values of the constants in a module of the names.
fn names(module: &str) -> BTreeSet<&'static str> {
    let (_, from) = NAMES.split_once(&format!("pub(crate) mod {module} {{")).unwrap();
    let (inside, _) = from.split_once("\n}\n").unwrap();
    inside.split('"').skip(1).step_by(2).collect()
}

// Fails when a name is added here and not to the page, or the other way round.
#[test]
fn the_page_has_each_name_of_spans_and_lines() {
    let of_page: BTreeSet<&str> = PAGE.split('`').skip(1).step_by(2).flat_map(str::split_whitespace).collect();
    for module in ["target", "span", "attribute", "event", "field"] {
        let missing: Vec<_> = names(module).into_iter().filter(|name| !of_page.contains(name)).collect();
        assert!(missing.is_empty(), "{module}: {missing:?} are not in docs/telemetry.md");
    }
    let lines = PAGE.lines().filter_map(|line| line.strip_prefix("| `carom."));
    let told: BTreeSet<_> = lines.flat_map(|line| line.split('|').next().unwrap().split('`')).collect();
    let known: BTreeSet<_> = names("event").into_iter().chain(names("attribute")).collect();
    for name in told.iter().filter(|name| !name.trim_matches([' ', ',']).is_empty()) {
        let name = if name.starts_with("carom.") { (*name).to_owned() } else { format!("carom.{name}") };
        assert!(known.contains(&*name), "{name} is no name of ours");
    }
}

/// The value of a constant in a module of the names.
fn value(module: &str, name: &str) -> &'static str {
    let (_, from) = NAMES.split_once(&format!("pub(crate) mod {module} {{")).unwrap();
    let (_, from) = from.split_once(&format!("const {name}: &str = \"")).unwrap_or_else(|| panic!("no {name}"));
    from.split('"').next().unwrap()
}

/// The cells of the row that tells of the event.
fn row(event: &str) -> Vec<&'static str> {
    let quoted = format!("`{event}`");
    let row = PAGE.lines().find(|line| line.split(" | ").next().is_some_and(|cell| cell.contains(&quoted)));
    row.unwrap_or_else(|| panic!("no row for {event}")).split(" | ").collect()
}

/// The words of each call of a macro in `logs`, up to its end.
fn calls(macro_name: &str) -> Vec<Vec<&'static str>> {
    let calls = LOGS.iter().flat_map(|file| file.split(macro_name).skip(1));
    let words = calls.map(|call| call.split(");").next().unwrap().split([' ', ',', ';', '\n', '(']));
    words.map(|words| words.filter(|word| !word.is_empty()).collect()).collect()
}

// Fails when a line gets another level, target or field, or loses a field, and its row does not.
#[test]
fn each_row_of_the_page_has_the_level_the_target_and_the_fields_of_its_line() {
    let known = names("field");
    let mut compared = 0;
    for words in calls("say!(").into_iter().filter(|words| !words.contains(&"$line") && words[0] != "DEBUG") {
        let (level, target, event) = (words[0], value("target", words[1]), value("event", words[2]));
        let cells = row(event);
        assert!(cells[1].contains(level) && cells[1].contains(target), "{event} is {level} {target}");
        let fields: BTreeSet<_> =
            words.windows(2).filter(|pair| pair[1] == "=").map(|pair| value("field", pair[0])).collect();
        let told: BTreeSet<_> = cells[3].split('`').skip(1).step_by(2).filter(|word| known.contains(word)).collect();
        assert_eq!(fields, told, "{event}");
        compared += 1;
    }
    for (macro_name, target) in [("failure!(", "carom::record"), ("rebalance!(", "carom::bus")] {
        for words in calls(macro_name).into_iter().filter(|words| !words[0].starts_with('$')) {
            let cells = row(value("event", words[1]));
            assert!(cells[1].contains(words[0]) && cells[1].contains(target), "{}", words[1]);
            compared += 1;
        }
    }
    assert!(compared > 40, "the lines are written otherwise, and this looks for nothing: {compared}");
}
