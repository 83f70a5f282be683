//! What the pages say about the tree is true: the tests, files and versions that they name exist.

mod errors;
mod glossary;
mod guide;
mod telemetry;

use std::{
    fs,
    path::{Path, PathBuf},
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The names in a folder, sorted.
fn names(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Every file in a folder, and in the folders in it.
fn files_below(folder: &str) -> Vec<PathBuf> {
    let (mut folders, mut files) = (vec![root().join(folder)], Vec::new());
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let (inner, here): (Vec<_>, Vec<_>) =
            entries.map(|entry| entry.unwrap().path()).partition(|path| path.is_dir());
        folders.extend(inner);
        files.extend(here);
    }
    files
}

/// README, CONTRIBUTING and everything below `docs`.
fn pages() -> Vec<String> {
    let below = |folder: &str| {
        let pages = names(folder).into_iter().filter(|name| Path::new(name).extension().is_some_and(|end| end == "md"));
        pages.map(|name| format!("{folder}/{name}")).collect::<Vec<_>>()
    };
    let top = ["README.md", "CONTRIBUTING.md"].map(str::to_owned).to_vec();
    [top, below("docs"), below("docs/decisions"), below(GUIDE)].concat()
}

const GUIDE: &str = "docs/guide";

/// What stands between back-ticks outside of code blocks.
fn quoted(page: &str) -> Vec<String> {
    let prose: Vec<_> = page.split("```").step_by(2).collect();
    prose.iter().flat_map(|text| text.split('`').skip(1).step_by(2)).map(str::to_owned).collect()
}

const CONTRACT: &str = "integration-tests/tests/suite/contract";

/// Source of a module of the contract, as a file or as a folder.
fn module(name: &str) -> Option<String> {
    let folder = root().join(CONTRACT);
    let file = fs::read_to_string(folder.join(format!("{name}.rs"))).ok();
    file.or_else(|| {
        let files = fs::read_dir(folder.join(name)).ok()?;
        Some(files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect())
    })
}

// Fails when a test of the contract is renamed, and the page is not.
#[test]
fn every_test_that_the_semantics_name_exists() {
    let mut missing = Vec::new();
    let mut named = 0;
    for path in quoted(&read("docs/semantics.md")).iter().filter_map(|text| text.strip_prefix("contract::")) {
        if path == "…" {
            continue;
        }
        named += 1;
        let parts: Vec<_> = path.split("::").collect();
        let source = module(parts[0]);
        let test = parts[1..].last();
        let exists = source.is_some_and(|source| test.is_none_or(|test| source.contains(&format!("fn {test}("))));
        if !exists {
            missing.push(path.to_owned());
        }
    }
    assert!(named >= 12, "the page names a test for each promise, or it is not read as it is written");
    assert_eq!(missing, Vec::<String>::new(), "docs/semantics.md names what is not in {CONTRACT}");
}

// Fails when a module of the contract is added, and the page does not mention it.
#[test]
fn every_module_of_the_contract_is_named_in_the_semantics() {
    let page = read("docs/semantics.md");
    let modules = names(CONTRACT).into_iter().map(|name| name.trim_end_matches(".rs").to_owned());
    let unnamed: Vec<_> =
        modules.filter(|name| name != "mod" && !page.contains(&format!("`contract::{name}"))).collect();
    assert_eq!(unnamed, Vec::<String>::new(), "docs/semantics.md does not say what these prove");
}

// Fails when a file moves, and a page still names its old place.
#[test]
fn every_file_that_a_page_names_exists() {
    let mut missing = Vec::new();
    for page in pages() {
        let text = read(&page);
        let folder = root().join(&page).parent().map(PathBuf::from).unwrap();
        // The guide speaks of the reader's crate.
        let home = if page.starts_with(GUIDE) { root().join(GUIDE).join("shop") } else { root().to_owned() };
        let is_path = |text: &String| {
            ["src/", "docs/", "macros/", "examples/", "integration-tests/"].iter().any(|start| text.starts_with(start))
        };
        let files = quoted(&text).into_iter().filter(is_path).map(|path| home.join(path));
        let links = text.split("](").skip(1).filter_map(|link| link.split([')', '#']).next());
        let links = links.filter(|link| !link.contains("://")).map(|link| folder.join(link));
        missing
            .extend(files.chain(links).filter(|path| !path.exists()).map(|path| format!("{page}: {}", path.display())));
    }
    assert_eq!(missing, Vec::<String>::new());
}

/// A heading as GitHub makes a link target of it.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

// Fails when a heading is reworded, and a link still leads to the old one.
#[test]
fn every_heading_that_a_page_links_to_exists() {
    let mut missing = Vec::new();
    for page in pages() {
        let text = read(&page);
        let links = text.split("](").skip(1).filter_map(|link| link.split(')').next()?.split_once('#'));
        for (path, wanted) in links.filter(|(path, _)| !path.contains("://")) {
            let target = if path.is_empty() { root().join(&page) } else { root().join(&page).with_file_name(path) };
            let target = fs::read_to_string(target).unwrap_or_default();
            let headings =
                target.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches(['#', ' ']));
            if !headings.map(anchor).any(|anchor| anchor == wanted) {
                missing.push(format!("{page}: {path}#{wanted}"));
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}

// Fails when an example is added, and the README does not mention it.
#[test]
fn the_readme_names_every_example() {
    let readme = read("README.md");
    let examples = names("examples").into_iter().map(|name| name.trim_end_matches(".rs").to_owned());
    let left_out: Vec<_> = examples.filter(|name| !readme.contains(&format!("[`{name}`](examples/{name}"))).collect();
    assert_eq!(left_out, Vec::<String>::new(), "the README does not link to these");
}

// Fails when a page is added, and no page leads to it.
#[test]
fn every_page_is_linked() {
    let texts: Vec<_> = pages().iter().map(|page| read(page)).collect();
    let linked = |page: &String| {
        let name = page.rsplit('/').next().unwrap();
        texts.iter().any(|text| text.contains(&format!("{name})")) || text.contains(&format!("{name}#")))
    };
    let apart = ["README.md", "docs/decisions/"];
    let lost: Vec<_> = pages().into_iter().filter(|page| !apart.iter().any(|start| page.starts_with(start))).collect();
    let lost: Vec<_> = lost.into_iter().filter(|page| !linked(page)).collect();
    assert_eq!(lost, Vec::<String>::new(), "no page leads to these");
}

// Fails when `rust-version` changes in one of the two.
#[test]
fn the_readme_names_the_minimum_rust_version() {
    let manifest = read("Cargo.toml");
    let version =
        manifest.lines().find_map(|line| line.strip_prefix("rust-version = \"")).unwrap().trim_end_matches('"');
    let sentence = format!("Rust {version} or newer");
    let readme = read("README.md").split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(readme.contains(&sentence), "the README says `{sentence}`");
}

// Fails when a page with Rust in it is written, and nobody compiles it.
#[test]
fn every_page_with_rust_in_it_is_a_doc_test() {
    let compiled = read("src/doctests.rs");
    let has_rust = |page: &String| read(page).lines().any(|line| line.starts_with("```rust"));
    // The guide's blocks are parts of a crate, see below.
    let pages = pages().into_iter().filter(|page| !page.starts_with(GUIDE));
    let left_out: Vec<_> = pages.filter(has_rust).filter(|page| !compiled.contains(page.as_str())).collect();
    assert_eq!(left_out, Vec::<String>::new(), "src/doctests.rs does not include these");
}
