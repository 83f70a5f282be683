//! Progress by itself: offsets that a test receives and finishes.

mod committable;
mod model;
mod restored;

use super::*;

fn fresh() -> Progress {
    Progress::new(None, OffsetMap::default())
}

fn map(runs: impl IntoIterator<Item = (i64, i64)>) -> OffsetMap {
    let mut map = OffsetMap::default();
    runs.into_iter().for_each(|(start, end)| map.push(start..end));
    map
}

fn received(progress: &mut Progress, offsets: impl IntoIterator<Item = i64>) {
    for offset in offsets {
        assert_eq!(progress.receive(offset, 1), Received::Dispatch, "{offset}");
    }
}
