//! The messages on the page of errors are those that carom and its macros write.

use std::fs;

use super::{files_below, read};

/// All sources and expected compile errors, with string literals as they are printed.
fn messages() -> Vec<String> {
    let folders = ["src", "macros/src", "integration-tests/tests/ui/fail"];
    let files = folders.into_iter().flat_map(files_below);
    let texts = files.filter(|path| path.extension().is_some_and(|end| end == "rs" || end == "stderr"));
    texts.map(|path| continued(&fs::read_to_string(path).unwrap())).collect()
}

/// A text with its continued string literals in one line, and single spaces.
fn continued(source: &str) -> String {
    let joined = source.replace("\\\n", " ").replace("{{", "{").replace("}}", "}").replace("\\\"", "\"");
    joined.split_whitespace().collect::<Vec<_>>().join(" ")
}

// Fails when a message is reworded, and the page still has the old one.
#[test]
fn every_message_on_the_page_of_errors_is_one_that_carom_writes() {
    let sources = messages();
    let page = read("docs/errors.md").replace("\\\"", "\"");
    let is_row = |line: &&str| line.starts_with("| ") && !line.starts_with("| message") && !line.starts_with("| class");
    let rows: Vec<_> = page.lines().filter(is_row).map(|line| line[2..].split(" | ").next().unwrap()).collect();
    assert!(rows.len() > 50, "the page has tables of messages, or it is not read as it is written");
    let written = |message: &&str| {
        let mut parts = message.split('…').map(str::trim).filter(|part| part.chars().any(char::is_alphanumeric));
        parts.by_ref().all(|part| sources.iter().any(|source| source.contains(part)))
    };
    let unknown: Vec<_> = rows.into_iter().map(|row| row.trim_matches('`')).filter(|row| !written(row)).collect();
    assert_eq!(unknown, Vec::<&str>::new(), "nobody writes these");
}
