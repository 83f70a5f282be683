use carom::{Actor, handler};

#[derive(Actor)]
struct Billing;

#[handler]
impl Clone for Billing {
    fn clone(&self) -> Self {
        Self
    }
}

fn main() {}
