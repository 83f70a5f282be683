//! Which keys have most records, in bounded memory.

use serde::Serialize;

/// A key with many records; [`PartitionStats::hottest_keys`](super::PartitionStats::hottest_keys) lists them.
///
/// Events of one key are handled one after another, so a key with most of a partition's records bounds its speed,
/// whatever [`Supervisor::concurrency`](crate::Supervisor::concurrency) is.
///
/// ```
/// use carom::{Actor, Bus, Context, Event, Failure, Handler, Kafka, Supervisor, handler, testing::TestBus};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize, Event)]
/// # #[event(entity = Payment, domain = "billing")]
/// # struct PaymentReceived { #[event(key)] tenant: String }
/// # #[derive(Actor)]
/// # struct Ledger;
/// # #[handler]
/// # impl Handler<PaymentReceived> for Ledger {
/// #     async fn handle(&mut self, event: PaymentReceived, cx: &mut Context<'_>) -> Result<(), Failure> {
/// #         Err(Failure::permanent("the account is closed"))
/// #     }
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), carom::Error> {
/// # let bus = Bus::new(Kafka::embedded()).service("billing").supervise::<Ledger>(Supervisor::one_for_one());
/// # let bus = TestBus::start(bus).await?;
///
/// bus.deliver(PaymentReceived { tenant: "acme".to_owned() }).await; // is dead-lettered
/// let stats = bus.stats();
/// let hottest = stats.partitions.iter().find_map(|partition| partition.hottest_keys.first()).unwrap();
/// assert_eq!(hottest.share, 1.0); // of the partition's records
/// // Which key it is, the dead letters say.
/// assert_eq!(bus.dead_letters()[0].header("carom-key-hash"), Some(hottest.hash.as_str()));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct HotKey {
    /// Hash of topic and key, 16 hex digits: the one in the header `carom-key-hash` of dead letters. Keys themselves
    /// can be personal data.
    pub hash: String,
    /// Share of the partition's records that have this key, from 0 to 1. An estimate: one record of each batch stands
    /// for all of it, what is older counts less, and where there are many keys a share may be too high by that of a
    /// rare one.
    pub share: f64,
}

/// Keys that are counted at a time.
const SLOTS: usize = 32;

/// Keys that are told.
const TOLD: usize = 10;

/// Counts the most frequent keys in bounded memory: *space-saving* (Metwally, Agrawal, El Abbadi, 2005).
///
/// A key that is new takes the slot of the rarest one and its count, so a count may be too high, by the count that was
/// taken over, and never too low. Each key with more than one in [`SLOTS`] of all records is there.
#[derive(Debug, Default)]
pub(super) struct HotKeys {
    /// Hash and count. Hashes and not keys, which are of any length, and can be personal data.
    slots: Vec<(u64, u64)>,
    /// Records without a key too, for the shares.
    total: u64,
}

impl HotKeys {
    /// `n` records with the key of this hash.
    pub(super) fn add(&mut self, hash: u64, n: u64) {
        self.total += n;
        if let Some((_, count)) = self.slots.iter_mut().find(|(known, _)| *known == hash) {
            *count += n;
        } else if self.slots.len() < SLOTS {
            self.slots.push((hash, n));
        } else if let Some(rarest) = self.slots.iter_mut().min_by_key(|(_, count)| *count) {
            *rarest = (hash, rarest.1 + n);
        }
    }

    /// `n` records without a key.
    pub(super) fn add_keyless(&mut self, n: u64) {
        self.total += n;
    }

    /// What was counted so far counts half from now on: a key that was hot yesterday would stay in front otherwise.
    pub(super) fn fade(&mut self) {
        self.total /= 2;
        self.slots.iter_mut().for_each(|(_, count)| *count /= 2);
        self.slots.retain(|&(_, count)| count > 0);
    }

    pub(super) fn hottest(&self) -> Vec<HotKey> {
        let mut slots = self.slots.clone();
        slots.sort_by_key(|&(hash, count)| (std::cmp::Reverse(count), hash));
        let of = |(hash, count): (u64, u64)| HotKey {
            hash: format!("{hash:016x}"),
            share: (count as f64 / self.total.max(1) as f64).min(1.0),
        };
        slots.into_iter().take(TOLD).map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hot_key_is_found_among_many_others() {
        let mut keys = HotKeys::default();
        for n in 0..10_000 {
            keys.add(if n % 5 == 0 { 7 } else { 1_000 + n }, 1);
        }
        let hottest = keys.hottest();
        assert_eq!((hottest[0].hash.as_str(), hottest.len()), ("0000000000000007", TOLD));
        assert!((0.2..0.26).contains(&hottest[0].share), "{}", hottest[0].share);
        assert_eq!(keys.slots.len(), SLOTS);
    }

    #[test]
    fn a_count_is_never_too_low() {
        let mut keys = HotKeys::default();
        (0..4_000).for_each(|n| keys.add(n % 40, 1));
        // Fails when a new key starts from 0 in the slot that it takes: each comes back after it was pushed out.
        assert!(keys.slots.iter().all(|&(_, count)| count >= 100), "{:?}", keys.slots);
    }

    #[test]
    fn what_is_old_fades() {
        let mut keys = HotKeys::default();
        keys.add(1, 8);
        (0..4).for_each(|_| keys.fade());
        assert_eq!(keys.hottest(), []);
        keys.add(2, 3);
        keys.add_keyless(1);
        assert_eq!(keys.hottest(), [HotKey { hash: format!("{:016x}", 2), share: 0.75 }]);
    }
}
