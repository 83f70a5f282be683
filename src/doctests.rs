//! Compiles, and where it can runs, the Rust in the Markdown pages.

#[doc = include_str!("../README.md")]
mod readme {}

#[doc = include_str!("../docs/semantics.md")]
mod semantics {}

#[doc = include_str!("../docs/architecture.md")]
mod architecture {}

#[doc = include_str!("../docs/testing.md")]
mod testing {}

#[doc = include_str!("../docs/kafka-settings.md")]
mod kafka_settings {}

#[doc = include_str!("../docs/momentum.md")]
mod momentum {}

#[doc = include_str!("../docs/telemetry.md")]
mod telemetry {}
