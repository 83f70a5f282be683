//! Times pieces and prints a row for each.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use carom::testing::micro::Piece;

/// All rows take turns so often: what else the machine does then falls on all of them.
const ROUNDS: usize = 20;
/// How long a turn is, at least.
const TURN: Duration = Duration::from_millis(50);
/// How many runs a turn has, at least.
const RUNS: usize = 8;

/// Runs something in certain surroundings.
pub(crate) type Inside = fn(&mut dyn FnMut());

/// The pieces to time.
pub(crate) struct Table<'a> {
    words: Vec<String>,
    rows: Vec<Row<'a>>,
}

struct Row<'a> {
    name: &'static str,
    records: usize,
    inside: Inside,
    turn: Box<dyn FnMut() -> Vec<Duration> + 'a>,
    times: Vec<Duration>,
}

impl<'a> Table<'a> {
    /// For the rows that have one of `words` in their names; for all, if there are none.
    pub(crate) fn of(words: Vec<String>) -> Self {
        Self { words, rows: Vec::new() }
    }

    /// Adds a piece, whose runs take so many records each; a run that has not done its work right for each is a panic.
    pub(crate) fn row(&mut self, name: &'static str, records: usize, piece: impl Piece + 'a) {
        self.row_inside(|act| act(), name, records, piece);
    }

    /// As [`Table::row`], in certain surroundings.
    pub(crate) fn row_inside(
        &mut self,
        inside: Inside,
        name: &'static str,
        records: usize,
        mut piece: impl Piece + 'a,
    ) {
        if self.words.is_empty() || self.words.iter().any(|word| name.contains(word.as_str())) {
            let turn = Box::new(move || turn(name, records, &mut piece));
            self.rows.push(Row { name, records, inside, turn, times: Vec::new() });
        }
    }

    /// Times all of them and prints the table, as Markdown.
    pub(crate) fn print(mut self) {
        for round in 0..=ROUNDS {
            for Row { inside, turn, times, .. } in &mut self.rows {
                let mut of_turn = Vec::new();
                inside(&mut || of_turn = turn());
                // The first round warms up.
                if round > 0 {
                    times.extend(of_turn);
                }
            }
        }
        println!("| piece | ns per record | deciles |\n|---|---:|---:|");
        for Row { name, records, times, .. } in &mut self.rows {
            times.sort_unstable();
            let at = |tenths: usize| times[(times.len() - 1) * tenths / 10].as_secs_f64() * 1e9 / *records as f64;
            println!("| {name} | {:.0} | {:.0} to {:.0} |", at(5), at(1), at(9));
        }
    }
}

fn turn(name: &str, records: usize, piece: &mut impl Piece) -> Vec<Duration> {
    let (start, mut times) = (Instant::now(), Vec::new());
    while times.len() < RUNS || start.elapsed() < TURN {
        let mut input = black_box(piece.prepare());
        let began = Instant::now();
        piece.run(&mut input);
        times.push(began.elapsed());
        assert_eq!(piece.count(black_box(&input)), records, "{name}");
    }
    times
}
