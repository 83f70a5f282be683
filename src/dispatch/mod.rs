//! From a batch of records to a handler that runs, and back to what may be committed.
//!
//! At start, `plan` makes the routes (`route`) of what `#[handler]` submitted (`registry`), or says what is wrong (what
//! goes round without end: `rounds`). Then a record goes through the files in this order:
//!
//! ```text
//!  poll thread    assignment: received, counted ─▶ intake ─▶ one batch to each mailbox
//!  arbiter        mailbox ─▶ lanes ─▶ lane (queue, ticket): the attempt ─▶ outputs ─▶ progress: finished
//!  poll thread    assignment: credit, and what to commit (with the offset_map)
//! ```
//!
//! `router` makes the mailboxes of a partition and lets them go; batches pass its `Door`, not the actor. `progress`,
//! `offset_map` and `queue` are pure: promises 1 and 2 rest on them, and they are tested with random steps.

mod assignment;
mod intake;
mod lane;
mod lanes;
mod limits;
mod mailbox;
mod offset_map;
mod outputs;
mod plan;
mod probe;
mod progress;
mod queue;
mod registry;
mod rounds;
mod route;
mod router;
mod spare;
mod ticket;
mod wake;

pub(crate) use assignment::{Assignment, Blocking, Waker};
pub(crate) use intake::Intake;
// For the micro benchmarks, which time the pieces alone.
pub(crate) use limits::Limits;
pub(crate) use mailbox::{Mailbox, Rebuild, SettledAs, Verdict};
#[cfg(feature = "testing")]
pub(crate) use offset_map::OffsetMap;
pub(crate) use plan::{Kept, Plan, idle_handlers};
pub use probe::{Place, Probe, Unregistered};
pub use registry::Registration;
pub(crate) use rounds::rounds;
pub use route::Route;
pub(crate) use route::{ActorSpec, HandlerSpec, Member, RouteTable, TopicRoutes, key_mark, lines};
pub(crate) use router::{Door, PartitionMap, Router, Stage};
pub(crate) use ticket::Ticket;
#[cfg(feature = "testing")]
pub(crate) use {
    lane::{Ended, Lane},
    lanes::Choice,
    mailbox::{Deliver, MailboxSpec},
    progress::{Progress, Received},
    queue::LaneQueue,
    spare::Spare,
};
