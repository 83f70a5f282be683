//! Whether the bus does its job, for probes and operators.
//!
//! A probe must not wait, and must not be told that all is well by a loop that hangs: what it asks for is left behind
//! in atomics by whoever knows (`signs`), with the time of the last turn, and compared with now by whoever asks. What
//! is wrong is kept in sentences, each under a key, for as long as it lasts (`reasons`).

mod reasons;
mod signs;

use serde::Serialize;

pub(crate) use self::{reasons::HealthState, signs::Signs};

/// Whether the bus does its job; [`BusHandle::health`](crate::BusHandle::health) and
/// [`Monitor::health`](crate::Monitor::health) return one.
///
/// A probe asks one of four questions. None of them waits or talks to a broker.
///
/// | question | answer | a probe that fails should |
/// |---|---|---|
/// | [`is_live`](Self::is_live) | the poll loop turned within the last 30 s, and the bus did not end by itself | restart the process |
/// | [`is_ready`](Self::is_ready) | this member has joined its group and reaches the cluster (a bus without actors: its producer does), and the bus is not stopping | send no traffic, roll out no further |
/// | [`is_progressing`](Self::is_progressing) | no partition has had records waiting and finished none for 60 s ([`Bus::stalled_after`](crate::Bus::stalled_after)) | tell an operator |
/// | [`is_well`](Self::is_well) | nothing at all is wrong: live, progressing, and nothing in [`degraded`](Self::degraded) | tell an operator |
///
/// In an HTTP service, with a router of whatever kind:
///
/// ```
/// use carom::{Bus, Kafka, Monitor};
///
/// /// `GET /live` and `GET /ready`: status and body. With axum, `Monitor` goes into the state of the router.
/// fn probe(monitor: &Monitor, path: &str) -> (u16, String) {
///     let health = monitor.health();
///     let passed = match path {
///         "/live" => health.is_live(),
///         _ => health.is_ready(),
///     };
///     (if passed { 200 } else { 503 }, serde_json::to_string(&health).unwrap_or_default())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), carom::Error> {
/// let bus = Bus::new(Kafka::embedded()).service("shop").spawn().await?;
/// let monitor = bus.monitor();
/// assert_eq!(probe(&monitor, "/live").0, 200);
/// let (status, body) = probe(&monitor, "/ready");
/// assert_eq!((status, body.as_str()), (200, r#"{"live":true,"ready":true,"progressing":true,"degraded":[]}"#));
/// bus.shutdown().await?;
/// assert_eq!(probe(&monitor, "/ready").0, 503);
/// # Ok(())
/// # }
/// ```
///
/// What reads it can be tested with a value made by hand, which begins as well:
///
/// ```
/// use carom::Health;
///
/// let mut health = Health::default();
/// health.ready = false;
/// health.degraded.push("a dead letter cannot be written".to_owned());
/// let json = serde_json::to_string(&health).expect("plain data");
/// let expected = r#"{"live":true,"ready":false,"progressing":true,"degraded":["a dead letter cannot be written"]}"#;
/// assert_eq!(json, expected);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Health {
    /// See [`Health::is_live`].
    pub live: bool,
    /// See [`Health::is_ready`].
    pub ready: bool,
    /// See [`Health::is_progressing`].
    pub progressing: bool,
    /// What is wrong, in sentences, in no order; empty when all is well. The bus goes on and mends what it can: a
    /// sentence goes when what it says is over. When one comes and when it goes there is a line in the log.
    pub degraded: Vec<String>,
}

impl Default for Health {
    /// All is well.
    fn default() -> Self {
        Self { live: true, ready: true, progressing: true, degraded: Vec::new() }
    }
}

impl Health {
    /// The poll loop turned within the last 30 s, and the bus did not end by itself. A bus without actors has no poll
    /// loop, and is live until it ends.
    ///
    /// The loop turns ten times a second when nothing happens. The longest thing it waits for is 5 s, for what the
    /// group has committed.
    ///
    /// ```
    /// use carom::{Bus, Kafka};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), carom::Error> {
    /// let bus = Bus::new(Kafka::embedded()).service("shop").spawn().await?;
    /// assert!(bus.health().is_live()); // the answer of a liveness probe
    /// bus.shutdown().await
    /// # }
    /// ```
    pub fn is_live(&self) -> bool {
        self.live
    }

    /// This member has joined its group and was told its partitions, which may be none, and reaches the cluster; a bus
    /// without actors is ready while its producer reaches the cluster. Not ready once the bus stops.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use carom::Monitor;
    ///
    /// /// Waits until this member has its partitions, before a test publishes.
    /// async fn ready(monitor: &Monitor) {
    ///     while !monitor.health().is_ready() {
    ///         tokio::time::sleep(Duration::from_millis(20)).await;
    ///     }
    /// }
    /// # use carom::{Bus, Kafka};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), carom::Error> {
    /// # let bus = Bus::new(Kafka::embedded()).service("shop").spawn().await?;
    /// ready(&bus.monitor()).await;
    /// # bus.shutdown().await
    /// # }
    /// ```
    pub fn is_ready(&self) -> bool {
        self.ready
    }

    /// No partition has had records waiting and finished none of them for a minute, or for what
    /// [`Bus::stalled_after`](crate::Bus::stalled_after) says.
    ///
    /// A handler that hangs is the common cause, or a dependency that is unavailable; the sentence in
    /// [`Health::degraded`] names the partition. It is looked at once a second.
    ///
    /// ```
    /// use carom::Health;
    ///
    /// /// What an operator is told, if there is something to tell.
    /// fn alert(health: &Health) -> Option<String> {
    ///     (!health.is_progressing()).then(|| format!("records wait: {}", health.degraded.join("; ")))
    /// }
    ///
    /// let mut health = Health::default();
    /// assert_eq!(alert(&health), None);
    /// health.progressing = false;
    /// health.degraded.push("orders[3] has records waiting".to_owned());
    /// assert_eq!(alert(&health).as_deref(), Some("records wait: orders[3] has records waiting"));
    /// ```
    pub fn is_progressing(&self) -> bool {
        self.progressing
    }

    /// Nothing is wrong: the bus is live, makes progress, and nothing is [degraded](Self::degraded). It need not be
    /// ready: joining a group takes its time.
    ///
    /// ```
    /// use carom::Health;
    ///
    /// let mut health = Health::default();
    /// health.ready = false;
    /// assert!(health.is_well());
    /// health.degraded.push("a dead letter cannot be written".to_owned());
    /// assert!(!health.is_well());
    /// ```
    pub fn is_well(&self) -> bool {
        self.live && self.progressing && self.degraded.is_empty()
    }
}
