use carom::Actor;

#[derive(Actor)]
struct Billing {
    #[actor(defualt)]
    count: u64,
}

fn main() {}
