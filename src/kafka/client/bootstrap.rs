//! The addresses that a client begins with, for when it has forgotten every broker.
//!
//! A broker that starts or stops can say that the cluster has topics and no brokers. librdkafka 2.12.1 then forgets all
//! that it knew, and may connect to nothing ever again (<https://github.com/confluentinc/librdkafka/issues/5301>).

use rdkafka::{
    ClientConfig,
    client::{Client, ClientContext},
};

use crate::{kafka::raw, telemetry::logs};

/// What health says until it is connected again; logged each time, also in an outage that was told before.
pub(in crate::kafka) const FORGOTTEN: &str = "the cluster named no broker and the client has forgotten all: it connects to the addresses of `bootstrap.servers` \
     again";

/// The addresses in a client's configuration.
#[derive(Debug, Clone)]
pub(in crate::kafka) struct Bootstrap(String);

impl Bootstrap {
    pub(in crate::kafka) fn of(config: &ClientConfig) -> Self {
        Self(config.get("bootstrap.servers").unwrap_or_default().to_owned())
    }

    /// Tells the client of them again, for one that knows no broker. It keeps each text that it is told.
    pub(in crate::kafka) fn introduce<C: ClientContext>(&self, client: &Client<C>, name: &str) {
        logs::client::forgot_brokers(name, FORGOTTEN);
        raw::add_brokers(client, &self.0);
    }
}

/// Whether a client with brokers of these sources, in the words of librdkafka's statistics, knows none that it could
/// connect to. Another one, such as the coordinator of a group, stands for a broker and goes with it.
pub(in crate::kafka) fn knows_none<'a>(sources: impl IntoIterator<Item = &'a str>) -> bool {
    !sources.into_iter().any(|source| matches!(source, "configured" | "learned"))
}
