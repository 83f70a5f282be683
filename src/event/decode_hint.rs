//! What to say of data that lacks a field: mostly its names are written in another case.

use serde_json::Value;

/// Larger data is not looked through for a hint.
const LIMIT: usize = 64 * 1024;

/// What stands behind an error about a missing field, if the data has it in another case; else nothing.
#[cold]
pub(super) fn hint(reason: &serde_json::Error, json: &[u8]) -> String {
    found(&reason.to_string(), json).unwrap_or_default()
}

fn found(reason: &str, json: &[u8]) -> Option<String> {
    let (missing, _) = reason.strip_prefix("missing field `")?.split_once('`')?;
    let data = (json.len() <= LIMIT).then(|| serde_json::from_slice(json).ok()).flatten()?;
    let name = find(&data, &letters(missing))?;
    // Where just the case is another one, a rule for the whole type is what is missing.
    Some(format!(
        "; the data has `{name}`: write `#[serde(rename_all = \"{}\")]` on the type, or `#[serde(rename = \"{name}\")]` on the \
         field",
        case_of(&name)
    ))
}

/// The name in which these letters are written, wherever it stands.
fn find(data: &Value, wanted: &str) -> Option<String> {
    match data {
        Value::Object(members) => {
            let named = members.keys().find(|name| letters(name) == wanted).cloned();
            named.or_else(|| members.values().find_map(|value| find(value, wanted)))
        }
        Value::Array(values) => values.iter().find_map(|value| find(value, wanted)),
        _ => None,
    }
}

/// A name without its case.
fn letters(name: &str) -> String {
    name.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// As serde calls it.
fn case_of(name: &str) -> &'static str {
    match name.chars().next() {
        _ if name.contains('-') => "kebab-case",
        _ if name.contains('_') => "snake_case",
        Some(first) if first.is_uppercase() => "PascalCase",
        _ => "camelCase",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_in_another_case_is_named_with_what_to_write() {
        let hint = |json: &str| found("missing field `order_id` at line 1 column 2", json.as_bytes());
        for (json, name, case) in [
            (r#"{"orderId":1}"#, "orderId", "camelCase"),
            (r#"{"OrderId":1}"#, "OrderId", "PascalCase"),
            (r#"{"lines":[{"order-id":1}]}"#, "order-id", "kebab-case"),
        ] {
            let text = hint(json).unwrap();
            assert!(
                text.starts_with(&format!("; the data has `{name}`: write `#[serde(rename_all = \"{case}\")]`")),
                "{text}"
            );
        }
        assert_eq!(hint(r#"{"order":1}"#), None);
        assert_eq!(hint("no JSON"), None);
        assert_eq!(found("invalid type: string", br#"{"orderId":1}"#), None);
        let large = format!(r#"{{"orderId":1,"x":"{}"}}"#, "x".repeat(LIMIT));
        assert_eq!(hint(&large), None);
    }
}
