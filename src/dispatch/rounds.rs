//! Handlers that answer each other without end: each event makes another one, which comes back.
//!
//! Only what a handler returns whatever happens counts. An `Option` or a `Vec` may be empty at some point, and what a
//! handler publishes by `Context::publish` nobody knows at start. A warning, and no error: a failure may end the round.

use std::collections::VecDeque;

use super::{plan::short, registry::Registration, route::RouteTable};
use crate::event::{Environment, topic_name};

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
    handlers.sort_by_key(|handler| handler.registration.location);
    let answers: Vec<_> = handlers.iter().map(|handler| answers(handler, &handlers, environment)).collect();
    let steps = |first| round(&answers, first);
    (0..handlers.len()).filter_map(steps).map(|steps| sentence(&handlers, &steps)).collect()
}

/// Who gets what a handler returns, with its type.
type Answers = Vec<(&'static str, usize)>;

fn answers(of: &Candidate<'_>, handlers: &[Candidate<'_>], environment: &Environment) -> Answers {
    let mut answers = Answers::new();
    for event in (of.registration.returns)() {
        let Ok(topic) = topic_name(event, environment) else { continue };
        let gets = |to: &Candidate<'_>| to.topic == topic && (to.registration.event)().is_called(event.event_type);
        answers.extend(handlers.iter().enumerate().filter(|(_, to)| gets(to)).map(|(to, _)| (event.event_type, to)));
    }
    answers
}

/// The shortest way from a handler back to itself, over none that comes before it: so each round is found once.
fn round(answers: &[Answers], first: usize) -> Option<Vec<Step>> {
    let mut came_from: Vec<Option<Step>> = vec![None; answers.len()];
    let mut next = VecDeque::from([first]);
    while let Some(handler) = next.pop_front() {
        for &(returns, to) in &answers[handler] {
            if to >= first && came_from[to].is_none() {
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
