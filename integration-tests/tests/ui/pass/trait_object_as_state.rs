//! A fake is injected as an `Arc` of a trait.

use std::sync::Arc;

use carom::{Actor, FromRef, __private::FromState};

trait Gateway: Send + Sync {
    fn charge(&self, cents: u64) -> u64;
}

struct Fake;

impl Gateway for Fake {
    fn charge(&self, cents: u64) -> u64 {
        cents + 1
    }
}

#[derive(FromRef)]
struct App {
    gateway: Arc<dyn Gateway>,
}

#[derive(Actor)]
struct Billing {
    gateway: Arc<dyn Gateway>,
}

fn main() {
    let gateway: Arc<dyn Gateway> = Arc::new(Fake);
    assert_eq!(Billing::from_state(&App { gateway: gateway.clone() }).gateway.charge(1), 2);
    assert_eq!(Billing::from_state(&gateway).gateway.charge(1), 2);
}
