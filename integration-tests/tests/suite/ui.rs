//! What the compiler says to a user: programs that compile, and one program per mistake with its one error.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The program of the front page: on a broker that is there, and with an end.
fn readme() -> PathBuf {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md")).unwrap();
    let program = page.split("```").find_map(|block| block.strip_prefix("rust,no_run\n"));
    let program = program.expect("the README has a program that is not run as it stands");
    let changes =
        [("Kafka::new(\"localhost:9092\")", "Kafka::embedded()"), (".run_until_signal()", ".run_until(async {})")];
    let program = changes.into_iter().fold(program.to_owned(), |program, (from, to)| {
        assert!(program.contains(from), "the README's program has no `{from}`");
        program.replace(from, to)
    });
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme.rs");
    fs::write(&path, program).unwrap();
    path
}

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    cases.pass(readme());
    cases.compile_fail("tests/ui/fail/*.rs");
}

#[test]
fn one_mistake_is_one_error() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui/fail");
    let mut cases = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let case = entry.unwrap().path();
        if case.extension().is_some_and(|extension| extension == "rs") {
            let output = fs::read_to_string(case.with_extension("stderr")).unwrap();
            let errors = output.lines().filter(|line| line.starts_with("error")).count();
            assert_eq!(errors, 1, "{}", case.display());
            cases += 1;
        }
    }
    assert!(cases >= 17, "{cases}");
}
