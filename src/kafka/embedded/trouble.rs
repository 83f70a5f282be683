//! Trouble on purpose: outages, errors, a slow network and leaders that move, for tests of what outlives them.

use std::time::Duration;

use super::{Embedded, EmbeddedError};
use crate::kafka::raw::mock::ALL_BROKERS;

impl Embedded {
    /// Cuts all connections and accepts no new ones until [`broker_up`](Self::broker_up). Records are kept.
    ///
    /// # Errors
    ///
    /// If the cluster cannot be started, or refuses.
    ///
    /// ```
    /// use carom::{Bus, Event, Kafka};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, Event)]
    /// # #[event(entity = Order, domain = "sales")]
    /// # struct OrderPlaced { #[event(key)] order_id: u64 }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let kafka = Kafka::embedded();
    /// let bus = Bus::new(kafka.clone()).service("shop").spawn().await?;
    /// let broker = kafka.broker().ok_or("it is embedded")?;
    /// bus.publish(OrderPlaced { order_id: 7 }).await?;
    ///
    /// broker.broker_down()?;
    /// let (published, up) = tokio::join!(
    ///     bus.publish(OrderPlaced { order_id: 8 }), // waits for a broker
    ///     async { broker.broker_up() },
    /// );
    /// up?;
    /// published?; // it got through
    /// # bus.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn broker_down(&self) -> Result<(), EmbeddedError> {
        self.cluster()?.set_down(ALL_BROKERS).map_err(|code| EmbeddedError::new("go down", code))
    }

    /// Accepts connections again, after [`broker_down`](Self::broker_down). Clients of carom try every 10 ms at first.
    ///
    /// # Errors
    ///
    /// If the cluster cannot be started, or refuses.
    ///
    /// ```
    /// # fn main() -> Result<(), carom::kafka::EmbeddedError> {
    /// let broker = carom::kafka::Embedded::new();
    /// broker.broker_down()?;
    /// broker.broker_up()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn broker_up(&self) -> Result<(), EmbeddedError> {
        self.cluster()?.set_up(ALL_BROKERS).map_err(|code| EmbeddedError::new("come up", code))
    }

    /// As [`broker_down`](Self::broker_down), for one broker of several (they count from 1). The others go on; what it
    /// leads or coordinates stays with it.
    ///
    /// # Errors
    ///
    /// If the cluster cannot be started, or has no such broker.
    ///
    /// ```
    /// # fn main() -> Result<(), carom::kafka::EmbeddedError> {
    /// let cluster = carom::kafka::Embedded::with_brokers(3);
    /// cluster.one_broker_down(2)?;
    /// assert!(cluster.one_broker_down(4).is_err()); // no such broker
    /// cluster.one_broker_up(2)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn one_broker_down(&self, broker: i32) -> Result<(), EmbeddedError> {
        self.cluster()?.set_down(broker).map_err(|code| EmbeddedError::new(format!("take broker {broker} down"), code))
    }

    /// Has it accept connections again, after [`one_broker_down`](Self::one_broker_down).
    ///
    /// # Errors
    ///
    /// If the cluster cannot be started, or has no such broker.
    ///
    /// ```
    /// # fn main() -> Result<(), carom::kafka::EmbeddedError> {
    /// let cluster = carom::kafka::Embedded::with_brokers(2);
    /// cluster.one_broker_down(1)?;
    /// cluster.one_broker_up(1)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn one_broker_up(&self, broker: i32) -> Result<(), EmbeddedError> {
        self.cluster()?.set_up(broker).map_err(|code| EmbeddedError::new(format!("take broker {broker} up"), code))
    }

    /// Moves a consumer group to a broker (they count from 1), which is its coordinator from then on.
    ///
    /// # Errors
    ///
    /// If the cluster cannot be started, or has no such broker.
    ///
    /// ```
    /// # fn main() -> Result<(), carom::kafka::EmbeddedError> {
    /// let cluster = carom::kafka::Embedded::with_brokers(2);
    /// cluster.set_coordinator("billing", 2)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_coordinator(&self, group: &str, broker: i32) -> Result<(), EmbeddedError> {
        let moved = self.cluster()?.set_coordinator(group, broker);
        moved.map_err(|code| EmbeddedError::new(format!("move the group {group}"), code))
    }

    /// Makes the next requests of one kind fail, one per error, in this order.
    ///
    /// Both are numbers of the Kafka protocol: API key 0 is Produce, 1 Fetch, 8 OffsetCommit, 9 OffsetFetch, 11
    /// JoinGroup, 12 Heartbeat; error 6 is NOT_LEADER_OR_FOLLOWER, 16 NOT_COORDINATOR. Error −195 cuts the connection.
    ///
    /// # Errors
    ///
    /// If the cluster cannot be started.
    ///
    /// ```
    /// use carom::{Bus, Event, Kafka};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, Event)]
    /// # #[event(entity = Order, domain = "sales")]
    /// # struct OrderPlaced { #[event(key)] order_id: u64 }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let kafka = Kafka::embedded();
    /// let bus = Bus::new(kafka.clone()).service("shop").spawn().await?;
    /// let broker = kafka.broker().ok_or("it is embedded")?;
    /// bus.publish(OrderPlaced { order_id: 7 }).await?;
    ///
    /// broker.inject_errors(0, &[6])?; // the next Produce comes to the wrong broker
    /// bus.publish(OrderPlaced { order_id: 8 }).await?; // librdkafka sends it again
    /// # bus.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn inject_errors(&self, api_key: i16, errors: &[i32]) -> Result<(), EmbeddedError> {
        self.cluster()?.push_errors(api_key, errors);
        Ok(())
    }

    /// Takes back what is left of [`inject_errors`](Self::inject_errors).
    ///
    /// # Errors
    ///
    /// If the cluster cannot be started.
    ///
    /// ```
    /// # fn main() -> Result<(), carom::kafka::EmbeddedError> {
    /// let broker = carom::kafka::Embedded::new();
    /// broker.inject_errors(8, &[16; 100])?; // no commit gets through
    /// broker.clear_errors(8)?; // now they do
    /// # Ok(())
    /// # }
    /// ```
    pub fn clear_errors(&self, api_key: i16) -> Result<(), EmbeddedError> {
        self.cluster()?.clear_errors(api_key);
        Ok(())
    }

    /// Delays every answer by this much, in whole milliseconds. Default: 0.
    ///
    /// # Errors
    ///
    /// If the cluster cannot be started, or refuses.
    ///
    /// ```
    /// # fn main() -> Result<(), carom::kafka::EmbeddedError> {
    /// use std::time::Duration;
    ///
    /// let broker = carom::kafka::Embedded::new();
    /// broker.set_round_trip_time(Duration::from_millis(80))?; // another continent
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_round_trip_time(&self, time: Duration) -> Result<(), EmbeddedError> {
        let set = self.cluster()?.set_round_trip_time(time);
        set.map_err(|code| EmbeddedError::new("change its round-trip time", code))
    }

    /// Moves a partition to a broker (they count from 1); `None` leaves it without a leader.
    ///
    /// # Errors
    ///
    /// If the cluster cannot be started, or refuses: there is no such partition or broker. A topic that does not exist
    /// is created.
    ///
    /// ```
    /// # fn main() -> Result<(), carom::kafka::EmbeddedError> {
    /// let broker = carom::kafka::Embedded::with_brokers(2);
    /// broker.create_topic("orders", 1)?;
    /// broker.set_leader("orders", 0, Some(2))?;
    /// assert!(broker.set_leader("orders", 7, Some(2)).is_err()); // no such partition
    /// assert!(broker.set_leader("orders", 0, Some(9)).is_err()); // no such broker
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_leader(&self, topic: &str, partition: i32, broker: Option<i32>) -> Result<(), EmbeddedError> {
        let moved = self.cluster()?.set_leader(topic, partition, broker.unwrap_or(-1));
        moved.map_err(|code| EmbeddedError::new(format!("move the leader of {topic}[{partition}]"), code))
    }
}
