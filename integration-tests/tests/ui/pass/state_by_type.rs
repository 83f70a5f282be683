//! A state struct offers its fields by type and is not cloned itself, `#[actor(default)]` fields need no state, actors may
//! be generic.

use carom::{
    Actor, Bus, Context, Event, Failure, FromRef, Handler, Kafka, Supervisor, __private::FromState, handler,
};
use serde::{Deserialize, Serialize};

#[derive(Clone)]
struct Pool(&'static str);

#[derive(Clone)]
struct Replica(Pool);

#[derive(FromRef)]
struct App {
    primary: Pool,
    replica: Replica,
    #[from_ref(skip)]
    #[allow(dead_code)]
    reserve: Pool,
}

#[derive(FromRef)]
struct Pair(Pool, u8);

#[derive(Actor)]
struct Billing {
    pool: Pool,
    replica: Replica,
    #[actor(default)]
    seen: Vec<u64>,
}

#[derive(Actor)]
struct Counter(#[actor(default)] u64);

#[derive(Actor)]
struct Stateless;

#[derive(Actor)]
struct Finder<P> {
    pool: P,
}

#[derive(Serialize, Deserialize, Event)]
#[event(topic = "lost", domain = "sales")]
struct Lost;

#[handler]
impl Handler<Lost> for Finder<Pool> {
    async fn handle(&mut self, _: Lost, _: &mut Context<'_>) -> Result<(), Failure> {
        Ok(())
    }
}

fn main() {
    let app = App { primary: Pool("primary"), replica: Replica(Pool("replica")), reserve: Pool("reserve") };
    let billing = Billing::from_state(&app);
    assert_eq!((billing.pool.0, billing.replica.0.0, billing.seen.len()), ("primary", "replica", 0));
    assert_eq!(Counter::from_state(&app).0, 0);
    let Stateless = Stateless::from_state(&());
    assert_eq!(Finder::<Pool>::from_state(&Pair(Pool("pair"), 0)).pool.0, "pair");
    assert_eq!(Finder::<u8>::from_state(&Pair(Pool("pair"), 7)).pool, 7);
    let policy = Supervisor::one_for_one;
    let _ = Bus::new(Kafka::embedded()).with_state(app).supervise::<Billing>(policy()).supervise::<Counter>(policy());
}
