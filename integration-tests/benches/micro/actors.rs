//! Handlers that do next to nothing.

use carom::{Actor, Context, Event, Failure, Handler, handler};
use serde::{Deserialize, Serialize};

use crate::load::OrderPlaced;

/// An event that takes no time to decode: `{}`.
#[derive(Debug, Serialize, Deserialize, Event)]
#[event(topic = "orders", domain = "bench", type = "bench.nothing.v1")]
pub(crate) struct Nothing {}

/// Does nothing.
#[derive(Debug, Actor)]
pub(crate) struct Idle;

#[handler]
impl Handler<Nothing> for Idle {
    async fn handle(&mut self, _event: Nothing, _cx: &mut Context<'_>) -> Result<(), Failure> {
        Ok(())
    }
}

/// Looks at nothing but the event.
#[derive(Debug, Actor)]
pub(crate) struct Accept;

#[handler]
impl Handler<OrderPlaced> for Accept {
    async fn handle(&mut self, event: OrderPlaced, _cx: &mut Context<'_>) -> Result<(), Failure> {
        std::hint::black_box(&event);
        Ok(())
    }
}

/// Publishes what it gets.
#[derive(Debug, Actor)]
pub(crate) struct Echo;

#[handler]
impl Handler<OrderPlaced> for Echo {
    async fn handle(&mut self, event: OrderPlaced, _cx: &mut Context<'_>) -> Result<OrderPlaced, Failure> {
        Ok(event)
    }
}

/// Fails at first.
#[derive(Debug, Actor)]
pub(crate) struct Flaky;

fn at_first(cx: &Context<'_>) -> Result<(), Failure> {
    if cx.attempt() == 1 { Err("the gateway timed out".into()) } else { Ok(()) }
}

#[handler]
impl Handler<Nothing> for Flaky {
    async fn handle(&mut self, _event: Nothing, cx: &mut Context<'_>) -> Result<(), Failure> {
        at_first(cx)
    }
}

#[handler]
impl Handler<OrderPlaced> for Flaky {
    async fn handle(&mut self, event: OrderPlaced, cx: &mut Context<'_>) -> Result<(), Failure> {
        std::hint::black_box(&event);
        at_first(cx)
    }
}
