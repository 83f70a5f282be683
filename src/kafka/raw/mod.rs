//! The unsafe lines: what rdkafka does not offer, on librdkafka's own interface. No other room may contain `unsafe`.
#![allow(unsafe_code)]

pub(in crate::kafka) mod mock;
pub(in crate::kafka) mod produce;
