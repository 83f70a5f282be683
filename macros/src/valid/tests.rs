//! What the messages depend on; how rustc prints them is in `integration-tests/tests/ui`.

use syn::{DeriveInput, Result, parse_quote};

use super::*;

fn said<T>(checked: Result<T>) -> String {
    checked.err().map_or_else(|| "nothing".to_owned(), |error| error.to_string())
}

#[test]
fn two_fields_of_one_type_are_refused_in_an_actor() {
    let twins: DeriveInput = parse_quote! { struct Billing { live: Arc<Gateway>, the_sandbox: Arc<Gateway> } };
    assert!(said(actor(&twins)).starts_with("`live` and `the_sandbox` are both `Arc<Gateway>`"));
    assert!(said(actor(&twins)).ends_with("`struct TheSandbox(Arc<Gateway>);`, or mark it `#[actor(default)]`"));
    let tuple: DeriveInput = parse_quote! { struct Billing(Gateway, Gateway); };
    assert!(said(actor(&tuple)).contains("`struct Second(Gateway);`"));
}

#[test]
fn what_is_not_taken_from_the_state_may_have_any_type() {
    let own: DeriveInput = parse_quote! {
        struct Billing { limit: u64, #[actor(default)] charged: u64, #[actor(default)] refunded: u64 }
    };
    assert_eq!(said(actor(&own)), "nothing");
    let generic: DeriveInput = parse_quote! { struct Billing<A, B> { live: Gateway<A>, sandbox: Gateway<B> } };
    assert_eq!(said(actor(&generic)), "nothing");
}
