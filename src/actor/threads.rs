//! What goes from thread to thread, in traits of their own for the sake of what the compiler says: of `Send` and `Sync`
//! it says it once for each of the two, at each place that asks.

/// A field of an actor.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent between threads, as the fields of an actor are",
    label = "not `Send`",
    note = "write `Arc` in place of `Rc`, `Mutex` in place of `RefCell`, and `dyn .. + Send + Sync` for what is behind an `Arc`"
)]
pub trait Portable {}

#[diagnostic::do_not_recommend]
impl<T: Send + ?Sized> Portable for T {}

/// The state of a bus.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the bus state `{Self}` cannot be shared between threads",
    label = "not `Send` and `Sync`",
    note = "write `trait ..: Send + Sync` where a trait is behind an `Arc`, `Arc` in place of `Rc`, `Mutex` in place of `RefCell`"
)]
pub trait BusState: Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Send + Sync + 'static> BusState for T {}
