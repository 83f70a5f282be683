use carom::event::dotnet::NumericEnum;

#[derive(NumericEnum)]
enum Method {
    Transfer,
    Other(String),
}

fn main() {
    let _ = serde_json::to_string(&Method::Transfer);
}
