//! What the clients really get that is not librdkafka's own default.

use rdkafka::{ClientConfig, config::NativeClientConfig};

use super::{
    Kafka, Publishing, Secrets, addresses::servers_shown, cluster::Cluster, layers::Scope, misplaced, secrets::Value,
};

/// An option whose value is not librdkafka's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) option: String,
    /// Without secrets.
    pub(crate) value: String,
    /// `None` if librdkafka leaves it without a value.
    pub(crate) default: Option<String>,
    /// The value is the user's own.
    pub(crate) given: bool,
}

/// Names that the bus tells in its own words, unless somebody set them.
const TOLD_ELSEWHERE: &[&str] = &["bootstrap.servers", "client.id", "group.id"];

impl Kafka {
    /// What consumers get that is not librdkafka's default, sorted.
    pub(crate) fn consumer_differences(&self) -> Vec<Difference> {
        self.differences(&self.consumer_layers("group", "client"), Scope::Consumer)
    }

    /// What producers of events get that is not librdkafka's default, sorted.
    pub(crate) fn producer_differences(&self) -> Vec<Difference> {
        self.differences(&self.producer_layers("client", Publishing::Events), Scope::Producer)
    }

    /// What a producer of dead letters gets other than a producer of events, sorted.
    pub(crate) fn dead_letter_differences(&self) -> Vec<Difference> {
        let Some(fresh) = fresh() else { return Vec::new() };
        let events = self.producer_layers("client", Publishing::Events);
        let letters = self.producer_layers("client", Publishing::DeadLetters);
        let other = letters.config_map().into_iter().filter(|(option, _)| letters.get(option) != events.get(option));
        let scope = Scope::Producer;
        other.map(|(option, value)| self.difference(scope, option, value, default_of(&fresh, scope, option))).collect()
    }

    fn differences(&self, config: &ClientConfig, scope: Scope) -> Vec<Difference> {
        let (Some(fresh), Ok(real)) = (fresh(), config.create_native_config()) else { return Vec::new() };
        let told = |option: &str| TOLD_ELSEWHERE.contains(&option) && self.options.given(scope, option).is_none();
        let ignored = self.ignored(config, scope);
        let is_listed = |option: &str| !told(option) && !ignored.iter().any(|ignored| ignored == option);
        let options = config.config_map().into_iter().filter(|(option, _)| is_listed(option));
        let differences = options.filter_map(|(option, value)| {
            let default = default_of(&fresh, scope, option);
            (real.get(option).ok() != default).then(|| self.difference(scope, option, value, default))
        });
        differences.collect()
    }

    /// What was given for all clients and is not for those of this kind.
    fn ignored(&self, config: &ClientConfig, scope: Scope) -> Vec<String> {
        let ignored = match scope {
            _ if self.options.is_empty(Scope::All) => return Vec::new(),
            Scope::Producer => misplaced::of_producer(config.clone()),
            Scope::Consumer | Scope::All => {
                // Without a group there is none to leave, which takes a moment.
                let mut config = config.clone();
                config.remove("group.id");
                misplaced::of_consumer(config)
            }
        };
        ignored.unwrap_or_default()
    }

    /// One line of the list: a value in place of the user's is as secret as that.
    fn difference(&self, scope: Scope, option: &str, value: &str, default: Option<String>) -> Difference {
        let given = self.options.given(scope, option);
        let shown = Value { text: value.to_owned(), hidden: given.is_some_and(|given| given.hidden) }.shown(option);
        let given = given.is_some_and(|given| given.text == value);
        Difference { option: option.to_owned(), value: shown, default, given }
    }

    /// The `client.id` of a client, as it may be shown: `service`, unless an option says something else.
    pub(crate) fn client_id(&self, scope: Scope, service: &str) -> String {
        self.options.shown(scope, "client.id").unwrap_or_else(|| service.to_owned())
    }

    /// Where the clients connect, for people.
    pub(crate) fn servers_shown(&self) -> String {
        match &self.cluster {
            Cluster::Servers(servers) => servers_shown(servers),
            Cluster::Embedded(broker) => broker.bootstrap_servers().unwrap_or_else(|error| error.to_string()),
        }
    }

    /// Where the clients connect, unless that must not be shown.
    pub(crate) fn servers_on_spans(&self) -> Option<String> {
        match &self.cluster {
            Cluster::Servers(servers) if servers.is_secret("bootstrap.servers") => None,
            Cluster::Servers(servers) => Some(servers_shown(servers)),
            Cluster::Embedded(broker) => broker.bootstrap_servers().ok(),
        }
    }

    /// What must not stand in any text. Of hidden servers also each by itself: the client's messages name one.
    pub(crate) fn secrets(&self) -> Secrets {
        const SERVERS: &str = "bootstrap.servers";
        let Cluster::Servers(servers) = &self.cluster else { return Secrets::of(self.options.iter()) };
        let hidden = |text: &str| {
            // The client writes the protocol in its own way, or leaves it out.
            let bare = text.rsplit_once("://").map_or(text, |(_, bare)| bare);
            Value { text: bare.trim().to_owned(), hidden: servers.hidden }
        };
        let each: Vec<_> = servers.text.split(',').map(hidden).collect();
        Secrets::of(self.options.iter().chain([servers].into_iter().chain(&each).map(|value| (SERVERS, value))))
    }

    /// The value of librdkafka's `partitioner`.
    pub(crate) fn partitioner_shown(&self) -> &'static str {
        self.partitioner.config_value()
    }

    /// What librdkafka does not let a consumer do for longer: `max.poll.interval.ms`.
    pub(crate) fn max_poll_interval(&self) -> Option<std::time::Duration> {
        let config = self.consumer_layers("group", "client");
        config.get("max.poll.interval.ms")?.parse().ok().map(std::time::Duration::from_millis)
    }
}

/// A configuration that nobody has changed. One option of a topic is set to what it is by default: options of topics
/// are readable only when one was set.
pub(super) fn fresh() -> Option<NativeClientConfig> {
    ClientConfig::new().set("auto.offset.reset", "largest").create_native_config().ok()
}

/// librdkafka's own default of an option; `None` if it leaves it without a value.
pub(super) fn default_of(fresh: &NativeClientConfig, scope: Scope, option: &str) -> Option<String> {
    // Its CONFIGURATION.md says so; the configuration only becomes so when a producer is made of it.
    if scope == Scope::Producer && option == "allow.auto.create.topics" {
        return Some("true".to_owned());
    }
    fresh.get(option).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::{Layers, Value};

    fn find<'a>(differences: &'a [Difference], option: &str) -> Option<&'a Difference> {
        differences.iter().find(|difference| difference.option == option)
    }

    #[test]
    fn only_what_differs_is_listed_with_the_default_beside_it() {
        let kafka = Kafka::new("localhost:9092").consumer("client.rack", "eu-1a").set("check.crcs", "false");
        let consumer = kafka.consumer_differences();
        let reset = find(&consumer, "auto.offset.reset").unwrap();
        assert_eq!((reset.value.as_str(), reset.default.as_deref()), ("earliest", Some("largest")));
        let rack = find(&consumer, "client.rack").unwrap();
        assert_eq!(rack.value, "eu-1a");
        let shared = Kafka::new("localhost:9092").set("linger.ms", "7").set("fetch.min.bytes", "3");
        let of_both = [shared.consumer_differences(), shared.producer_differences()];
        let listed = of_both.map(|all| [find(&all, "linger.ms").is_some(), find(&all, "fetch.min.bytes").is_some()]);
        assert_eq!(listed, [[false, true], [true, false]], "each where it has an effect");
        for same in ["isolation.level", "check.crcs", "fetch.min.bytes", "group.id", "client.id"] {
            assert_eq!(find(&consumer, same), None, "{same}");
        }
        let producer = kafka.producer_differences();
        assert_eq!(find(&producer, "enable.idempotence").unwrap().value, "true");
        // An alias on our side, another name on librdkafka's.
        assert_eq!(find(&producer, "delivery.timeout.ms").unwrap().default.as_deref(), Some("300000"));
        assert_eq!(find(&producer, "acks"), None);
        // Only a producer would create topics by itself.
        assert_eq!(find(&producer, "allow.auto.create.topics").unwrap().default.as_deref(), Some("true"));
        assert_eq!(find(&consumer, "allow.auto.create.topics"), None);
        assert_eq!(find(&producer, "client.rack"), None);
    }

    #[test]
    fn another_spelling_of_the_default_is_no_difference() {
        let kafka = Kafka::new("localhost:9092").consumer("auto.offset.reset", "latest");
        assert_eq!(find(&kafka.consumer_differences(), "auto.offset.reset"), None);
    }

    // Fails when the user's value is shown although carom gives another, when what is shared is told twice, and when what
    // is librdkafka's default is left out.
    #[test]
    fn dead_letters_tell_what_only_they_get() {
        let told = |kafka: &Kafka| {
            let differences = kafka.dead_letter_differences().into_iter();
            differences.map(|one| format!("{}={}", one.option, one.value)).collect::<Vec<_>>()
        };
        let kafka = Kafka::new("localhost:9092");
        assert_eq!(told(&kafka), ["delivery.timeout.ms=30000", "message.max.bytes=1065536"]);
        let mine = kafka.clone().producer("message.max.bytes", "934464");
        assert_eq!(told(&mine), ["delivery.timeout.ms=30000", "message.max.bytes=1000000"]);
        let large = kafka.producer("message.max.bytes", "2000000").producer("delivery.timeout.ms", "7000");
        assert_eq!(told(&large), ["message.max.bytes=2065536"]);
        assert!(!large.dead_letter_differences()[0].given && large.producer_differences().iter().any(|one| one.given));
    }

    #[test]
    fn what_the_embedded_broker_changes_is_listed() {
        let kafka = Kafka::embedded();
        for differences in [kafka.consumer_differences(), kafka.producer_differences()] {
            assert_eq!(find(&differences, "log.connection.close").unwrap().value, "false");
        }
        let mine = kafka.set("log.connection.close", "true");
        assert_eq!(find(&mine.consumer_differences(), "log.connection.close"), None);
    }

    // Fails when `shown` is asked for all clients only.
    #[test]
    fn secrets_are_not_listed() {
        let mut options = Layers::default();
        options.set(Scope::Consumer, "sasl.username", Value { text: "operator".to_owned(), hidden: true });
        let kafka = Kafka::new("localhost:9092").set("sasl.password", "hunter2").with_options(options);
        let differences = kafka.set("sasl.password", "hunter2").consumer_differences();
        assert_eq!(find(&differences, "sasl.password").unwrap().value, "***");
        assert_eq!(find(&differences, "sasl.username").unwrap().value, "***");
    }
}
