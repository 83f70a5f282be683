use carom::event::dotnet::NumericEnum;

#[derive(NumericEnum)]
enum Method {}

fn main() {}
