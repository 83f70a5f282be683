//! The event that stands for Momentum's in the tests, and an actor that handles it.

use carom::{
    Actor, Bus, Context, Event, Failure, FromRef, Handler, Profile, Supervisor,
    event::dotnet::{self, NumericEnum},
    handler,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    time::timeout,
};
use uuid::Uuid;

use crate::{ledger::PATIENCE, plain::PlainRecord, world::World};

/// A cashier was created, as a .NET service declares it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[serde(rename_all = "camelCase")]
#[event(
    entity = Cashier,
    domain = "AppDomain",
    type = "AppDomain.Cashiers.Contracts.IntegrationEvents.CashierCreated",
    alias = "AppDomain.Cashiers.CashierCreated"
)]
pub struct CashierCreated {
    /// Whose cashier it is.
    #[event(key)]
    pub tenant_id: Uuid,
    /// The cashier.
    pub cashier: Cashier,
}

/// A cashier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cashier {
    tenant_id: Uuid,
    cashier_id: Uuid,
    name: String,
    email: String,
    cashier_payments: Vec<Payment>,
    #[serde(with = "dotnet::date_time")]
    created_date_utc: chrono::DateTime<chrono::Utc>,
    #[serde(with = "dotnet::date_time")]
    updated_date_utc: chrono::DateTime<chrono::Utc>,
    version: i32,
}

/// A payment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payment {
    currency: Currency,
    #[serde(with = "dotnet::decimal")]
    amount: rust_decimal::Decimal,
}

#[derive(Debug, Clone, Copy, PartialEq, NumericEnum)]
enum Currency {
    Euro = 978,
    Dollar = 840,
}

/// The trace of the golden record.
pub const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// The golden record: what Momentum writes for [`created`].
///
/// # Panics
///
/// If the vectors do not have it.
pub fn golden() -> PlainRecord {
    let file: Value = serde_json::from_str(include_str!("../vectors/cloudevents.json")).expect("the vectors are JSON");
    let mut cases = file["cases"].as_array().expect("cases").iter();
    let case = cases.find(|case| case["name"] == "Momentum CashierCreated").expect("the vectors have the case");
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let headers = case["headers"].as_array().expect("headers").iter();
    PlainRecord {
        key: text(&case["key"]),
        value: text(&case["value"]),
        headers: headers.map(|header| (text(&header[0]).expect("a name"), text(&header[1]))).collect(),
    }
}

/// The event of the golden record.
pub fn created() -> CashierCreated {
    let tenant_id = Uuid::from_u128(0x123e4567_e89b_12d3_a456_426614174000);
    let opened = chrono::DateTime::from_timestamp(1_705_314_600, 0).unwrap_or_default();
    let cashier = Cashier {
        tenant_id,
        cashier_id: Uuid::from_u128(0x456e7890_e12b_34c5_d678_901234567890),
        name: "John Doe".to_owned(),
        email: "john.doe@example.com".to_owned(),
        cashier_payments: Vec::new(),
        created_date_utc: opened,
        updated_date_utc: opened,
        version: 1,
    };
    CashierCreated { tenant_id, cashier }
}

/// [`created`] with payments and another tenant: what the helpers of `dotnet` write, nested.
pub fn with_payments(tenant: u128) -> CashierCreated {
    let payment = |currency, cents| Payment { currency, amount: rust_decimal::Decimal::new(cents, 2) };
    let mut event = created();
    event.tenant_id = Uuid::from_u128(tenant);
    event.cashier.cashier_payments = vec![payment(Currency::Euro, 1050), payment(Currency::Dollar, 700)];
    event
}

/// What the handler was given: the event; `id`, `source`, `type` and `time` of its envelope; its trace.
pub type Got = (CashierCreated, [String; 4], Option<String>);

/// Notes down what it is given.
#[derive(Debug, Actor)]
struct Till {
    got: UnboundedSender<Got>,
}

/// Where `Till` notes it down.
#[derive(Debug, Clone, FromRef)]
pub struct Drawer {
    got: UnboundedSender<Got>,
}

#[handler]
impl Handler<CashierCreated> for Till {
    async fn handle(&mut self, event: CashierCreated, cx: &mut Context<'_>) -> Result<(), Failure> {
        let time = cx.time().map(|time| time.to_rfc3339()).unwrap_or_default();
        self.got.send((event, [cx.id(), cx.source(), cx.event_type(), time], cx.traceparent()))?;
        Ok(())
    }
}

/// A bus of the Momentum service of the example.
pub fn bus(world: &World) -> Bus {
    world.bus().service("appdomain-api").domain("AppDomain").profile(Profile::Momentum)
}

/// The same, with a handler.
pub fn till(world: &World) -> (Bus<Drawer>, UnboundedReceiver<Got>) {
    let (got, receiver) = unbounded_channel();
    (bus(world).with_state(Drawer { got }).supervise::<Till>(Supervisor::one_for_one()), receiver)
}

/// What the handler is given next.
///
/// # Panics
///
/// If that takes too long.
pub async fn next(got: &mut UnboundedReceiver<Got>) -> Got {
    timeout(PATIENCE, got.recv()).await.expect("the till gets the event").expect("the till is there")
}

/// Asserts that the handler was given the golden record.
///
/// # Panics
///
/// If it was not.
pub fn assert_golden((event, [id, source, event_type, time], trace): &Got) {
    assert_eq!(*event, created());
    assert_eq!(id, "08dc15b2-6a1e-4f0c-0242-ac1200020000");
    assert_eq!(source, "/app_domain/appdomain-api");
    assert_eq!(event_type, "AppDomain.Cashiers.Contracts.IntegrationEvents.CashierCreated");
    assert_eq!(time, "2024-01-15T10:30:00.123456700+00:00");
    assert_eq!(trace.as_deref(), Some(PARENT));
}

/// Asserts that a record is what Momentum would have written for [`created`], as far as a clock and fresh ids allow, with
/// the one header that carom adds.
///
/// # Panics
///
/// If it is not.
pub fn assert_written(record: &PlainRecord) {
    let golden = golden();
    assert_eq!((&record.key, &record.value), (&golden.key, &golden.value));
    let mut expected = golden.headers;
    let value = |name: &str| record.headers.iter().find(|(key, _)| key == name).and_then(|(_, value)| value.clone());
    let (id, time) = (value("ce_id").unwrap_or_default(), value("ce_time").unwrap_or_default());
    assert_eq!(id.parse::<Uuid>().map(|id| id.hyphenated().to_string()).as_ref(), Ok(&id), "a Guid in lower case");
    let (_, fraction) = time.trim_end_matches('Z').rsplit_once([':', '.']).unwrap_or_default();
    assert!(time.ends_with('Z') && [2, 3, 6, 7].contains(&fraction.len()), "{time}");
    for (name, value) in &mut expected {
        match name.as_str() {
            "ce_id" => *value = Some(id.clone()),
            "ce_time" => *value = Some(time.clone()),
            _ => {}
        }
    }
    expected.insert(6, ("traceparent".to_owned(), Some(PARENT.to_owned())));
    assert_eq!(record.headers, expected);
}
