//! What the compiler says to a user: programs that compile, and one program per mistake with its one error.

use std::{fs, path::Path};

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
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
