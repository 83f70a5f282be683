struct Billing;

/// Asks for what the bus asks for.
struct Bus<S>(S);

impl<S> Bus<S> {
    fn supervise<A: carom::__private::FromState<S>>(self) -> Self {
        self
    }
}

fn main() {
    Bus(()).supervise::<Billing>();
}
