//! The guide's blocks are the files of a crate that is compiled, tested and run.

use std::collections::{BTreeMap, BTreeSet};

use super::{GUIDE, names, pages, read};

/// Trimmed lines, without the blank ones.
fn lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
}

/// The Rust of the guide, by the file it belongs to: the last one that is named before it.
fn guide_blocks() -> BTreeMap<String, Vec<String>> {
    let mut blocks: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for page in pages().into_iter().filter(|page| page.starts_with(GUIDE)) {
        let text = read(&page);
        let mut file = None;
        for (at, part) in text.split("```").enumerate() {
            if at % 2 == 0 {
                let named = part.split('`').skip(1).step_by(2).filter(|name| name.starts_with("src/")).last();
                file = named.map(str::to_owned).or(file);
            } else if let Some(code) = part.strip_prefix("rust\n") {
                let file = file.clone().unwrap_or_else(|| panic!("{page}: no file is named before the block {code}"));
                blocks.entry(file).or_default().push(code.to_owned());
            }
        }
    }
    blocks
}

// Fails when a block of the guide is changed, and its crate is not, or the other way round.
#[test]
fn whoever_follows_the_guide_has_its_crate_in_the_end() {
    let blocks = guide_blocks();
    let in_folder = |folder: &str| {
        let names = names(&format!("{GUIDE}/shop/{folder}")).into_iter().filter(|name| name.ends_with(".rs"));
        names.map(|name| format!("{folder}/{name}")).collect::<BTreeSet<_>>()
    };
    let files = &in_folder("src") | &in_folder("src/bin");
    assert_eq!(blocks.keys().collect::<Vec<_>>(), files.iter().collect::<Vec<_>>(), "the files of the guide");
    for (file, blocks) in &blocks {
        let source = read(&format!("{GUIDE}/shop/{file}"));
        for block in blocks {
            let mut source = lines(&source).into_iter();
            let missing = lines(block).into_iter().find(|line| !source.any(|other| other == *line));
            assert_eq!(missing, None, "{file} does not have this line, or not in this order");
        }
        let mut written: Vec<_> = blocks.iter().flat_map(|block| lines(block)).collect();
        let mut wanted = lines(&source);
        written.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(written, wanted, "{file}: the guide's lines and the crate's");
    }
}

// Fails when the guide's crate gets a dependency, and page 1 does not say so.
#[test]
fn the_guide_adds_what_its_crate_depends_on() {
    let page = read(&format!("{GUIDE}/1-events.md"));
    let added: BTreeSet<_> = page
        .lines()
        .filter_map(|line| line.strip_prefix("cargo add "))
        .flat_map(|line| line.split(['#']).next().unwrap().split(" --features").next().unwrap().split_whitespace())
        .filter(|word| !word.starts_with("--"))
        .collect();
    let manifest = read(&format!("{GUIDE}/shop/Cargo.toml"));
    let dependencies = manifest.split("[dependencies]").nth(1).unwrap();
    let needed: BTreeSet<_> = lines(dependencies).into_iter().filter_map(|line| line.split_once(['.', ' '])).collect();
    assert_eq!(added, needed.into_iter().map(|(name, _)| name).collect());
}
