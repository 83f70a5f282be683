//! Settings: everything about a bus that is data, from a file, the environment, or both.

// Variables (`env`) and what serde reads (`tree`) both become leaves: a path, a value, and the name under which
// somebody wrote it. `key` says what a path means, `given` collects the values and all that is wrong, each with that
// name, and `read` makes `Settings` of them. So both ways take the same names and make the same complaints.

mod env;
mod given;
mod kafka;
mod key;
mod read;
mod tree;
mod values;

use std::{collections::BTreeSet, ffi::OsString, fmt, time::Duration};

pub(crate) use self::env::unread_variables;
pub use self::kafka::KafkaSettings;
use crate::{
    Error,
    event::{Environment, Mode, Profile},
    kafka::{HIDDEN, without_user_info},
    telemetry::{ErrorDetail, Keys},
};

/// What a bus is told, as far as it is data: for deployments that differ in it and run the same program.
///
/// They come from the environment by [`Settings::from_env`], or from a loader of configuration files, through serde's
/// `Deserialize`; [`Bus::from_settings`](crate::Bus::from_settings) makes a bus of them, on which the builder has the
/// last word. Whatever is left out has the builder's default.
///
/// ```
/// use carom::{Bus, Settings};
///
/// let settings = Settings::from_vars("CAROM", [
///     ("CAROM__SERVICE", "billing"),
///     ("CAROM__ENVIRONMENT", "production"),
///     ("CAROM__SHUTDOWN_TIMEOUT", "30s"),
///     ("CAROM__KAFKA__BOOTSTRAP_SERVERS", "kafka-1:9092,kafka-2:9092"),
///     ("CAROM__KAFKA__CLIENT_RACK", "eu-1a"), // librdkafka's `client.rack`, for all clients
///     ("CAROM__KAFKA__CONSUMER__FETCH_MIN_BYTES", "1024"), // its `fetch.min.bytes`, for consumers
/// ])?;
/// let bus = Bus::from_settings(settings).workers(2);
/// # Ok::<(), carom::Error>(())
/// ```
///
/// # What may be written
///
/// | key | value | default |
/// |---|---|---|
/// | `service` | see [`Bus::service`](crate::Bus::service) | none |
/// | `group` | see [`Bus::group`](crate::Bus::group) | service and environment |
/// | `domain` | see [`Bus::domain`](crate::Bus::domain) | the service's first word |
/// | `source` | see [`Bus::source`](crate::Bus::source) | domain and service |
/// | `environment` | its name; topics start with it, shortened ([`Environment::new`]) | `CAROM__ENVIRONMENT`, else `development` |
/// | `environment_short` | the first segment of topics as it is ([`Environment::short`]); beats `environment` | none |
/// | `profile` | `carom` or `momentum` | `carom` |
/// | `mode` | `binary` or `structured` | `binary` |
/// | `workers` | a whole number, 1 to 256 | one for each CPU, 8 at most |
/// | `shutdown_timeout` | such as `500ms`, `10s`, `2m`, `1h`; a number alone is seconds | `10s` |
/// | `drain_timeout` | likewise | `5s` |
/// | `stalled_after` | likewise; see [`Bus::stalled_after`](crate::Bus::stalled_after) | `60s` |
/// | `service_version` | see [`Bus::service_version`](crate::Bus::service_version) | none |
/// | `service_instance` | see [`Bus::service_instance`](crate::Bus::service_instance); may be empty | host and process |
/// | `telemetry_keys` | `hidden`, `in_failures` or `everywhere` ([`Keys`]) | `in_failures` |
/// | `error_detail` | `full` or `none` ([`ErrorDetail`]) | `full` |
/// | `kafka.bootstrap_servers` | `host:port`, separated by commas; `embedded` for a broker in the process | none |
/// | `kafka.topics` | `create`, `verify` or `ignore` ([`Topics`](crate::kafka::Topics)) | `create` |
/// | `kafka.partitioner` | `librdkafka` or `java` ([`Partitioner`](crate::event::Partitioner)) | `librdkafka` |
/// | `kafka.group_protocol` | `classic` or `consumer` ([`GroupProtocol`](crate::kafka::GroupProtocol)) | `classic` |
/// | `kafka.*` | any option of librdkafka, for all clients | see [`Kafka`](crate::Kafka) |
/// | `kafka.consumer.*`, `kafka.producer.*` | any option of librdkafka, for these clients; beats the above | |
///
/// Anything else is an error that names the key and the nearest that exists; so is a value of carom's own settings that
/// is empty or blank, but that of `service_instance`. Values of options are handed through as they are: not trimmed,
/// not parsed, not changed in case. Numbers and booleans of a file are taken as serde hands them over, so that `1e6` of
/// a JSON file is `1000000`, and `5.0` is `5`; write in quotes what is to stay as it is. Nothing (`null`) is left out.
///
/// # How names are written
///
/// An option may be written as librdkafka spells it, as tables in tables, or with `_` in place of each `.`, which is
/// how the environment has to spell it: `"fetch.min.bytes" = 1`, `fetch.min.bytes = 1` and `fetch_min_bytes = 1` are
/// the same. In a file that the environment may override, write `_`: loaders see two different keys otherwise, and
/// carom refuses two spellings of one option.
///
/// With the crate `config`, for example:
///
/// ```
/// use carom::Settings;
///
/// let file = r#"
/// service = "billing"
/// shutdown_timeout = "30s"
///
/// [kafka]
/// bootstrap_servers = "kafka-1:9092"
/// consumer.fetch_min_bytes = 1024
/// "#;
/// let settings: Settings = config::Config::builder()
///     .add_source(config::File::from_str(file, config::FileFormat::Toml)) // a service writes `with_name("settings")`
///     .add_source(config::Environment::with_prefix("BILLING").prefix_separator("__").separator("__"))
///     .build()?
///     .try_deserialize()?;
/// assert_eq!(settings.shutdown_timeout, Some(std::time::Duration::from_secs(30)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Secrets
///
/// A name that ends in `_file` reads its value from the file of that name, and strips one final newline:
/// `CAROM__KAFKA__SASL_PASSWORD_FILE=/run/secrets/kafka`. Name and `_file` together are an error. (Options of
/// librdkafka that themselves end in `.file`, such as `sasl.oauthbearer.assertion.file`, are handed through.) What was
/// read from a file is hidden in `Debug`, logs and errors, as is the value of every key that ends in `password`,
/// `secret`, `pem`, `passphrase`, `jaas` or `config`, and the user info of URLs. The names of service, group, domain,
/// source and environment stand in topics, events and logs wherever they came from.
///
/// ```
/// use carom::Settings;
///
/// let file = std::env::temp_dir().join(format!("kafka-password-{}", std::process::id()));
/// std::fs::write(&file, "hunter2\n")?; // as an orchestrator mounts it
/// let settings = Settings::from_vars("CAROM", [("CAROM__KAFKA__SASL_PASSWORD_FILE", &file)])?;
/// assert!(!format!("{settings:?}").contains("hunter2"));
/// # std::fs::remove_file(file)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # What follows a failure
///
/// Policies are no settings: they belong to actors, and much of them, such as a rule for a type of error, is code. A
/// program reads the figures that somebody may change without a build from settings of its own, with its own names, and
/// gives them to [`Supervisor`](crate::Supervisor):
///
/// ```
/// use std::time::Duration;
/// use carom::{Retry, Settings, Supervisor};
///
/// #[derive(serde::Deserialize)]
/// struct App {
///     bus: Settings,
///     billing: BillingLimits,
/// }
///
/// #[derive(serde::Deserialize)]
/// struct BillingLimits {
///     attempts: u32,
///     concurrency: usize,
///     timeout_seconds: u64,
/// }
///
/// let file = r#"
/// bus = { service = "billing", kafka.bootstrap_servers = "kafka-1:9092" }
/// billing = { attempts = 8, concurrency = 64, timeout_seconds = 5 }
/// "#;
/// let file = config::Config::builder().add_source(config::File::from_str(file, config::FileFormat::Toml)).build()?;
/// let App { bus, billing } = file.try_deserialize()?;
/// let policy = Supervisor::one_for_one()
///     .retry(Retry::exponential(billing.attempts))
///     .concurrency(billing.concurrency)
///     .timeout(Duration::from_secs(billing.timeout_seconds));
/// // Bus::from_settings(bus).supervise::<Billing>(policy)
/// # let _ = (bus, policy);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Settings {
    /// See [`Bus::service`](crate::Bus::service). `None`, here and below, is the default of the builder.
    pub service: Option<String>,
    /// See [`Bus::group`](crate::Bus::group). Default: service and environment, such as `billing-prod`.
    pub group: Option<String>,
    /// See [`Bus::domain`](crate::Bus::domain). Default: the first word of the service.
    pub domain: Option<String>,
    /// See [`Bus::source`](crate::Bus::source). Default: domain and service, such as `/billing/billing`.
    pub source: Option<String>,
    /// See [`Bus::environment`](crate::Bus::environment); from `environment` or `environment_short`. Default:
    /// [`Environment::from_env`].
    pub environment: Option<Environment>,
    /// See [`Bus::profile`](crate::Bus::profile). Default: [`Profile::Carom`].
    pub profile: Option<Profile>,
    /// See [`Bus::mode`](crate::Bus::mode). Default: [`Mode::Binary`].
    pub mode: Option<Mode>,
    /// See [`Bus::workers`](crate::Bus::workers), in threads. Default: one for each CPU, 8 at most.
    pub workers: Option<usize>,
    /// See [`Bus::shutdown_timeout`](crate::Bus::shutdown_timeout). Default: 10 s.
    pub shutdown_timeout: Option<Duration>,
    /// See [`Bus::drain_timeout`](crate::Bus::drain_timeout). Default: 5 s.
    pub drain_timeout: Option<Duration>,
    /// See [`Bus::stalled_after`](crate::Bus::stalled_after). Default: 60 s.
    pub stalled_after: Option<Duration>,
    /// See [`Bus::service_version`](crate::Bus::service_version). Default: none.
    pub service_version: Option<String>,
    /// See [`Bus::service_instance`](crate::Bus::service_instance). Default: host and process.
    pub service_instance: Option<String>,
    /// See [`Bus::telemetry_keys`](crate::Bus::telemetry_keys). Default: [`Keys::InFailures`].
    pub telemetry_keys: Option<Keys>,
    /// See [`Bus::error_detail`](crate::Bus::error_detail). Default: [`ErrorDetail::Full`].
    pub error_detail: Option<ErrorDetail>,
    /// How Kafka is reached.
    pub kafka: KafkaSettings,
    /// The keys whose values came from files, for `Debug`: a secret may be in any of them.
    hidden: BTreeSet<&'static str>,
}

impl Settings {
    /// Settings from the variables of this process that start with `prefix` and `__`.
    ///
    /// With the prefix `CAROM`, `kafka.consumer.fetch.min.bytes` is `CAROM__KAFKA__CONSUMER__FETCH_MIN_BYTES`: `__`
    /// goes down one level, and a single `_` belongs to the name. The case of the prefix counts, that of what follows
    /// does not.
    ///
    /// A variable with one `_` after the prefix is not read; if it would be a setting with two, a warning in the log
    /// says which.
    ///
    /// ```
    /// let settings = carom::Settings::from_env("CAROM")?;
    /// println!("{settings:?}"); // without secrets
    /// # Ok::<(), carom::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Misconfigured`] with everything that is wrong, each with the name of its variable: unknown names, two
    /// names of one setting, values that cannot be or are no UTF-8, files that cannot be read, options that librdkafka
    /// refuses or that carom has to keep. Also for a prefix that is empty or ends in `_`, with which nothing would be
    /// read.
    pub fn from_env(prefix: &str) -> Result<Self, Error> {
        Self::from_vars(prefix, std::env::vars_os())
    }

    /// Settings from these variables, for tests and for environments that are not the process's own.
    ///
    /// ```
    /// let settings = carom::Settings::from_vars("BILLING", [("BILLING__SERVICE", "billing"), ("HOME", "/")])?;
    /// assert_eq!(settings.service.as_deref(), Some("billing"));
    ///
    /// let error = carom::Settings::from_vars("CAROM", [("CAROM__SERVCE", "billing")]).unwrap_err();
    /// assert!(error.to_string().contains("`CAROM__SERVCE` is not a setting: did you mean `CAROM__SERVICE`?"));
    /// # Ok::<(), carom::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Settings::from_env`].
    pub fn from_vars<N, V>(prefix: &str, vars: impl IntoIterator<Item = (N, V)>) -> Result<Self, Error>
    where
        N: Into<OsString>,
        V: Into<OsString>,
    {
        env::read(prefix, vars.into_iter().map(|(name, value)| (name.into(), value.into())))
            .map_err(|problems| Error::Misconfigured(problems.into_iter().map(crate::error::Problem::new).collect()))
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields: [(&str, &dyn fmt::Debug); 15] = [
            ("service", &self.service),
            ("group", &self.group),
            ("domain", &self.domain),
            ("source", &self.source.as_deref().map(without_user_info)),
            ("environment", &self.environment),
            ("profile", &self.profile),
            ("mode", &self.mode),
            ("workers", &self.workers),
            ("shutdown_timeout", &self.shutdown_timeout),
            ("drain_timeout", &self.drain_timeout),
            ("stalled_after", &self.stalled_after),
            ("service_version", &self.service_version),
            ("service_instance", &self.service_instance),
            ("telemetry_keys", &self.telemetry_keys),
            ("error_detail", &self.error_detail),
        ];
        let mut out = f.debug_struct("Settings");
        for (name, value) in fields {
            let value = if self.hidden.contains(name) { &HIDDEN as &dyn fmt::Debug } else { value };
            out.field(name, value);
        }
        out.field("kafka", &self.kafka).finish()
    }
}

#[cfg(test)]
mod tests;
