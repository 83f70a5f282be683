//! Makes a dead letter of a record: verbatim if it fits, reduced step by step if it does not.
//!
//! Key, value and headers go unchanged into the dead-letter topic, then the `carom-*` headers say what happened. A
//! record near the size limit can become too large by that. Then the first of these forms that fits is taken, and
//! `carom-reduced` names it:
//!
//! 1. `chain`: without the error's source chain;
//! 2. `message`: without its message too;
//! 3. `pointer`: key, CloudEvents headers and an empty value, with size and digest of the value left out. If even that
//!    is too large (a huge key, say) it loses error texts, CloudEvents headers and key, and at the very end `carom-*`
//!    headers.

use std::iter;

use sha2::{Digest, Sha256};

use super::dead_letter_headers::{
    CaromHeaders, DeadLetterInfo, ERROR_CHAIN, ERROR_MESSAGE, ORIGINAL_SHA256, ORIGINAL_SIZE, PREFIX, REDUCED,
};
use crate::kafka::record::{Header, OutRecord, Record};

/// What the protocol adds to a record, at most: lengths, timestamp and its share of the batch.
const RECORD_OVERHEAD: usize = 128;

/// What the protocol adds to each header, at most: two lengths.
const HEADER_OVERHEAD: usize = 10;

/// Builds the dead letter of `record`; key, value, headers and the protocol's overhead together stay within `limit`.
///
/// It never fails: with a `limit` that leaves no room at all, an empty record remains, which still marks the place. If
/// a broker refuses the result as too large, call again with a smaller `limit`.
pub(crate) fn dead_letter(record: &Record, why: &DeadLetterInfo<'_>, limit: usize) -> OutRecord {
    let draft = Draft { record, why };
    let full = CaromHeaders::of(record, why);
    let fits = |form: &OutRecord| weight(form) <= limit;
    draft
        .verbatim(&full)
        .find(fits)
        .or_else(|| draft.pointers(&full).find(fits))
        .unwrap_or_else(|| draft.last_resort(&full, limit))
}

/// What was left out of a dead letter; to be logged as an error and counted.
pub(crate) fn reduced(dead_letter: &OutRecord) -> Option<&str> {
    let (_, value) = dead_letter.headers().find(|(name, _)| *name == REDUCED.as_bytes())?;
    str::from_utf8(value?).ok()
}

/// Size of a record as the broker counts it, at most.
fn weight(record: &OutRecord) -> usize {
    record.size() + record.header_count() * HEADER_OVERHEAD + RECORD_OVERHEAD
}

struct Draft<'a> {
    /// As it was consumed; bytes and headers are copied from it.
    record: &'a Record,
    /// What the supervisor knows of its end.
    why: &'a DeadLetterInfo<'a>,
}

impl<'a> Draft<'a> {
    /// Key, value and all headers unchanged; then the same with less about the error. Steps that leave out nothing are
    /// left out themselves.
    fn verbatim(&self, full: &CaromHeaders) -> impl Iterator<Item = OutRecord> {
        let no_chain = full.without(ERROR_CHAIN);
        let chain = full.contains(ERROR_CHAIN).then(|| no_chain.reduced_to("chain"));
        let message = full.contains(ERROR_MESSAGE).then(|| no_chain.without(ERROR_MESSAGE).reduced_to("message"));
        let forms = iter::once(full.clone()).chain(chain).chain(message);
        forms.map(|carom| self.build(self.record.key(), self.record.value(), self.originals(|_| true), &carom))
    }

    /// Without the value, and with ever less beside it.
    fn pointers(&self, full: &CaromHeaders) -> impl Iterator<Item = OutRecord> {
        let full = self.pointer_headers(full);
        let slim = full.without(ERROR_CHAIN).without(ERROR_MESSAGE);
        let forms = [
            (true, true, full),
            (true, true, slim.clone()),
            (true, false, slim.clone()),
            (false, true, slim.clone()),
            (false, false, slim),
        ];
        forms.into_iter().map(|(key, cloudevents, carom)| {
            let key = self.record.key().filter(|_| key);
            let headers = self.originals(move |name| cloudevents && describes_event(name));
            self.build(key, Some(&[]), headers, &carom)
        })
    }

    /// As many of our own headers as there is room for, but none without the mark: it would look like a verbatim copy.
    fn last_resort(&self, full: &CaromHeaders, limit: usize) -> OutRecord {
        let build = |headers: &CaromHeaders| self.build(None, Some(&[]), iter::empty(), headers);
        let mut kept = CaromHeaders::default();
        for header in self.pointer_headers(full).iter() {
            let more = kept.with(header);
            if weight(&build(&more)) <= limit {
                kept = more;
            } else if kept == CaromHeaders::default() {
                break;
            }
        }
        build(&kept)
    }

    /// Our headers, with size and digest of the value; a null value has neither, which tells it from an empty one.
    fn pointer_headers(&self, full: &CaromHeaders) -> CaromHeaders {
        let mut headers = full.reduced_to("pointer");
        if let Some(value) = self.record.value() {
            let digest: String = Sha256::digest(value).iter().map(|byte| format!("{byte:02x}")).collect();
            headers.text(ORIGINAL_SIZE, &value.len().to_string(), 20);
            headers.text(ORIGINAL_SHA256, &digest, 64);
        }
        headers
    }

    /// The headers of the record, without `carom-*`: those are ours to write.
    fn originals(&self, keep: impl Fn(&[u8]) -> bool) -> impl Iterator<Item = Header<'a>> {
        self.record.headers().filter(move |(name, _)| !name.starts_with(PREFIX) && keep(name))
    }

    /// One form, for the partition that the record came from, where the dead-letter topic has it.
    fn build(
        &self,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        originals: impl Iterator<Item = Header<'a>>,
        carom: &CaromHeaders,
    ) -> OutRecord {
        let partition = self.record.from().partition;
        let partition = (0..self.why.partitions).contains(&partition).then_some(partition);
        let mut headers: Vec<Header<'_>> = originals.collect();
        headers.extend(carom.headers());
        OutRecord::new(self.why.topic.clone(), partition, key, value, &headers)
    }
}

/// Whether a pointer keeps the header: it says what the event is.
fn describes_event(name: &[u8]) -> bool {
    let prefix = name.get(..3).unwrap_or_default();
    prefix.eq_ignore_ascii_case(b"ce_") || name.eq_ignore_ascii_case(b"content-type")
}

#[cfg(test)]
mod tests;
