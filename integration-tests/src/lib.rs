//! Contract suite of carom, run against every backend.
