use carom::handler;

#[handler]
async fn handle() {}

fn main() {}
