use carom::{Directive, Failure, Supervisor};

fn main() {
    let _ = Supervisor::one_for_one().on::<Failure>(Directive::DeadLetter);
}
