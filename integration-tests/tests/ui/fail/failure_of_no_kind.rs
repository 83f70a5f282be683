use carom::Failure;

fn charge() -> Result<(), Failure> {
    Err(Failure::new("the gateway did not answer"))
}

fn main() {
    drop(charge());
}
