//! What may stand in `#[event(..)]`.
//!
//! From the attribute and the fields to a [`Spec`] in which all that the macro can check is checked. The key method and
//! the types of key fields are left to rustc, the topic's whole name to the start of the bus.

use syn::{Data, DeriveInput, Error, Expr, ExprLit, Ident, Lit, Result};

use super::{doubtful, filled, flag, key, last_name, no_generics, once, owned, segment, source, text, unknown};
use crate::{
    attr::{self, Entry, Value},
    domain::Domain,
    event::{Spec, Topic},
};

/// All keys, for the message about one that does not exist; `Given::take` has an arm for each.
const KEYS: [&str; 10] =
    ["entity", "topic", "domain", "version", "internal", "plural", "type", "alias", "partitions", "key"];

/// Types that are nobody's entity: naming one means that the user wanted the type of a field.
const NOT_ENTITIES: [&str; 28] = [
    "bool",
    "char",
    "str",
    "String",
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
    "usize",
    "i8",
    "i16",
    "i32",
    "i64",
    "i128",
    "isize",
    "f32",
    "f64",
    "Uuid",
    "Option",
    "Vec",
    "Box",
    "Arc",
    "DateTime",
    "NaiveDate",
    "NaiveDateTime",
    "HashMap",
    "BTreeMap",
];

/// Checks an event, from its attributes to the fields of its key.
///
/// ```text
/// #[derive(Serialize, Deserialize, Event)]
/// #[event(domain = "sales")]
/// struct OrderPlaced { .. }
///        ───────────  `OrderPlaced` needs a topic: write `#[event(entity = Order)]` with the entity it is about, or
///                     `#[event(topic = "..")]`
/// ```
pub(crate) fn event(input: &DeriveInput) -> Result<Spec> {
    owned::owned(input)?;
    no_generics(input, "an event is one type with one schema, so write a struct for each")?;
    if matches!(input.data, Data::Union(_)) {
        return Err(Error::new_spanned(&input.ident, "an event is a struct or an enum, not a union"));
    }
    let entries = attr::entries(&input.attrs, "event")?.unwrap_or_default();
    let mut given = Given::default();
    for entry in once(&entries, &["alias"])? {
        given.take(entry)?;
    }
    let topic = given.topic.ok_or_else(|| topic_missing(input))?;
    let says_none = given.version.is_none() && given.event_type.is_none();
    let other_version = says_none.then(|| doubtful::other_version(&input.ident)).flatten();
    let key = key::of_event(input, given.key)?;
    let domain = given.domain.map_or_else(|| domain_of_crate(input), Ok)?;
    Ok(Spec {
        warnings: given.doubts.into_iter().chain(other_version).collect(),
        topic,
        domain,
        internal: given.internal,
        plural: given.plural,
        version: given.version.unwrap_or_else(|| "v1".to_owned()),
        event_type: given.event_type,
        aliases: given.aliases,
        partitions: given.partitions,
        key,
        description: attr::docs(&input.attrs),
    })
}

/// What the attribute said, key by key. Defaults come later: where one stood here, nobody could tell that something is
/// missing.
#[derive(Default)]
struct Given<'a> {
    topic: Option<Topic>,
    domain: Option<Domain>,
    internal: bool,
    plural: Option<bool>,
    version: Option<String>,
    event_type: Option<String>,
    aliases: Vec<String>,
    partitions: Option<u32>,
    /// What compiles, and is probably not meant.
    doubts: Vec<Error>,
    /// Not looked at yet: whether a method may make the key depends on the fields.
    key: Option<&'a Entry>,
}

impl<'a> Given<'a> {
    /// Takes one entry, with the check that its key asks for.
    fn take(&mut self, entry: &'a Entry) -> Result<()> {
        match entry.name().as_str() {
            "entity" => self.name_topic(entry, entity)?,
            "topic" => {
                self.name_topic(entry, verbatim)?;
                self.doubts.extend(doubtful::whole_topic(entry));
            }
            "domain" => self.domain = Some(Domain::Given(filled(entry).and_then(|_| segment(entry))?)),
            "version" => self.version = Some(version(entry)?),
            "internal" => self.internal = flag(entry).map(|()| true)?,
            "plural" => self.plural = Some(plural(entry)?),
            "type" => self.event_type = Some(event_type(entry)?),
            "alias" => self.add_alias(entry)?,
            "partitions" => self.partitions = Some(partitions(entry)?),
            "key" => self.key = Some(entry),
            _ => return Err(unknown(entry, "event", &KEYS)),
        }
        Ok(())
    }

    /// `entity` and `topic` are two ways to say one thing, so they exclude each other.
    fn name_topic(&mut self, entry: &Entry, read: impl Fn(&Entry) -> Result<Topic>) -> Result<()> {
        if self.topic.is_some() {
            return Err(Error::new_spanned(&entry.key, "`entity` and `topic` both name the topic: keep one of them"));
        }
        self.topic = Some(read(entry)?);
        Ok(())
    }

    /// An alias that is there twice is a slip of the pen, and mostly another one was meant.
    fn add_alias(&mut self, entry: &Entry) -> Result<()> {
        several_in_one(entry)?;
        let alias = event_type(entry)?;
        if self.aliases.contains(&alias) {
            return Err(Error::new_spanned(entry.value_tokens(), format!("alias `{alias}` is given twice")));
        }
        self.aliases.push(alias);
        Ok(())
    }
}

fn topic_missing(input: &DeriveInput) -> Error {
    let message = format!(
        "`{}` needs a topic: write `#[event(entity = Order)]` with the entity it is about, or `#[event(topic = \"..\")]`",
        input.ident
    );
    Error::new_spanned(&input.ident, message)
}

/// `topic = "orders"`. Its text is a segment of the name, not the whole: environment, domain and version stand around
/// it.
fn verbatim(entry: &Entry) -> Result<Topic> {
    filled(entry).and_then(|_| segment(entry)).map(Topic::Verbatim)
}

/// `entity = Order`. Only the last name counts, and the type need not be in scope. A string that could be a type's name
/// is put into the advice.
fn entity(entry: &Entry) -> Result<Topic> {
    let Value::Type(ty) = &entry.value else {
        let example = match &entry.value {
            Value::Lit(Lit::Str(text)) if syn::parse_str::<Ident>(&text.value()).is_ok() => text.value(),
            _ => "Order".to_owned(),
        };
        let message = format!("`entity` is a type: write `entity = {example}`");
        return Err(Error::new_spanned(entry.value_tokens(), message));
    };
    match last_name(ty) {
        Some(name) if NOT_ENTITIES.contains(&name.as_str()) => {
            let message = format!(
                "`{name}` is not an entity: name the entity, as in `entity = Order`, or the topic, as in `topic = \"orders\"`"
            );
            Err(Error::new_spanned(ty, message))
        }
        Some(name) => Ok(Topic::Entity(name.trim_start_matches("r#").to_owned())),
        None => Err(Error::new_spanned(ty, "`entity` is the name of a type: write `entity = Order`")),
    }
}

/// `version = "v2"`. Who writes a number is told which text it is.
fn version(entry: &Entry) -> Result<String> {
    match &entry.value {
        Value::Lit(Lit::Int(number)) => {
            let message = format!("`version` is a string: write `version = \"v{}\"`", number.base10_digits());
            Err(Error::new_spanned(number, message))
        }
        _ => segment(entry).map(|version| version.trim().to_owned()),
    }
}

/// Whether the name is made plural; no flag, because for an entity the default is yes.
fn plural(entry: &Entry) -> Result<bool> {
    match &entry.value {
        Value::Lit(Lit::Bool(plural)) => Ok(plural.value),
        _ => Err(Error::new_spanned(entry.value_tokens(), "`plural` is `true` or `false`")),
    }
}

/// A CloudEvents type, of `type` or `alias`. It travels in a header as it is, so white space in it would be part of it.
fn event_type(entry: &Entry) -> Result<String> {
    let event_type = filled(entry)?;
    if event_type.chars().any(|c| c.is_control() || c.is_whitespace()) {
        let message = format!("`{}` is a CloudEvents type: it cannot hold white space", entry.key);
        return Err(Error::new_spanned(entry.value_tokens(), message));
    }
    text(entry)
}

/// `alias = ["a", "b"]`: a list, where each has a key of its own.
fn several_in_one(entry: &Entry) -> Result<()> {
    let Value::Array(array) = &entry.value else { return Ok(()) };
    let is_text = |alias: &Expr| matches!(alias, Expr::Lit(ExprLit { lit: Lit::Str(_), .. }));
    if array.elems.is_empty() || !array.elems.iter().all(is_text) {
        return Ok(());
    }
    let each: Vec<_> = array.elems.iter().map(|alias| format!("{} = {}", entry.key, source(alias))).collect();
    let message = format!("`{}` has one string, and may be repeated: write `{}`", entry.key, each.join(", "));
    Err(Error::new_spanned(array, message))
}

/// At least 1, at most what Kafka's protocol can count.
fn partitions(entry: &Entry) -> Result<u32> {
    let message = match &entry.value {
        Value::Lit(Lit::Int(number)) => match number.base10_parse() {
            Ok(n) if n > 0 && n <= i32::MAX as u32 => return Ok(n),
            _ => "a topic has at least one partition, and at most 2,147,483,647: write `partitions = 12`".to_owned(),
        },
        Value::Lit(Lit::Str(text)) => {
            let number = text.value().trim().parse().ok().filter(|number| *number > 0).unwrap_or(12_u32);
            format!("`partitions` is a number: write `partitions = {number}`, without quotes")
        }
        _ => "`partitions` is a number: write `partitions = 12`".to_owned(),
    };
    Err(Error::new_spanned(entry.value_tokens(), message))
}

/// The domain of an event that names none. Checked here: the crate's name, or the domain in Cargo.toml, may not fit a
/// topic.
fn domain_of_crate(input: &DeriveInput) -> Result<Domain> {
    let domain = Domain::of_crate().map_err(|message| Error::new_spanned(&input.ident, message))?;
    if domain.name().trim().is_empty() || !domain.name().chars().all(super::legal_in_topic) {
        let message = format!(
            "`{}` has no usable domain: `{}` in Cargo.toml cannot be part of a topic, so write `#[event(domain = \"..\")]`",
            input.ident,
            domain.name()
        );
        return Err(Error::new_spanned(&input.ident, message));
    }
    Ok(domain)
}
