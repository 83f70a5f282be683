//! Kafka's requests and answers in a stream of bytes: each is a length of four bytes and as many bytes behind it.

use std::{cell::RefCell, collections::HashMap, mem};

/// `Metadata` among the kinds of requests (<https://kafka.apache.org/protocol#protocol_api_keys>).
const METADATA: u16 = 3;
/// From this version on its answer counts in varints and has tagged fields.
const FLEXIBLE: u16 = 9;
const LENGTH: usize = 4;

/// Cuts a stream into frames.
#[derive(Default)]
pub(super) struct Frames {
    begun: Vec<u8>,
}

impl Frames {
    /// The frames, lengths included, that are whole with these bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        self.begun.extend_from_slice(bytes);
        let mut whole = Vec::new();
        while let Some(length) = self.begun.first_chunk::<LENGTH>() {
            let end = LENGTH + u32::from_be_bytes(*length) as usize;
            if self.begun.len() < end {
                break;
            }
            let rest = self.begun.split_off(end);
            whole.push(mem::replace(&mut self.begun, rest));
        }
        whole
    }
}

/// The requests for metadata on one connection that wait for their answer.
#[derive(Default)]
pub(super) struct Asked(RefCell<HashMap<[u8; 4], u16>>);

impl Asked {
    /// Notes a request if it is one for metadata.
    pub(super) fn note(&self, request: &[u8]) {
        if let Some(&[kind, kind_low, version, version_low, ref id @ ..]) = request[LENGTH..].first_chunk::<8>()
            && u16::from_be_bytes([kind, kind_low]) == METADATA
        {
            self.0.borrow_mut().insert(*id, u16::from_be_bytes([version, version_low]));
        }
    }

    /// The same answer without brokers; `None` where it is no answer about metadata.
    pub(super) fn without_brokers(&self, answer: &[u8]) -> Option<Vec<u8>> {
        let id = answer[LENGTH..].first_chunk::<4>()?;
        let version = self.0.borrow_mut().remove(id)?;
        assert!(version >= FLEXIBLE, "metadata of version {version} is not known to the proxy");
        // Correlation id, tagged fields, throttle time.
        let (head, brokers) = answer[LENGTH..].split_at(4 + 1 + 4);
        let body = [head, &[1], after_brokers(brokers)].concat();
        let length = u32::try_from(body.len()).expect("it is shorter than the answer");
        Some([&length.to_be_bytes()[..], &body].concat())
    }
}

/// What stands behind the list of brokers: node, host, port, rack and tagged fields of each.
fn after_brokers(mut bytes: &[u8]) -> &[u8] {
    for _ in 1..varint(&mut bytes) {
        bytes = &bytes[4..];
        skip_text(&mut bytes);
        bytes = &bytes[4..];
        skip_text(&mut bytes);
        assert_eq!(varint(&mut bytes), 0, "tagged fields of a broker are not known to the proxy");
    }
    bytes
}

fn skip_text(bytes: &mut &[u8]) {
    // One more than its length; 0 stands for none.
    let length = varint(bytes).saturating_sub(1);
    *bytes = &bytes[length..];
}

fn varint(bytes: &mut &[u8]) -> usize {
    let mut value = 0;
    for shift in (0..).step_by(7) {
        let (&byte, rest) = bytes.split_first().expect("the answer is whole");
        *bytes = rest;
        value |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_whole_however_the_bytes_come() {
        let stream = [&[0, 0, 0, 1, 9][..], &[0, 0, 0, 0], &[0, 0, 0, 2, 7, 8]].concat();
        for size in 1..=stream.len() {
            let mut frames = Frames::default();
            let found: Vec<_> = stream.chunks(size).flat_map(|bytes| frames.push(bytes)).collect();
            assert_eq!(found, [&stream[..5], &stream[5..9], &stream[9..]]);
        }
    }

    #[test]
    fn an_answer_about_metadata_loses_its_brokers_and_nothing_else() {
        let asked = Asked::default();
        asked.note(&[0, 0, 0, 8, 0, 3, 0, 12, 0, 0, 0, 5]);
        asked.note(&[0, 0, 0, 8, 0, 1, 0, 12, 0, 0, 0, 6]);
        let head = [0, 0, 0, 5, 0, 0, 0, 0, 0];
        let broker = [&[0, 0, 0, 1, 5][..], b"host", &[0, 0, 0, 92, 0, 0]].concat();
        let body = [&head[..], &[3], &broker, &broker, b"topics"].concat();
        let answer = [&(body.len() as u32).to_be_bytes()[..], &body].concat();
        let expected = [&[0, 0, 0, 16][..], &head, &[1], b"topics"].concat();
        assert_eq!(asked.without_brokers(&answer), Some(expected));
        assert_eq!(asked.without_brokers(&answer), None, "nobody asked twice");
        assert_eq!(asked.without_brokers(&[0, 0, 0, 5, 0, 0, 0, 6, 1]), None);
    }
}
