//! What does not go together with the addresses or with another option, and what librdkafka says nothing of: it drops
//! an address whose protocol is not its own, and a member that is silent for longer than its session is thrown out.

use super::{GroupProtocol, Kafka, Publishing, addresses, cluster::Cluster};

impl Kafka {
    /// One sentence for each pair, of options that are good by themselves. The embedded broker has its own.
    pub(super) fn problems_together(&self) -> Vec<String> {
        let Cluster::Servers(servers) = &self.cluster else { return Vec::new() };
        let consumer = self.consumer_layers("check", "check").create_native_config();
        let producer = self.producer_layers("check", Publishing::Events).create_native_config();
        let (Ok(consumer), Ok(producer)) = (consumer, producer) else { return Vec::new() };
        let mut problems = Vec::new();
        // A bus may have clients of one kind only.
        let spoken = [&consumer, &producer].map(|config| config.get("security.protocol").unwrap_or_default());
        let [dropped, also_dropped] = spoken.each_ref().map(|spoken| addresses::of_another_protocol(servers, spoken));
        if !also_dropped.is_empty() {
            problems.extend(dropped);
        }
        let millis = |option: &str| consumer.get(option).ok()?.parse::<u64>().ok();
        if let (Some(beat), Some(session)) = (millis("heartbeat.interval.ms"), millis("session.timeout.ms"))
            && beat >= session
            && self.group_protocol == GroupProtocol::Classic
        {
            problems.push(format!(
                "`heartbeat.interval.ms` is {beat}, and `session.timeout.ms` {session}: the group would take each member for \
                 dead between two heartbeats; write a third of the session at most"
            ));
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Fails when the shorter session of the embedded broker counts.
    #[test]
    fn settings_for_production_start_on_the_embedded_broker() {
        assert_eq!(Kafka::embedded().consumer("heartbeat.interval.ms", "3000").problems(), [""; 0]);
    }

    #[test]
    fn a_member_that_is_silent_for_longer_than_its_session_is_a_problem() {
        let kafka = |beat| Kafka::new("localhost:9092").consumer("heartbeat.interval.ms", beat);
        let [problem] = &kafka("45000").problems()[..] else { panic!("one problem") };
        assert!(problem.starts_with("`heartbeat.interval.ms` is 45000, and `session.timeout.ms` 45000: "), "{problem}");
        assert_eq!(kafka("44999").problems(), [""; 0]);
        assert_eq!(Kafka::new("localhost:9092").consumer("session.timeout.ms", "3000").problems().len(), 1);
    }

    // Fails when the default of the option is taken for none, or an address without a protocol for one.
    #[test]
    fn an_address_of_another_protocol_is_a_problem() {
        let kafka = Kafka::new("a:1,SSL://b:2,plaintext://c:3");
        let [problem] = &kafka.problems()[..] else { panic!("one problem") };
        let begin = "`SSL://b:2` is for `security.protocol = ssl`, and that is `plaintext`: write \
                     `.set(\"security.protocol\", \"ssl\")` on `Kafka`";
        assert!(problem.starts_with(begin), "{problem}");
        let sasl = Kafka::new("SASL_PLAINTEXT://a:1").set("security.protocol", "sasl_plaintext");
        let sasl = sasl.set("sasl.mechanism", "PLAIN").set("sasl.username", "me").set("sasl.password", "x");
        assert_eq!(sasl.problems(), [""; 0]);
        // A bus without actors has no consumer.
        assert_eq!(
            Kafka::new("SASL_PLAINTEXT://a:1").producer("security.protocol", "sasl_plaintext").problems_together(),
            [""; 0]
        );
    }
}
