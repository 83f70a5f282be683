use std::rc::Rc;

use carom::Actor;

#[derive(Actor)]
struct Billing {
    gateway: Rc<u64>,
}

fn main() {}
