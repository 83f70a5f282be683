//! What a profile asks of the settings of a bus.

use super::options::{Identity, Options};
use crate::{
    error::Problem,
    event::{Mode, Partitioner, Profile, is_domain},
};

/// What services of the profile could not read, or would look for somewhere else.
pub(super) fn problems(options: &Options, identity: &Identity) -> Vec<Problem> {
    match options.profile {
        Profile::Carom => Vec::new(),
        Profile::Momentum => momentum(options, identity),
    }
}

fn momentum(options: &Options, identity: &Identity) -> Vec<Problem> {
    let mut problems = Vec::new();
    if options.mode == Mode::Structured {
        problems.push(Problem::new(
            "Momentum cannot read events in structured mode; leave `.mode(..)` out, or leave `.profile(Profile::Momentum)` out",
        ));
    }
    problems.extend(options.structured.iter().map(|event| {
        let text = format!(
            "Momentum cannot read `{name}` in structured mode; leave `.structured::<{name}>()` out, or publish it from a bus \
             without `.profile(Profile::Momentum)`",
            name = event.rust_name
        );
        Problem::at(event.location, text)
    }));
    let partitioner = options.kafka.partitioner_choice();
    if partitioner != Partitioner::Librdkafka {
        problems.push(Problem::new(format!(
            "`Partitioner::{partitioner:?}` puts keys on other partitions than Momentum does; leave `.partitioner(..)` out"
        )));
    }
    let domain = &identity.domain;
    // A domain that follows from a wrong service name is no second mistake.
    if !is_domain(domain) && (options.domain.is_some() || identity.service_is_valid()) {
        problems.push(Problem::new(format!(
            "`{domain}` is no domain of a Momentum service; set one of letters and digits that begins with a letter, such as \
             `.domain(\"AppDomain\")`"
        )));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Bus, Error, Kafka, event::Descriptor};

    fn bus() -> Bus {
        Bus::new(Kafka::new("localhost:1")).service("appdomain-api").domain("AppDomain").profile(Profile::Momentum)
    }

    fn refused(bus: Bus) -> Vec<String> {
        match bus.plan() {
            Ok(_) => Vec::new(),
            Err(Error::Misconfigured(problems)) => problems.iter().map(ToString::to_string).collect(),
            Err(other) => panic!("{other}"),
        }
    }

    // Fails when `plan` does not ask for the problems of the profile.
    #[test]
    fn what_momentum_cannot_read_is_refused_at_start() {
        assert_eq!(refused(bus()), Vec::<String>::new());
        for (bus, expected) in [
            (bus().mode(Mode::Structured), "leave `.mode(..)` out"),
            (bus().structured::<crate::event::fixture::OrderPlaced>(), "leave `.structured::<OrderPlaced>()` out"),
            (bus().domain("app-domain"), "`app-domain` is no domain of a Momentum service"),
            (bus().domain("1st"), "such as `.domain(\"AppDomain\")`"),
        ] {
            let problems = refused(bus);
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert!(problems[0].contains(expected), "{problems:?}");
        }
        let java = Bus::new(Kafka::new("localhost:1").partitioner(Partitioner::Java)).profile(Profile::Momentum);
        assert!(refused(java.service("shop"))[0].contains("`Partitioner::Java` puts keys on other partitions"));
    }

    #[test]
    fn one_wrong_service_name_is_one_problem() {
        let problems = refused(Bus::new(Kafka::new("localhost:1")).service("Shop_1").profile(Profile::Momentum));
        assert_eq!(problems.len(), 1, "{problems:?}");
    }

    #[test]
    fn the_other_profile_asks_for_nothing() {
        let free = Bus::new(Kafka::new("localhost:1").partitioner(Partitioner::Java)).mode(Mode::Structured);
        assert_eq!(refused(free.service("shop").domain("app-domain")), Vec::<String>::new());
    }

    // Fails when `is_full_name` lets a dash pass.
    #[test]
    fn a_type_that_is_no_name_of_net_is_warned_about() {
        let event = |event_type| Descriptor { event_type, ..crate::event::fixture::ORDER_PLACED };
        let warning = Profile::Momentum.type_warning(&event("sales.order-placed.v1")).unwrap();
        assert!(warning.starts_with("src/order.rs:7: `OrderPlaced` has the type `sales.order-placed.v1`"), "{warning}");
        assert!(warning.ends_with("write `#[event(type = \"Namespace.OrderPlaced\")]`"), "{warning}");
        assert_eq!(Profile::Momentum.type_warning(&event("Sales.Orders.OrderPlaced")), None);
        assert_eq!(Profile::Momentum.type_warning(&event("Outer_Sales.Orders.Outer_Placed")), None);
        assert!(Profile::Momentum.type_warning(&event("Sales..OrderPlaced")).is_some());
        assert_eq!(Profile::Carom.type_warning(&event("sales.order-placed.v1")), None);
    }
}
