use super::*;
use crate::kafka::client::log::LogContext;

fn topic(name: &str, partitions: u32) -> TopicPlan {
    TopicPlan { name: name.to_owned(), partitions: Some(partitions), ..TopicPlan::default() }
}

fn dead_letters_of(source: &str) -> TopicPlan {
    TopicPlan { name: format!("{source}.billing.dlq"), dead_letter_of: Some(source.to_owned()), ..TopicPlan::default() }
}

fn partitions(kafka: &Kafka, name: &str) -> State {
    let admin: Admin = kafka.admin_config("look").unwrap().create_with_context(LogContext::default()).unwrap();
    describe(admin.inner(), &[name.to_owned()], PATIENCE).unwrap().remove(name).unwrap()
}

async fn warnings(kafka: &Kafka, plan: &[TopicPlan]) -> Result<Vec<String>, NotProvisioned> {
    ensure(kafka, plan, PATIENCE).await.map(|found| found.warnings)
}

fn exists(partitions: u32) -> State {
    State::Exists { partitions, replication: 1, leaderless: 0 }
}

#[tokio::test]
async fn missing_topics_are_created_and_dead_letters_take_the_size_of_their_source() {
    let kafka = Kafka::embedded();
    let plan = [dead_letters_of("orders"), topic("orders", 3)];

    assert_eq!(warnings(&kafka, &plan).await, Ok(vec![]));
    assert_eq!(partitions(&kafka, "orders"), exists(3));
    assert_eq!(partitions(&kafka, "orders.billing.dlq"), exists(3));
    assert_eq!(warnings(&kafka, &plan).await, Ok(vec![]), "a second start finds them");
}

#[tokio::test]
async fn dead_letters_follow_what_the_source_really_has() {
    let kafka = Kafka::embedded();
    kafka.broker().unwrap().create_topic("orders", 5).unwrap();

    let warnings = warnings(&kafka, &[topic("orders", 3), dead_letters_of("orders")]).await.unwrap();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].starts_with("topic `orders` has 5 partitions, not 3"), "{warnings:?}");
    assert_eq!(partitions(&kafka, "orders.billing.dlq"), exists(5));
}

#[tokio::test]
async fn verify_names_every_missing_topic_and_creates_none() {
    let kafka = Kafka::embedded().topics(Topics::Verify);
    kafka.broker().unwrap().create_topic("orders", 2).unwrap();
    let plan = [topic("orders", 2), topic("refunds", 2), dead_letters_of("orders"), dead_letters_of("refunds")];

    let problems = ensure(&kafka, &plan, PATIENCE).await.unwrap_err();
    assert_eq!(
        problems,
        NotProvisioned::Problems(vec![
            "topic `refunds` does not exist: create it with 2 partitions, or write `.topics(Topics::Create)` on `Kafka`".to_owned(),
            "topic `orders.billing.dlq` does not exist: create it with 2 partitions, or write `.topics(Topics::Create)` on `Kafka`".to_owned(),
            "topic `refunds.billing.dlq` does not exist: create it, or write `.topics(Topics::Create)` on `Kafka`".to_owned(),
        ])
    );
    assert_eq!(partitions(&kafka, "refunds"), State::Missing);
}

#[tokio::test]
async fn an_unreachable_broker_is_an_error_after_the_stated_time() {
    let kafka = Kafka::embedded();
    kafka.broker().unwrap().broker_down().unwrap();

    let started = Instant::now();
    let problems = ensure(&kafka, &[topic("orders", 1)], Duration::from_millis(700)).await.unwrap_err();
    assert!(matches!(problems, NotProvisioned::Unreachable { .. }), "{problems:?}");
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
}

// Fails when the reason is that of the call that got no answer: "Broker transport failure".
#[tokio::test]
async fn an_unreachable_broker_is_told_in_the_words_of_the_connection() {
    let kafka = Kafka::new("127.0.0.1:1");
    let problems = ensure(&kafka, &[topic("orders", 1)], Duration::from_millis(100)).await.unwrap_err();
    let NotProvisioned::Unreachable { servers, reason } = problems else { panic!("{problems:?}") };
    assert_eq!(servers, "127.0.0.1:1");
    assert!(reason.contains("Connection refused"), "{reason}");
}

#[tokio::test]
async fn ignore_asks_nobody() {
    let kafka = Kafka::new("127.0.0.1:1").topics(Topics::Ignore);
    assert_eq!(warnings(&kafka, &[topic("orders", 1)]).await, Ok(vec![]));
}

#[tokio::test]
async fn a_topic_without_a_leader_is_a_warning() {
    let kafka = Kafka::embedded();
    let broker = kafka.broker().unwrap();
    broker.create_topic("orders", 2).unwrap();
    broker.set_leader("orders", 1, None).unwrap();

    let warnings = warnings(&kafka, &[topic("orders", 2)]).await.unwrap();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].starts_with("1 of 2 partitions of topic `orders` have no leader"), "{warnings:?}");
}

#[tokio::test]
async fn a_dead_letter_topic_without_a_source_is_a_problem() {
    let problems = ensure(&Kafka::embedded(), &[dead_letters_of("orders")], PATIENCE).await.unwrap_err();
    let expected = "topic `orders`, whose dead letters have a topic, does not exist";
    assert_eq!(problems, NotProvisioned::Problems(vec![expected.to_owned()]));
}

#[tokio::test]
async fn a_dead_letter_topic_may_be_wider_than_its_source_but_not_narrower() {
    let kafka = Kafka::embedded();
    for (source, own) in [("orders", 3), ("refunds", 1)] {
        kafka.broker().unwrap().create_topic(source, 2).unwrap();
        kafka.broker().unwrap().create_topic(&dead_letters_of(source).name, own).unwrap();
    }

    let warnings = warnings(&kafka, &[dead_letters_of("orders"), dead_letters_of("refunds")]).await.unwrap();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    let text = "dead-letter topic `refunds.billing.dlq` has 1 partition, and `refunds` 2: dead letters of the others do not \
                keep their partition; add partitions to it until it has as many";
    assert_eq!(warnings[0], text);
}

// Fails when nobody asks the client, and when it is asked before it has seen the cluster.
#[tokio::test]
async fn the_cluster_says_how_it_calls_itself() {
    let kafka = Kafka::embedded();
    let found = ensure(&kafka, &[topic("orders", 1)], PATIENCE).await.unwrap();
    assert!(found.cluster_id.as_ref().is_some_and(|id| !id.is_empty()), "{found:?}");
}
