//! Clients that nobody here wrote: kcat, which is librdkafka in C, and Kafka's own Java client.

use std::{env, fmt, fs, path::Path, time::Duration};

use base64::prelude::*;
use serde_json::Value;

use crate::{
    Guarded, home, jars,
    jars::{Jars, Jvm},
    plain::PlainRecord,
    real_kafka,
};

/// How long a client may take for what it is told; a JVM that compiles its source on a busy machine needs some seconds.
const PATIENCE: Duration = Duration::from_secs(90);

/// One of the clients, on a cluster. Each call is a process of its own, bounded in time, which ends with this one.
#[derive(Debug, Clone)]
pub struct Foreign {
    client: Client,
    servers: String,
}

#[derive(Debug, Clone)]
enum Client {
    /// Name of the program.
    Kcat(&'static str),
    Java(Jars),
}

/// A record as a client saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Full name.
    pub topic: String,
    /// Where the key put it.
    pub partition: i32,
    /// The record itself.
    pub record: PlainRecord,
}

impl Foreign {
    /// kcat; `None` if it is not installed, which is said in plain sight.
    pub fn kcat(test: &str, servers: String) -> Option<Self> {
        let path = env::var_os("PATH").unwrap_or_default();
        let is_there = |name: &&str| env::split_paths(&path).any(|dir| dir.join(name).is_file());
        match ["kcat", "kafkacat"].into_iter().find(is_there) {
            Some(program) => Some(Self { client: Client::Kcat(program), servers }),
            None => real_kafka::skip_without(test, "no `kcat` was found"),
        }
    }

    /// The Java client; `None` if there is no JDK or no Maven, which is said in plain sight.
    ///
    /// # Panics
    ///
    /// If its jars cannot be fetched.
    pub fn java(test: &str, servers: String) -> Option<Self> {
        match jars::missing_tools() {
            Some(missing) => real_kafka::skip_without(test, &missing),
            None => Some(Self { client: Client::Java(Jars::get().expect("the jars can be fetched")), servers }),
        }
    }

    /// Writes one record.
    ///
    /// # Panics
    ///
    /// If the client fails.
    pub fn write(&self, topic: &str, record: &PlainRecord) {
        let text = |text: &Option<String>| text.clone().expect("kcat cannot write a null");
        match &self.client {
            Client::Kcat(_) => {
                let mut options = vec!["-k".to_owned(), text(&record.key)];
                for (name, value) in &record.headers {
                    options.extend(["-H".to_owned(), format!("{name}={}", text(value))]);
                }
                self.kcat_write(topic, options, &text(&record.value));
            }
            Client::Java(_) => self.java_write(topic, std::slice::from_ref(record)),
        }
    }

    /// Writes a record with each of these keys, which have neither a tab nor a line break.
    ///
    /// # Panics
    ///
    /// If the client fails.
    pub fn write_keys(&self, topic: &str, keys: &[String]) {
        match &self.client {
            Client::Kcat(_) => {
                let lines: String = keys.iter().map(|key| format!("{key}\tby another client\n")).collect();
                self.kcat_write(topic, ["-K", "\t", "-l"].map(str::to_owned).into(), &lines);
            }
            Client::Java(_) => {
                let value = Some("by another client".to_owned());
                let record =
                    |key: &String| PlainRecord { key: Some(key.clone()), value: value.clone(), headers: vec![] };
                self.java_write(topic, &keys.iter().map(record).collect::<Vec<_>>());
            }
        }
    }

    /// The first records of a topic, from all partitions.
    ///
    /// # Panics
    ///
    /// If there are not so many in time.
    pub fn read(&self, topic: &str, count: usize) -> Vec<Seen> {
        let number = count.to_string();
        let seen: Vec<Seen> = match &self.client {
            Client::Kcat(program) => {
                let options = ["-q", "-C", "-b", &self.servers, "-t", topic, "-o", "beginning", "-c", &number, "-J"];
                let command = std::iter::once(*program).chain(options).map(str::to_owned).collect();
                run(command, None).lines().map(seen_by_kcat).collect()
            }
            Client::Java(jars) => {
                let command = java(jars, ["read", &self.servers, topic, &number]);
                run(command, None).lines().map(seen_by_java).collect()
            }
        };
        assert_eq!(seen.len(), count, "{seen:?}");
        seen
    }

    fn kcat_write(&self, topic: &str, options: Vec<String>, input: &str) {
        let Client::Kcat(program) = &self.client else { return };
        let mut command: Vec<String> =
            [program, "-q", "-P", "-b", &self.servers, "-t", topic].map(str::to_owned).into();
        command.extend(options);
        assert_eq!(run(command, Some(input)), "");
    }

    fn java_write(&self, topic: &str, records: &[PlainRecord]) {
        let Client::Java(jars) = &self.client else { return };
        let lines: Vec<String> = records.iter().map(line).collect();
        let said = run(java(jars, ["write", &self.servers, topic]), Some(&lines.join("\n")));
        assert_eq!(said.lines().count(), records.len(), "{said}");
    }
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.client {
            Client::Kcat(_) => "kcat",
            Client::Java(_) => "the Java client",
        })
    }
}

fn java<const N: usize>(jars: &Jars, arguments: [&str; N]) -> Vec<String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop/Interop.java");
    let mut command = vec!["java".to_owned()];
    command.extend(jars.java_args(Jvm::Brief, &source.display().to_string()));
    command.extend(arguments.map(str::to_owned));
    command
}

/// Runs a client to its end, with a file of `input` as its last argument; returns what it printed.
///
/// Its guard ends it with this process, and removes the directory with its output.
pub(crate) fn run(mut command: Vec<String>, input: Option<&str>) -> String {
    let dir = home::run_dir().expect("a directory can be made");
    if let Some(input) = input {
        let file = dir.join("input");
        fs::write(&file, input).expect("a file can be written");
        command.push(file.display().to_string());
    }
    let out = dir.join("out").display().to_string();
    let shell = ["sh", "-c", "out=$1; shift; exec \"$@\" >\"$out\"", "sh", &out].map(str::to_owned);
    let log = dir.join("log");
    let shown = command.join(" ");
    let child = Guarded::spawn(&dir, &log, &[shell.to_vec(), command].concat()).expect("a client can be started");
    let has_ended = child.wait_exit(PATIENCE);
    let read = |name: &str| fs::read_to_string(dir.join(name)).unwrap_or_default();
    let (said, errors) = (read("out"), read("log"));
    assert!(has_ended, "not within {PATIENCE:?}: {shown}\n{said}{errors}");
    assert_eq!(errors, "", "{shown}");
    said
}

fn line(record: &PlainRecord) -> String {
    let word = |text: Option<&str>| text.map_or_else(|| "-".to_owned(), |text| BASE64_STANDARD.encode(text));
    let headers = record.headers.iter().flat_map(|(name, value)| [word(Some(name)), word(value.as_deref())]);
    let record = [word(record.key.as_deref()), word(record.value.as_deref())];
    record.into_iter().chain(headers).collect::<Vec<_>>().join(" ")
}

fn seen_by_java(line: &str) -> Seen {
    let text = |word: &str| String::from_utf8(BASE64_STANDARD.decode(word).expect("base64")).expect("text");
    let mut words = line.split(' ');
    let mut next = || words.next().unwrap_or_else(|| panic!("a record is missing a word: {line}"));
    let (topic, partition) = (next().to_owned(), next().parse().expect("a partition"));
    let mut word = || Some(next()).filter(|word| *word != "-").map(text);
    let (key, value) = (word(), word());
    let rest: Vec<_> = words.map(|word| (word != "-").then(|| text(word))).collect();
    let header = |pair: &[Option<String>]| (pair[0].clone().expect("a name"), pair[1].clone());
    Seen { topic, partition, record: PlainRecord { key, value, headers: rest.chunks_exact(2).map(header).collect() } }
}

fn seen_by_kcat(line: &str) -> Seen {
    let seen: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let flat: Vec<Option<String>> = seen["headers"].as_array().into_iter().flatten().map(text).collect();
    let header = |pair: &[Option<String>]| (pair[0].clone().expect("a name"), pair[1].clone());
    let record = PlainRecord {
        key: text(&seen["key"]),
        value: text(&seen["payload"]),
        headers: flat.chunks_exact(2).map(header).collect(),
    };
    let partition = seen["partition"].as_i64().and_then(|partition| partition.try_into().ok()).expect("a partition");
    Seen { topic: text(&seen["topic"]).expect("a topic"), partition, record }
}
