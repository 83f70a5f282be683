//! How long attempts took.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use serde::Serialize;

/// Upper bounds of the buckets, in seconds; those that OpenTelemetry's semantic conventions 1.44 advise for
/// `messaging.process.duration`. A last bucket takes what is longer.
///
/// ```
/// use carom::stats::{BOUNDS, Histogram};
///
/// /// The lines of a histogram as Prometheus reads them: each bucket counts what is in those before it too.
/// fn lines(latency: &Histogram) -> Vec<String> {
///     let bounds = BOUNDS.iter().map(ToString::to_string).chain(["+Inf".to_owned()]);
///     let mut seen = 0;
///     let bucket = |(bound, count): (String, &u64)| {
///         seen += count;
///         format!("attempt_seconds_bucket{{le=\"{bound}\"}} {seen}")
///     };
///     bounds.zip(&latency.counts).map(bucket).collect()
/// }
/// # use carom::{Actor, Bus, Context, Event, Failure, Handler, Kafka, Supervisor, handler, testing::TestBus};
/// # #[derive(serde::Serialize, serde::Deserialize, Event)]
/// # #[event(entity = Invoice, domain = "billing")]
/// # struct InvoiceSent { #[event(key)] invoice_id: u64 }
/// # #[derive(Actor)]
/// # struct Reminders;
/// # #[handler]
/// # impl Handler<InvoiceSent> for Reminders {
/// #     async fn handle(&mut self, event: InvoiceSent, cx: &mut Context<'_>) -> Result<(), Failure> { Ok(()) }
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), carom::Error> {
/// # let bus = Bus::new(Kafka::embedded()).service("billing").supervise::<Reminders>(Supervisor::one_for_one());
/// # let bus = TestBus::start(bus).await?;
/// # bus.deliver(InvoiceSent { invoice_id: 12 }).await;
/// # let monitor = bus.monitor();
/// # bus.stop().await?;
/// let lines = lines(&monitor.stats().handlers[0].latency);
/// assert_eq!((lines.len(), lines[14].as_str()), (15, "attempt_seconds_bucket{le=\"+Inf\"} 1"));
/// # Ok(())
/// # }
/// ```
pub const BOUNDS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

const BUCKETS: usize = BOUNDS.len() + 1;

/// The bounds in microseconds, for a comparison of integers; a test compares the two.
const MICROS: [u64; BOUNDS.len()] = [
    5_000, 10_000, 25_000, 50_000, 75_000, 100_000, 250_000, 500_000, 750_000, 1_000_000, 2_500_000, 5_000_000,
    7_500_000, 10_000_000,
];

/// How often something took how long; [`HandlerStats::latency`](super::HandlerStats::latency) is one.
///
/// ```
/// use carom::stats::Histogram;
///
/// fn mean_seconds(latency: &Histogram) -> Option<f64> {
///     (latency.count > 0).then(|| latency.sum_seconds / latency.count as f64)
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Histogram {
    /// Observations in each bucket: `counts[i]` took at most [`BOUNDS`]`[i]` seconds and longer than the bound before;
    /// the last one took longer than all bounds.
    pub counts: Vec<u64>,
    /// All observations: the sum of `counts`.
    pub count: u64,
    /// All observations together, in seconds.
    pub sum_seconds: f64,
}

impl Histogram {
    /// The bound, in seconds, that this share of the observations stayed within, so `0.5` is about the median and never
    /// less than it; infinite if they took longer than all bounds, and `None` if there is no observation. A share below
    /// 0 counts as 0, one above 1 as 1.
    ///
    /// ```
    /// # use carom::{Bus, Kafka};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), carom::Error> {
    /// # let bus = Bus::new(Kafka::embedded()).service("billing").spawn().await?;
    /// for handler in bus.stats().handlers {
    ///     println!("{} {}: 99 % within {:?} s", handler.actor, handler.event_type, handler.latency.within(0.99));
    /// }
    /// # bus.shutdown().await
    /// # }
    /// ```
    pub fn within(&self, share: f64) -> Option<f64> {
        let wanted = (share.clamp(0.0, 1.0) * self.count as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (at, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return Some(BOUNDS.get(at).copied().unwrap_or(f64::INFINITY));
            }
        }
        None
    }
}

/// Observations of one mailbox that were not handed on yet: plain numbers.
#[derive(Debug, Default)]
pub(super) struct Latencies {
    counts: [u32; BUCKETS],
    /// Beside the buckets, because a sum cannot be told from them.
    nanos: u64,
}

impl Latencies {
    /// `n` observations that took `each`.
    pub(super) fn observe(&mut self, each: Duration, n: u32) {
        let micros = u64::try_from(each.as_micros()).unwrap_or(u64::MAX);
        // Nearly all are in the first bucket.
        let bucket = MICROS.iter().position(|&bound| micros <= bound).unwrap_or(BOUNDS.len());
        self.counts[bucket] += n;
    }

    /// Adds the time of a whole run: shares are rounded, the sum is not.
    pub(super) fn took(&mut self, all: Duration) {
        self.nanos = self.nanos.saturating_add(u64::try_from(all.as_nanos()).unwrap_or(u64::MAX));
    }
}

/// All observations of a handler, from all its mailboxes.
#[derive(Debug, Default)]
pub(super) struct LatencyMeter {
    counts: [AtomicU64; BUCKETS],
    nanos: AtomicU64,
}

impl LatencyMeter {
    /// Takes over what a mailbox observed.
    pub(super) fn take(&self, latencies: &mut Latencies) {
        for (all, new) in self.counts.iter().zip(&mut latencies.counts) {
            if *new > 0 {
                all.fetch_add(u64::from(std::mem::take(new)), Relaxed);
            }
        }
        self.nanos.fetch_add(std::mem::take(&mut latencies.nanos), Relaxed);
    }

    pub(super) fn snapshot(&self) -> Histogram {
        let counts: Vec<u64> = self.counts.iter().map(|count| count.load(Relaxed)).collect();
        let count = counts.iter().sum();
        Histogram { counts, count, sum_seconds: Duration::from_nanos(self.nanos.load(Relaxed)).as_secs_f64() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(observations: &[(u64, u32)]) -> Histogram {
        let mut latencies = Latencies::default();
        for &(micros, n) in observations {
            latencies.observe(Duration::from_micros(micros), n);
            latencies.took(Duration::from_micros(micros) * n);
        }
        let meter = LatencyMeter::default();
        meter.take(&mut latencies);
        meter.take(&mut latencies);
        meter.snapshot()
    }

    #[test]
    fn the_two_forms_of_the_bounds_agree() {
        assert!(BOUNDS.iter().zip(MICROS).all(|(bound, micros)| (bound * 1e6).round() as u64 == micros));
    }

    #[test]
    fn a_bound_belongs_to_its_bucket_and_what_is_longer_than_all_to_the_last() {
        // Fails when `observe` compares with `<`, and, in the count, when `take` leaves the numbers behind.
        let histogram = histogram(&[(5_000, 2), (5_001, 1), (10_000_000, 1), (10_000_001, 1)]);
        assert_eq!(histogram.counts, [2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
        assert_eq!(histogram.count, 5);
        assert!((histogram.sum_seconds - 20.015_002).abs() < 1e-9, "{}", histogram.sum_seconds);
    }

    #[test]
    fn a_share_stayed_within_the_bound_of_its_bucket() {
        let histogram = histogram(&[(1, 50), (20_000, 49), (60_000_000, 1)]);
        assert_eq!(
            [0.5, 0.51, 0.99, 1.0].map(|share| histogram.within(share)),
            [Some(0.005), Some(0.025), Some(0.025), Some(f64::INFINITY)]
        );
        assert_eq!(self::histogram(&[]).within(0.5), None);
    }
}
