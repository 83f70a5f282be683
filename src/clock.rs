//! Time and randomness: the only place that asks the system for either.
