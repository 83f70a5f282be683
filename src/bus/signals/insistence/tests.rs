//! What a Ctrl-C means, by what came before.

use super::*;

struct Person {
    state: State,
    start: Instant,
}

impl Person {
    fn new() -> Self {
        Self { state: State { waiting: 0, told: None, stopping: Vec::new() }, start: monotonic() }
    }

    /// Presses Ctrl-C at this second; what it means.
    fn presses(&mut self, second: f64) -> &'static str {
        match self.state.interrupted(self.start + Duration::from_secs_f64(second)) {
            Meaning::Nothing => "nothing",
            Meaning::Hurry(_) => "hurry",
            Meaning::End => "end",
        }
    }

    fn was_told(&mut self, second: f64) {
        self.state.told = Some(self.start + Duration::from_secs_f64(second));
    }

    fn stops(&mut self) -> Arc<Notify> {
        let hurry = Arc::new(Notify::new());
        self.state.stopping.push(Arc::downgrade(&hurry));
        hurry
    }
}

#[test]
fn a_second_one_hurries_and_a_third_ends_each_after_a_second() {
    let mut person = Person::new();
    person.was_told(0.0);
    let _bus = person.stops();
    let meant = [0.01, 0.9, 1.1, 1.2, 2.0, 2.2].map(|second| person.presses(second));
    assert_eq!(meant, ["nothing", "nothing", "hurry", "nothing", "nothing", "end"]);
}

// Fails when a bus that has stopped, in a program that has not ended, is taken for one that stops.
#[test]
fn where_nothing_stops_any_more_the_second_one_ends() {
    let mut person = Person::new();
    person.was_told(0.0);
    drop(person.stops());
    assert_eq!(person.presses(5.0), "end");
}

// Fails when the first Ctrl-C that a healthy bus waits for ends the process, because another one was told before.
#[test]
fn one_that_somebody_waits_for_is_theirs() {
    let mut person = Person::new();
    person.was_told(0.0);
    person.state.waiting = 1;
    assert_eq!(person.presses(60.0), "nothing");
    person.was_told(60.0);
    person.state.waiting = 0;
    let _bus = person.stops();
    assert_eq!([60.1, 62.0].map(|second| person.presses(second)), ["nothing", "hurry"]);
}

// Fails when a bus that ends by itself counts as a person's word.
#[test]
fn the_first_word_of_a_person_never_ends_the_process() {
    let mut person = Person::new();
    assert_eq!([0.0, 0.5, 2.0].map(|second| person.presses(second)), ["nothing", "nothing", "end"]);
    let mut person = Person::new();
    let _bus = person.stops();
    assert_eq!([0.0, 0.5, 2.0].map(|second| person.presses(second)), ["hurry", "nothing", "end"]);
}

#[test]
fn what_begins_to_stop_after_the_others_were_hurried_is_hurried_too() {
    let mut person = Person::new();
    person.was_told(0.0);
    let _server = person.stops();
    assert_eq!(person.presses(2.0), "hurry");
    let _bus = person.stops();
    assert_eq!([4.0, 6.0].map(|second| person.presses(second)), ["hurry", "end"]);
}
