//! Handlers that answer each other without end: each event makes another one, which comes back.
//!
//! Only what a handler returns whatever happens counts. An `Option` or a `Vec` may be empty at some point, and what a
//! handler publishes by `Context::publish` nobody knows at start. A warning, and no error: a failure may end the round.

use std::collections::VecDeque;

use super::{plan::short, registry::Registration, route::RouteTable};
use crate::event::Descriptor;

/// A handler, and the type of what it answers the one before it with.
#[derive(Clone, Copy)]
struct Step {
    handler: usize,
    returns: &'static str,
}

/// A sentence for each round that these handlers make.
pub(crate) fn rounds(table: &RouteTable) -> Vec<String> {
    let members = table.values().flat_map(|routes| &routes.members);
    rounds_of(members.flat_map(|member| &member.handlers).map(|handler| handler.registration).collect())
}

fn rounds_of(mut handlers: Vec<&Registration>) -> Vec<String> {
    // The linker has no order.
    handlers.sort_by_key(|handler| (handler.location.file, handler.location.line));
    (0..handlers.len()).filter_map(|first| round(&handlers, first)).map(|steps| sentence(&handlers, &steps)).collect()
}

/// The shortest way from a handler back to itself, over none that comes before it: so each round is found once.
fn round(handlers: &[&Registration], first: usize) -> Option<Vec<Step>> {
    let mut came_from: Vec<Option<Step>> = vec![None; handlers.len()];
    let mut next = VecDeque::from([first]);
    while let Some(handler) = next.pop_front() {
        for (returns, to) in answers(handlers, handler, first) {
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

/// Who gets what a handler returns, with its type.
fn answers(handlers: &[&Registration], from: usize, first: usize) -> Vec<(&'static str, usize)> {
    let returned = (handlers[from].returns)();
    let whose = |event: &Descriptor| {
        let handles = move |handler: &Descriptor| {
            handler.event_type == event.event_type || handler.aliases.contains(&event.event_type)
        };
        (first..handlers.len()).filter(|&to| handles((handlers[to].event)())).collect::<Vec<_>>()
    };
    returned.iter().flat_map(|event| whose(event).into_iter().map(|to| (event.event_type, to))).collect()
}

fn sentence(handlers: &[&Registration], steps: &[Step]) -> String {
    let step = |Step { handler, returns }: &Step| {
        let handler = handlers[*handler];
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
