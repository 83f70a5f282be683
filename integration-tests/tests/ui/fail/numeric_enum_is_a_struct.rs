use carom::event::dotnet::NumericEnum;

#[derive(NumericEnum)]
struct Method {
    code: u8,
}

fn main() {
    let _ = serde_json::from_str::<Method>("1");
}
