//! What follows from the ledger and from what the broker has: the promises, one by one.

use std::collections::BTreeMap;

use crate::{
    ledger::{Line, handled},
    probe::Facts,
    shop::{EXPLOSIVE, FLAKY},
};

/// Prints what follows from the ledger and the broker's own figures; whether every promise was kept.
pub(crate) fn summary(lines: &[Line], expected: usize, facts: &Facts) -> bool {
    let retried = lines.iter().filter(|line| line.attempt > 1).count();
    let violations = order_violations(lines);
    println!("\nhandled by billing      {} of {expected}", handled(lines, "billing"));
    println!("handled by shipping     {}", handled(lines, "shipping"));
    println!("retried                 {retried} attempts");
    println!("dead-lettered           {}", facts.dead_letters.len());
    for letter in &facts.dead_letters {
        println!("                        {letter}");
    }
    for violation in &violations {
        println!("                        {violation}");
    }
    println!("order violations: {}", violations.len());
    let mut kept = check("every event ended: handled or dead-lettered", handled(lines, "billing") == expected - 1);
    kept &= check("two dead letters: the hopeless order and the garbage", facts.dead_letters.len() == 2);
    kept &= check("the flaky order took three attempts", attempts(lines, FLAKY) == 3);
    kept &= check("the order whose handler panicked was handled by a new actor", attempts(lines, EXPLOSIVE) == 2);
    kept &= check("no key was handled out of order", violations.is_empty());
    kept & committed_is_finished(lines, facts)
}

fn check(what: &str, holds: bool) -> bool {
    println!("{}  {what}", if holds { "ok    " } else { "BROKEN" });
    holds
}

fn attempts(lines: &[Line], (order, number): (&str, u32)) -> usize {
    lines.iter().filter(|line| line.actor == "billing" && line.order == order && line.number == number).count()
}

/// A run that began before the one before it had ended, or went back in the log.
fn order_violations(lines: &[Line]) -> Vec<String> {
    let mut keys: BTreeMap<(&str, &str), &Line> = BTreeMap::new();
    let mut violations = Vec::new();
    for line in lines {
        if let Some(before) = keys.insert((line.actor, &line.order), line)
            && (line.overlaps || line.offset < before.offset)
        {
            violations.push(format!("{} #{} ran after, or while, #{}", line.order, line.number, before.number));
        }
    }
    violations
}

/// The broker's committed offsets are the ends of the logs, and every record before them ended.
fn committed_is_finished(lines: &[Line], facts: &Facts) -> bool {
    let finished = |partition: i32| {
        let offsets = lines.iter().filter(|line| line.topic == facts.topic && line.partition == partition);
        let ended = offsets.filter(|line| line.succeeded == Some(true)).map(|line| line.offset);
        ended.chain(facts.dead_offsets.iter().filter(|(of, _)| *of == partition).map(|(_, offset)| *offset)).max()
    };
    let mut kept = true;
    for (partition, committed) in &facts.committed {
        let last = finished(*partition).map_or(0, |offset| offset + 1);
        kept &=
            check(&format!("partition {partition}: committed {committed}, finished up to {last}"), *committed == last);
    }
    kept
}
