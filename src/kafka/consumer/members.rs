//! Who is in the consumer group already, and is not an instance of this service.

use std::{collections::BTreeSet, thread, time::Duration};

use crate::kafka::{Kafka, client::admin::admin, raw::client_ids};

/// How long the cluster may take to answer.
const WITHIN: Duration = Duration::from_secs(5);

/// How often it is asked, and the pause before the next time: the group may be about to form.
const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_secs(1);

/// Asks, on a thread of its own, who is in `group`; tells `found` if there are members with another client id than
/// `service`.
///
/// Nobody waits for it, and nothing follows from it: where the group cannot be described, for want of a right or of an
/// answer, nothing is said. Whichever service starts last finds the others.
pub(crate) fn look_for_strangers(
    kafka: &Kafka,
    group: &str,
    service: &str,
    found: impl FnOnce(&BTreeSet<String>) + Send + 'static,
) {
    // The embedded broker cannot describe groups, and its groups end with the process.
    if kafka.broker().is_some() {
        return;
    }
    let (kafka, group, service) = (kafka.clone(), group.to_owned(), service.to_owned());
    let asking = thread::Builder::new().name("carom-members".to_owned());
    let asked = asking.spawn(move || match patiently(|| strangers(&kafka, &group, &service)) {
        Ok(strangers) if strangers.is_empty() => tracing::debug!(group, "no other service was seen in the group"),
        Ok(strangers) => found(&strangers),
        Err(reason) => tracing::debug!(group, reason, "the members of the group are not known"),
    });
    if let Err(error) = asked {
        tracing::debug!(%error, "nobody asks who is in the group");
    }
}

fn patiently<T>(mut ask: impl FnMut() -> Result<T, String>) -> Result<T, String> {
    let mut answer = ask();
    for _ in 1..ATTEMPTS {
        if answer.is_ok() {
            break;
        }
        thread::sleep(PAUSE);
        answer = ask();
    }
    answer
}

fn strangers(kafka: &Kafka, group: &str, service: &str) -> Result<BTreeSet<String>, String> {
    // Whoever sets client ids by hand may give each instance one of its own.
    if kafka.consumer_config(group, service)?.get("client.id") != Some(service) {
        return Ok(BTreeSet::new());
    }
    let ids = client_ids(admin(kafka)?.inner(), group, WITHIN).map_err(|code| code.to_string())?;
    Ok(ids.into_iter().filter(|id| id != service).collect())
}
