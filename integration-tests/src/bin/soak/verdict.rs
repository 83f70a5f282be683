//! What must hold in the end.

use std::collections::BTreeSet;

use integration_tests::{check, job::Job, ledger::End, probe, workers::Workers, world::World};

use super::load::Published;

/// Everything that is wrong: what was acknowledged and neither handled nor dead-lettered, what is a dead letter and should
/// not be, keys out of order, records that nobody finished.
pub(crate) async fn judge(world: &World, workers: &Workers<'_>, published: &Published) -> Vec<String> {
    let (topic, runs) = (workers.publisher.topic::<Job>(), workers.entries());
    let handled = check::succeeded(&runs);
    let letters = workers.publisher.dead_letters::<Job>(world, published.poison.len()).await;
    let job = |value: Option<Vec<u8>>| serde_json::from_slice::<Job>(&value.unwrap_or_default()).expect("a job");
    let letters: Vec<_> = letters.into_iter().map(|letter| job(letter.value)).collect();
    let dead: BTreeSet<_> = letters.iter().map(|job| (job.key.as_str(), job.seq)).collect();

    let mut wrong = published.errors.clone();
    let as_text = |(key, seq): &(String, u32)| format!("{key} #{seq}");
    let is_in = |set: &BTreeSet<(&str, u32)>, (key, seq): &(String, u32)| set.contains(&(key.as_str(), *seq));
    let lost = published.jobs.iter().filter(|job| !is_in(&handled, job));
    wrong.extend(lost.map(|job| format!("{} was not handled", as_text(job))));
    let lost = published.poison.iter().filter(|job| !is_in(&dead, job));
    wrong.extend(lost.map(|job| format!("{} is no dead letter", as_text(job))));
    let healthy = dead.iter().filter(|(key, _)| !key.starts_with("poison"));
    wrong.extend(healthy.map(|(key, seq)| format!("{key} #{seq} is a dead letter")));
    let keys = check::keys_out_of_order(&runs).into_iter().collect::<BTreeSet<_>>();
    wrong.extend(keys.into_iter().map(|key| format!("{key} was handled out of order")));
    let (ends, committed) =
        (probe::ends(world.kafka(), &topic), probe::committed(world.kafka(), world.group(), &topic));
    if ends != committed {
        wrong.push(format!("committed is {committed:?}, and the logs end at {ends:?}"));
    }
    let successes: Vec<_> = runs.iter().filter(|run| run.end == Some(End::Succeeded)).cloned().collect();
    println!(
        "{} jobs and {} poison, {} runs, {} jobs that succeeded more than once, {} dead letters, {} wrong",
        published.jobs.len(),
        published.poison.len(),
        runs.len(),
        check::repeated(&successes).len(),
        letters.len(),
        wrong.len()
    );
    wrong
}
