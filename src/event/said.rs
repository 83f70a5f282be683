//! What is worth a line, and not one for each event: that would bury the first, which is the one that is read.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

/// Texts that were said. It remembers a bounded number of them: some are made up as they go.
#[derive(Debug)]
pub(super) struct Said {
    texts: Mutex<HashSet<String>>,
    limit: usize,
}

impl Said {
    pub(super) fn up_to(limit: usize) -> Self {
        Self { texts: Mutex::default(), limit }
    }

    /// Remembers a text; false if it was known, or there is no room for it.
    pub(super) fn insert(&self, text: &str) -> bool {
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        texts.len() < self.limit && !texts.contains(text) && texts.insert(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Fails when the limit is left out: whoever writes to the topic could fill the memory.
    #[test]
    fn a_text_is_new_once_and_only_so_many_are_kept() {
        let said = Said::up_to(2);
        let asked = ["one", "one", "two", "three", "two", "three"].map(|text| said.insert(text));
        assert_eq!(asked, [true, false, true, false, false, false]);
    }
}
