//! Run with `cargo run --example cashiers`; with `KAFKA_BOOTSTRAP_SERVERS=host:port` it uses that broker.
//!
//! One service publishes what happens at the tills, another sends e-mails about it. How e-mails are sent it does not
//! know: it gets an `Arc<dyn EmailService>`, here one that hands every e-mail to `main`.

use std::{sync::Arc, time::Duration};

use carom::{Actor, Bus, Context, Event, Failure, Handler, Kafka, Supervisor, event::Environment, handler};
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tokio::{sync::mpsc, time::timeout};

/// A cashier may open a till from now on.
#[derive(Serialize, Deserialize, Event)]
#[event(entity = Cashier, domain = "billing")]
struct CashierCreated {
    #[event(key)]
    cashier_id: u32,
    name: String,
}

/// A cashier has left.
#[derive(Serialize, Deserialize, Event)]
#[event(entity = Cashier, domain = "billing")]
struct CashierDeleted {
    #[event(key)]
    cashier_id: u32,
}

/// A customer got an invoice.
#[derive(Serialize, Deserialize, Event)]
#[event(entity = Invoice, domain = "billing")]
struct InvoiceCreated {
    #[event(key)]
    invoice_id: u32,
}

/// A customer paid an invoice.
#[derive(Serialize, Deserialize, Event)]
#[event(entity = Invoice, domain = "billing")]
struct InvoicePaid {
    #[event(key)]
    invoice_id: u32,
}

/// Sends e-mails. An event may be handled again, so an e-mail has an id by which a mail server can recognise a repeat.
trait EmailService: Send + Sync {
    fn send(&self, id: String, text: String) -> BoxFuture<'_, std::io::Result<()>>;
}

/// Tells people what happened at the tills.
#[derive(Actor)]
struct Notifications {
    email: Arc<dyn EmailService>,
}

#[handler]
impl Handler<CashierCreated> for Notifications {
    async fn handle(&mut self, event: CashierCreated, cx: &mut Context<'_>) -> Result<(), Failure> {
        Ok(self.email.send(cx.id(), format!("welcome, {} (cashier {})", event.name, event.cashier_id)).await?)
    }
}

#[handler]
impl Handler<CashierDeleted> for Notifications {
    async fn handle(&mut self, event: CashierDeleted, cx: &mut Context<'_>) -> Result<(), Failure> {
        Ok(self.email.send(cx.id(), format!("good bye, cashier {}", event.cashier_id)).await?)
    }
}

#[handler]
impl Handler<InvoiceCreated> for Notifications {
    async fn handle(&mut self, event: InvoiceCreated, cx: &mut Context<'_>) -> Result<(), Failure> {
        Ok(self.email.send(cx.id(), format!("invoice {}: please pay", event.invoice_id)).await?)
    }
}

#[handler]
impl Handler<InvoicePaid> for Notifications {
    async fn handle(&mut self, event: InvoicePaid, cx: &mut Context<'_>) -> Result<(), Failure> {
        Ok(self.email.send(cx.id(), format!("invoice {}: thank you", event.invoice_id)).await?)
    }
}

/// Sends nothing, and tells `main` what it would have sent.
struct Outbox(mpsc::UnboundedSender<String>);

impl EmailService for Outbox {
    fn send(&self, id: String, text: String) -> BoxFuture<'_, std::io::Result<()>> {
        println!("e-mail {id}: {text}");
        Box::pin(async move { self.0.send(text).map_err(std::io::Error::other) })
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let kafka = std::env::var("KAFKA_BOOTSTRAP_SERVERS").map_or_else(|_| Kafka::embedded(), Kafka::new);
    // Topics and groups of this run's own, so that a run on a broker of yours finds nothing of the last one.
    let environment = Environment::short(format!("run{}", std::time::UNIX_EPOCH.elapsed()?.as_millis()));
    let (outbox, mut sent) = mpsc::unbounded_channel();
    let email: Arc<dyn EmailService> = Arc::new(Outbox(outbox));
    let bus = |service: &str| Bus::new(kafka.clone()).environment(environment.clone()).service(service);
    let notifications =
        bus("notifications").with_state(email).supervise::<Notifications>(Supervisor::one_for_one()).spawn().await?;
    let cashiers = bus("cashiers").partial().spawn().await?;

    cashiers.publish(CashierCreated { cashier_id: 7, name: "Ada".to_owned() }).await?;
    cashiers.publish(InvoiceCreated { invoice_id: 4711 }).await?;
    cashiers.publish(InvoicePaid { invoice_id: 4711 }).await?;
    cashiers.publish(CashierDeleted { cashier_id: 7 }).await?;
    let mut emails = Vec::new();
    while emails.len() < 4 {
        emails.extend(timeout(Duration::from_secs(30), sent.recv()).await?);
    }
    // Two topics have no common order, but the events of one cashier and of one invoice have.
    let at = |start: &str| emails.iter().position(|email| email.starts_with(start)).expect("the e-mail was sent");
    assert!(at("welcome, Ada") < at("good bye, cashier 7") && at("invoice 4711: please") < at("invoice 4711: thank"));
    cashiers.shutdown().await?;
    Ok(notifications.shutdown().await?)
}
