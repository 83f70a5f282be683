use carom::{Actor, handler};

#[derive(Actor)]
struct Billing;

#[handler]
impl Billing {}

fn main() {}
