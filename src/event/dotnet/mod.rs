//! The forms in which .NET writes values as JSON (`System.Text.Json`, with its web defaults as Momentum uses it).
//!
//! Most Rust types are already what .NET expects: strings, integers, floats, `bool`, [`Uuid`](uuid::Uuid), `Option`
//! (`null`), `Vec` and maps. For the others:
//!
//! | .NET | on the wire | Rust |
//! |---|---|---|
//! | `enum` | its number | [`derive@NumericEnum`] |
//! | `DateTime`, `DateTimeOffset` | `"2024-01-15T10:30:00.5Z"` | `chrono::DateTime<Utc>` with [`date_time`] |
//! | `decimal` | `10.50` | `rust_decimal::Decimal` with `decimal` (feature `rust_decimal`) |
//! | `TimeSpan` | `"01:30:00"` | [`Duration`](std::time::Duration) or `chrono::TimeDelta` with [`time_span`] |
//! | `byte[]` | `"AQID"` | `Vec<u8>` with [`base64`] |
//!
//! Each module goes into `#[serde(with = "..")]`, for the value itself, an `Option` of it and a `Vec` of it:
//!
//! ```
//! use std::time::Duration;
//!
//! use carom::event::dotnet::{self, NumericEnum};
//! use chrono::{DateTime, Utc};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Debug, PartialEq, NumericEnum)]
//! enum ShiftKind { Early = 1, Late = 2 }
//!
//! #[derive(Debug, PartialEq, Serialize, Deserialize)]
//! #[serde(rename_all = "camelCase")]
//! struct Shift {
//!     kind: ShiftKind,
//!     #[serde(with = "dotnet::date_time")]
//!     begins_at: DateTime<Utc>,
//!     #[serde(with = "dotnet::date_time")]
//!     ended_at: Option<DateTime<Utc>>,
//!     #[serde(with = "dotnet::time_span")]
//!     breaks: Vec<Duration>,
//!     #[serde(with = "dotnet::base64")]
//!     signature: Vec<u8>,
//! }
//!
//! let json = r#"{"kind":2,"beginsAt":"2024-01-15T10:30:00Z","endedAt":null,"breaks":["00:15:00"],"signature":"AQID"}"#;
//! let shift: Shift = serde_json::from_str(json).unwrap();
//! assert_eq!((&shift.kind, &shift.breaks), (&ShiftKind::Late, &vec![Duration::from_secs(900)]));
//! assert_eq!(serde_json::to_string(&shift).unwrap(), json);
//! ```
//!
//! A field with `#[serde(with = "..")]` has to be in the JSON, also an `Option`; .NET writes its nulls, so it is. Add
//! `#[serde(default)]` for a property that older writers do not know.
//!
//! # Names
//!
//! .NET writes properties in camelCase by a rule of its own: the capitals at the beginning of a name become lower-case,
//! except the one that begins the next word (`URLValue` becomes `urlValue`, `ID` becomes `id`); all others stay
//! (`CustomerID` becomes `customerID`). `#[serde(rename_all = "camelCase")]` agrees as long as a .NET name has no
//! acronym after its beginning: serde makes `customerId` of `customer_id`. Where they differ, write the name:
//!
//! ```
//! # use serde::{Deserialize, Serialize};
//! #[derive(Serialize, Deserialize)]
//! #[serde(rename_all = "camelCase")]
//! struct Customer {
//!     url_value: String, // URLValue in C#
//!     #[serde(rename = "customerID")]
//!     customer_id: u64, // CustomerID in C#
//! }
//! # let json = serde_json::to_string(&Customer { url_value: "/".into(), customer_id: 1 }).unwrap();
//! # assert_eq!(json, r#"{"urlValue":"/","customerID":1}"#);
//! ```
//!
//! .NET compares names without their case when it reads; serde does not.

pub mod base64;
pub mod date_time;
#[cfg(feature = "rust_decimal")]
pub mod decimal;
mod form;
mod numeric_enum;
mod ticks;
pub mod time_span;

pub use carom_macros::NumericEnum;

pub use self::{form::Form, numeric_enum::NumericEnum};
