//! Settings from environment variables.

use std::ffi::OsString;

use super::{
    Settings,
    given::Leaf,
    key::{Spelling, meant},
    read,
};

/// Settings from the variables that start with `prefix` and `__`, or everything that is wrong with them.
pub(super) fn read(prefix: &str, vars: impl Iterator<Item = (OsString, OsString)>) -> Result<Settings, Vec<String>> {
    let mut leaves = Vec::new();
    let mut problems = Vec::new();
    for (name, value) in vars {
        // A name that is not UTF-8 is none of ours.
        let Some(said) = name.to_str() else { continue };
        let Some(rest) = said.strip_prefix(prefix).and_then(|rest| rest.strip_prefix("__")) else {
            if let Some(meant) = overlooked(prefix, said) {
                tracing::warn!("`{said}` is not read: did you mean `{meant}`?");
            }
            continue;
        };
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

/// What somebody meant who wrote one `_` after the prefix where two belong. The variable may also be none of ours.
fn overlooked(prefix: &str, said: &str) -> Option<String> {
    let rest = said.strip_prefix(prefix)?.strip_prefix('_')?.to_lowercase();
    meant(&rest.replace("__", "."), &Spelling::Variables(prefix.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    // Fails without any of the three ways in which `meant` looks.
    #[test]
    fn one_underscore_where_two_belong_is_noticed() {
        let meant = |said| overlooked("CAROM", said);
        for (said, right) in [
            ("CAROM_ENVIRONMENT", "CAROM__ENVIRONMENT"),
            ("CAROM_KAFKA_BOOTSTRAP_SERVERS", "CAROM__KAFKA__BOOTSTRAP_SERVERS"),
            ("CAROM_KAFKA__BOOTSTRAP_SERVERS", "CAROM__KAFKA__BOOTSTRAP_SERVERS"),
            ("CAROM_KAFKA_TOPICS", "CAROM__KAFKA__TOPICS"),
            ("CAROM_KAFKA_SASL_USERNAME", "CAROM__KAFKA__SASL_USERNAME"),
            ("CAROM_KAFKA__CONSUMER__FETCH_MIN_BYTES", "CAROM__KAFKA__CONSUMER__FETCH_MIN_BYTES"),
        ] {
            assert_eq!(meant(said).as_deref(), Some(right), "{said}");
        }
        for other in ["CAROM_HOME", "CAROMEL_SERVICE", "CAROM", "SERVICE", "CAROM_KAFKA"] {
            assert_eq!(meant(other), None, "{other}");
        }
    }
}
