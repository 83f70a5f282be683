//! What is wrong with the options of a cluster, found without one.

use rdkafka::{
    consumer::BaseConsumer,
    error::{KafkaError, KafkaResult},
    producer::BaseProducer,
};

use super::{Kafka, Publishing, addresses, cluster::Cluster, layers::Scope, options};

impl Kafka {
    /// What is wrong with the options, one sentence each; asks librdkafka, not a broker. A bus refuses to start with
    /// any.
    ///
    /// Empty if all is well. No sentence quotes a secret.
    ///
    /// ```
    /// use carom::Kafka;
    ///
    /// let kafka = Kafka::new("kafka-1:9092").consumer("fetch.min.byte", "1").set("enable.auto.commit", "true");
    /// let problems = kafka.problems();
    /// assert!(problems[0].starts_with("`enable.auto.commit` is not yours to set"));
    /// assert!(problems[1].ends_with("did you mean `fetch.min.bytes`?"));
    /// ```
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        match &self.cluster {
            Cluster::Servers(servers) if servers.text.trim().is_empty() => problems.push(
                "no broker is named: write `Kafka::new(\"host:9092\")`, or `Kafka::embedded()` to try out; in settings \
                 `kafka.bootstrap_servers` (`CAROM__KAFKA__BOOTSTRAP_SERVERS`), where `embedded` is the broker to try out"
                    .to_owned(),
            ),
            Cluster::Servers(servers) => problems.extend(addresses::problems(servers)),
            Cluster::Embedded(_) => {}
        }
        problems.extend(self.options.iter().filter_map(|(key, value)| options::problem(key, value)));
        if problems.is_empty() {
            problems.extend(self.clients_problem("consumer", |kafka| {
                kafka.consumer_layers("check", "check").create::<BaseConsumer>().map(drop)
            }));
            let producer = self.clients_problem("producer", |kafka| {
                kafka.producer_layers("check", Publishing::Events).create::<BaseProducer>().map(drop)
            });
            // What both need is said once.
            problems.extend(producer.filter(|problem| !problems.contains(problem)));
        }
        problems
    }

    /// Creates a client that knows no broker: only librdkafka itself can tell which options contradict each other.
    fn clients_problem(&self, client: &str, create: impl FnOnce(&Self) -> KafkaResult<()>) -> Option<String> {
        let reason = match create(self).err()? {
            KafkaError::ClientCreation(reason) | KafkaError::ClientConfig(_, reason, ..) => reason,
            other => other.to_string(),
        };
        if let Some(feature) = options::missing_feature(&reason) {
            let scope = if client == "consumer" { Scope::Consumer } else { Scope::Producer };
            let of = |option: &str| Some(format!("`{option} = {}`", self.options.shown(scope, option)?));
            let asked = ["sasl.mechanism", "sasl.mechanisms", "security.protocol"].into_iter().find_map(of);
            let asked = asked.unwrap_or_else(|| format!("an option of the {client}"));
            return Some(format!("{asked} needs {feature}"));
        }
        Some(format!("librdkafka refuses the {client}'s options: {}", self.secrets().hide(&reason)))
    }
}
