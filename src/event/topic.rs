//! Topic names: `{env}.{domain}.{public|internal}.{name}[.{version}]`, lower-cased as a whole.

use std::{ffi::OsStr, fmt};

use super::{Descriptor, TopicSource, case::kebab, plural::pluralise};

/// Kafka's limit.
const MAX_LENGTH: usize = 249;

/// The environment, which is the first segment of every topic name.
///
/// `development` becomes `dev`, a name of up to four characters stays, and any other is cut to its first four:
/// `Production` gives `prod`. Where two environments share four letters, choose the segment with
/// [`Environment::short`]. Default: `development`; a bus that is told none takes [`Environment::from_env`].
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
/// let bus = Bus::new(Kafka::embedded()).service("shop").environment(Environment::new("Production"));
/// assert_eq!(TestBus::start(bus).await?.topic::<OrderPlaced>(), "prod.sales.public.orders.v1");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Environment {
    segment: String,
}

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
        let segment = if name == "development" { "dev".to_owned() } else { name.chars().take(4).collect() };
        Self { segment }
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
        Self { segment: segment.into() }
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

/// A name that Kafka would refuse, or that would mean something else than it says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{whose} cannot be `{topic}`: {problem}; {advice}")]
pub(crate) struct TopicNameError {
    whose: String,
    topic: String,
    problem: Problem,
    advice: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum Problem {
    #[error("its {0} is empty")]
    Empty(&'static str),
    #[error("{0:?} in its {1} is not allowed in a topic name, only letters, digits, `.`, `_` and `-` are")]
    Character(char, &'static str),
    #[error("it has {0} characters, and a topic name has at most {MAX_LENGTH}")]
    Length(usize),
    #[error("Kafka reserves this name")]
    Reserved,
}

/// A piece of a name: its text, what to call it, and how to change it.
type Segment<'a> = (&'a str, &'static str, &'static str);

/// The full name of the topic on which events of this type travel.
pub(crate) fn topic_name(event: &Descriptor, environment: &Environment) -> Result<String, TopicNameError> {
    let name = name_segment(event);
    let scope = if event.internal { "internal" } else { "public" };
    let mut segments: Vec<Segment<'_>> = vec![
        (environment.segment(), "environment", "name the environment with letters and digits"),
        (event.domain, "domain", "write `domain = \"..\"` in `#[event(..)]`, or set it in `[package.metadata.carom]`"),
        (scope, "scope", ""),
        (&name, "name", "write `topic = \"..\"` in `#[event(..)]`"),
    ];
    if !event.version.trim().is_empty() {
        segments.push((event.version, "version", "write `version = \"v1\"` in `#[event(..)]`"));
    }
    let whose = || format!("the topic of `{}` ({})", event.rust_name, event.location);
    check(&segments, ".", whose, "shorten `domain` or `topic` in `#[event(..)]`").map(|topic| topic.to_lowercase())
}

/// Where `group` puts the records of `topic` that it will not handle: `{topic}.{group}.dlq`.
pub(crate) fn dead_letter_topic(topic: &str, group: &str) -> Result<String, TopicNameError> {
    let segments = [
        (topic, "topic", "subscribe to a topic that Kafka allows"),
        (group, "group id", "use a group id of letters, digits, `.`, `_` and `-`"),
        ("dlq", "suffix", ""),
    ];
    let whose = || format!("the dead-letter topic of group `{group}`");
    check(&segments, ".", whose, "use a shorter group id, or a shorter topic name")
}

/// Whether `group` itself wrote what is in `topic`: its dead letters, or records that it will retry.
///
/// Dots are allowed on both sides, so the dead letters of the group `eu.billing` look like those of `billing`, of a
/// topic that ends with `.eu`.
pub(crate) fn is_own_topic(topic: &str, group: &str) -> bool {
    let source = topic.strip_suffix(".dlq").and_then(|topic| topic.strip_suffix(group));
    let stage = topic.strip_prefix(group);
    source.is_some_and(|source| source.ends_with('.')) || stage.is_some_and(|stage| stage.starts_with(".retry."))
}

/// Checks a name that was chosen elsewhere.
pub(crate) fn check_topic(topic: &str) -> Result<(), TopicNameError> {
    check(&[(topic, "name", "choose another name")], "", || "the topic".to_owned(), "choose a shorter name").map(drop)
}

fn check(
    segments: &[Segment<'_>],
    separator: &str,
    whose: impl Fn() -> String,
    shorten: &'static str,
) -> Result<String, TopicNameError> {
    let topic = segments.iter().map(|(text, ..)| *text).collect::<Vec<_>>().join(separator);
    let refuse = |problem, advice| Err(TopicNameError { whose: whose(), topic: topic.clone(), problem, advice });
    for (text, what, advice) in segments {
        if text.trim().is_empty() {
            return refuse(Problem::Empty(what), advice);
        }
        if let Some(char) = text.chars().find(|char| !is_allowed(*char)) {
            return refuse(Problem::Character(char, what), advice);
        }
    }
    match topic.as_str() {
        "." | ".." => refuse(Problem::Reserved, segments[0].2),
        long if long.len() > MAX_LENGTH => refuse(Problem::Length(long.len()), shorten),
        _ => Ok(topic),
    }
}

/// Whether Kafka takes this for the name of a topic.
pub(crate) fn is_topic_name(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && name.len() <= MAX_LENGTH && name.chars().all(is_allowed)
}

fn is_allowed(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '.' | '_' | '-')
}

fn name_segment(event: &Descriptor) -> String {
    let (name, plural) = match event.topic {
        TopicSource::Entity(entity) => (kebab(bare_name(entity)), event.plural.unwrap_or(true)),
        TopicSource::Verbatim(topic) => (topic.to_lowercase(), event.plural.unwrap_or(false)),
    };
    if plural { pluralise(&name) } else { name }
}

/// `Order` of `crate::sales::Order<Eur>`.
fn bare_name(path: &str) -> &str {
    let path = path.split('<').next().unwrap_or(path);
    path.rsplit("::").next().unwrap_or(path).trim()
}

/// A hint for the log where the plural of an entity reads oddly, which Momentum's rules make unavoidable.
pub(crate) fn plural_warning(event: &Descriptor) -> Option<String> {
    let TopicSource::Entity(entity) = event.topic else { return None };
    let word = kebab(bare_name(entity));
    let plural = pluralise(&word);
    if event.plural == Some(false) || !is_odd(&word, &plural) {
        return None;
    }
    Some(format!(
        "the topic of `{}` ({}) is named `{plural}` after the entity `{entity}`; if that reads wrong, write `topic = \"..\"` instead of `entity = {entity}`",
        event.rust_name, event.location
    ))
}

/// Whether the plural is the word itself, comes of something that was plural already, or is not what the last word of
/// the compound has when it stands alone.
fn is_odd(word: &str, plural: &str) -> bool {
    let last = word.rsplit(['-', '_']).next().unwrap_or(word);
    word == plural
        || ["s", "z", "ff", "data"].iter().any(|ending| word.ends_with(ending))
        || !plural.ends_with(&pluralise(last))
}

#[cfg(test)]
mod tests;
