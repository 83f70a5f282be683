//! The environment: where a service runs, as the names of topics and groups say it.

use std::{ffi::OsStr, fmt};

/// The environment, which is the first segment of every topic name.
///
/// `development` becomes `dev`, a name of up to four characters stays, and any other is cut to its first four:
/// `Production` gives `prod`. Where two environments share four letters, they share topics and groups: choose the segment
/// with [`Environment::short`]. The log says at start where a name was cut, unless it is `production` or `staging`. Default: `development`; a bus that is told none takes [`Environment::from_env`].
///
/// ```
/// use carom::{Bus, Event, Kafka, event::Environment, testing::TestBus};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, Event)]
/// #[event(entity = Order, domain = "sales")]
/// struct OrderPlaced {}
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), carom::Error> {
/// let bus = Bus::new(Kafka::embedded()).service("shop").environment("Production");
/// assert_eq!(TestBus::start(bus).await?.topic::<OrderPlaced>(), "prod.sales.public.orders.v1");
///
/// let bus = Bus::new(Kafka::embedded()).service("shop").environment(Environment::short("prod-eu"));
/// assert_eq!(TestBus::start(bus).await?.topic::<OrderPlaced>(), "prod-eu.sales.public.orders.v1");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Environment {
    segment: String,
    /// The name that was cut to the segment, unless everybody knows what that stands for.
    cut: Option<String>,
}

/// How many characters of a name are kept.
const KEPT: usize = 4;

/// Names whose first four letters are as good as the whole.
const WELL_KNOWN: [&str; 2] = ["production", "staging"];

impl Environment {
    /// The environment of this name, in lower case and cut as described above.
    ///
    /// A name is taken as it is: what cannot stand in a topic (an empty name, blanks) is an error when the bus starts.
    ///
    /// ```
    /// use carom::event::Environment;
    ///
    /// assert_eq!(Environment::new("Development").segment(), "dev");
    /// assert_eq!(Environment::new("Production").segment(), "prod");
    /// assert_eq!(Environment::new("qa").segment(), "qa");
    /// ```
    pub fn new(name: &str) -> Self {
        let name = name.to_lowercase();
        if name == "development" {
            return Self::short("dev");
        }
        let segment: String = name.chars().take(KEPT).collect();
        let cut = Some(name).filter(|name| *name != segment && !WELL_KNOWN.contains(&name.as_str()));
        Self { segment, cut }
    }

    /// The environment that the variable `CAROM__ENVIRONMENT` names, without blanks around it, else `development`: also
    /// where the variable is blank. One that is no UTF-8 makes no topic name, which is an error when the bus starts.
    ///
    /// The name of the variable is the same whatever prefix [`Settings`](crate::Settings) are read with.
    ///
    /// ```
    /// use carom::{Bus, Kafka, event::Environment};
    ///
    /// // What a bus does by itself, so that the program can look at it too.
    /// let environment = Environment::from_env();
    /// println!("topics start with {environment}");
    /// let bus = Bus::new(Kafka::embedded()).environment(environment);
    /// ```
    pub fn from_env() -> Self {
        Self::of_variable(&std::env::var_os("CAROM__ENVIRONMENT").unwrap_or_default())
    }

    /// What is not UTF-8 must not pass for nothing: that would be another environment.
    fn of_variable(value: &OsStr) -> Self {
        match value.to_str().map(str::trim) {
            Some("") => Self::default(),
            Some(name) => Self::new(name),
            // Not cut either: the first four characters may look like a name.
            None => Self::short(value.to_string_lossy()),
        }
    }

    /// The environment with this text as its segment, not cut and not changed in case. Topic names are lower-cased as a
    /// whole, group ids keep the text as it is; so write it in lower case.
    ///
    /// ```
    /// use carom::event::Environment;
    ///
    /// // `production-eu` and `production-us` would both be `prod`.
    /// assert_eq!(Environment::short("prod-eu").segment(), "prod-eu");
    /// ```
    pub fn short(segment: impl Into<String>) -> Self {
        Self { segment: segment.into(), cut: None }
    }

    /// The segment: in lower case the first part of topic names, and the last part of a group id that follows from the
    /// service (`billing-dev`). `Display` writes it too.
    ///
    /// ```
    /// use carom::event::Environment;
    ///
    /// let environment = Environment::default();
    /// assert_eq!((environment.segment(), environment.to_string().as_str()), ("dev", "dev"));
    /// ```
    pub fn segment(&self) -> &str {
        &self.segment
    }

    /// For the log, where a name was cut to what another environment's may be cut to as well.
    pub(crate) fn warning(&self) -> Option<String> {
        let (cut, segment) = (self.cut.as_ref()?, &self.segment);
        Some(format!(
            "the environment `{cut}` is cut to `{segment}` in the names of topics and groups, and shares them with every \
             other that is cut to it: write `.environment(Environment::short(\"{cut}\"))` for the whole name, or \
             `Environment::short(\"{segment}\")` if that is meant, or `environment_short` (`CAROM__ENVIRONMENT_SHORT`) in settings"
        ))
    }
}

impl From<&str> for Environment {
    /// As [`Environment::new`].
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl From<String> for Environment {
    /// As [`Environment::new`].
    fn from(name: String) -> Self {
        Self::new(&name)
    }
}

impl Default for Environment {
    /// `development`.
    fn default() -> Self {
        Self::new("development")
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.segment)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    #[test]
    fn a_variable_names_the_environment_unless_it_is_blank() {
        let named = |value| Environment::of_variable(OsStr::from_bytes(value));
        let segments = [&b""[..], b" \n", b" Production "].map(|value| named(value).segment);
        assert_eq!(segments, ["dev", "dev", "prod"]);
        // Fails when what is not UTF-8 passes for nothing.
        assert!(crate::event::check_environment(&named(b"production\xff")).is_err());
    }

    // Fails when a text is taken as the segment, uncut.
    #[test]
    fn a_text_is_the_name_of_an_environment() {
        assert_eq!(Environment::from("Production"), Environment::new("Production"));
        assert_eq!(Environment::from("Test-EU".to_owned()), Environment::new("test-eu"));
    }

    #[test]
    fn a_name_that_was_cut_is_pointed_out_unless_everybody_knows_it() {
        let warning = |name| Environment::new(name).warning();
        for well_known in ["Development", "Production", "staging", "test", "qa"] {
            assert_eq!(warning(well_known), None, "{well_known}");
        }
        let said = warning("Test-EU").unwrap();
        assert!(said.starts_with("the environment `test-eu` is cut to `test` in the names of topics"), "{said}");
        assert!(said.contains("`.environment(Environment::short(\"test-eu\"))`"), "{said}");
        assert_eq!(Environment::short("test-eu").warning(), None);
        assert_eq!(Environment::default().warning(), None);
    }
}
