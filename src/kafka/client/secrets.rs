//! What must not be shown: which values are secret, and how texts lose them.

use std::sync::Arc;

/// The value of an option.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) text: String,
    /// It came from a file, as secrets do; it is never shown, whatever its key is.
    pub(crate) hidden: bool,
}

impl Value {
    /// A value that may be shown, unless its key says otherwise.
    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), hidden: false }
    }

    /// Whether it must not be shown as the value of `key`.
    pub(super) fn is_secret(&self, key: &str) -> bool {
        self.hidden || is_secret(key)
    }

    /// As it may be shown: secrets are hidden, and what stands before the `@` of a URL.
    pub(super) fn shown(&self, key: &str) -> String {
        if self.is_secret(key) { HIDDEN.to_owned() } else { without_user_info(&self.text) }
    }
}

/// What stands where a secret stood.
pub(crate) const HIDDEN: &str = "***";

/// Whether the value of an option is secret by its name.
fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["password", "secret", "pem", "passphrase", "jaas", "config"].iter().any(|end| key.ends_with(end))
}

/// Secret values, to take them out of what others wrote.
#[derive(Clone, Default)]
pub(crate) struct Secrets(Arc<[String]>);

impl Secrets {
    pub(super) fn of<'a>(options: impl Iterator<Item = (&'a str, &'a Value)>) -> Self {
        let secrets = options.filter(|(key, value)| value.is_secret(key) && !value.text.is_empty());
        let mut secrets: Vec<_> = secrets.map(|(_, value)| value.text.clone()).collect();
        // The longest first: it may contain a shorter one.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self(secrets.into())
    }

    /// `text` without them, and without the user info of URLs.
    pub(crate) fn hide(&self, text: &str) -> String {
        self.0.iter().fold(without_user_info(text), |text, secret| text.replace(secret, HIDDEN))
    }
}

/// Hides `user:password` of every `scheme://user:password@host` in a text; commas and quotes may stand in a password.
/// One of `/?#`, which should not, hides too much rather than too little, unless what stands before it could be a port.
pub(crate) fn without_user_info(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (head, tail) = rest.split_at(at + 3);
        let authority = tail.find(|c: char| c.is_whitespace() || "/?#\"".contains(c)).unwrap_or(tail.len());
        shown.push_str(head);
        // What follows a colon and is no port is the beginning of a password, in which one of these should not stand.
        let is_user = || tail[..authority].rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_err());
        let word = || tail.find(|c: char| c.is_whitespace() || c == '"').unwrap_or(tail.len());
        let at = tail[..authority].rfind('@').or_else(|| is_user().then(|| tail[..word()].rfind('@')).flatten());
        rest = match at {
            Some(end) => {
                shown.push_str(HIDDEN);
                &tail[end..]
            }
            None => tail,
        };
    }
    shown + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(key: &str, text: &str) -> String {
        Value::plain(text).shown(key)
    }

    #[test]
    fn secrets_are_hidden_by_the_end_of_their_key() {
        for key in [
            "sasl.password",
            "sasl.oauthbearer.client.secret",
            "ssl.key.pem",
            "ssl.key.passphrase",
            "SASL.JAAS.CONFIG",
            "some.jaas",
            "sasl.oauthbearer.config",
        ] {
            assert_eq!(shown(key, "hunter2"), "***", "{key}");
        }
        assert_eq!(shown("sasl.username", "billing"), "billing");
    }

    #[test]
    fn what_came_from_a_file_is_hidden_whatever_its_key_is() {
        let value = Value { text: "billing".to_owned(), hidden: true };
        assert_eq!(value.shown("sasl.username"), "***");
    }

    #[test]
    fn user_info_in_urls_is_hidden() {
        let url = "sasl.oauthbearer.token.endpoint.url";
        assert_eq!(shown(url, "https://me:hunter2@id.example/token"), "https://***@id.example/token");
        assert_eq!(shown(url, "https://id.example/a@b"), "https://id.example/a@b");
        assert_eq!(shown(url, "x://a:p@ss@h,y://b:c@i"), "x://***@h,y://***@i");
        assert_eq!(shown(url, "https://id.example:443/a@b"), "https://id.example:443/a@b");
        for password in ["hun/ter2", "?hunter2", "hunter#2", "/"] {
            assert_eq!(shown(url, &format!("https://me:{password}@id.example/t")), "https://***@id.example/t");
        }
        // Fails when a comma or a quote ends the authority.
        assert_eq!(shown(url, "https://me:p,hunter2@id.example/t"), "https://***@id.example/t");
        assert_eq!(shown(url, "https://m'e:hunter2@id.example,other:1"), "https://***@id.example,other:1");
    }

    // Fails when secrets are not sorted by length: `hunter2` would leave `hunter2-and-more` behind in part.
    #[test]
    fn a_foreign_message_loses_the_secrets_it_quotes() {
        let options = [
            ("sasl.password", Value::plain("hunter2")),
            ("ssl.key.passphrase", Value::plain("hunter2-and-more")),
            ("client.id", Value::plain("me")),
            ("sasl.username", Value { text: "operator".to_owned(), hidden: true }),
            ("ssl.key.pem", Value::plain("")),
        ];
        let secrets = Secrets::of(options.iter().map(|(key, value)| (*key, value)));
        assert_eq!(
            secrets.hide("me, the operator, failed with hunter2-and-more at x://a:b@c"),
            "me, the ***, failed with *** at x://***@c"
        );
    }
}
