//! The table: odd records, and what becomes of them.

use carom::testing::TestRecord;
use integration_tests::{job::Job, probe::Letter};

type Headers = Vec<(Vec<u8>, Option<Vec<u8>>)>;

/// What becomes of a record.
pub(super) enum Expect {
    /// The handler succeeds.
    Handled,
    /// Nobody handles its type: it is finished without a trace.
    Skipped,
    /// It is dead-lettered as it was, with these words.
    Dead(&'static str),
}

/// One record, and what becomes of it.
pub(super) struct Row {
    pub(super) name: String,
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    headers: Headers,
    pub(super) expect: Expect,
}

/// A record that a handler takes, for the changes of the table.
pub(super) fn good(name: impl Into<String>) -> Row {
    let name = name.into();
    let value = serde_json::to_vec(&Job::ok(&name, 0)).unwrap();
    let headers = [
        ("ce_specversion", "1.0"),
        ("ce_id", name.as_str()),
        ("ce_type", "contract.job.v1"),
        ("ce_source", "/suite"),
        ("content-type", "application/json"),
    ];
    Row {
        key: Some(name.as_bytes().to_vec()),
        value: Some(value),
        headers: headers.map(|(name, value)| header(name, value)).into(),
        name,
        expect: Expect::Handled,
    }
}

/// A record in structured mode.
fn structured(name: &str, envelope: impl Into<Vec<u8>>) -> Row {
    Row { headers: vec![header("content-type", "application/cloudevents+json")], ..good(name) }.value(envelope)
}

fn header(name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> (Vec<u8>, Option<Vec<u8>>) {
    (name.as_ref().to_vec(), Some(value.as_ref().to_vec()))
}

impl Row {
    fn key(self, key: Option<&[u8]>) -> Self {
        Self { key: key.map(<[u8]>::to_vec), ..self }
    }

    fn value(self, value: impl Into<Vec<u8>>) -> Self {
        Self { value: Some(value.into()), ..self }
    }

    fn null(self) -> Self {
        Self { value: None, ..self }
    }

    fn with(mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        self.headers.push(header(name, value));
        self
    }

    fn with_null(mut self, name: &str) -> Self {
        self.headers.push((name.into(), None));
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| known != name.as_bytes());
        self
    }

    fn set(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.without(name).with(name, value)
    }

    fn bare(self) -> Self {
        Self { headers: Vec::new(), ..self }
    }

    fn skipped(self) -> Self {
        Self { expect: Expect::Skipped, ..self }
    }

    fn dead(self, words: &'static str) -> Self {
        Self { expect: Expect::Dead(words), ..self }
    }

    pub(super) fn to_record(&self, topic: &str) -> TestRecord {
        let Self { key, value, headers, .. } = self;
        TestRecord { topic: topic.to_owned(), key: key.clone(), value: value.clone(), headers: headers.clone() }
    }

    /// Compares with the letter that came from this record, written to this partition.
    pub(super) fn check(&self, letter: Option<&Letter>, partition: i32) {
        let name = &self.name;
        let Expect::Dead(words) = self.expect else {
            return assert!(letter.is_none(), "{name} is dead-lettered: {:?}", letter.map(reason));
        };
        let letter = letter.unwrap_or_else(|| panic!("{name} is not dead-lettered"));
        assert!(reason(letter).contains(words), "{name}: {}", reason(letter));
        let theirs = self.headers.iter().filter(|(name, _)| !name.starts_with(b"carom-"));
        // Not `assert_eq`: some rows are a megabyte.
        assert!(letter.key == self.key, "{name}: the key is another");
        assert!(letter.value == self.value, "{name}: the value is another");
        assert!(letter.foreign_headers().iter().eq(theirs), "{name}: the headers are others");
        assert_eq!(letter.partition, partition, "{name}");
        assert_eq!(letter.header("carom-error-class"), Some("decode"), "{name}");
        assert_eq!(letter.header("carom-attempts"), Some("0"), "{name}: it is not retried");
        assert_eq!(letter.header("carom-reduced"), None, "{name}");
    }
}

fn reason(letter: &Letter) -> &str {
    letter.header("carom-error-message").unwrap_or("no reason")
}

pub(super) fn rows() -> Vec<Row> {
    [headers(), keys(), values(), envelopes(), structured_mode()].into_iter().flatten().collect()
}

fn headers() -> Vec<Row> {
    let many = |row: Row| (0..10_000).fold(row, |row, n| row.with(format!("x-{n}"), format!("{n}")));
    let large: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..)).take(900_000).collect();
    vec![
        good("a header name that is no UTF-8").with(b"x-\xff\xfe", "x"),
        good("the same on a bad event").with(b"\xff", b"\xfe").without("ce_id").dead("missing_attribute:id"),
        good("a header value that is no UTF-8").with("x-team", b"\xff\xfe"),
        good("an attribute that is no UTF-8").with("ce_subject", b"caf\xe9").dead("bad_attribute:subject"),
        good("a type that is no UTF-8").set("ce_type", b"\xff").dead("bad_attribute:type"),
        good("a header without a name").with("", "x"),
        good("a header name with a NUL").with(b"x\0y", "x"),
        many(good("ten thousand headers")),
        many(good("ten thousand headers on a bad event").without("ce_type")).dead("missing_attribute:type"),
        good("a header of 900 KB").with("x-large", &large),
        good("a header of 900 KB on a bad event").with("x-large", &large).set("ce_id", "").dead("bad_attribute:id"),
        good("an id of 100 KB").set("ce_id", "x".repeat(100_000)),
        good("a null header").with_null("x-null").with_null("ce_subject"),
        good("a null id").without("ce_id").with_null("ce_id").dead("missing_attribute:id"),
        good("a repeated type, the last one good").set("ce_type", "first").with("ce_type", "contract.job.v1"),
        good("a repeated type, the last one unknown").with("ce_type", "contract.other.v1").skipped(),
        good("a repeated header on a bad event")
            .with("x", "1")
            .with_null("x")
            .with("x", "2")
            .without("ce_id")
            .dead("missing"),
        good("headers of ours, forged")
            .with("carom-original-offset", "999")
            .with("carom-attempts", "7")
            .value("{")
            .dead("EOF"),
    ]
}

fn keys() -> Vec<Row> {
    vec![
        good("a null key").key(None),
        good("an empty key").key(Some(b"")),
        good("a key that is no UTF-8").key(Some(b"\xff\xfe\0")),
        good("a null key on a bad event").key(None).without("ce_source").dead("missing_attribute:source"),
        good("an empty key on a bad event").key(Some(b"")).without("ce_source").dead("missing_attribute:source"),
        good("a key that is no UTF-8 on a bad event").key(Some(b"\xff")).value("").dead("EOF"),
    ]
}

fn values() -> Vec<Row> {
    let deep = "[".repeat(200_000) + &"]".repeat(200_000);
    vec![
        good("a tombstone").bare().null().dead("tombstone"),
        good("a tombstone with a null key").bare().null().key(None).dead("tombstone"),
        good("a null value in an event").null().dead("the value of the record is null"),
        good("an empty value").value("").dead("EOF while parsing"),
        good("JSON of another shape").value(r#"{"key":7,"seq":0,"script":[]}"#).dead("expected a string"),
        good("an array of the fields").value(r#"["an array of the fields",0,[]]"#).dead("expected an object"),
        good("JSON without a member").value("{}").dead("missing field"),
        good("JSON cut short").value(r#"{"key":"a","se"#).dead("EOF while parsing"),
        good("JSON with more behind it").value(r#"{"key":"a","seq":0,"script":[]}{}"#).dead("trailing characters"),
        good("JSON with a line end behind it").value("{\"key\":\"line end\",\"seq\":0,\"script\":[]}\r\n"),
        good("JSON with a byte order mark").value(b"\xef\xbb\xbf{}").dead("expected value"),
        good("bytes that are no text").value(b"\xff\xfe\0\x01").dead("expected value"),
        good("nested without end").value(format!(r#"{{"key":{deep}}}"#)).dead("cannot be read as `Job`"),
        good("nested without end where nobody looks")
            .value(format!(r#"{{"key":"deep","seq":1,"script":[],"x":{deep}}}"#)),
        good("not JSON by its own account").set("content-type", "text/plain").dead("text/plain"),
    ]
}

fn envelopes() -> Vec<Row> {
    vec![
        good("another specversion").set("ce_specversion", "0.3").dead("unsupported_specversion"),
        good("no specversion").without("ce_specversion").dead("not_a_cloudevent"),
        good("no id").without("ce_id").dead("missing_attribute:id"),
        good("no type").without("ce_type").dead("missing_attribute:type"),
        good("no source").without("ce_source").dead("missing_attribute:source"),
        good("a time that is none").with("ce_time", "yesterday").dead("bad_attribute:time"),
        good("a relative schema").with("ce_dataschema", "order.json").dead("bad_attribute:dataschema"),
        good("a plain JSON record").bare().with("content-type", "application/json").dead("not_a_cloudevent"),
        good("no headers at all").bare().dead("not_a_cloudevent"),
        good("a type that nobody handles").set("ce_type", "contract.other.v1").skipped(),
        good("a type that nobody handles, and no data").set("ce_type", "contract.other.v1").null().skipped(),
        good("a type that nobody handles, and no JSON").set("ce_type", "contract.other.v1").value(b"\xff").skipped(),
    ]
}

fn structured_mode() -> Vec<Row> {
    let envelope = |data: &str| {
        format!(r#"{{"specversion":"1.0","id":"1","source":"/suite","type":"contract.job.v1","data":{data}}}"#)
    };
    let deep = "[".repeat(200_000) + &"]".repeat(200_000);
    vec![
        structured("structured", envelope(r#"{"key":"structured","seq":0,"script":[]}"#)),
        structured("structured, cut short", &envelope("{}")[..40]).dead("bad_json"),
        structured("structured, empty", "").dead("bad_json"),
        structured("structured, null", "").null().dead("tombstone"),
        structured("structured, an array", "[]").dead("bad_json"),
        structured("structured, without specversion", "{}").dead("missing_attribute:specversion"),
        structured("structured, without a type", r#"{"specversion":"1.0","id":"1","source":"/suite"}"#)
            .dead("missing_attribute:type"),
        structured("structured, without data", envelope("0").replace(r#","data":0"#, "")).dead("has no data"),
        structured("structured, data null", envelope("null")).dead("cannot be read as `Job`"),
        structured("structured, nested without end", envelope(&deep)).dead("cannot be read as `Job`"),
        structured("structured, nested where nobody looks", deep).dead("bad_json"),
        structured("structured, of another type", envelope("0").replace("job", "other")).skipped(),
        structured("a batch", "[]")
            .set("content-type", "application/cloudevents-batch+json")
            .dead("batch_not_supported"),
        good("another format").set("content-type", "application/cloudevents+avro").bare_avro().dead("not_a_cloudevent"),
    ]
}

impl Row {
    /// Only the content type is left.
    fn bare_avro(mut self) -> Self {
        self.headers.retain(|(name, _)| name == b"content-type");
        self
    }
}
