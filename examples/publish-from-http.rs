//! Run with `cargo run --example publish-from-http`; with `KAFKA_BOOTSTRAP_SERVERS=host:port` it uses that broker.
//!
//! An axum service that publishes what it is told: `POST /orders` answers when the broker has the event, and says in
//! HTTP what went wrong if it has not. A bus without actors publishes; here one with an actor stands beside it, which
//! shows that the event arrives.

use std::{net::SocketAddr, time::Duration};

use axum::{Json, Router, extract::State, http::StatusCode, routing::post};
use carom::{
    Actor, Bus, BusHandle, Context, Event, Failure, Handler, Kafka, PublishError, Publisher, Supervisor,
    error::PublishErrorKind, event::Environment, handler,
};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{mpsc, oneshot},
    time::timeout,
};

/// An order was placed and awaits payment.
#[derive(Debug, Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "sales")]
struct OrderPlaced {
    #[event(key)]
    order_id: u32,
    cents: u64,
}

/// What a client sends.
#[derive(Deserialize)]
struct NewOrder {
    order_id: u32,
    cents: u64,
}

/// A [`Publisher`] is a cheap clone, made to be the state of a web service.
async fn place(State(publisher): State<Publisher>, Json(order): Json<NewOrder>) -> Result<StatusCode, StatusCode> {
    let event = OrderPlaced { order_id: order.order_id, cents: order.cents };
    publisher.publish(event).await.map_err(|error| status(&error))?;
    Ok(StatusCode::CREATED)
}

fn status(error: &PublishError) -> StatusCode {
    println!("{error}");
    match error.kind() {
        PublishErrorKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        PublishErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        // It may be in the log or not: a client that asks again may place a second order.
        PublishErrorKind::InDoubt => StatusCode::GATEWAY_TIMEOUT,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Charges cards.
#[derive(Actor)]
struct Billing {
    orders: mpsc::UnboundedSender<OrderPlaced>,
}

#[handler]
impl Handler<OrderPlaced> for Billing {
    async fn handle(&mut self, event: OrderPlaced, _cx: &mut Context<'_>) -> Result<(), Failure> {
        Ok(self.orders.send(event)?)
    }
}

/// What a client does that places an order; returns the first line of the answer.
async fn post_order(server: SocketAddr, body: &str) -> std::io::Result<String> {
    let mut connection = TcpStream::connect(server).await?;
    let length = body.len();
    let head = format!("POST /orders HTTP/1.1\r\nhost: {server}\r\nconnection: close\r\ncontent-length: {length}\r\n");
    connection.write_all(format!("{head}content-type: application/json\r\n\r\n{body}").as_bytes()).await?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await?;
    Ok(answer.lines().next().unwrap_or_default().to_owned())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let kafka = std::env::var("KAFKA_BOOTSTRAP_SERVERS").map_or_else(|_| Kafka::embedded(), Kafka::new);
    // Topics and groups of this run's own, so that a run on a broker of yours finds nothing of the last one.
    let environment = Environment::short(format!("run{}", std::time::UNIX_EPOCH.elapsed()?.as_millis()));
    let bus = |service: &str| Bus::new(kafka.clone()).environment(environment.clone()).service(service);
    let (orders, mut placed) = mpsc::unbounded_channel();
    let billing = bus("billing").with_state(orders).supervise::<Billing>(Supervisor::one_for_one()).spawn().await?;

    // A client of HTTP does not wait for the two minutes that a service can wait for a broker.
    let shop = bus("shop").kafka(|kafka| kafka.producer("delivery.timeout.ms", "5000"));
    let shop = shop.publishes::<OrderPlaced>().partial().spawn().await?;
    let app = Router::new().route("/orders", post(place)).with_state(shop.publisher());
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (stop, stand_in) = oneshot::channel::<()>();
    // A service writes `.with_graceful_shutdown(BusHandle::shutdown_signal())`; this example ends by itself.
    let stopped = async move {
        tokio::select! {
            () = BusHandle::shutdown_signal() => {}
            _ = stand_in => {}
        }
    };
    let server = axum::serve(listener, app).with_graceful_shutdown(stopped);
    // No new requests first, then the bus: what was accepted has been published by then.
    let running = tokio::spawn(async move {
        let mut served = Ok(());
        shop.run_until(async { served = server.await }).await.map(|()| served)
    });

    let answer = post_order(address, r#"{"order_id":7,"cents":4200}"#).await?;
    println!("POST /orders: {answer}");
    assert_eq!(answer, "HTTP/1.1 201 Created");
    let order = timeout(Duration::from_secs(30), placed.recv()).await?.ok_or("billing is gone")?;
    println!("billing got {order:?}");
    assert_eq!((order.order_id, order.cents), (7, 4_200));

    drop(stop);
    running.await???; // the task, the bus, and the server, whose error `run_until` drops
    Ok(billing.shutdown().await?)
}
