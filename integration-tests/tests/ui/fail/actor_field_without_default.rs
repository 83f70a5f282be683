use carom::Actor;

struct Gateway;

#[derive(Actor)]
struct Billing {
    #[actor(default)]
    gateway: Gateway,
}

fn main() {}
