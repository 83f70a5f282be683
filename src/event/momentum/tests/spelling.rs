//! Times, sources and domains, spelt as Momentum does.

use super::*;

#[test]
fn a_time_has_the_fewest_of_0_3_6_or_7_digits() {
    for (time, written) in [
        ("2024-01-15T10:30:00Z", "2024-01-15T10:30:00Z"),
        ("2024-01-15T10:30:00.1Z", "2024-01-15T10:30:00.100Z"),
        ("2024-01-15T10:30:00.001Z", "2024-01-15T10:30:00.001Z"),
        ("2024-01-15T10:30:00.1234Z", "2024-01-15T10:30:00.123400Z"),
        ("2024-01-15T10:30:00.1234567Z", "2024-01-15T10:30:00.1234567Z"),
        ("2024-01-15T10:30:00.000000199Z", "2024-01-15T10:30:00.0000001Z"),
        ("2024-01-15T10:30:00.000000099Z", "2024-01-15T10:30:00Z"),
    ] {
        assert_eq!(time_text(at(time)), written);
    }
}

#[test]
fn the_default_source_is_momentums() {
    assert_eq!(default_source(Some("AppDomain"), "AppDomain.Api"), "/app_domain/appdomain-api");
    assert_eq!(default_source(Some("ECommerce"), "order-service"), "/e_commerce/order-service");
    assert_eq!(default_source(None, "billing"), "/billing");
}

#[test]
fn domains_are_letters_and_digits_after_a_letter() {
    assert!(is_domain("AppDomain") && is_domain("a") && is_domain("Shop2"));
    assert!(!is_domain("") && !is_domain("2Shop") && !is_domain("app-domain") && !is_domain("Größe"));
}
