use carom::FromRef;

#[derive(FromRef)]
struct App<P> {
    pool: P,
}

fn main() {}
