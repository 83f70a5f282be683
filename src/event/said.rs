//! What is worth a line, and not one for each event: that would bury the first, which is the one that is read.

use std::{
    collections::HashSet,
    sync::{PoisonError, RwLock},
};

/// Types of events that nobody here handles, and that are remembered: others make them up, and must not use up the memory.
const FOREIGN: usize = 100;

/// Texts that were said. It remembers a bounded number of them: some are made up as they go.
#[derive(Debug)]
pub(crate) struct Said {
    texts: RwLock<HashSet<String>>,
    limit: usize,
}

impl Said {
    pub(super) fn up_to(limit: usize) -> Self {
        Self { texts: RwLock::default(), limit }
    }

    /// For the types of events that nobody here handles.
    pub(crate) fn of_foreign_types() -> Self {
        Self::up_to(FOREIGN)
    }

    /// For the handlers of this program, which are only so many.
    pub(crate) fn of_handlers() -> Self {
        Self::up_to(usize::MAX)
    }

    /// Remembers a text; false if it was known, or there is no room for it.
    pub(crate) fn insert(&self, text: &str) -> bool {
        let is_new = |texts: &HashSet<String>| texts.len() < self.limit && !texts.contains(text);
        // Mostly it is known, and many threads ask.
        if !is_new(&self.texts.read().unwrap_or_else(PoisonError::into_inner)) {
            return false;
        }
        let mut texts = self.texts.write().unwrap_or_else(PoisonError::into_inner);
        is_new(&texts) && texts.insert(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Fails when a program's own handlers are remembered as few as others' types are.
    #[test]
    fn each_handler_is_new_once() {
        let said = Said::of_handlers();
        assert!((0..2 * FOREIGN).all(|handler| said.insert(&format!("Actor{handler}/Event"))));
        assert!(!said.insert("Actor0/Event"));
    }

    // Fails when the limit is left out: whoever writes to the topic could fill the memory.
    #[test]
    fn a_text_is_new_once_and_only_so_many_are_kept() {
        let said = Said::up_to(2);
        let asked = ["one", "one", "two", "three", "two", "three"].map(|text| said.insert(text));
        assert_eq!(asked, [true, false, true, false, false, false]);
    }
}
