//! What a bus says of itself when it starts: one block that an operator can read.

use std::fmt::{self, Write as _};

use crate::{
    Route,
    kafka::{Difference, Topics, without_user_info},
};

/// Everything the report tells.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) version: &'static str,
    pub(super) librdkafka: String,
    pub(super) service: String,
    pub(super) group: String,
    pub(super) source: String,
    pub(super) environment: String,
    /// Addresses, without user info.
    pub(super) brokers: String,
    pub(super) embedded: bool,
    pub(super) partitioner: &'static str,
    pub(super) topics: Topics,
    pub(super) routes: Vec<Route>,
    pub(super) dead_letters: Vec<String>,
    /// Topics and types that are published, beside those of the routes.
    pub(super) publishes: Vec<String>,
    pub(super) consumer: Vec<Difference>,
    pub(super) producer: Vec<Difference>,
    /// What the producer of dead letters gets other than that of events.
    pub(super) of_dead_letters: Vec<Difference>,
    pub(super) warnings: Vec<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text(self))
    }
}

fn text(report: &Report) -> String {
    let consumes = !report.routes.is_empty();
    let place = if report.embedded { " (inside this process; it forgets)" } else { "" };
    let mut out = format!("the bus starts: carom {} on librdkafka {}", report.version, report.librdkafka);
    let facts = [
        ("service", report.service.clone(), true),
        ("group", report.group.clone(), consumes),
        ("source", without_user_info(&report.source), true),
        ("environment", report.environment.clone(), true),
        ("brokers", format!("{}{place}", report.brokers), true),
        ("partitioner", report.partitioner.to_owned(), true),
        ("topics", topics(report.topics).to_owned(), true),
    ];
    for (name, value, _) in facts.iter().filter(|(.., said)| *said) {
        // Writing to a text does not fail.
        let _ = write!(out, "\n  {name:<12} {value}");
    }
    let routes: Vec<_> = report.routes.iter().map(ToString::to_string).collect();
    if !consumes {
        out.push_str("\n  routes       none: no actor is supervised, the bus only publishes");
    }
    list(&mut out, "routes", &routes);
    list(&mut out, "dead-letter topics", &report.dead_letters);
    list(&mut out, "also publishes", &report.publishes);
    if consumes {
        list(&mut out, "consumer settings that differ from librdkafka's defaults", &settings(&report.consumer));
    }
    list(&mut out, "producer settings that differ from librdkafka's defaults", &settings(&report.producer));
    if consumes {
        list(&mut out, "producer settings that are different for dead letters", &settings(&report.of_dead_letters));
    }
    list(&mut out, "warnings", &report.warnings);
    out
}

fn topics(mode: Topics) -> &'static str {
    match mode {
        Topics::Create => "created where they are missing",
        Topics::Verify => "have to exist",
        Topics::Ignore => "not looked at",
    }
}

fn settings(differences: &[Difference]) -> Vec<String> {
    let line = |difference: &Difference| {
        let default = difference.default.as_deref().filter(|default| !default.is_empty()).unwrap_or("not set");
        let whose = if difference.given { "yours, " } else { "" };
        format!("{} = {} ({whose}default: {default})", difference.option, difference.value)
    };
    // What somebody chose stands before what carom did.
    let (given, ours): (Vec<_>, Vec<_>) = differences.iter().partition(|difference| difference.given);
    given.into_iter().chain(ours).map(line).collect()
}

/// A heading and its lines; nothing if there are none.
fn list(out: &mut String, heading: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    out.push_str("\n  ");
    out.push_str(heading);
    for line in lines {
        out.push_str("\n    ");
        out.push_str(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(option: &str, value: &str, default: Option<&str>) -> Difference {
        let (default, given) = (default.map(str::to_owned), option == "sasl.password");
        Difference { option: option.to_owned(), value: value.to_owned(), default, given }
    }

    fn route() -> Route {
        Route {
            topic: "dev.sales.public.orders.v1".to_owned(),
            event_type: "sales.order-placed.v1".to_owned(),
            actor: "shop::Billing",
            dead_letter_topic: "dev.sales.public.orders.v1.billing-dev.dlq".to_owned(),
            has_key: false,
        }
    }

    fn report() -> Report {
        Report {
            version: "0.1.0",
            librdkafka: "2.12.1".to_owned(),
            service: "billing".to_owned(),
            group: "billing-dev".to_owned(),
            source: "/billing/billing".to_owned(),
            environment: "dev".to_owned(),
            brokers: "127.0.0.1:9092".to_owned(),
            embedded: false,
            partitioner: "consistent_random",
            topics: Topics::Create,
            routes: vec![route()],
            dead_letters: vec!["dev.sales.public.orders.v1.billing-dev.dlq".to_owned()],
            publishes: vec!["dev.sales.public.invoices.v1 sales.invoice-sent.v1".to_owned()],
            consumer: vec![difference("auto.offset.reset", "earliest", Some("largest"))],
            producer: vec![difference("linger.ms", "9", Some("5")), difference("sasl.password", "***", None)],
            of_dead_letters: vec![difference("delivery.timeout.ms", "30000", Some("300000"))],
            warnings: vec!["something reads odd".to_owned()],
        }
    }

    #[test]
    fn a_source_with_a_password_is_shown_without() {
        let report = Report { source: "https://me:hunter2@shop.example/x".to_owned(), ..report() };
        assert!(report.to_string().contains("\n  source       https://***@shop.example/x\n"));
    }

    #[test]
    fn the_report_reads_as_one_block() {
        assert_eq!(
            report().to_string(),
            "\
the bus starts: carom 0.1.0 on librdkafka 2.12.1
  service      billing
  group        billing-dev
  source       /billing/billing
  environment  dev
  brokers      127.0.0.1:9092
  partitioner  consistent_random
  topics       created where they are missing
  routes
    dev.sales.public.orders.v1 sales.order-placed.v1 -> shop::Billing (no key)
  dead-letter topics
    dev.sales.public.orders.v1.billing-dev.dlq
  also publishes
    dev.sales.public.invoices.v1 sales.invoice-sent.v1
  consumer settings that differ from librdkafka's defaults
    auto.offset.reset = earliest (default: largest)
  producer settings that differ from librdkafka's defaults
    sasl.password = *** (yours, default: not set)
    linger.ms = 9 (default: 5)
  producer settings that are different for dead letters
    delivery.timeout.ms = 30000 (default: 300000)
  warnings
    something reads odd"
        );
    }

    /// Of a partial bus: handlers of other tests are none of its business.
    fn of(bus: crate::Bus) -> String {
        bus.partial().plan().unwrap().report().to_string()
    }

    // Fails when the values of `Difference` are taken from the configuration as they are.
    #[test]
    fn no_secret_is_in_it() {
        let kafka = crate::Kafka::new("localhost:9092").set("sasl.password", "hunter2");
        let text = of(crate::Bus::new(kafka).service("billing"));
        assert!(text.contains("sasl.password = ***"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }

    #[test]
    fn a_drain_that_outlasts_the_groups_patience_is_a_warning() {
        let bus = |within| {
            crate::Bus::new(crate::Kafka::new("localhost:1").consumer("max.poll.interval.ms", "60000"))
                .drain_timeout(std::time::Duration::from_secs(within))
        };
        assert!(of(bus(31)).contains("warnings\n    the drain timeout of 31s is more than half"));
        assert!(!of(bus(30)).contains("warnings"));
    }

    // Fails when `Planned::warnings` leaves the environment to others.
    #[test]
    fn an_environment_that_is_cut_is_a_warning() {
        let bus = |name| {
            let bus = crate::Bus::new(crate::Kafka::new("localhost:1"));
            bus.environment(crate::event::Environment::new(name))
        };
        assert!(of(bus("test-eu")).contains("warnings\n    the environment `test-eu` is cut to `test` in the names"));
        assert!(!of(bus("production")).contains("warnings"));
    }

    #[test]
    fn a_bus_that_only_publishes_says_nothing_of_a_group() {
        let report = Report { routes: Vec::new(), warnings: Vec::new(), embedded: true, ..report() };
        let text = report.to_string();
        for absent in ["group", "consumer", "warnings"] {
            assert!(!text.contains(&format!("\n  {absent}")), "{text}");
        }
        assert!(text.contains("\n  routes       none: no actor is supervised"), "{text}");
        assert!(text.contains("brokers      127.0.0.1:9092 (inside this process; it forgets)"), "{text}");
    }
}
