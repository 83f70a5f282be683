//! The glossary has the words that the pages use, in an order in which they are found.

use super::{GUIDE, pages, read};

/// The first cell of each row.
fn rows(page: &str) -> Vec<&str> {
    let rows = page.lines().filter(|line| line.starts_with("| **"));
    rows.map(|line| line[2..].split(" | ").next().unwrap()).collect()
}

/// What is printed bold, outside of code.
fn bold(text: &str) -> Vec<String> {
    let prose: String = text.split("```").step_by(2).collect();
    prose.split("**").skip(1).step_by(2).map(|word| word.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn the_words_are_sorted() {
    let page = read("docs/glossary.md");
    let words: Vec<_> = rows(&page).iter().map(|row| bold(row)[0].replace('-', " ")).collect();
    assert!(words.len() > 30, "the page has a table, or it is not read as it is written");
    assert!(words.is_sorted(), "{words:?}");
}

// Fails when a type is renamed, and the page still has its old name.
#[test]
fn every_name_in_the_first_column_is_public() {
    let page = read("docs/glossary.md");
    let library = ["src/lib.rs", "src/supervisor/mod.rs", "src/testing/mod.rs"].map(read).concat();
    let named = rows(&page).into_iter().flat_map(|row| row.split('`').skip(1).step_by(2));
    let unknown: Vec<_> = named.filter(|name| !library.contains(name)).collect();
    assert_eq!(unknown, Vec::<&str>::new());
}

// Fails when the guide introduces a word, and the glossary does not have it.
#[test]
fn every_word_that_the_guide_introduces_is_explained() {
    let known: Vec<_> = bold(&read("docs/glossary.md")).iter().map(|word| word.to_lowercase()).collect();
    let guide = pages().into_iter().filter(|page| page.starts_with(GUIDE));
    let unknown: Vec<_> =
        guide.flat_map(|page| bold(&read(&page))).filter(|word| !known.contains(&word.to_lowercase())).collect();
    assert_eq!(unknown, Vec::<String>::new(), "docs/glossary.md does not have these");
}
