//! The broker's jars and a formatted, empty storage directory; made once per machine, whoever comes first.

use std::{
    env,
    ffi::OsStr,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use crate::home;

/// What is needed to start a broker.
#[derive(Debug, Clone)]
pub(crate) struct Jars {
    pub(crate) libs: PathBuf,
    /// An empty log directory as `StorageTool format` leaves it: copying it saves a second JVM at each start.
    pub(crate) formatted: PathBuf,
}

/// Why there can be no broker on this machine, or `None` if there can.
pub(crate) fn missing_tools() -> Option<String> {
    let java = match Command::new("java").arg("-version").output() {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stderr).into_owned(),
        _ => return Some("no `java` was found".to_owned()),
    };
    let version = java.split('"').nth(1).and_then(|version| version.split(['.', '-']).next()?.parse::<u32>().ok());
    match version {
        Some(version) if version >= 17 => {}
        Some(version) => return Some(format!("java is version {version}, Kafka needs 17")),
        None => return Some("`java -version` names no version".to_owned()),
    }
    // Only looked up: running it takes most of a second, and with a full cache nobody does.
    let path = env::var_os("PATH").unwrap_or_default();
    let maven = env::split_paths(&path).any(|dir| dir.join("mvn").is_file());
    (!maven).then(|| "no `mvn` was found".to_owned())
}

impl Jars {
    /// Takes the jars from the cache, or fills it. One process at a time does so: others wait at the lock.
    pub(crate) fn get() -> io::Result<Self> {
        let cache = home::cache()?;
        let lock = File::create(cache.join("lock"))?;
        lock.lock()?;
        let pom = fs::read_to_string(home::sources().join("pom.xml"))?;
        let jars = Self { libs: cache.join("libs"), formatted: cache.join("formatted") };
        // Written last: what was begun and not finished is begun again.
        let done = cache.join("pom.xml");
        if !fs::read_to_string(&done).is_ok_and(|made| made == pom) {
            let _ = fs::remove_file(&done);
            for dir in [&jars.libs, &jars.formatted] {
                let _ = fs::remove_dir_all(dir);
            }
            jars.fetch()?;
            jars.format(&cache)?;
            fs::write(&done, pom)?;
        }
        Ok(jars)
    }

    fn fetch(&self) -> io::Result<()> {
        let pom = home::sources().join("pom.xml");
        let mut mvn = Command::new("mvn");
        mvn.args(["-q", "-B", "-f"]).arg(pom).args(["dependency:copy-dependencies", "-DincludeScope=runtime"]);
        mvn.arg(format!("-DoutputDirectory={}", self.libs.display()));
        succeed("mvn", &mvn.output()?)
    }

    fn format(&self, cache: &Path) -> io::Result<()> {
        let properties = cache.join("format.properties");
        fs::write(&properties, server_properties(1, 2, None, &self.formatted))?;
        let mut java = Command::new("java");
        java.args(self.java_args(Jvm::Brief, "kafka.tools.StorageTool"));
        java.args([OsStr::new("format"), OsStr::new("-t"), OsStr::new("carom-test-cluster-000"), OsStr::new("-c")]);
        java.arg(&properties);
        succeed("the storage tool", &java.output()?)
    }

    /// The arguments of `java` that run a class of these jars, or a source file that uses them.
    pub(crate) fn java_args(&self, jvm: Jvm, class: &str) -> Vec<String> {
        let log = home::sources().join("log4j2.properties");
        let mut args: Vec<_> = jvm.args().iter().map(|arg| (*arg).to_owned()).collect();
        args.push(format!("-Dlog4j2.configurationFile={}", log.display()));
        args.extend(["-cp".to_owned(), format!("{}/*", self.libs.display()), class.to_owned()]);
        args
    }
}

/// How a Java program of ours is run.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Jvm {
    /// For seconds: compile less, share the JVM's own classes.
    Brief,
    /// For minutes under load, as a broker in production is: the full compiler, and pauses that nobody notices.
    Lasting,
}

impl Jvm {
    fn args(self) -> &'static [&'static str] {
        match self {
            Self::Brief => &["-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"],
            Self::Lasting => &["-Xms1g", "-Xmx1g", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20"],
        }
    }
}

fn succeed(what: &str, output: &Output) -> io::Result<()> {
    if output.status.success() {
        return Ok(());
    }
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    let said = String::from_utf8_lossy(&said);
    let tail: Vec<_> = said.lines().rev().take(10).collect();
    Err(io::Error::other(format!("{what} failed:\n{}", tail.into_iter().rev().collect::<Vec<_>>().join("\n"))))
}

/// A second way to a broker.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Detour {
    /// Where the broker listens.
    pub(crate) behind: u16,
    /// Where it says that it listens.
    pub(crate) front: u16,
}

/// One broker that is its own controller, tuned for tests: groups form at once, nothing is created by accident.
pub(crate) fn server_properties(client_port: u16, controller_port: u16, detour: Option<Detour>, data: &Path) -> String {
    let data = data.display();
    let at = |port: fn(Detour) -> u16| {
        detour.map_or_else(String::new, |detour| format!(",DETOUR://127.0.0.1:{}", port(detour)))
    };
    let (behind, front) = (at(|detour| detour.behind), at(|detour| detour.front));
    format!(
        "process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{client_port},CONTROLLER://127.0.0.1:{controller_port}{behind}
advertised.listeners=PLAINTEXT://127.0.0.1:{client_port}{front}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,DETOUR:PLAINTEXT
log.dirs={data}
num.partitions=4
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=8
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=8
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
group.consumer.min.session.timeout.ms=1000
group.consumer.min.heartbeat.interval.ms=100
group.consumer.heartbeat.interval.ms=200
auto.create.topics.enable=false
log.cleaner.backoff.ms=500
quota.window.num=3
"
    )
}
