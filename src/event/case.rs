//! Kebab-case and snake-case as Momentum writes them; the usual crates differ on acronyms and digits.
//!
//! Topics and the default `source` are named with them. Two services that spell one name in two ways never meet, so
//! every odd case is kept.

/// `CashierPayment` becomes `cashier-payment`, `APIName` becomes `api-name`.
pub(crate) fn kebab(name: &str) -> String {
    separate(name, '-')
}

/// The same with `_`.
pub(crate) fn snake(name: &str) -> String {
    separate(name, '_')
}

/// Lower case, with a separator before each upper-case letter that begins a further word.
fn separate(name: &str, separator: char) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    let mut previous: Option<char> = None;
    let mut chars = name.chars().peekable();
    while let Some(char) = chars.next() {
        if !char.is_uppercase() {
            out.push(char);
        } else {
            if previous.is_some_and(|previous| starts_word(previous, chars.peek().copied())) {
                out.push(separator);
            }
            out.extend(char.to_lowercase());
        }
        previous = Some(char);
    }
    out
}

/// Whether an upper-case letter between these two begins a word.
fn starts_word(previous: char, next: Option<char>) -> bool {
    let ends_acronym = previous.is_uppercase() && next.is_some_and(char::is_lowercase);
    previous.is_lowercase() || previous.is_ascii_digit() || ends_acronym
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEBAB: [(&str, &str); 12] = [
        ("CashierPayment", "cashier-payment"),
        ("APIName", "api-name"),
        ("OAuth2Token", "o-auth2-token"),
        ("IPv6Address", "i-pv6-address"),
        ("Sha256Hash", "sha256-hash"),
        ("B2BCustomer", "b2-b-customer"),
        ("Order_Line", "order_line"),
        ("AppDomain.Api", "app-domain.api"),
        ("already-kebab", "already-kebab"),
        ("HTTP", "http"),
        ("A", "a"),
        ("", ""),
    ];

    #[test]
    fn kebab_case_follows_momentum() {
        for (name, expected) in KEBAB {
            assert_eq!(kebab(name), expected, "{name}");
        }
    }

    #[test]
    fn snake_case_is_kebab_case_with_underscores() {
        assert_eq!(snake("AppDomain"), "app_domain");
        assert_eq!(snake("ECommerce"), "e_commerce");
    }
}
