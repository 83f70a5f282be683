//! What is wrong with the options of a cluster, found without one.

use std::collections::HashSet;

use rdkafka::error::KafkaError;

use super::{Kafka, Publishing, addresses, cluster::Cluster, layers::Scope, misplaced, options};

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
        let is_refused_already = !problems.is_empty();
        problems.extend(self.problems_of_clients(is_refused_already));
        problems.extend(self.problems_together());
        // What is wrong for both kinds of clients is said once.
        let mut said = HashSet::new();
        problems.retain(|problem| said.insert(problem.clone()));
        problems
    }

    /// Creates clients that know no broker: only librdkafka itself can tell which options contradict each other, and
    /// which are for clients of which kind. Where an option `is_refused_already`, it need not be told again.
    fn problems_of_clients(&self, is_refused_already: bool) -> Vec<String> {
        let consumer = misplaced::of_consumer(self.consumer_layers("check", "check"));
        let producer = misplaced::of_producer(self.producer_layers("check", Publishing::Events));
        let kinds = [(Scope::Consumer, "consumer", "producer"), (Scope::Producer, "producer", "consumer")];
        let problems =
            kinds.into_iter().zip([consumer, producer]).flat_map(|((scope, client, other), made)| match made {
                Ok(ignored) => {
                    let mine = ignored.into_iter().filter(|option| self.options.has(scope, option));
                    mine.map(|option| misplaced_sentence(client, other, &option)).collect()
                }
                Err(_) if is_refused_already => Vec::new(),
                Err(error) => vec![self.refused(scope, client, error)],
            });
        problems.collect()
    }

    fn refused(&self, scope: Scope, client: &str, error: KafkaError) -> String {
        let reason = match error {
            KafkaError::ClientCreation(reason) | KafkaError::ClientConfig(_, reason, ..) => reason,
            other => other.to_string(),
        };
        if let Some(feature) = options::missing_feature(&reason) {
            let of = |option: &str| Some(format!("`{option} = {}`", self.options.shown(scope, option)?));
            let asked = ["sasl.mechanism", "security.protocol"].into_iter().find_map(of);
            let asked = asked.unwrap_or_else(|| format!("an option of the {client}"));
            return format!("{asked} needs {feature}");
        }
        format!("librdkafka refuses the {client}'s options: {}", self.secrets().hide(&reason))
    }
}

fn misplaced_sentence(client: &str, other: &str, option: &str) -> String {
    format!(
        "`{option}` has no effect on a {client}: it is an option of {other}s; write `.{other}(\"{option}\", ..)`, or the \
         setting `kafka.{other}.{}`",
        option.replace('.', "_")
    )
}
