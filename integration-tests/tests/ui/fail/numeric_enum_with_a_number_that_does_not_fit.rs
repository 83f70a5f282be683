use carom::event::dotnet::NumericEnum;

#[derive(NumericEnum)]
#[repr(u64)]
enum Limit {
    None = 0,
    Highest = 9_223_372_036_854_775_807,
    Unlimited = 18_446_744_073_709_551_615,
}

fn main() {
    let _ = serde_json::to_string(&[Limit::None, Limit::Highest, Limit::Unlimited]);
}
