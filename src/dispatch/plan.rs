//! Start-up checks: what this bus handles, and everything that is wrong with it, found at once.
//!
//! Promise 11 is kept here, as far as it is about handlers: problems are collected, and each has the file and the line
//! where it is to be mended. No broker is asked for that.

use std::{any::TypeId, collections::BTreeMap, sync::Arc};

use super::{
    registry::{Registration, registrations},
    route::{ActorSpec, HandlerSpec, Member, RouteTable, TopicRoutes},
};
use crate::{
    error::Problem,
    event::{Descriptor, Environment, Location, dead_letter_topic, topic_name},
};

/// What the checks need to know of a bus.
pub(crate) struct Plan<'a> {
    /// In the order of the `.supervise` calls; the place is the actor's rank.
    pub(crate) actors: &'a [Arc<ActorSpec>],
    /// The first segment of every topic.
    pub(crate) environment: &'a Environment,
    /// Events in whose topics what nobody handles is kept.
    pub(crate) kept: &'a [Kept],
    /// Part of the name of each dead-letter topic, which may be too long with it.
    pub(crate) group: &'a str,
    /// The service's own domain, to refuse other domains' internal events; `None` if it is not known.
    pub(crate) domain: Option<&'a str>,
    /// Handlers of actors that are not supervised here are all right.
    pub(crate) partial: bool,
}

/// What is handled of each topic.
type Topics = BTreeMap<Arc<str>, Vec<&'static Registration>>;

/// One `.dead_letter_unknown_types::<E>()`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kept {
    pub(crate) event: &'static Descriptor,
    /// Where that is written.
    pub(crate) location: Location,
}

impl Plan<'_> {
    /// The routes, or every problem.
    pub(crate) fn routes(&self) -> Result<RouteTable, Vec<Problem>> {
        self.routes_of(registrations())
    }

    /// The same of any registrations. In the order of the source, because the linker has none: so problems come in the
    /// same order each time.
    fn routes_of(&self, registered: impl Iterator<Item = &'static Registration>) -> Result<RouteTable, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut registered: Vec<_> = registered.collect();
        registered.sort_by_key(|registration| registration.location);
        let (ours, others): (Vec<_>, Vec<_>) =
            registered.into_iter().partition(|registration| self.rank(registration).is_some());
        self.check_actors(&ours, &mut problems);
        if !self.partial {
            problems.extend(others.iter().map(|registration| unsupervised(registration)));
        }
        check_types(&ours, &mut problems);
        let table = self.table(&ours, &mut problems);
        if problems.is_empty() { Ok(table) } else { Err(problems) }
    }

    /// The place of its actor among those that this bus supervises; `None` if it does not.
    fn rank(&self, registration: &Registration) -> Option<usize> {
        let actor: TypeId = (registration.actor)();
        self.actors.iter().position(|spec| spec.type_id == actor)
    }

    /// Each supervised actor by itself: it handles something, it is there once, its policy makes sense.
    fn check_actors(&self, ours: &[&'static Registration], problems: &mut Vec<Problem>) {
        for (at, actor) in self.actors.iter().enumerate() {
            if !ours.iter().any(|registration| (registration.actor)() == actor.type_id) {
                let text = format!(
                    "`{name}` is supervised but handles nothing; write `#[handler] impl Handler<..> for {name}`, or, if that \
                     is in a crate that this program never names, `use that_crate as _;`",
                    name = short(actor.name)
                );
                problems.push(Problem::at(actor.location, text));
            }
            if self.actors[..at].iter().any(|earlier| earlier.type_id == actor.type_id) {
                let text = format!("`{}` is supervised twice; remove one `.supervise`", short(actor.name));
                problems.push(Problem::at(actor.location, text));
            }
            for text in actor.policy.problems() {
                problems.push(Problem::at(actor.location, format!("`{}`: {text}", short(actor.name))));
            }
        }
    }

    /// The routes, and what is wrong with the domains of their events and the names of their topics.
    fn table(&self, ours: &[&'static Registration], problems: &mut Vec<Problem>) -> RouteTable {
        let mut topics = Topics::new();
        for registration in ours {
            let event = (registration.event)();
            self.check_domain(registration, event, problems);
            match topic_name(event, self.environment) {
                Ok(topic) => topics.entry(topic.into()).or_default().push(registration),
                Err(error) => problems.push(Problem::at(event.location, error)),
            }
        }
        self.check_kept(ours, &topics, problems);
        let mut table = RouteTable::new();
        for (topic, registrations) in topics {
            match dead_letter_topic(&topic, self.group) {
                Ok(dead_letters) => {
                    table.insert(Arc::clone(&topic), Arc::new(self.topic(topic, dead_letters.into(), &registrations)));
                }
                Err(error) => problems.push(Problem::at(registrations[0].location, error)),
            }
        }
        table
    }

    /// What is kept is kept by a mailbox, and a topic of which nobody handles anything has none.
    fn check_kept(&self, ours: &[&'static Registration], topics: &Topics, problems: &mut Vec<Problem>) {
        for Kept { event, location } in self.kept {
            match topic_name(event, self.environment) {
                Ok(topic) if topics.contains_key(topic.as_str()) => {}
                Ok(topic) => {
                    let text = format!(
                        "`.dead_letter_unknown_types::<{}>()` keeps nothing: no actor of this bus handles an event of the \
                         topic `{topic}`; supervise one that does, or leave it out",
                        event.rust_name
                    );
                    problems.push(Problem::at(*location, text));
                }
                // Of an event that is handled here it is told already.
                Err(_) if ours.iter().any(|registration| std::ptr::eq((registration.event)(), *event)) => {}
                Err(error) => problems.push(Problem::at(event.location, error)),
            }
        }
    }

    /// An internal event is for its own domain: whoever handles that of another one depends on what may change without
    /// notice.
    fn check_domain(&self, registration: &Registration, event: &Descriptor, problems: &mut Vec<Problem>) {
        let Some(domain) = self.domain else { return };
        if event.internal && !event.domain.eq_ignore_ascii_case(domain) {
            let text = format!(
                "`{}` is an internal event of the domain `{}`, and this service belongs to `{domain}`; ask for a public event, \
                 or set `.domain(\"{}\")` on the bus if that is where it belongs",
                event.rust_name, event.domain, event.domain
            );
            problems.push(Problem::at(registration.location, text));
        }
    }

    /// The routes of one topic: a member for each actor, in the order of rank, with a handler for each event type. An
    /// alias leads to the handler of its event, which has one name and one meter whatever a record calls itself.
    fn topic(
        &self,
        topic: Arc<str>,
        dead_letter_topic: Arc<str>,
        registrations: &[&'static Registration],
    ) -> TopicRoutes {
        let mut members: BTreeMap<usize, Member> = BTreeMap::new();
        let mut events: Vec<&'static Descriptor> = Vec::new();
        for registration in registrations {
            let Some(rank) = self.rank(registration) else { continue };
            let event = (registration.event)();
            if !events.iter().any(|known| known.event_type == event.event_type) {
                events.push(event);
            }
            let member = members.entry(rank).or_insert_with(|| Member {
                rank,
                actor: Arc::clone(&self.actors[rank]),
                handlers: Vec::new(),
                by_type: hashbrown::HashMap::default(),
            });
            member.by_type.extend(types(event).map(|event_type| (event_type, member.handlers.len())));
            member.handlers.push(HandlerSpec {
                invoke: registration.invoke,
                name: format!("{}/{}", (registration.actor_name)(), event.event_type).into(),
                event_type: event.event_type,
                registration,
                meter: Arc::default(),
            });
        }
        let keeps_unknown =
            self.kept.iter().any(|kept| topic_name(kept.event, self.environment).is_ok_and(|of| *of == *topic));
        let members = members.into_values().map(Arc::new).collect();
        TopicRoutes { topic, dead_letter_topic, members, events, keeps_unknown }
    }
}

/// All that a record of this event may call itself.
fn types(event: &'static Descriptor) -> impl Iterator<Item = &'static str> {
    std::iter::once(event.event_type).chain(event.aliases.iter().copied())
}

/// Two Rust types must not claim one CloudEvents type: a record would be decoded as either.
fn check_types(ours: &[&'static Registration], problems: &mut Vec<Problem>) {
    let mut owners: BTreeMap<&str, &Registration> = BTreeMap::new();
    for registration in ours {
        for event_type in types((registration.event)()) {
            let owner = owners.entry(event_type).or_insert(registration);
            if is_another(owner, registration) {
                let problem = claimed_twice(event_type, owner, registration);
                if !problems.contains(&problem) {
                    problems.push(problem);
                }
            }
        }
    }
}

fn is_another(one: &Registration, other: &Registration) -> bool {
    let (one, other) = ((one.event)(), (other.event)());
    one.location != other.location || one.rust_name != other.rust_name
}

/// Both with their paths: what is claimed twice is often two versions of one event, which have one name.
fn claimed_twice(event_type: &str, owner: &Registration, other: &Registration) -> Problem {
    let text = format!(
        "`{}` and `{}` ({}) both have the type `{event_type}`; give one of them another `#[event(type = \"..\")]`, or, if \
         it is a new version of the other, `#[event(version = \"v2\")]`: versions live side by side",
        (other.event_name)(),
        (owner.event_name)(),
        (owner.event)().location
    );
    Problem::at((other.event)().location, text)
}

/// A handler that would never be called, at its own place.
fn unsupervised(registration: &Registration) -> Problem {
    let actor = short((registration.actor_name)());
    let event = (registration.event)();
    let text = format!(
        "`{actor}` handles `{}` but is not supervised; add `.supervise::<{actor}>(..)` to the bus, or `.partial()` if another \
         bus of this process does",
        event.event_type
    );
    Problem::at(registration.location, text)
}

/// What to say of handlers that are there while a bus has no actor: it may only publish, or its `.supervise` is
/// missing.
pub(crate) fn idle_handlers() -> Option<String> {
    let linked: Vec<_> = registrations().collect();
    let first = linked.iter().min_by_key(|registration| registration.location)?;
    let actor = short((first.actor_name)());
    let more = match linked.len() - 1 {
        0 => String::new(),
        1 => " (and one more handler is there)".to_owned(),
        others => format!(" (and {others} more handlers are there)"),
    };
    Some(format!(
        "no actor is supervised, so that this bus only publishes, and `{actor}` handles `{}` at {}{more}: add \
         `.supervise::<{actor}>(..)` to the bus, or `.partial()` if it is only to publish",
        (first.event)().event_type,
        first.location
    ))
}

/// The last segment of a type's path.
pub(crate) fn short(path: &str) -> &str {
    path.rsplit("::").next().unwrap_or(path)
}
