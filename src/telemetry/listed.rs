//! Partitions as a line of a log names them.

use std::fmt::Write as _;

use crate::kafka::record::TopicPartition;

/// A line has so many bytes of partitions, and then says how many more there are.
const BOUND: usize = 1_000;

/// `orders[0,1,2], payments[0]`, in order; `…, and 40 more` where that would be long.
pub(super) fn listed(partitions: &[TopicPartition]) -> String {
    let mut sorted: Vec<_> = partitions.iter().collect();
    sorted.sort();
    let mut out = String::new();
    let mut topic = None;
    for (at, partition) in sorted.iter().enumerate() {
        if out.len() > BOUND {
            // Writing to a text does not fail.
            let _ = write!(out, "], and {} more", sorted.len() - at);
            return out;
        }
        let number = partition.partition;
        let _ = match topic.replace(&partition.topic) {
            Some(last) if *last == partition.topic => write!(out, ",{number}"),
            Some(_) => write!(out, "], {}[{number}", partition.topic),
            None => write!(out, "{}[{number}", partition.topic),
        };
    }
    if !out.is_empty() {
        out.push(']');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(of: impl IntoIterator<Item = (&'static str, i32)>) -> String {
        listed(&of.into_iter().map(|(topic, partition)| TopicPartition::new(topic, partition)).collect::<Vec<_>>())
    }

    #[test]
    fn partitions_are_listed_by_topic() {
        assert_eq!(text([("b", 0), ("a", 10), ("a", 2), ("a", 0)]), "a[0,2,10], b[0]");
        assert_eq!(text([]), "");
    }

    // Fails without the bound.
    #[test]
    fn a_long_list_says_how_many_more_there_are() {
        let long = text((0..1_000).map(|number| ("orders", number)));
        assert!(long.len() < 1_050 && long.starts_with("orders[0,1,2,"), "{long}");
        let (shown, rest) = long.split_once("], and ").unwrap();
        let rest: usize = rest.strip_suffix(" more").unwrap().parse().unwrap();
        assert_eq!(shown.matches(',').count() + 1 + rest, 1_000);
    }
}
