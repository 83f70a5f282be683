//! What the messages depend on; how rustc prints them is in `integration-tests/tests/ui`.

use quote::quote;
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

/// What is said about an event with these fields.
fn said_of_key(fields: &proc_macro2::TokenStream) -> String {
    said(event(&parse_quote! { #[event(entity = Order, domain = "sales")] struct OrderPlaced { #fields } }))
}

/// What is said about an event with this in its `#[event(..)]`.
fn said_of(attribute: &proc_macro2::TokenStream) -> String {
    said(event(&parse_quote! {
        #[event(entity = Order, domain = "sales", #attribute)]
        struct OrderPlaced { order_id: u64 }
    }))
}

#[test]
fn a_version_in_the_name_of_the_type_is_said_in_the_attribute() {
    let warned = |name: &str, keys| {
        let name = quote::format_ident!("{name}");
        let spec = event(&parse_quote! { #[event(entity = Order, domain = "sales", #keys)] struct #name; });
        spec.expect("it is a warning").warnings.iter().map(ToString::to_string).collect::<String>()
    };
    assert_eq!(
        warned("OrderPlacedV2", quote!()),
        "`OrderPlacedV2` ends in `V2`, and its version is `v1`: write `version = \"v2\"` in `#[event(..)]`, \
         `version = \"v1\"` if that is meant, or give it another name"
    );
    assert!(warned("OrderPlacedV12", quote!()).contains("write `version = \"v12\"`"));
    for keys in [quote!(version = "v2"), quote!(version = "v1"), quote!(version = ""), quote!(type = "placed")] {
        assert_eq!(warned("OrderPlacedV2", keys), "");
    }
    for name in ["OrderPlacedV1", "OrderPlaced2", "OrderPlacedV", "V2"] {
        assert_eq!(warned(name, quote!()), "");
    }
}

// Fails when a name that is one part of the topic is warned of, and when the advice keeps the version.
#[test]
fn a_whole_topic_is_pointed_out_with_the_part_to_write() {
    let warned = |topic: &str| {
        let spec = event(&parse_quote! { #[event(topic = #topic, domain = "sales")] struct OrderPlaced; });
        spec.expect("it is a warning").warnings.iter().map(ToString::to_string).collect::<String>()
    };
    let whole = warned("dev.shop.public.orders.v1");
    assert!(whole.starts_with("`dev.shop.public.orders.v1` looks like a whole topic"), "{whole}");
    assert!(whole.contains("write `topic = \"orders\"`;"), "{whole}");
    // Fails when what is written so is another topic.
    let without = warned("prod.shop.internal.order.lines");
    assert!(without.contains("write `topic = \"order.lines\", version = \"\", internal`;"), "{without}");
    let second = warned("Prod.Shop.Public.orders.v2");
    assert!(second.contains("write `topic = \"orders\", version = \"v2\"`;"), "{second}");
    for part in ["orders", "order.lines", "public", "public.orders", "orders.internal", "orders.internal."] {
        assert_eq!(warned(part), "");
    }
}

// Fails when a `u128` passes: its largest numbers look like negative ones to the check of each number.
#[test]
fn a_numeric_enum_of_128_bits_is_refused() {
    let with = |repr| said(numeric_enum(&parse_quote! { #[repr(C, #repr)] enum Limit { None } }));
    assert!(with(quote!(u128)).ends_with("write `i64` in place of `u128`"));
    assert!(with(quote!(i128)).ends_with("write `i64` in place of `i128`"));
    for narrow in [quote!(u64), quote!(i8), quote!(usize)] {
        assert_eq!(with(narrow), "nothing");
    }
}

#[test]
fn an_order_that_is_written_is_written_once() {
    let twice = said_of_key(&quote!(#[event(key(order = 1))] a: u8, #[event(key(order = 1))] b: u8));
    assert!(twice.starts_with("`a` and `b` both have the order 1: number them"), "{twice}");
    let default = said_of_key(&quote!(#[event(key)] a: u8, #[event(key(order = 0))] b: u8));
    assert!(default.starts_with("`a` and `b` both have the order 0, as every field that says none:"), "{default}");
    assert_eq!(said_of_key(&quote!(#[event(key)] a: u8, #[event(key)] b: u8)), "nothing");
    assert_eq!(said_of_key(&quote!(#[event(key)] a: u8, #[event(key(order = 1))] b: u8)), "nothing");
}

#[test]
fn a_version_is_a_string() {
    assert_eq!(said_of(&quote!(version = 2)), "`version` is a string: write `version = \"v2\"`");
    assert_eq!(said_of(&quote!(version = 12u8)), "`version` is a string: write `version = \"v12\"`");
    assert_eq!(said_of(&quote!(version = Two)), "`version` is a string: write `version = \"..\"`");
    assert_eq!(said_of(&quote!(version = "v2")), "nothing");
}

#[test]
fn a_number_of_partitions_has_no_quotes() {
    let quoted = |text: &str| said_of(&quote!(partitions = #text));
    assert_eq!(quoted("6"), "`partitions` is a number: write `partitions = 6`, without quotes");
    assert_eq!(quoted("0"), "`partitions` is a number: write `partitions = 12`, without quotes");
    assert_eq!(quoted("many"), "`partitions` is a number: write `partitions = 12`, without quotes");
    assert_eq!(said_of(&quote!(partitions)), "`partitions` is a number: write `partitions = 12`");
    assert_eq!(
        said_of(&quote!(partitions = 4_294_967_296)),
        "a topic has at least one partition, and at most 2,147,483,647: write `partitions = 12`"
    );
}

#[test]
fn several_aliases_have_a_key_each() {
    assert_eq!(
        said_of(&quote!(alias = ["a", "b"])),
        "`alias` has one string, and may be repeated: write `alias = \"a\", alias = \"b\"`"
    );
    assert!(said_of(&quote!(alias = ["a"])).ends_with("write `alias = \"a\"`"));
    for other in [quote!(alias = []), quote!(alias = ["a", B]), quote!(alias = [String])] {
        assert_eq!(said_of(&other), "`alias` is a string: write `alias = \"..\"`");
    }
    assert_eq!(said_of(&quote!(alias = "a", alias = "b")), "nothing");
}

#[test]
fn an_order_has_its_name_before_it() {
    let order = |key| said_of_key(&quote!(#[event(#key)] a: u8));
    assert_eq!(order(quote!(key(2))), "a value alone does not say what it is: write `key(order = 2)`");
    assert_eq!(order(quote!(key("a"))), "a value alone does not say what it is: write `key(order = 1)`");
}

#[test]
fn keys_are_marked_on_fields() {
    for key in [quote!(key = (a, b)), quote!(key(a, b)), quote!(key), quote!(key = 1), quote!(key = "a, b")] {
        assert!(said_of(&key).starts_with("keys are marked on fields: write `#[event(key)]` above the field"));
    }
    let field = "`order_id` is a field: write `#[event(key)]` above it instead";
    assert_eq!(said_of(&quote!(key = order_id)), field);
    assert_eq!(said_of(&quote!(key = "order_id")), field);
    assert_eq!(said_of(&quote!(key = "shard")), "`key` is a method, not a string: write `key = shard`");
    assert_eq!(said_of(&quote!(key = shard)), "nothing");
    let named = said_of_key(&quote!(#[event(key = "order_id")] order_id: u64));
    assert!(
        named.starts_with("`key` on a field takes no value, the field is the key: write `#[event(key)]`"),
        "{named}"
    );
}

#[test]
fn an_event_owns_its_data() {
    let owns =
        |field| said(event(&parse_quote! { #[event(topic = "orders", domain = "sales")] struct OrderPlaced(#field); }));
    let instead = |owner| format!("an event is read from Kafka, so it owns its data: write `{owner}` in place of ");
    assert_eq!(owns(quote!(&'static str)), instead("String") + "`&'static str`");
    assert_eq!(owns(quote!(Option<(u8, &'static [u8])>)), instead("Vec<u8>") + "`&'static [u8]`");
    assert_eq!(owns(quote!(Vec<&'static Line>)), instead("Line") + "`&'static Line`");
    for read_otherwise in
        [quote!(Cow<'static, str>), quote!(PhantomData<&'static str>), quote!(#[serde(skip)] &'static str)]
    {
        assert_eq!(owns(read_otherwise), "nothing");
    }
    let variant: DeriveInput = parse_quote! {
        #[event(topic = "orders", domain = "sales")]
        enum OrderChanged { Paid { by: &'static str } }
    };
    assert!(said(event(&variant)).starts_with("an event is read from Kafka"));
    let generic: DeriveInput = parse_quote! { #[event(topic = "orders")] struct OrderPlaced<'a, T>(&'a T); };
    assert!(said(event(&generic)).ends_with("remove `'a`, and write `String` in place of `&'a str`"));
}

#[test]
fn a_trait_behind_a_pointer_is_named() {
    let message = |ty| unshared(&ty).map_or_else(|| "nothing".to_owned(), |text| text.message);
    for ty in [
        parse_quote!(Arc<dyn Email>),
        parse_quote!(Option<Box<dyn mail::Email>>),
        parse_quote!(Arc<(dyn Email)>),
        parse_quote!(Box<dyn Send + Email>),
    ] {
        assert!(message(ty).ends_with("write `trait Email: Send + Sync`"));
    }
    let others = [
        parse_quote!(Arc<Smtp>),
        parse_quote!(Arc<dyn Fn(u64) -> u64>),
        parse_quote!(u64),
        parse_quote!(Rc<dyn Email>),
    ];
    for ty in others {
        assert_eq!(message(ty), "nothing");
    }
}
