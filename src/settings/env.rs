//! Settings from environment variables.

use std::ffi::OsString;

use super::{Settings, given::Leaf, key::Spelling, read};

/// Settings from the variables that start with `prefix` and `__`, or everything that is wrong with them.
pub(super) fn read(prefix: &str, vars: impl Iterator<Item = (OsString, OsString)>) -> Result<Settings, Vec<String>> {
    let mut leaves = Vec::new();
    let mut problems = Vec::new();
    for (name, value) in vars {
        // A name that is not UTF-8 is none of ours.
        let Some(said) = name.to_str() else { continue };
        let Some(rest) = said.strip_prefix(prefix).and_then(|rest| rest.strip_prefix("__")) else { continue };
        let path = rest.to_lowercase().split("__").map(str::to_owned).collect();
        match value.into_string() {
            Ok(value) => leaves.push(Leaf { path, said: said.to_owned(), value }),
            Err(_) => problems.push(format!("`{said}` is not UTF-8 text")),
        }
    }
    // The environment has no order, and the problems should have one.
    leaves.sort_by(|a, b| a.said.cmp(&b.said));
    read::settings(leaves, problems, &Spelling::Variables(prefix.to_owned()))
}
