//! Settings from environment variables.
//!
//! Names are not taken apart here but at `__`: what the parts mean is the matter of `key`, as for a file.

use std::ffi::OsString;

use super::{
    Settings,
    given::Leaf,
    key::{Spelling, meant},
    read,
};
use crate::telemetry::logs;

/// Settings from the variables that start with `prefix` and `__`, or everything that is wrong with them.
pub(super) fn read(prefix: &str, vars: impl Iterator<Item = (OsString, OsString)>) -> Result<Settings, Vec<String>> {
    if let Some(problem) = misread(prefix) {
        return Err(vec![problem]);
    }
    let mut leaves = Vec::new();
    let mut problems = Vec::new();
    for (name, value) in vars {
        // A name that is not UTF-8 is none of ours.
        let Some(said) = name.to_str() else { continue };
        let Some(rest) = said.strip_prefix(prefix).and_then(|rest| rest.strip_prefix("__")) else {
            if let Some(meant) = overlooked(prefix, said) {
                logs::bus::overlooked(said, &meant);
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

/// What to say of variables that a bus does not read because it was not made from settings; the environment's name is
/// read by every bus.
pub(crate) fn unread_variables(names: impl Iterator<Item = OsString>) -> Option<String> {
    let ours = |name: &str| name.starts_with("CAROM__") && name != "CAROM__ENVIRONMENT";
    let mut unread: Vec<_> = names.filter_map(|name| name.into_string().ok()).filter(|name| ours(name)).collect();
    unread.sort_unstable();
    let (first, rest) = unread.split_first()?;
    let more = if rest.is_empty() { String::new() } else { format!(", like {} more,", rest.len()) };
    Some(format!(
        "the variable `{first}`{more} is not read: this bus was made by `Bus::new`; write \
         `Bus::from_settings(Settings::from_env(\"CAROM\")?)`"
    ))
}

/// What is wrong with a prefix with which nothing would be read.
fn misread(prefix: &str) -> Option<String> {
    match prefix.trim_end_matches('_') {
        "" => Some("the prefix of settings in the environment must not be empty: write for example `CAROM`".to_owned()),
        bare if bare == prefix => None,
        bare => Some(format!(
            "the prefix `{prefix}` must not end in `_`: write `{bare}`, for variables such as `{bare}__SERVICE`"
        )),
    }
}

/// What somebody meant who wrote one `_` after the prefix where two belong. The variable may also be none of ours.
fn overlooked(prefix: &str, said: &str) -> Option<String> {
    let rest = said.strip_prefix(prefix)?.strip_prefix('_')?.to_lowercase();
    meant(&rest.replace("__", "."), &Spelling::Variables(prefix.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::heard::heard;

    // Fails without `misread`: nothing would be read, and nobody would say so.
    #[test]
    fn a_prefix_that_would_find_nothing_is_refused() {
        let vars = || [("CAROM__SERVICE".into(), "billing".into())].into_iter();
        let problem = |prefix| read(prefix, vars()).map(|_| ()).unwrap_err().concat();
        for prefix in ["CAROM__", "CAROM_"] {
            let said = problem(prefix);
            assert!(said.contains(&format!("`{prefix}`")) && said.contains("write `CAROM`"), "{said}");
        }
        assert!(problem("").contains("must not be empty") && problem("__").contains("must not be empty"));
        assert_eq!(read("CAROM", vars()).unwrap().service.as_deref(), Some("billing"));
    }

    // Fails when the environment's name counts as unread: every bus reads it.
    #[test]
    fn variables_that_no_bus_reads_are_named() {
        let said = |names: &[&str]| unread_variables(names.iter().map(Into::into));
        assert_eq!(said(&["CAROM__ENVIRONMENT", "CAROM_HOME", "SERVICE"]), None);
        let one = said(&["CAROM__ENVIRONMENT", "CAROM__SERVICE"]).unwrap();
        assert!(one.starts_with("the variable `CAROM__SERVICE` is not read"), "{one}");
        let two = said(&["CAROM__SERVICE", "CAROM__KAFKA__BOOTSTRAP_SERVERS"]).unwrap();
        assert!(two.starts_with("the variable `CAROM__KAFKA__BOOTSTRAP_SERVERS`, like 1 more, is not read"), "{two}");
    }

    // Fails when `read` keeps what it notices to itself.
    #[test]
    fn a_variable_that_is_overlooked_is_named_in_the_log() {
        let vars = ["CAROM_SERVICE", "CAROM_HOME", "HOME"].map(|name| (name.into(), "billing".into()));
        let text = heard(|| assert_eq!(read("CAROM", vars.into_iter()).unwrap().service, None));
        let line = " WARN carom::bus: `CAROM_SERVICE` is not read: did you mean `CAROM__SERVICE`?\n";
        assert_eq!(text, line);
    }

    // Fails without any of the four ways in which `meant` looks.
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
            ("CAROM_KAFKA_CONSUMER_FETCH_MIN_BYTES", "CAROM__KAFKA__CONSUMER__FETCH_MIN_BYTES"),
            ("CAROM_KAFKA__CONSUMER_FETCH_MIN_BYTES", "CAROM__KAFKA__CONSUMER__FETCH_MIN_BYTES"),
            ("CAROM_KAFKA_PRODUCER__LINGER_MS", "CAROM__KAFKA__PRODUCER__LINGER_MS"),
            ("CAROM_KAFKA_LINGER_MS", "CAROM__KAFKA__LINGER_MS"),
            ("CAROM_SERVCE", "CAROM__SERVICE"),
            ("CAROM_KAFKA__LINGR_MS", "CAROM__KAFKA__LINGER_MS"),
            ("CAROM_KAFKA_BOOTSTRAP_SERVER", "CAROM__KAFKA__BOOTSTRAP_SERVERS"),
            ("CAROM_KAFKA_CONSUMER_FETCH_MIN_BYTE", "CAROM__KAFKA__CONSUMER__FETCH_MIN_BYTES"),
        ] {
            assert_eq!(meant(said).as_deref(), Some(right), "{said}");
        }
        for other in [
            "CAROM_HOME",
            "CAROMEL_SERVICE",
            "CAROM",
            "SERVICE",
            "CAROM_KAFKA",
            "CAROM_KAFKA_X",
            "CAROM_TEST_KAFKA",
            "CAROM_NODE",
            "CAROM_RESOURCE",
            "CAROM_KAFKA_TOPIC",
        ] {
            assert_eq!(meant(other), None, "{other}");
        }
    }
}
