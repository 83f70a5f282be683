//! What a name means: one of our own settings, or an option of librdkafka.

use crate::{
    kafka::{Scope, options},
    nearest::{is_slip, nearest},
};

/// Our own settings beside the section `kafka`.
const TOP: &[&str] = &[
    "service",
    "group",
    "domain",
    "source",
    "environment",
    "environment_short",
    "mode",
    "profile",
    "workers",
    "shutdown_timeout",
    "drain_timeout",
    "stalled_after",
    "service_version",
    "service_instance",
    "telemetry_keys",
    "error_detail",
];

/// Our own settings in the section `kafka`; every other name there is an option of librdkafka.
const KAFKA: &[&str] = &["kafka.bootstrap_servers", "kafka.topics", "kafka.partitioner", "kafka.group_protocol"];

/// Where a value belongs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    /// One of our own, with its full path.
    Own(&'static str),
    /// An option of librdkafka, by its first name.
    Option(Scope, String),
}

/// A name that was understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) key: Key,
    /// The value is in the file that was written.
    pub(super) from_file: bool,
}

/// How names are spelled where the settings came from, so that advice can be copied.
#[derive(Debug, Clone)]
pub(super) enum Spelling {
    /// As keys, from the root of the settings.
    Keys,
    /// As keys of the section `kafka`, which somebody read alone.
    Section,
    /// As environment variables with this prefix.
    Variables(String),
}

impl Spelling {
    /// A key such as `kafka.consumer.fetch.min.bytes`.
    fn spell(&self, path: &str) -> String {
        match self {
            Self::Keys => path.to_owned(),
            Self::Section => path.strip_prefix("kafka.").unwrap_or(path).to_owned(),
            Self::Variables(prefix) => {
                let (sections, name) = split(path);
                let sections: String = sections.iter().map(|section| format!("{section}__")).collect();
                format!("{prefix}__{}", (sections + &name.replace('.', "_")).to_uppercase())
            }
        }
    }
}

/// The sections of a path, and the name in the last of them.
fn split(path: &str) -> (Vec<&str>, &str) {
    let mut sections = Vec::new();
    let mut name = path;
    for section in [&["kafka"][..], &["consumer", "producer"][..]] {
        match name.split_once('.') {
            Some((first, rest)) if section.contains(&first) => {
                sections.push(first);
                name = rest;
            }
            _ => break,
        }
    }
    (sections, name)
}

/// What the name with these segments means, or the sentence for somebody who wrote `said` and meant something else.
pub(super) fn parse(path: &[String], said: &str, spelling: &Spelling) -> Result<Named, String> {
    let path = path.join(".");
    if let "kafka" | "kafka.consumer" | "kafka.producer" = path.as_str() {
        let example = if path == "kafka" { KAFKA[0].to_owned() } else { format!("{path}.client.id") };
        return Err(format!("`{said}` is a section, not a value: write for example `{}`", spelling.spell(&example)));
    }
    if let Some(named) = own(&path) {
        return Ok(named);
    }
    match split(&path) {
        (sections, _) if sections.is_empty() => Err(unknown(&path, said, spelling)),
        (sections, name) => {
            let scope = match sections.get(1) {
                Some(&"consumer") => Scope::Consumer,
                Some(_) => Scope::Producer,
                None => Scope::All,
            };
            option(name, scope).ok_or_else(|| unknown_option(&sections.join("."), name, said, spelling))
        }
    }
}

/// The right spelling of a name in which one `_` stands where two belong, also with a typo in it; `None` if it is no name
/// of ours in any spelling.
pub(super) fn meant(path: &str, spelling: &Spelling) -> Option<String> {
    let segments: Vec<_> = path.split('.').map(str::to_owned).collect();
    let flat = || KAFKA.iter().find(|own| dotted(own) == dotted(path)).map(|own| (*own).to_owned());
    let below_kafka = path.strip_prefix("kafka_").or_else(|| path.strip_prefix("kafka."));
    let some_option = || {
        let name = below_kafka?;
        let known = |name: &str| option(name, Scope::All).map(|_| dotted(name));
        let of = |section: &'static str| Some((section, name.strip_prefix(section)?.strip_prefix(['_', '.'])?));
        match of("consumer").or_else(|| of("producer")) {
            Some((section, rest)) => Some(format!("kafka.{section}.{}", known(rest)?)),
            None => Some(format!("kafka.{}", known(name)?)),
        }
    };
    let slip = || {
        let top = || nearest(path, TOP.iter().copied()).map(str::to_owned);
        let meant = below_kafka.map_or_else(top, |name| nearest_option("kafka", &dotted(name)))?;
        let bare = |path: &str| dotted(path.strip_prefix("kafka.").unwrap_or(path));
        is_slip(&dotted(below_kafka.unwrap_or(path)), &bare(&meant)).then_some(meant)
    };
    let is_right = parse(&segments, path, spelling).is_ok();
    is_right.then(|| path.to_owned()).or_else(flat).or_else(some_option).or_else(slip).map(|path| spelling.spell(&path))
}

fn own(path: &str) -> Option<Named> {
    let find = |path: &str| {
        let same = |own: &&&str| **own == path || (path.starts_with("kafka.") && dotted(own) == dotted(path));
        TOP.iter().chain(KAFKA).find(same).map(|own| Key::Own(own))
    };
    let named = |key, from_file| Named { key, from_file };
    find(path).map(|key| named(key, false)).or_else(|| find(without_file(path)?).map(|key| named(key, true)))
}

fn option(name: &str, scope: Scope) -> Option<Named> {
    let known = |name: &str| Some(dotted(name)).filter(|name| options::is_known(name));
    let named = |name: String, from_file| {
        let first_name = options::canonical(&name).to_owned();
        Named { key: Key::Option(scope, first_name), from_file }
    };
    known(name).map(|name| named(name, false)).or_else(|| known(without_file(name)?).map(|name| named(name, true)))
}

fn without_file(name: &str) -> Option<&str> {
    name.strip_suffix("_file").or_else(|| name.strip_suffix(".file"))
}

/// librdkafka's spelling of a name in which `_` may stand for `.`.
fn dotted(name: &str) -> String {
    if options::WITH_UNDERSCORE.contains(&name) { name.to_owned() } else { name.replace('_', ".") }
}

fn unknown(path: &str, said: &str, spelling: &Spelling) -> String {
    // Somebody may have written one `_` where two go down a level.
    let flat = |own: &&&str| dotted(own) == dotted(path);
    let meant = KAFKA.iter().find(flat).copied().or_else(|| nearest(path, TOP.iter().chain(KAFKA).copied()));
    let options = || {
        let bare = path.strip_prefix("kafka_").unwrap_or(path);
        option(bare, Scope::All).is_some().then(|| first_spelling(format!("kafka.{}", dotted(bare))))
    };
    // `service_name`, or `drain`.
    let begins = |one: &str, other: &str| one.starts_with(&format!("{other}_"));
    let longer = || TOP.iter().find(|own| begins(path, own) || begins(own, path)).map(|own| (*own).to_owned());
    let advice = meant.map(str::to_owned).or_else(options).or_else(longer).map_or_else(
        || "the settings are".to_owned(),
        |meant| format!("did you mean `{}`? The settings are", spelling.spell(&meant)),
    );
    let all: Vec<_> = TOP.iter().chain(KAFKA).map(|own| format!("`{own}`")).collect();
    let policy = POLICIES.iter().any(|policy| path.starts_with(policy));
    let policy = if policy { "what follows a failure is said in the program, at `.supervise(..)`; " } else { "" };
    format!("`{said}` is not a setting: {policy}{advice} {}, and librdkafka's options as `kafka.*`", all.join(", "))
}

/// What others have as settings, and a program may read from its own.
const POLICIES: [&str; 5] = ["supervisor", "retry", "retries", "concurrency", "timeout"];

/// Our own have a `_` where librdkafka's have a dot.
fn first_spelling(path: String) -> String {
    KAFKA.iter().find(|own| dotted(own) == dotted(&path)).map_or(path, |own| (*own).to_owned())
}

/// The option that was meant in a section, with that section; also where one `_` leads to `consumer` or `producer`.
fn nearest_option(section: &str, name: &str) -> Option<String> {
    // As others call the addresses of a cluster.
    if section == "kafka" && ["broker", "brokers", "servers", "bootstrap"].contains(&name) {
        return Some("kafka.bootstrap_servers".to_owned());
    }
    let within = |below: &str| {
        let rest = name.strip_prefix(below)?.strip_prefix('.')?;
        Some(format!("kafka.{below}.{}", if options::is_known(rest) { rest } else { nearest(rest, options::names())? }))
    };
    let ours = KAFKA.iter().filter(|_| section == "kafka").filter_map(|own| own.strip_prefix("kafka."));
    let below = if section == "kafka" { within("consumer").or_else(|| within("producer")) } else { None };
    below.or_else(|| Some(first_spelling(format!("{section}.{}", nearest(name, options::names().chain(ours))?))))
}

fn unknown_option(section: &str, name: &str, said: &str, spelling: &Spelling) -> String {
    let name = dotted(name);
    let bare = name.strip_prefix("consumer.").or_else(|| name.strip_prefix("producer.")).unwrap_or(&name);
    let meant = || nearest_option(section, &name).map(|meant| format!("did you mean `{}`?", spelling.spell(&meant)));
    let advice = options::java::advice(bare)
        .or_else(meant)
        .unwrap_or_else(|| "check its spelling in librdkafka's CONFIGURATION.md".to_owned());
    let version = crate::kafka::librdkafka_version();
    format!("`{said}`: `{name}` is neither a setting of carom nor an option of librdkafka {version}: {advice}")
}

#[cfg(test)]
mod tests;
