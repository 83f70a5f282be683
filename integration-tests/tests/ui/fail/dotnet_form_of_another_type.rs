use carom::event::dotnet;
use serde::Serialize;

#[derive(Serialize)]
struct Opened {
    #[serde(with = "dotnet::date_time")]
    at: u64,
}

fn main() {}
