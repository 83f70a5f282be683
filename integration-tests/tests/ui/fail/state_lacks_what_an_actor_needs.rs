use carom::{Actor, FromRef};

#[derive(Clone)]
struct Gateway;

#[derive(Clone)]
struct Clock;

#[derive(FromRef)]
struct App {
    port: u16,
}

#[derive(Actor)]
struct Billing {
    gateway: Gateway,
    port: u16,
    clock: Clock,
}

/// Asks for what the bus asks for.
struct Bus<S>(S);

impl<S> Bus<S> {
    fn supervise<A: carom::__private::FromState<S>>(self) -> Self {
        self
    }
}

fn main() {
    Bus(App { port: 80 }).supervise::<Billing>();
}
