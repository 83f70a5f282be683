//! What .NET Momentum writes and needs to read, as far as it is more than CloudEvents asks for.
//!
//! Called for a bus of [`Profile::Momentum`](super::Profile::Momentum) only, but for the default `source`, which both
//! profiles share. Reading needs nothing of it: what Momentum writes is CloudEvents.

use chrono::{DateTime, SecondsFormat, Timelike, Utc};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::{
    case::snake,
    cloudevents::write::{Outgoing, Payload},
    media_type,
};

/// Nanoseconds of a tick, the unit of .NET's clock.
const TICK: u32 = 100;

/// `source` where the user set none: `/{domain}/{service}` as Momentum writes it, or `/{service}`.
///
/// The domain is that of the service, not that of an event.
pub(crate) fn default_source(domain: Option<&str>, service: &str) -> String {
    let service = service.to_lowercase().replace('.', "-");
    match domain {
        Some(domain) => format!("/{}/{service}", snake(domain)),
        None => format!("/{service}"),
    }
}

/// `^[A-Za-z][A-Za-z0-9]*$`
pub(crate) fn is_domain(name: &str) -> bool {
    name.starts_with(|char: char| char.is_ascii_alphabetic()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Whether a text can be the full name of a .NET type: identifiers joined with dots. In Wolverine's spelling, which
/// Momentum uses, nested and generic types are identifiers as well (`Outer_..`).
pub(super) fn is_full_name(name: &str) -> bool {
    name.split('.').all(|part| {
        part.starts_with(|char: char| char.is_alphabetic() || char == '_')
            && part.chars().all(|char| char.is_alphanumeric() || char == '_')
    })
}

/// RFC 3339 in UTC with 0, 3, 6 or 7 fraction digits: `Timestamps.Serialize` of the C# SDK of CloudEvents.
pub(super) fn time_text(time: DateTime<Utc>) -> String {
    let ticks = time.nanosecond() % 1_000_000_000 / TICK;
    if ticks.is_multiple_of(10) {
        let form = match ticks {
            0 => SecondsFormat::Secs,
            _ if ticks.is_multiple_of(10_000) => SecondsFormat::Millis,
            _ => SecondsFormat::Micros,
        };
        return time.to_rfc3339_opts(form, true);
    }
    let seconds = time.to_rfc3339_opts(SecondsFormat::Secs, true);
    format!("{}.{ticks:07}Z", seconds.trim_end_matches('Z'))
}

/// Refuses what Momentum would not take. Events of a Rust type have a Guid and a content type that is JSON by
/// construction; those that were built elsewhere need not.
pub(super) fn check(event: &Outgoing<'_>) -> Result<(), &'static str> {
    let is_object = match &event.data {
        Payload::Absent => return Err("it has no data, and Momentum fails on a null value"),
        Payload::Json(json) => json.starts_with(b"{"),
        Payload::Text(text) => serde_json::from_str(text).is_ok_and(is_object),
        Payload::Bytes(bytes) => serde_json::from_slice(bytes).is_ok_and(is_object),
    };
    if Uuid::try_parse(event.id).is_err() || event.id.starts_with("urn:") {
        return Err("its `id` is no Guid: Momentum would invent one, and no longer recognise a repeat");
    }
    if !media_type::is_json(event.datacontenttype) {
        return Err("its content type is not JSON, which is all that Momentum reads");
    }
    if is_object { Ok(()) } else { Err(NO_OBJECT) }
}

/// The sentence for a user who published a list, a bare value, `null` or what is no JSON.
const NO_OBJECT: &str = "its data is no JSON object, which is what an event of .NET is; \
    use a struct with named fields (`struct X {}` if it has none)";

/// Of JSON that was parsed: its first character tells.
fn is_object(json: &RawValue) -> bool {
    json.get().starts_with('{')
}

#[cfg(test)]
mod tests;
