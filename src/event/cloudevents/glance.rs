//! A look at a record's headers that is enough to route most events, and costs a fraction of reading them.

use crate::kafka::record::Header;

/// What routing and decoding need to know of an event that is as plain as most are: in binary mode, well-formed, with
/// JSON as its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plain<'a> {
    /// The attribute `type`.
    pub(crate) event_type: &'a str,
}

/// The attributes that are looked at; all are as the last header of their name has them.
#[derive(Default)]
struct Seen<'a> {
    specversion: Option<&'a [u8]>,
    id: Option<&'a [u8]>,
    event_type: Option<&'a [u8]>,
    source: Option<&'a [u8]>,
    subject: Option<&'a [u8]>,
    time: Option<&'a [u8]>,
    content_type: Option<&'a [u8]>,
}

/// Looks at the headers of a record with a value.
///
/// `Some` says what [`read`](super::read) would say. `None` says nothing at all: the record may be no event, a broken
/// one, or one that is written in a less common way, and has to be read.
pub(crate) fn glance<'a>(headers: impl Iterator<Item = Header<'a>>) -> Option<Plain<'a>> {
    let mut seen = Seen::default();
    for (name, value) in headers {
        let Some(value) = value else { continue };
        match name {
            b"ce_specversion" => seen.specversion = Some(value),
            b"ce_id" => seen.id = Some(value),
            b"ce_type" => seen.event_type = Some(value),
            b"ce_source" => seen.source = Some(value),
            b"ce_time" => seen.time = Some(value),
            b"ce_subject" => seen.subject = Some(value),
            b"content-type" => seen.content_type = Some(value),
            _ => pass(name, value)?,
        }
    }
    seen.plain()
}

/// Lets a header pass that changes nothing; `None` if it might.
fn pass(name: &[u8], value: &[u8]) -> Option<()> {
    match name.split_at_checked(3) {
        Some((prefix, attribute)) if prefix.eq_ignore_ascii_case(b"ce_") => {
            let plain = prefix == b"ce_"
                && attribute.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
                && !matches!(attribute, b"dataschema" | b"datacontenttype");
            (plain && std::str::from_utf8(value).is_ok()).then_some(())
        }
        _ => (!name.eq_ignore_ascii_case(b"content-type")).then_some(()),
    }
}

impl<'a> Seen<'a> {
    fn plain(self) -> Option<Plain<'a>> {
        let plain = self.specversion == Some(b"1.0")
            && self.content_type.is_none_or(|content_type| content_type == b"application/json")
            && self.time.is_none_or(is_plain_time);
        let filled = |value: &'a [u8]| std::str::from_utf8(value).ok().filter(|text| !text.is_empty());
        if let Some(subject) = self.subject {
            filled(subject)?;
        }
        filled(self.id?)?;
        filled(self.source?)?;
        let event_type = filled(self.event_type?)?;
        plain.then_some(Plain { event_type })
    }
}

/// Whether this is a time in the form in which most are written, `2026-01-15T10:30:00.123456Z`. The last days of a month
/// and leap seconds are left to the calendar.
fn is_plain_time(time: &[u8]) -> bool {
    let Some((seconds, rest)) = time.split_at_checked(19) else { return false };
    let number =
        |at: usize| usize::from(seconds[at].wrapping_sub(b'0')) * 10 + usize::from(seconds[at + 1].wrapping_sub(b'0'));
    let form = seconds.iter().zip(b"0000-00-00T00:00:00").all(|(byte, form)| match form {
        b'0' => byte.is_ascii_digit(),
        other => byte == other,
    });
    let values = || {
        (1..=12).contains(&number(5))
            && (1..=28).contains(&number(8))
            && number(11) < 24
            && number(14) < 60
            && number(17) < 60
    };
    let fraction = match rest {
        b"Z" => true,
        [b'.', digits @ .., b'Z'] => (1..=9).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    form && values() && fraction
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample::select};

    use super::*;
    use crate::event::cloudevents::{Data, read};

    type Headers = Vec<(Vec<u8>, Option<Vec<u8>>)>;

    fn borrowed(headers: &Headers) -> impl Iterator<Item = Header<'_>> {
        headers.iter().map(|(name, value)| (&name[..], value.as_deref()))
    }

    fn headers(pairs: &[(&str, &str)]) -> Headers {
        pairs.iter().map(|(name, value)| (name.as_bytes().to_vec(), Some(value.as_bytes().to_vec()))).collect()
    }

    const PLAIN: [(&str, &str); 7] = [
        ("ce_specversion", "1.0"),
        ("ce_id", "1"),
        ("ce_type", "sales.order-placed.v1"),
        ("ce_time", "2026-01-15T10:30:00.123456Z"),
        ("ce_source", "/sales/billing"),
        ("ce_traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        ("content-type", "application/json"),
    ];

    #[test]
    fn what_carom_and_momentum_write_is_plain() {
        let of = |headers: &Headers| glance(borrowed(headers)).map(|plain| plain.event_type.to_owned());
        let all = headers(&PLAIN);
        assert_eq!(of(&all).as_deref(), Some("sales.order-placed.v1"));
        for optional in ["ce_time", "ce_traceparent", "content-type"] {
            let without: Headers = all.iter().filter(|(name, _)| name != optional.as_bytes()).cloned().collect();
            assert!(of(&without).is_some(), "{optional}");
        }
        for needed in ["ce_specversion", "ce_id", "ce_type", "ce_source"] {
            let without: Headers = all.iter().filter(|(name, _)| name != needed.as_bytes()).cloned().collect();
            assert!(of(&without).is_none(), "{needed}");
        }
    }

    #[test]
    fn what_is_written_in_another_way_is_left_to_a_closer_look() {
        for odd in [
            ("ce_specversion", "0.3"),
            ("ce_id", ""),
            ("CE_ID", "2"),
            ("Content-Type", "application/json"),
            ("content-type", "application/json; charset=utf-8"),
            ("content-type", "application/cloudevents+json"),
            ("ce_time", "yesterday"),
            ("ce_time", "2026-02-30T10:30:00Z"),
            ("ce_time", "2026-01-15T24:30:00Z"),
            ("ce_time", "2026-01-15T10:30:00.Z"),
            ("ce_subject", ""),
            ("ce_dataschema", "urn:1"),
            ("ce_Ext", "x"),
        ] {
            let mut all = headers(&PLAIN);
            all.extend(headers(&[odd]));
            assert_eq!(glance(borrowed(&all)), None, "{odd:?}");
        }
    }

    fn header() -> impl Strategy<Value = (Vec<u8>, Option<Vec<u8>>)> {
        let names = ["ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time", "ce_subject", "content-type"];
        let odd =
            ["CE_ID", "ce_Type", "ce_dataschema", "ce_datacontenttype", "ce_x", "ce_", "ce_data", "Content-Type", "x"];
        let name = prop_oneof![
            4 => select(&names[..]).prop_map(|name| name.as_bytes().to_vec()),
            2 => select(&odd[..]).prop_map(|name| name.as_bytes().to_vec()),
            1 => proptest::collection::vec(any::<u8>(), 0..6),
        ];
        let texts = ["1.0", "0.3", "a", "", "application/json", "application/cloudevents+json", "2026-01-15T10:30:00Z"];
        let value = prop_oneof![
            6 => select(&texts[..]).prop_map(|text| Some(text.as_bytes().to_vec())),
            1 => "[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{0,10})?Z".prop_map(|text| Some(text.into_bytes())),
            1 => proptest::collection::vec(any::<u8>(), 0..4).prop_map(Some),
            1 => Just(None),
        ];
        (name, value)
    }

    proptest! {
        // Fails when a check of `plain` is left out, or `pass` lets another spelling through.
        #[test]
        fn a_glance_never_says_what_reading_does_not(
            more in proptest::collection::vec(header(), 0..4),
            place in 0..8_usize,
        ) {
            let mut all = headers(&PLAIN);
            for header in more {
                all.insert(place.min(all.len()), header);
            }
            if let Some(plain) = glance(borrowed(&all)) {
                let read = read(borrowed(&all), Some(b"{}"));
                prop_assert!(read.is_ok(), "{read:?}");
                let read = read.unwrap();
                prop_assert_eq!(&*read.event_type, plain.event_type);
                prop_assert!(matches!(&read.data, Data::Bytes(bytes) if &bytes[..] == b"{}"));
                prop_assert!(crate::event::media_type::is_json(read.datacontenttype.as_deref()));
            }
        }
    }
}
