//! The values that were given, each with the name under which somebody wrote it.
//!
//! Each is taken out as it is read, so nothing is read twice. What is wrong with a value is noted and the next one is
//! read: all problems are told in one go.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use super::{
    key::{self, Key, Named, Spelling},
    values::{Choices, listed},
};
use crate::kafka::{Layers, Value, options, without_user_info};

/// One value as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Leaf {
    /// Its sections and its name.
    pub(super) path: Vec<String>,
    /// The name as it was written, for messages.
    pub(super) said: String,
    /// As it was written, or as a loader gave it: the name of a file, if the setting's name ends in `_file`.
    pub(super) value: String,
}

/// A value with the name under which it was given.
struct Text {
    /// For messages: the same setting has another name in a file than in the environment.
    said: String,
    /// Hidden, if it was read from a file.
    value: Value,
}

impl Text {
    /// For messages.
    fn quoted(&self) -> String {
        if self.value.hidden {
            "what its file holds".to_owned()
        } else {
            format!("`{}`", without_user_info(&self.value.text))
        }
    }
}

/// Everything that was given, with all that is wrong with it.
pub(super) struct Given {
    /// What was not taken yet. By meaning and not by name, so that two names of one setting meet.
    values: BTreeMap<Key, Text>,
    /// Fields of [`Settings`](super::Settings) whose values came from files.
    pub(super) hidden: BTreeSet<&'static str>,
    /// All of them, and not only the first: whoever mends settings by restarting a service pays for each.
    pub(super) problems: Vec<String>,
}

impl Given {
    pub(super) fn collect(leaves: Vec<Leaf>, mut problems: Vec<String>, spelling: &Spelling) -> Self {
        let mut given = Self { values: BTreeMap::new(), hidden: BTreeSet::new(), problems: Vec::new() };
        for leaf in leaves {
            if let Err(problem) = given.add(leaf, spelling) {
                problems.push(problem);
            }
        }
        given.problems = problems;
        given
    }

    /// Takes one value in, read from its file if it is in one.
    fn add(&mut self, leaf: Leaf, spelling: &Spelling) -> Result<(), String> {
        let Leaf { path, said, value } = leaf;
        let Named { key, from_file } = key::parse(&path, &said, spelling)?;
        if let Some(other) = self.values.get(&key) {
            return Err(format!("`{}` and `{said}` give one setting two values: keep one of them", other.said));
        }
        let value = if from_file { read(&said, &value)? } else { Value::plain(value) };
        match &key {
            Key::Own(name) if from_file => {
                // Both keys of the environment set the one field.
                self.hidden.insert(if *name == "environment_short" { "environment" } else { name });
            }
            Key::Own(_) => {}
            Key::Option(_, option) => {
                if let Some(problem) = options::problem(option, &value) {
                    return Err(format!("`{said}`: {problem}"));
                }
            }
        }
        self.values.insert(key, Text { said, value });
        Ok(())
    }

    /// A value of our own settings; one that is blank is a problem.
    fn take(&mut self, own: &'static str) -> Option<Text> {
        let text = self.values.remove(&Key::Own(own))?;
        if text.value.text.trim().is_empty() {
            self.problems.push(format!("`{}` is empty: give it a value, or leave it out", text.said));
            return None;
        }
        Some(text)
    }

    pub(super) fn value(&mut self, own: &'static str) -> Option<Value> {
        self.take(own).map(|text| text.value)
    }

    pub(super) fn text(&mut self, own: &'static str) -> Option<String> {
        self.value(own).map(|value| value.text)
    }

    /// A text that may be empty.
    pub(super) fn any_text(&mut self, own: &'static str) -> Option<String> {
        self.values.remove(&Key::Own(own)).map(|text| text.value.text)
    }

    /// A value that `parse` understands; `advice` says what to write.
    pub(super) fn parsed<T>(
        &mut self,
        own: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
        advice: &str,
    ) -> Option<T> {
        let text = self.take(own)?;
        let parsed = parse(&text.value.text);
        if parsed.is_none() {
            self.problems.push(format!("`{}` cannot be {}: {advice}", text.said, text.quoted()));
        }
        parsed
    }

    /// A value by its name, as it is listed; in lower case alone.
    pub(super) fn choice<T: Copy>(&mut self, own: &'static str, choices: &Choices<T>) -> Option<T> {
        let parse = |text: &str| choices.iter().find(|(name, _)| *name == text).map(|(_, choice)| *choice);
        self.parsed(own, parse, &format!("write {}", listed(choices)))
    }

    /// What is librdkafka's, in the layers in which it was given: for all clients, for consumers, for producers. Our
    /// own have to be taken before: what is left is dropped.
    pub(super) fn options(&mut self) -> Layers {
        let mut layers = Layers::default();
        for (key, text) in std::mem::take(&mut self.values) {
            if let Key::Option(scope, option) = key {
                layers.set(scope, &option, text.value);
            }
        }
        layers
    }
}

/// The value in a file.
fn read(said: &str, path: &str) -> Result<Value, String> {
    let bytes =
        fs::read(path).map_err(|error| format!("`{said}` names the file `{path}`, which cannot be read: {error}"))?;
    let mut text =
        String::from_utf8(bytes).map_err(|_| format!("`{said}` names the file `{path}`, which is not UTF-8 text"))?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(Value { text, hidden: true })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_file(bytes: &[u8]) -> Result<String, String> {
        let path = std::env::temp_dir().join(format!("carom-{}", uuid::Uuid::now_v7()));
        fs::write(&path, bytes).unwrap();
        let read = read("X_FILE", path.to_str().unwrap());
        fs::remove_file(path).unwrap();
        read.map(|value| {
            assert!(value.hidden);
            value.text
        })
    }

    // Fails with `trim_end`: a secret may end in blanks.
    #[test]
    fn one_final_newline_is_stripped_and_nothing_else() {
        assert_eq!(in_file(b"hunter2\n").as_deref(), Ok("hunter2"));
        assert_eq!(in_file(b"hunter2\r\n").as_deref(), Ok("hunter2"));
        assert_eq!(in_file(b"hunter2\n\n").as_deref(), Ok("hunter2\n"));
        assert_eq!(in_file(b" hunter2 ").as_deref(), Ok(" hunter2 "));
        assert_eq!(in_file(b"").as_deref(), Ok(""));
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named() {
        let sentence = read("X_FILE", "/nowhere/secret").err().unwrap();
        assert!(
            sentence.starts_with("`X_FILE` names the file `/nowhere/secret`, which cannot be read: "),
            "{sentence}"
        );
        let sentence = in_file(b"hunter2\xff").unwrap_err();
        assert!(sentence.ends_with("which is not UTF-8 text") && !sentence.contains("hunter2"), "{sentence}");
    }
}
