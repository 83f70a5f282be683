//! Buses of this process that are in one consumer group.
//!
//! Several instances of one service are what a group is for. Two buses that handle different things of one topic are
//! not: each gets some of the partitions, and skips there what only the other one handles. Between processes nobody can
//! tell, since a service that is being updated looks the same; within one it is a mistake for sure.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use super::plan::Planned;
use crate::{
    Error,
    dispatch::{RouteTable, TopicRoutes},
    error::Problem,
};

/// The memberships of all buses that run.
static MEMBERS: Mutex<Vec<Weak<Membership>>> = Mutex::new(Vec::new());

/// A bus that runs, as the others see it; it ends when this is dropped.
pub(super) struct Membership {
    /// Addresses of the cluster, as they were given: groups of two clusters may have one name. They may be secret.
    servers: String,
    group: String,
    routes: Arc<RouteTable>,
}

impl Membership {
    /// Enters the group, unless a bus is in it that handles other things of a topic of this one.
    pub(super) fn enter(planned: &Planned) -> Result<Arc<Self>, Error> {
        let new = Arc::new(Self {
            servers: planned.options.kafka.bootstrap_servers().unwrap_or_default(),
            group: planned.identity.group.clone(),
            routes: Arc::clone(&planned.routes),
        });
        let mut members = MEMBERS.lock().unwrap_or_else(PoisonError::into_inner);
        members.retain(|member| member.strong_count() > 0);
        if let Some(topic) = members.iter().filter_map(Weak::upgrade).find_map(|member| new.differs(&member)) {
            return Err(Error::Misconfigured(vec![new.problem(topic)]));
        }
        members.push(Arc::downgrade(&new));
        Ok(new)
    }

    /// A topic of which the two would lose something to each other.
    fn differs(&self, other: &Self) -> Option<&Arc<TopicRoutes>> {
        let one_group = self.group == other.group && self.servers == other.servers;
        let differ = |routes: &&Arc<TopicRoutes>| {
            other.routes.get(&routes.topic).is_some_and(|others| handled(routes) != handled(others))
        };
        self.routes.values().filter(|_| one_group).find(differ)
    }

    fn problem(&self, routes: &TopicRoutes) -> Problem {
        let text = format!(
            "another bus of this process is in the consumer group `{}` too, and handles other events of the topic `{}`, or has \
             other actors for them: each of the two gets some of the partitions, and skips there what only the other one \
             handles; supervise all these actors on one bus, or give one of the two another `.service(..)` or `.group(..)`",
            self.group, routes.topic
        );
        Problem::at(routes.members[0].actor.location, text)
    }
}

/// What is handled of a topic, and by whom.
fn handled(routes: &TopicRoutes) -> BTreeSet<(&'static str, &'static str)> {
    let members = routes.members.iter();
    members.flat_map(|member| member.by_type.keys().map(|event_type| (member.actor.name, *event_type))).collect()
}
