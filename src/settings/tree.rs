//! Settings from whatever serde reads: scalars in nested maps.
//!
//! `Settings` cannot derive `Deserialize`: options of librdkafka are names that no struct lists, and a derive would
//! stop at the first problem.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};

use super::{KafkaSettings, Settings, given::Leaf, key::Spelling, read};

/// What stands under a key. Scalars become the text that they are, whatever type a loader made of them: an option of
/// librdkafka is text, and `0123` of an environment must not become 123.
enum Node {
    Scalar(String),
    /// In the order of the source; a name may stand there twice, which is noticed later.
    Map(Vec<(String, Node)>),
    /// Nothing here is a list, so what is in it does not matter.
    List,
    /// `null`: as if the name were not there.
    Nothing,
}

/// Makes a [`Node`] of anything.
struct AnyNode;

impl<'de> Visitor<'de> for AnyNode {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number, a boolean or a map of them")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Scalar(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Scalar(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Scalar(value.to_string()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Node, E> {
        Ok(Node::Scalar(value.to_string()))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Node, E> {
        Ok(Node::Scalar(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Scalar(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Scalar(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Node, E> {
        Ok(Node::Scalar(value))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Nothing)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Nothing)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        while entries.next_element::<serde::de::IgnoredAny>()?.is_some() {}
        Ok(Node::List)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Node::Map(map))
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyNode)
    }
}

impl Node {
    /// The values below, and what cannot be one. Keys may contain dots, which go down a level.
    fn flatten(self, path: &[String], said: &str, leaves: &mut Vec<Leaf>, problems: &mut Vec<String>) {
        match self {
            Self::Nothing => {}
            Self::Scalar(value) => leaves.push(Leaf { path: path.to_vec(), said: said.to_owned(), value }),
            Self::List => {
                problems.push(format!("`{said}` is a list: write one text, with commas between its parts"));
            }
            Self::Map(entries) => {
                for (key, node) in entries {
                    let path: Vec<_> = path.iter().cloned().chain(key.split('.').map(str::to_owned)).collect();
                    let said = if said.is_empty() { key } else { format!("{said}.{key}") };
                    node.flatten(&path, &said, leaves, problems);
                }
            }
        }
    }

    /// What [`Settings`] are made of, from the section at `path` on; all problems in one error.
    fn read<E: serde::de::Error>(self, path: &[String], spelling: &Spelling) -> Result<Settings, E> {
        let (mut leaves, mut problems) = (Vec::new(), Vec::new());
        if let Self::Scalar(_) | Self::List = self {
            return Err(E::custom("settings are a map of names and values, such as `service = \"billing\"`"));
        }
        self.flatten(path, "", &mut leaves, &mut problems);
        read::settings(leaves, problems, spelling).map_err(|problems| E::custom(listed(&problems)))
    }
}

/// One problem as a sentence, several as a list.
fn listed(problems: &[String]) -> String {
    match problems {
        [one] => one.clone(),
        many => many.iter().map(|problem| format!("\n  - {problem}")).collect(),
    }
}

impl<'de> Deserialize<'de> for Settings {
    /// Reads what [`Settings`] lists; all problems are in the one error.
    ///
    /// ```
    /// use carom::Settings;
    ///
    /// let settings: Settings = serde_json::from_str(r#"{ "service": "billing", "drain_timeout": "3s" }"#)?;
    /// assert_eq!(settings.drain_timeout, Some(std::time::Duration::from_secs(3)));
    ///
    /// let error = serde_json::from_str::<Settings>(r#"{ "workers": 0, "drain_timeout": "soon" }"#).unwrap_err().to_string();
    /// assert!(error.contains("`workers` cannot be `0`") && error.contains("`drain_timeout` cannot be `soon`"));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Node::deserialize(deserializer)?.read(&[], &Spelling::Keys)
    }
}

impl<'de> Deserialize<'de> for KafkaSettings {
    /// Reads the section `kafka` of what [`Settings`] lists, without `kafka.` before the names.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let node = Node::deserialize(deserializer)?;
        node.read::<D::Error>(&["kafka".to_owned()], &Spelling::Section).map(|settings| settings.kafka)
    }
}
