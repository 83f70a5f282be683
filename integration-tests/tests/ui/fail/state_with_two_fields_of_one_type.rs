use carom::FromRef;

#[derive(Clone)]
struct Pool;

#[derive(FromRef)]
struct App {
    primary: Pool,
    read_replica: Pool,
}

fn main() {}
