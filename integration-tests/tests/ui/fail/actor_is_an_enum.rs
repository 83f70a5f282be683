use carom::Actor;

#[derive(Actor)]
enum Billing {
    Open,
    Closed,
}

fn main() {}
