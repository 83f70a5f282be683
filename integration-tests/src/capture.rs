//! What a test's bus says through `tracing`: one subscriber for the whole run, from which each test reads its own.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    span,
};
use tracing_subscriber::{
    Layer, Registry,
    filter::filter_fn,
    layer::{Context, SubscriberExt},
    registry::LookupSpan,
};

/// Target of what handlers of this suite say.
pub const SUITE: &str = "suite";

/// Fields of a span or an event, as text.
pub type Fields = BTreeMap<String, String>;

/// A span, with what was recorded so far.
#[derive(Debug, Clone)]
pub struct Span {
    /// Unique in this run.
    pub id: u64,
    /// The span it is in, if there is one.
    pub parent: Option<u64>,
    /// Its name.
    pub name: &'static str,
    /// Its fields.
    pub fields: Fields,
    /// It has ended.
    pub closed: bool,
}

/// A line.
#[derive(Debug, Clone)]
pub struct Line {
    /// Name of the event.
    pub name: &'static str,
    /// Who says it.
    pub target: &'static str,
    /// How loud.
    pub level: tracing::Level,
    /// Its fields; the text is `message`.
    pub fields: Fields,
    /// The innermost span in which it was said.
    pub span: Option<u64>,
}

impl Line {
    /// A field, as text.
    pub fn get(&self, field: &str) -> Option<&str> {
        self.fields.get(field).map(String::as_str)
    }
}

impl Span {
    /// A field, as text.
    pub fn get(&self, field: &str) -> Option<&str> {
        self.fields.get(field).map(String::as_str)
    }
}

#[derive(Default)]
struct Seen {
    spans: Vec<Span>,
    at: HashMap<u64, usize>,
    next: u64,
    lines: Vec<Line>,
    /// What somebody wants to see contains one of these.
    wanted: Vec<String>,
}

/// Reads what is said about one test.
#[derive(Clone)]
pub struct Capture {
    seen: Arc<Mutex<Seen>>,
    mark: String,
}

impl fmt::Debug for Capture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Capture({})", self.mark)
    }
}

impl Capture {
    /// Sees what has `mark` in a field, or is inside a span that has; a mark that no other test uses.
    ///
    /// # Panics
    ///
    /// If another subscriber is installed in this process.
    pub fn of(mark: &str) -> Self {
        static SEEN: OnceLock<Arc<Mutex<Seen>>> = OnceLock::new();
        let seen = SEEN.get_or_init(|| {
            let seen = Arc::new(Mutex::new(Seen::default()));
            let ours = filter_fn(|meta| meta.target().starts_with("carom") || meta.target() == SUITE);
            let subscriber = Registry::default().with(Recorder(Arc::clone(&seen)).with_filter(ours));
            tracing::subscriber::set_global_default(subscriber).expect("the only subscriber of the suite");
            seen
        });
        let capture = Self { seen: Arc::clone(seen), mark: mark.to_owned() };
        capture.seen().wanted.push(mark.to_owned());
        capture
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_ours(&self, fields: &Fields) -> bool {
        fields.values().any(|value| value.contains(&self.mark))
    }

    /// The spans of this name, in the order in which they were opened.
    pub fn spans(&self, name: &str) -> Vec<Span> {
        let seen = self.seen();
        seen.spans.iter().filter(|span| span.name == name && self.is_ours(&span.fields)).cloned().collect()
    }

    /// The lines, in order.
    pub fn lines(&self) -> Vec<Line> {
        let seen = self.seen();
        let inside = |line: &Line| line.span.and_then(|id| seen.at.get(&id)).map(|&at| &seen.spans[at]);
        let ours =
            |line: &&Line| self.is_ours(&line.fields) || inside(line).is_some_and(|span| self.is_ours(&span.fields));
        seen.lines.iter().filter(ours).cloned().collect()
    }

    /// The lines with this name.
    pub fn named(&self, name: &str) -> Vec<Line> {
        self.lines().into_iter().filter(|line| line.name == name).collect()
    }
}

struct Recorder(Arc<Mutex<Seen>>);

/// Our number of a span: the registry uses its own again.
struct Number(u64);

struct Texts<'a>(&'a mut Fields);

impl Visit for Texts<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}

impl Recorder {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    fn wants(&self, fields: &Fields) -> bool {
        fields.values().any(|value| self.wanted.iter().any(|mark| value.contains(mark)))
    }
}

fn number<S: Subscriber + for<'a> LookupSpan<'a>>(id: &span::Id, context: &Context<'_, S>) -> Option<u64> {
    context.span(id)?.extensions().get::<Number>().map(|number| number.0)
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Recorder {
    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, context: Context<'_, S>) {
        let mut fields = Fields::new();
        attributes.record(&mut Texts(&mut fields));
        let parent = context.span(id).and_then(|span| span.parent()).map(|parent| parent.id());
        let parent = parent.and_then(|parent| number(&parent, &context));
        let mut seen = self.seen();
        if !seen.wants(&fields) && attributes.metadata().target() != SUITE {
            return;
        }
        seen.next += 1;
        let (number, at) = (seen.next, seen.spans.len());
        seen.at.insert(number, at);
        seen.spans.push(Span { id: number, parent, name: attributes.metadata().name(), fields, closed: false });
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(Number(number));
        }
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, context: Context<'_, S>) {
        let Some(number) = number(id, &context) else { return };
        let mut seen = self.seen();
        let at = seen.at[&number];
        values.record(&mut Texts(&mut seen.spans[at].fields));
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::new();
        event.record(&mut Texts(&mut fields));
        let span = context.event_span(event).and_then(|span| number(&span.id(), &context));
        let mut seen = self.seen();
        if span.is_some() || seen.wants(&fields) {
            let meta = event.metadata();
            seen.lines.push(Line { name: meta.name(), target: meta.target(), level: *meta.level(), fields, span });
        }
    }

    fn on_close(&self, id: span::Id, context: Context<'_, S>) {
        if let Some(number) = number(&id, &context) {
            let mut seen = self.seen();
            let at = seen.at[&number];
            seen.spans[at].closed = true;
        }
    }
}
