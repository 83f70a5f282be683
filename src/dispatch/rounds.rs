//! Handlers that answer each other without end: each event makes another one, which comes back.
//!
//! Only what a handler returns whatever happens counts. An `Option` or a `Vec` may be empty at some point, and what a
//! handler publishes by `Context::publish` nobody knows at start. A warning, and no error: a failure may end the round.

use std::collections::VecDeque;

use super::{plan::short, registry::Registration, route::RouteTable};
use crate::event::{Descriptor, Environment, topic_name};

/// A handler that may be part of a round.
#[derive(Clone, Copy)]
struct Candidate<'a> {
    /// Where its events come from: two topics may have events of one type.
    topic: &'a str,
    registration: &'static Registration,
}

/// A handler, and the type of what it answers the one before it with.
#[derive(Clone, Copy)]
struct Step {
    handler: usize,
    returns: &'static str,
}

/// A sentence for each round that these handlers make.
pub(crate) fn rounds(table: &RouteTable, environment: &Environment) -> Vec<String> {
    let handlers = table.values().flat_map(|routes| {
        let handlers = routes.members.iter().flat_map(|member| &member.handlers);
        handlers.map(|handler| Candidate { topic: &routes.topic, registration: handler.registration })
    });
    rounds_of(handlers.collect(), environment)
}

fn rounds_of(mut handlers: Vec<Candidate<'_>>, environment: &Environment) -> Vec<String> {
    // The linker has no order.
    handlers.sort_by_key(|handler| (handler.registration.location.file, handler.registration.location.line));
    let steps = |first| round(&handlers, environment, first);
    (0..handlers.len()).filter_map(steps).map(|steps| sentence(&handlers, &steps)).collect()
}

/// The shortest way from a handler back to itself, over none that comes before it: so each round is found once.
fn round(handlers: &[Candidate<'_>], environment: &Environment, first: usize) -> Option<Vec<Step>> {
    let mut came_from: Vec<Option<Step>> = vec![None; handlers.len()];
    let mut next = VecDeque::from([first]);
    while let Some(handler) = next.pop_front() {
        for (returns, to) in answers(handlers, environment, handler, first) {
            if came_from[to].is_none() {
                came_from[to] = Some(Step { handler, returns });
                next.push_back(to);
            }
        }
    }
    let mut steps = vec![came_from[first]?];
    while steps[steps.len() - 1].handler != first {
        steps.push(came_from[steps[steps.len() - 1].handler]?);
    }
    steps.reverse();
    Some(steps)
}

/// Who of those from `first` on gets what a handler returns, with its type.
fn answers(
    handlers: &[Candidate<'_>],
    environment: &Environment,
    from: usize,
    first: usize,
) -> Vec<(&'static str, usize)> {
    let mut answers = Vec::new();
    for event in (handlers[from].registration.returns)() {
        let Ok(topic) = topic_name(event, environment) else { continue };
        let gets = |to: &usize| handlers[*to].topic == topic && handles((handlers[*to].registration.event)(), event);
        answers.extend((first..handlers.len()).filter(gets).map(|to| (event.event_type, to)));
    }
    answers
}

fn handles(handled: &Descriptor, event: &Descriptor) -> bool {
    handled.event_type == event.event_type || handled.aliases.contains(&event.event_type)
}

fn sentence(handlers: &[Candidate<'_>], steps: &[Step]) -> String {
    let step = |Step { handler, returns }: &Step| {
        let handler = handlers[*handler].registration;
        let (actor, handles) = (short((handler.actor_name)()), (handler.event)().event_type);
        format!("`{actor}` ({}) handles `{handles}` and returns `{returns}`", handler.location)
    };
    format!(
        "events go round without end: {}; return another event, or an `Option` or a `Vec`, which may be empty",
        steps.iter().map(step).collect::<Vec<_>>().join(", ")
    )
}

#[cfg(test)]
mod tests;
