//! What happens after a failure: deciding, and carrying it out.
