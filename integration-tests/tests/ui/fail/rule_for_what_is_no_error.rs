use carom::{Directive, Supervisor};

struct Declined;

fn main() {
    let _ = Supervisor::one_for_one().on::<Declined>(Directive::DeadLetter);
}
