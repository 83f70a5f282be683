//! The return type may hide behind an alias, and the traits behind their paths.

use carom::{Context, Failure};
use serde::{Deserialize, Serialize};

type Handled<T> = Result<T, Failure>;

mod events {
    use super::*;

    #[derive(Serialize, Deserialize, carom::Event)]
    #[event(topic = "orders", domain = "sales")]
    pub struct OrderPlaced;

    #[derive(Serialize, Deserialize, carom::Event)]
    #[event(topic = "orders", domain = "sales")]
    pub struct OrderPaid;
}

#[derive(carom::Actor)]
struct Billing;

#[carom::handler]
impl carom::Handler<events::OrderPlaced> for Billing {
    async fn handle(&mut self, _: events::OrderPlaced, _: &mut Context<'_>) -> Handled<events::OrderPaid> {
        Ok(events::OrderPaid)
    }
}

fn main() {}
