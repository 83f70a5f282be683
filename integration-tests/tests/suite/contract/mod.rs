//! The promises of `docs/semantics.md`, each run against the backends that it names.
//!
//! Beside each test stands the one-line change to carom's code that made it fail when it was tried.

mod bad_input;
mod cluster_errors;
mod network;
mod no_brokers;
mod promise_01_at_least_once;
mod promise_01_changed_log;
mod promise_02_order;
mod promise_03_neighbours;
mod promise_04_attempts;
mod promise_05_nothing_vanishes;
mod promise_06_panics;
mod promise_07_rebalance;
mod promise_07_static_members;
mod promise_07_storm;
mod promise_07_zombie;
mod promise_08_shutdown;
mod promise_08_sigterm;
mod promise_09_bounded_memory;
mod promise_10_publishing;
mod promise_11_misconfiguration;
mod promise_11_neighbours;
mod promise_12_arrays;
mod promise_12_interop;
mod promise_12_momentum;
mod promise_12_wire;
mod runtime;

/// Makes a test of each function for each backend named.
macro_rules! contract {
    ($($backend:ident),+: $tests:tt) => {
        $(contract!(@ $backend: $tests);)+
    };
    (@ test_bus: { $($test:ident),+ $(,)? }) => {
        mod test_bus {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() { super::$test(integration_tests::world::World::test_bus()).await; })+
        }
    };
    (@ embedded: { $($test:ident),+ $(,)? }) => {
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() { super::$test(integration_tests::world::World::embedded()).await; })+
        }
    };
    (@ $real:ident: { $($test:ident),+ $(,)? }) => {
        mod $real {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                let world = tokio::task::block_in_place(|| integration_tests::world::World::$real(concat!(module_path!(), "::", stringify!($test))));
                if let Some(world) = world { super::$test(world).await; }
            })+
        }
    };
}
pub(crate) use contract;
