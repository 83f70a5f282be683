//! What the workers have to do.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use carom::Publisher;
use integration_tests::job::{Job, Step};
use tokio::{
    task::JoinHandle,
    time::{MissedTickBehavior, interval},
};

const KEYS: u32 = 40;

/// Between two rounds of jobs.
const PAUSE: Duration = Duration::from_millis(250);

/// Jobs that are published until it is told to end.
pub(crate) struct Load {
    over: Arc<AtomicBool>,
    published: JoinHandle<Published>,
}

/// What the broker has acknowledged.
#[derive(Debug, Default)]
pub(crate) struct Published {
    /// Key and number of the jobs that succeed, with some attempts.
    pub(crate) jobs: Vec<(String, u32)>,
    /// Key and number of those that never do; each has a key of its own.
    pub(crate) poison: Vec<(String, u32)>,
    /// Calls that failed: no outage is long enough for that.
    pub(crate) errors: Vec<String>,
}

impl Load {
    pub(crate) fn start(publisher: Publisher, seed: u64) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let is_over = Arc::clone(&over);
        let published = tokio::spawn(async move {
            let (mut chance, mut published) = (fastrand::Rng::with_seed(seed), Published::default());
            let mut pause = interval(PAUSE);
            pause.set_missed_tick_behavior(MissedTickBehavior::Delay);
            for seq in 0.. {
                pause.tick().await;
                if is_over.load(Relaxed) || !published.errors.is_empty() {
                    break;
                }
                let mut jobs: Vec<_> =
                    (0..KEYS).map(|key| Job::new(format!("key-{key}"), seq, script(&mut chance))).collect();
                if chance.u32(..4) == 0 {
                    jobs.push(Job::new(format!("poison-{seq}"), 0, vec![Step::Refuse; 10]));
                }
                match publisher.publish_all(jobs.clone()).await {
                    Ok(()) => published.note(jobs),
                    Err(error) => published.errors.push(error.to_string()),
                }
            }
            published
        });
        Self { over, published }
    }

    /// Ends with a whole round.
    pub(crate) async fn end(self) -> Published {
        self.over.store(true, Relaxed);
        self.published.await.expect("the load does not panic")
    }
}

impl Published {
    fn note(&mut self, jobs: Vec<Job>) {
        let (poison, jobs): (Vec<_>, Vec<_>) = jobs.into_iter().partition(|job| job.key.starts_with("poison"));
        self.jobs.extend(jobs.into_iter().map(|job| (job.key, job.seq)));
        self.poison.extend(poison.into_iter().map(|job| (job.key, job.seq)));
    }
}

/// Most succeed at once, some after a failure or a panic.
fn script(chance: &mut fastrand::Rng) -> Vec<Step> {
    match chance.u32(..20) {
        0 => vec![Step::Fail, Step::Fail],
        1 => vec![Step::Panic],
        2 => vec![Step::Unavailable],
        3..8 => vec![Step::Sleep(chance.u64(..200))],
        _ => vec![Step::Publish(1)],
    }
}
