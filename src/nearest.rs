//! Which of the known names somebody meant who wrote another one.

/// The candidate that is closest to `name`, if one is close enough to be what was meant: a third of its letters may
/// differ, at least one and at most four. A name that is just another one gets no advice.
pub(crate) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let bound = (name.chars().count() / 3).clamp(1, 4);
    let name = name.to_lowercase();
    let near = candidates.into_iter().map(|candidate| (distance(&name, candidate), candidate));
    near.filter(|(distance, _)| *distance <= bound).min().map(|(_, candidate)| candidate)
}

/// Whether one is the other with a slip of the pen in it: a sixth of the letters may differ. For names that may also be
/// somebody else's.
pub(crate) fn is_slip(name: &str, meant: &str) -> bool {
    distance(name, meant) <= name.chars().count() / 6
}

/// How many characters have to be put in, taken out, replaced or swapped with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_may_be_somebody_elses_has_to_be_closer() {
        assert!(is_slip("servce", "service") && is_slip("lingr.ms", "linger.ms"));
        assert!(!is_slip("node", "mode") && !is_slip("resource", "source") && !is_slip("topic", "topics"));
    }

    #[test]
    fn a_slip_of_the_pen_is_recognised() {
        let known = ["service", "source", "shutdown_timeout", "mode"];
        assert_eq!(nearest("servce", known), Some("service"));
        assert_eq!(nearest("SERVICE", known), Some("service"));
        assert_eq!(nearest("shutdwon_timout", known), Some("shutdown_timeout"));
        assert_eq!(nearest("mdoe", known), Some("mode"));
    }

    #[test]
    fn something_else_is_not_guessed() {
        assert_eq!(nearest("colour", ["service", "source", "mode"]), None);
        assert_eq!(nearest("", ["mode"]), None);
    }
}
