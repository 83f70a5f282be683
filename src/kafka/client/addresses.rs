//! What is wrong with the addresses of a cluster, found without one: a client only says that no broker is configured.

use super::secrets::{HIDDEN, Value};

/// What librdkafka takes in front of an address.
const PROTOCOLS: [&str; 4] = ["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"];

/// One sentence for each address that is none, or one for all of them if a user name stands there: it may hold a comma,
/// so what follows it cannot be told from an address.
pub(super) fn problems(servers: &Value) -> Vec<String> {
    if servers.text.contains('@') {
        return vec![format!(
            "{} has a user name in front of its `@`, which librdkafka does not take: write `host:port` alone, and give \
             `sasl.username` and `sasl.password` as options, such as `.set(\"sasl.username\", \"..\")` on `Kafka`",
            quoted(servers, &servers_shown(servers))
        )];
    }
    let each = servers.text.split(',').map(str::trim).filter(|address| !address.is_empty());
    each.filter(|address| !is_address(address))
        .map(|address| match address {
            "embedded" => "the embedded broker is no address: write `Kafka::embedded()`".to_owned(),
            _ => format!(
                "{} is not the address of a broker: write `host:port`, such as `kafka-1:9092`, with commas between several",
                quoted(servers, address)
            ),
        })
        .collect()
}

/// One sentence for each address with another protocol in front than the clients speak: librdkafka drops it.
pub(super) fn of_another_protocol(servers: &Value, spoken: &str) -> Vec<String> {
    let addresses = servers.text.split(',').map(str::trim).filter(|address| is_address(address));
    let other = addresses.filter_map(|address| {
        let (protocol, _) = address.split_once("://")?;
        let protocol = protocol.to_ascii_lowercase();
        (protocol != spoken).then(|| {
            format!(
                "{} is for `security.protocol = {protocol}`, and that is `{spoken}`: write `.set(\"security.protocol\", \
                 \"{protocol}\")` on `Kafka`, or the setting `kafka.security_protocol = {protocol}`, or leave the \
                 protocol out of the address",
                quoted(servers, address)
            )
        })
    });
    other.collect()
}

/// The addresses as they may be shown: without what stands before the last `@`.
pub(crate) fn servers_shown(servers: &Value) -> String {
    match servers.text.rsplit_once('@') {
        _ if servers.hidden => HIDDEN.to_owned(),
        Some((_, hosts)) => format!("{HIDDEN}@{hosts}"),
        None => servers.text.clone(),
    }
}

fn quoted(servers: &Value, text: &str) -> String {
    if servers.hidden { "what the file of `kafka.bootstrap_servers` holds".to_owned() } else { format!("`{text}`") }
}

/// `host`, `host:port`, `[ipv6]` or `[ipv6]:port`, perhaps with a protocol in front.
fn is_address(address: &str) -> bool {
    let host_port = match address.split_once("://") {
        Some((protocol, rest)) if PROTOCOLS.contains(&protocol.to_ascii_lowercase().as_str()) => rest,
        Some(_) => return false,
        None => address,
    };
    let (host, port) = match host_port.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, "")) => (host, None),
        Some((host, rest)) => (host, Some(rest.strip_prefix(':').unwrap_or_default())),
        // More than one colon, and no brackets: an IPv6 address without a port.
        None if host_port.matches(':').count() > 1 => return host_port.parse::<std::net::Ipv6Addr>().is_ok(),
        None => host_port.split_once(':').map_or((host_port, None), |(host, port)| (host, Some(port))),
    };
    let is_host = !host.is_empty() && !host.contains(|char: char| char.is_whitespace() || "/?#\"';|\\=".contains(char));
    // A host of this name is `embedded:9092`.
    address != "embedded" && is_host && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<String> {
        problems(&Value::plain(text))
    }

    #[test]
    fn what_librdkafka_takes_is_an_address() {
        for address in [
            "localhost:9092",
            "kafka-1",
            " kafka-1:9092, kafka-2:9092,",
            "10.0.0.1:1",
            "[::1]:9092",
            "[::1]",
            "::1",
            "PLAINTEXT://a:1,ssl://b:2,Sasl_Plaintext://c:3,SASL_SSL://[fe80::1%eth0]:4",
            "kafka_1.example.:65535",
        ] {
            assert_eq!(of(address), Vec::<String>::new(), "{address}");
        }
    }

    #[test]
    fn what_is_no_address_is_named_with_what_to_write() {
        for address in
            ["http://localhost:9092", "kafka://a:1", "a:b", "a:0", "a:65536", ":9092", "a:", "a b:1", "a:1/x", "a;b:1"]
        {
            let problems = of(address);
            assert_eq!(problems.len(), 1, "{address}: {problems:?}");
            let start = format!("`{address}` is not the address of a broker: write `host:port`, such as ");
            assert!(problems[0].starts_with(&start), "{problems:?}");
        }
        assert_eq!(of("http://a:1,b:2,https://c:3").len(), 2);
        assert_eq!(of("embedded"), ["the embedded broker is no address: write `Kafka::embedded()`"]);
        assert_eq!(of("embedded:9092"), [""; 0]);
    }

    // Fails when addresses are split first: a comma may stand in a password.
    #[test]
    fn what_stands_before_an_at_sign_is_not_shown() {
        for servers in
            ["user:hunter2@localhost:9092", "SASL_SSL://me:hunter2@localhost:9092", "a:1,me:x,hunter2@b@localhost:9092"]
        {
            let problems = of(servers);
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert!(
                problems[0].starts_with("`***@localhost:9092` has a user name in front of its `@`"),
                "{problems:?}"
            );
            assert!(!problems[0].contains("hunter2") && problems[0].contains("sasl.password"), "{problems:?}");
        }
    }

    #[test]
    fn what_came_from_a_file_is_not_shown_at_all() {
        for text in ["hunter2@localhost:9092", "http://hunter2:9092"] {
            let problems = problems(&Value { text: text.to_owned(), hidden: true }).concat();
            assert!(problems.starts_with("what the file of `kafka.bootstrap_servers` holds "), "{problems}");
            assert!(!problems.contains("hunter2"), "{problems}");
        }
    }
}
