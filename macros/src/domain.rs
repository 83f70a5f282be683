//! The domain of a crate: said once in its Cargo.toml, else the first word of its name.
//!
//! Read while the event is compiled, so that it is a constant like all else in its descriptor, and a domain that cannot
//! be is a compile error. Where the topics of a service are to be found depends on it: it is the second segment of each
//! name.

use std::{env, fs, path::PathBuf};

/// Where an event's domain comes from.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Domain {
    /// `domain = ".."` of the attribute.
    Given(String),
    /// The crate's, read from this Cargo.toml or found without one; a change of the file has to rebuild the event.
    OfCrate {
        /// The domain.
        name: String,
        /// Whether there was a Cargo.toml to read: then the event is compiled again when it changes.
        has_manifest: bool,
    },
}

impl Domain {
    /// As it was written; topic and type have it in lower case.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Given(name) | Self::OfCrate { name, .. } => name,
        }
    }

    /// The domain of the crate that is being compiled; the error says what is wrong in its Cargo.toml.
    pub(crate) fn of_crate() -> Result<Self, String> {
        let manifest = env::var_os("CARGO_MANIFEST_DIR").map(|dir| PathBuf::from(dir).join("Cargo.toml"));
        let text = manifest.and_then(|path| fs::read_to_string(path).ok());
        let crate_name = env::var("CARGO_PKG_NAME").or_else(|_| env::var("CARGO_CRATE_NAME")).unwrap_or_default();
        Self::find(text.as_deref(), &crate_name)
    }

    /// The same of texts, for tests: `manifest` is what stands in Cargo.toml, if there is one.
    fn find(manifest: Option<&str>, crate_name: &str) -> Result<Self, String> {
        let name = match manifest.map(in_manifest).transpose()?.flatten() {
            Some(name) => name,
            None => first_word(crate_name).to_owned(),
        };
        Ok(Self::OfCrate { name, has_manifest: manifest.is_some() })
    }
}

/// `domain` in `[package.metadata.carom]`, if it is there. What is there and cannot be read is an error: with another
/// domain, events would go to topics that nobody reads.
fn in_manifest(manifest: &str) -> Result<Option<String>, String> {
    let manifest: toml::Table = manifest.parse().map_err(|_| "Cargo.toml cannot be read".to_owned())?;
    let carom = ["package", "metadata", "carom"].iter().try_fold(&manifest, |table, key| table.get(*key)?.as_table());
    match carom.and_then(|carom| carom.get("domain")) {
        None => Ok(None),
        Some(toml::Value::String(name)) => Ok(Some(name.clone())),
        Some(_) => Err("`domain` in `[package.metadata.carom]` is not a string: write `domain = \"..\"`".to_owned()),
    }
}

/// `sales` of `sales-contracts` and of `sales_contracts`.
fn first_word(crate_name: &str) -> &str {
    crate_name.split(['-', '_']).find(|word| !word.is_empty()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(manifest: &str, crate_name: &str) -> String {
        Domain::find(Some(manifest), crate_name).unwrap().name().to_owned()
    }

    #[test]
    fn the_manifest_names_the_domain() {
        let manifest = "[package]\nname = \"billing\"\n[package.metadata.carom]\ndomain = \"AppDomain\"";
        assert_eq!(find(manifest, "billing"), "AppDomain");
    }

    #[test]
    fn else_it_is_the_first_word_of_the_crate_name() {
        assert_eq!(find("[package]\nname = \"x\"", "sales-contracts"), "sales");
        assert_eq!(find("[package.metadata.docs]\nall = true", "sales_contracts"), "sales");
        assert_eq!(find("", "sales"), "sales");
        assert_eq!(find("", "_sales"), "sales");
        assert_eq!(Domain::find(None, "sales-x").unwrap().name(), "sales");
    }

    #[test]
    fn a_domain_that_is_no_string_is_an_error() {
        assert!(Domain::find(Some("[package.metadata.carom]\ndomain = 1"), "sales").is_err());
    }
}
