//! A glance at headers as they are copied, which is enough to route most events and costs a fraction of reading them.

/// What one header looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// `ce_specversion` of 1.0.
    SpecVersion,
    /// A good `ce_id`.
    Id,
    /// A good `ce_type`.
    Type,
    /// A good `ce_source`.
    Source,
    /// It changes nothing: another attribute in a form that reading accepts, JSON as content type, or no attribute.
    Passing,
    /// It has to be read: broken, rare, or written in an uncommon way.
    Odd,
}

impl Look {
    /// Looks at one header. What is not [`Look::Odd`] is what [`read`](super::read) takes it for.
    pub(crate) fn at(name: &[u8], value: Option<&[u8]>) -> Self {
        // A null header sets nothing.
        let Some(value) = value else { return Self::Passing };
        let (look, good) = match name {
            b"ce_specversion" => (Self::SpecVersion, value == b"1.0"),
            b"ce_id" => (Self::Id, is_filled(value)),
            b"ce_type" => (Self::Type, is_filled(value)),
            b"ce_source" => (Self::Source, is_filled(value)),
            b"ce_subject" => (Self::Passing, is_filled(value)),
            b"ce_time" => (Self::Passing, is_plain_time(value)),
            b"content-type" => (Self::Passing, value == b"application/json"),
            _ => (Self::Passing, passes(name, value)),
        };
        if good { look } else { Self::Odd }
    }
}

fn is_filled(value: &[u8]) -> bool {
    !value.is_empty() && is_text(value)
}

/// Whether this is UTF-8. Most values are ASCII, which is found out faster.
fn is_text(value: &[u8]) -> bool {
    value.is_ascii() || std::str::from_utf8(value).is_ok()
}

/// Whether a header that is none of the common ones changes nothing.
fn passes(name: &[u8], value: &[u8]) -> bool {
    match name.split_at_checked(3) {
        Some((prefix, attribute)) if prefix.eq_ignore_ascii_case(b"ce_") => {
            prefix == b"ce_"
                && attribute.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
                && !matches!(attribute, b"dataschema" | b"datacontenttype" | b"expirytime")
                && is_text(value)
        }
        _ => !name.eq_ignore_ascii_case(b"content-type"),
    }
}

/// What the headers of one record look like together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Looks(u8);

impl Looks {
    const ODD: u8 = 1 << Look::Odd as u8;
    const NEEDED: u8 =
        1 << Look::SpecVersion as u8 | 1 << Look::Id as u8 | 1 << Look::Type as u8 | 1 << Look::Source as u8;

    pub(crate) fn add(&mut self, look: Look) {
        self.0 |= 1 << look as u8;
    }

    /// All that an event needs is there, and nothing is odd: a record with these headers and a value is a well-formed
    /// event in binary mode, whose type is its last `ce_type`, and whose value is its data, in JSON. Where it is not
    /// so, nothing is said at all.
    pub(crate) fn plain(self) -> bool {
        self.0 & (Self::NEEDED | Self::ODD) == Self::NEEDED
    }
}

/// Whether this is a time in the form in which most are written, `2026-01-15T10:30:00.123456Z`. The last days of a
/// month and leap seconds are left to the calendar.
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
    use crate::{
        event::cloudevents::{Data, read},
        kafka::record::Header,
    };

    type Headers = Vec<(Vec<u8>, Option<Vec<u8>>)>;

    fn borrowed(headers: &Headers) -> impl Iterator<Item = Header<'_>> {
        headers.iter().map(|(name, value)| (&name[..], value.as_deref()))
    }

    /// The type of a plain event, as a batch finds it.
    fn glance(headers: &Headers) -> Option<String> {
        let mut looks = Looks::default();
        let mut event_type = None;
        for (name, value) in borrowed(headers) {
            let look = Look::at(name, value);
            looks.add(look);
            event_type = if look == Look::Type { value } else { event_type };
        }
        event_type.filter(|_| looks.plain()).map(|text| String::from_utf8(text.to_vec()).unwrap())
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
        let all = headers(&PLAIN);
        assert_eq!(glance(&all).as_deref(), Some("sales.order-placed.v1"));
        for optional in ["ce_time", "ce_traceparent", "content-type"] {
            let without: Headers = all.iter().filter(|(name, _)| name != optional.as_bytes()).cloned().collect();
            assert!(glance(&without).is_some(), "{optional}");
        }
        for needed in ["ce_specversion", "ce_id", "ce_type", "ce_source"] {
            let without: Headers = all.iter().filter(|(name, _)| name != needed.as_bytes()).cloned().collect();
            assert!(glance(&without).is_none(), "{needed}");
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
            ("ce_expirytime", "2026-01-15T10:30:00Z"),
            ("ce_Ext", "x"),
        ] {
            let mut all = headers(&PLAIN);
            all.extend(headers(&[odd]));
            assert_eq!(glance(&all), None, "{odd:?}");
        }
    }

    const NAMES: [&str; 18] = [
        "ce_specversion",
        "ce_id",
        "ce_type",
        "ce_source",
        "ce_time",
        "ce_subject",
        "content-type",
        "CE_ID",
        "CE_id",
        "CE_type",
        "ce_Type",
        "CE_x",
        "ce_dataschema",
        "ce_datacontenttype",
        "ce_x",
        "ce_data",
        "Content-Type",
        "x",
    ];
    const VALUES: [&[u8]; 8] =
        [b"1.0", b"0.3", b"a", b"", b"\xff", b"application/json", b"application/cloudevents+json", b"text/plain"];
    const TIMES: [&str; 3] = ["2026-02-28T10:30:00Z", "2026-01-10T23:59:59.1Z", "2026-01-15T10:30:00.123456Z"];

    // Fails when a check of `is_plain_time` is left out, but that for nine digits: more can be read too.
    #[test]
    fn a_time_that_is_good_at_a_glance_is_good_when_it_is_read() {
        let mut plain = 0;
        for time in TIMES {
            for at in 0..time.len() {
                for byte in b"0123456789TZ:.-".iter().map(|byte| Some(*byte)).chain([None]) {
                    let mut time = time.as_bytes().to_vec();
                    time.splice(at..=at, byte);
                    if is_plain_time(&time) {
                        let mut all = headers(&PLAIN);
                        all[3].1 = Some(time.clone());
                        let read = read(borrowed(&all), Some(b"{}"));
                        assert!(read.is_ok(), "{}: {read:?}", String::from_utf8_lossy(&time));
                        plain += 1;
                    }
                }
            }
        }
        assert!(plain > 100, "{plain}");
    }

    fn header() -> impl Strategy<Value = (Vec<u8>, Option<Vec<u8>>)> {
        let name = prop_oneof![
            9 => select(&NAMES[..]).prop_map(|name| name.as_bytes().to_vec()),
            1 => proptest::collection::vec(any::<u8>(), 0..6),
        ];
        let value = prop_oneof![
            8 => select(&VALUES[..]).prop_map(|value| Some(value.to_vec())),
            1 => Just(None),
        ];
        (name, value)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        // Fails when a check of `Look::at`, `passes` or `is_filled` is left out.
        #[test]
        fn a_glance_never_says_what_reading_does_not(
            more in proptest::collection::vec((header(), any::<bool>()), 1..3),
            place in 0..8_usize,
            typed in any::<bool>(),
        ) {
            let mut all = headers(&PLAIN[..if typed { 7 } else { 6 }]);
            for (header, instead) in more {
                let same = |other: &(Vec<u8>, _)| other.0 == header.0;
                match all.iter().position(same).filter(|_| instead) {
                    Some(at) => all[at] = header,
                    None => all.insert(place.min(all.len()), header),
                }
            }
            if let Some(event_type) = glance(&all) {
                let read = read(borrowed(&all), Some(b"{}"));
                prop_assert!(read.is_ok(), "{read:?}");
                let read = read.unwrap();
                prop_assert_eq!(&*read.event_type, event_type);
                let is_value = matches!(&read.data, Data::Bytes(bytes) if &bytes[..] == b"{}");
                prop_assert!(is_value);
                prop_assert!(crate::event::media_type::is_json(read.datacontenttype.as_deref()));
            }
        }
    }
}
