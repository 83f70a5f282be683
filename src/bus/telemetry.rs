//! What a bus tells about itself: options for spans, log lines and probes.

use std::{sync::Arc, time::Duration};

use super::Bus;
use crate::telemetry::{ErrorDetail, IncomingTrace, Keys};

impl<S> Bus<S> {
    /// Version of this service, for the header `carom-service-version` of its dead letters. Default: none.
    ///
    /// ```
    /// use carom::{Bus, Kafka};
    ///
    /// let bus = Bus::new(Kafka::embedded()).service_version(env!("CARGO_PKG_VERSION"));
    /// ```
    pub fn service_version(mut self, version: impl Into<String>) -> Self {
        self.options.service_version = Some(version.into());
        self
    }

    /// Which instance of this service the process is, for the header `carom-service-instance` of its dead letters; the
    /// same as the resource attribute `service.instance.id` of OpenTelemetry, if that is used.
    ///
    /// Default: name of the host and number of the process, such as `billing-7c9d-1`; where the host has no name, a
    /// UUID. Empty text leaves the header out.
    ///
    /// ```
    /// use carom::{Actor, Bus, Context, Event, Failure, Handler, Kafka, Supervisor, handler, testing::TestBus};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
    /// # #[event(entity = Order, domain = "sales")]
    /// # struct OrderPlaced { #[event(key)] order_id: u64 }
    /// # #[derive(Actor)]
    /// # struct Billing;
    /// # #[handler]
    /// # impl Handler<OrderPlaced> for Billing {
    /// #     async fn handle(&mut self, _: OrderPlaced, _: &mut Context<'_>) -> Result<(), Failure> {
    /// #         Err(Failure::permanent("card 4111 was declined"))
    /// #     }
    /// # }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), carom::Error> {
    /// let bus = Bus::new(Kafka::embedded()).service("billing").service_instance("billing-blue-1");
    /// let bus = TestBus::start(bus.supervise::<Billing>(Supervisor::one_for_one())).await?;
    /// bus.deliver(OrderPlaced { order_id: 7 }).await;
    /// assert_eq!(bus.dead_letters()[0].header("carom-service-instance"), Some("billing-blue-1"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn service_instance(mut self, instance: impl Into<String>) -> Self {
        self.options.service_instance = Some(instance.into());
        self
    }

    /// Where record keys may be shown, which can be personal data. Default: [`Keys::InFailures`], in the log lines of
    /// records that failed, and not on spans. Where a key is not shown, log lines carry its hash.
    ///
    /// ```
    /// use carom::{Bus, Kafka, telemetry::Keys};
    ///
    /// // Keys are e-mail addresses.
    /// let bus = Bus::new(Kafka::embedded()).service("newsletter").telemetry_keys(Keys::Hidden);
    /// ```
    pub fn telemetry_keys(mut self, keys: Keys) -> Self {
        self.options.keys = keys;
        self
    }

    /// How much of an error is shown in log lines of failures and in dead letters. Default: [`ErrorDetail::Full`].
    ///
    /// ```
    /// use carom::{
    ///     Actor, Bus, Context, Event, Failure, Handler, Kafka, Supervisor, handler, telemetry::ErrorDetail,
    ///     testing::TestBus,
    /// };
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
    /// # #[event(entity = Order, domain = "sales")]
    /// # struct OrderPlaced { #[event(key)] order_id: u64 }
    /// # #[derive(Actor)]
    /// # struct Billing;
    /// # #[handler]
    /// # impl Handler<OrderPlaced> for Billing {
    /// #     async fn handle(&mut self, _: OrderPlaced, _: &mut Context<'_>) -> Result<(), Failure> {
    /// #         Err(Failure::permanent("card 4111 was declined"))
    /// #     }
    /// # }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), carom::Error> {
    /// let bus = Bus::new(Kafka::embedded()).service("billing").error_detail(ErrorDetail::None);
    /// let bus = TestBus::start(bus.supervise::<Billing>(Supervisor::one_for_one())).await?;
    /// bus.deliver(OrderPlaced { order_id: 7 }).await;
    /// let letter = &bus.dead_letters()[0];
    /// assert_eq!(letter.header("carom-error-message"), None);
    /// assert_eq!(letter.header("carom-error-class"), Some("permanent"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn error_detail(mut self, detail: ErrorDetail) -> Self {
        self.options.errors = detail;
        self
    }

    /// Takes out of error texts what must not leave the process, personal data for example: `redact` gets the text of
    /// an error, or of one of its sources, and returns what may be shown in log lines, in dead letters and in
    /// [`Error::Escalated`](crate::Error::Escalated). Default: all of it.
    ///
    /// It is called for each failed attempt, on carom's own threads, before anything is cut to size. Where it panics,
    /// the text is left out, and a line says so. Rust itself prints the text of each panic, a handler's too, unless the
    /// program has set a panic hook of its own.
    ///
    /// ```
    /// use carom::{Bus, Kafka};
    ///
    /// let bus = Bus::new(Kafka::embedded()).redact_errors(|text| {
    ///     let words = text.split(' ').map(|word| if word.contains('@') { "***" } else { word });
    ///     words.collect::<Vec<_>>().join(" ")
    /// });
    /// ```
    pub fn redact_errors(mut self, redact: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        self.options.hooks.redact = Some(Arc::new(redact));
        self
    }

    /// After how long a partition that has records waiting and finishes none makes no progress:
    /// [`Health::is_progressing`](crate::Health::is_progressing) is false then, and a sentence names the partition.
    /// Default: 60 s; 0 is an error. It is looked at once a second.
    ///
    /// Make it longer than the longest a handler may take, [`Supervisor::timeout`](crate::Supervisor::timeout).
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use carom::{Bus, Kafka};
    ///
    /// // Handlers of this service may take five minutes.
    /// let bus = Bus::new(Kafka::embedded()).service("reports").stalled_after(Duration::from_secs(360));
    /// ```
    pub fn stalled_after(mut self, within: Duration) -> Self {
        self.options.stalled_after = within;
        self
    }

    /// Where published events get their trace context from: `traceparent` and, if there is one, `tracestate`, of the
    /// *current* span. Default: none; then only [`Publisher::with_trace`](crate::Publisher::with_trace) gives one.
    ///
    /// It is called inside the span `send`, once for each call of `publish` or `publish_all`, on the thread of the
    /// caller; what is no valid `traceparent` is left out. `Publisher::with_trace` wins over it. It is also called
    /// inside the span of an attempt that failed, for the header `carom-traceparent` of its dead letter.
    ///
    /// A handler's outputs keep the trace of their input as the one in which they came into being (`ce_traceparent`),
    /// and get the context of the span that sends them as their hop (`traceparent`): it is called inside that span too.
    ///
    /// carom depends on `tracing` alone. With `tracing-opentelemetry`:
    ///
    /// ```
    /// use std::collections::HashMap;
    ///
    /// use carom::{Bus, Kafka};
    /// use opentelemetry::propagation::TextMapPropagator;
    /// use opentelemetry_sdk::propagation::TraceContextPropagator;
    /// use tracing_opentelemetry::OpenTelemetrySpanExt;
    ///
    /// let bus = Bus::new(Kafka::embedded()).trace_context(|| {
    ///     let mut headers = HashMap::new();
    ///     TraceContextPropagator::new().inject_context(&tracing::Span::current().context(), &mut headers);
    ///     Some((headers.remove("traceparent")?, headers.remove("tracestate")))
    /// });
    /// ```
    pub fn trace_context(
        mut self,
        current: impl Fn() -> Option<(String, Option<String>)> + Send + Sync + 'static,
    ) -> Self {
        self.options.hooks.current = Some(Arc::new(current));
        self
    }

    /// What to do with the trace contexts that a record came with: `adopt` gets the span `process` of an attempt before
    /// it is entered, the context of the hop that brought the record, and, where it is another one, that of the event's
    /// creation. Default: nothing; both are on the span anyway, as the fields `traceparent`, `tracestate` and
    /// `carom.creation.traceparent`.
    ///
    /// It is called once for each attempt, if somebody listens to its span and the record has a context. With
    /// `tracing-opentelemetry`, the hop as the parent and the creation as a link:
    ///
    /// ```
    /// use carom::{Bus, Kafka};
    /// use opentelemetry::{propagation::TextMapPropagator, trace::TraceContextExt};
    /// use opentelemetry_sdk::propagation::TraceContextPropagator;
    /// use tracing_opentelemetry::OpenTelemetrySpanExt;
    ///
    /// let bus = Bus::new(Kafka::embedded()).trace_parent(|span, trace| {
    ///     let w3c = TraceContextPropagator::new();
    ///     // An error means that OpenTelemetry does not listen to this span.
    ///     let _ = span.set_parent(w3c.extract(&trace.hop.headers()));
    ///     if let Some(creation) = trace.creation {
    ///         span.add_link(w3c.extract(&creation.headers()).span().span_context().clone());
    ///     }
    /// });
    /// ```
    ///
    /// For links only, so that each hop is a trace of its own, write `add_link` for the hop too. `docs/telemetry.md`
    /// has both, and what stands in front of them.
    pub fn trace_parent(mut self, adopt: impl Fn(&tracing::Span, &IncomingTrace<'_>) + Send + Sync + 'static) -> Self {
        self.options.hooks.adopt = Some(Arc::new(adopt));
        self
    }
}
