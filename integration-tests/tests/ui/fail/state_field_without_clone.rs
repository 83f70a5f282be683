use carom::FromRef;

struct Pool;

#[derive(FromRef)]
struct App {
    pool: Pool,
}

fn main() {}
