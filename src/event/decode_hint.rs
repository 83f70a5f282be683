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
    let name = find(&data, missing)?;
    let rule = RULES.iter().find(|(_, rule)| rule(missing) == name);
    let for_all = rule.map(|(rule, _)| format!("`#[serde(rename_all = \"{rule}\")]` on the type, or "));
    let for_all = for_all.unwrap_or_default();
    Some(format!("; the data has `{name}`: write {for_all}`#[serde(rename = \"{name}\")]` on the field"))
}

/// The same letters in another case, wherever they stand.
fn find(data: &Value, missing: &str) -> Option<String> {
    match data {
        Value::Object(members) => {
            let is_it = |name: &&String| *name != missing && is_name(name) && letters(name) == letters(missing);
            let named = members.keys().find(is_it).cloned();
            named.or_else(|| members.values().find_map(|value| find(value, missing)))
        }
        Value::Array(values) => values.iter().find_map(|value| find(value, missing)),
        _ => None,
    }
}

/// Whether a name may be shown: it comes from outside.
fn is_name(name: &str) -> bool {
    name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// A name without its case.
fn letters(name: &str) -> String {
    name.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// serde's name of a case, and what becomes of a field's name in it.
type Rule = (&'static str, fn(&str) -> String);

const RULES: [Rule; 5] = [
    ("camelCase", |name| in_words(name, false)),
    ("PascalCase", |name| in_words(name, true)),
    ("kebab-case", |name| name.replace('_', "-")),
    ("SCREAMING_SNAKE_CASE", str::to_ascii_uppercase),
    ("lowercase", str::to_ascii_lowercase),
];

/// `order_id` as `orderId`, or `OrderId`.
fn in_words(name: &str, from_the_first: bool) -> String {
    let mut upper = from_the_first;
    let mut out = String::with_capacity(name.len());
    for char in name.chars() {
        if char == '_' {
            upper = true;
        } else {
            out.push(if std::mem::take(&mut upper) { char.to_ascii_uppercase() } else { char });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(json: &str) -> Option<String> {
        found("missing field `order_id` at line 1 column 2", json.as_bytes())
    }

    #[test]
    fn a_field_in_another_case_is_named_with_what_to_write() {
        for (json, name, case) in [
            (r#"{"orderId":1}"#, "orderId", "camelCase"),
            (r#"{"OrderId":1}"#, "OrderId", "PascalCase"),
            (r#"{"lines":[{"order-id":1}]}"#, "order-id", "kebab-case"),
            (r#"{"ORDER_ID":1}"#, "ORDER_ID", "SCREAMING_SNAKE_CASE"),
        ] {
            let expected = format!(
                "; the data has `{name}`: write `#[serde(rename_all = \"{case}\")]` on the type, or \
                 `#[serde(rename = \"{name}\")]` on the field"
            );
            assert_eq!(hint(json), Some(expected));
        }
        // No rule makes this one.
        let text = "; the data has `OrderID`: write `#[serde(rename = \"OrderID\")]` on the field";
        assert_eq!(hint(r#"{"OrderID":1}"#).as_deref(), Some(text));
    }

    // Fails when a field of another object counts, which has its name already, or whatever stands in the data is shown.
    #[test]
    fn nothing_is_said_where_nothing_helps() {
        assert_eq!(hint(r#"{"order":1}"#), None);
        assert_eq!(hint(r#"{"line":{"order_id":1}}"#), None);
        assert_eq!(hint("{\"order\\n-id\":1}"), None);
        assert_eq!(hint("no JSON"), None);
        assert_eq!(found("invalid type: string", br#"{"orderId":1}"#), None);
        assert_eq!(hint(&format!(r#"{{"orderId":1,"x":"{}"}}"#, "x".repeat(LIMIT))), None);
        assert_eq!(hint(&format!(r#"{{"order{}Id":1}}"#, "-".repeat(64))), None);
    }
}
