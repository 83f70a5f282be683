//! Names that follow from the name of a type.
//!
//! The library has the same kebab-case for topics: it cannot use this one, as a crate of macros exports nothing else.
//! Both are tested with the same names.

/// Kebab-case as Momentum writes it; `heck` and the others differ around digits.
///
/// A word begins at an upper-case letter behind a lower-case letter or a digit, and at one behind an upper-case letter
/// and before a lower-case one:
///
/// ```text
/// OrderPlaced   order-placed          APIName       api-name
/// Sha256Hash    sha256-hash           B2BCustomer   b2-b-customer
/// ```
pub(crate) fn kebab(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut out = String::with_capacity(name.len() + 4);
    for (i, &c) in chars.iter().enumerate() {
        if i > 0 && c.is_uppercase() {
            let before = chars[i - 1];
            let next_is_lower = chars.get(i + 1).is_some_and(|next| next.is_lowercase());
            if before.is_lowercase() || before.is_numeric() || (before.is_uppercase() && next_is_lower) {
                out.push('-');
            }
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// The CloudEvents type of an event that does not name one: `{domain}.{event-in-kebab}.{version}`.
///
/// It goes out with each record, and readers know events by it. So it may not change: whoever renames the struct keeps
/// the old one with `type = ".."`, or accepts both with `alias`.
pub(crate) fn default_type(domain: &str, rust_name: &str, version: &str) -> String {
    let event = kebab(split_version(rust_name).0);
    let domain = domain.to_lowercase();
    match version.trim() {
        "" => format!("{domain}.{event}"),
        version => format!("{domain}.{event}.{version}"),
    }
}

/// `OrderPlacedV2` is the event `OrderPlaced`, and says that its version is 2; what the version is, the attribute says.
/// What would leave nothing of the name, and digits without a `V`, stay.
pub(crate) fn split_version(rust_name: &str) -> (&str, Option<&str>) {
    let stem = rust_name.trim_end_matches(|c: char| c.is_ascii_digit());
    match stem.strip_suffix('V') {
        Some(event) if !event.is_empty() && stem.len() < rust_name.len() => (event, Some(&rust_name[stem.len()..])),
        _ => (rust_name, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kebab_case_is_momentums() {
        for (name, expected) in [
            ("Cashier", "cashier"),
            ("CashierPayment", "cashier-payment"),
            ("APIName", "api-name"),
            ("OAuth2Token", "o-auth2-token"),
            ("IPv6Address", "i-pv6-address"),
            ("Sha256Hash", "sha256-hash"),
            ("B2BCustomer", "b2-b-customer"),
            ("Order_Line", "order_line"),
            ("AppDomain.Api", "app-domain.api"),
        ] {
            assert_eq!(kebab(name), expected);
        }
    }

    #[test]
    fn the_default_type_is_domain_event_version() {
        assert_eq!(default_type("sales", "OrderPlaced", "v1"), "sales.order-placed.v1");
        assert_eq!(default_type("AppDomain", "OrderPlaced", "v1"), "appdomain.order-placed.v1");
    }

    #[test]
    fn an_empty_or_blank_version_leaves_the_segment_out() {
        assert_eq!(default_type("sales", "OrderPlaced", ""), "sales.order-placed");
        assert_eq!(default_type("sales", "OrderPlaced", " "), "sales.order-placed");
    }

    #[test]
    fn a_trailing_version_of_the_struct_name_is_dropped() {
        assert_eq!(default_type("sales", "OrderPlacedV2", "v2"), "sales.order-placed.v2");
        assert_eq!(default_type("sales", "OrderPlacedV12", "v12"), "sales.order-placed.v12");
        for unchanged in ["V2", "OrderPlacedV", "OrderPlaced2"] {
            assert_eq!(split_version(unchanged), (unchanged, None));
        }
    }
}
