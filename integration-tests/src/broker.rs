//! A real Apache Kafka broker, for as long as a test needs it.

use std::{
    fmt, fs, io,
    net::TcpStream,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use crate::{
    foreign,
    guard::Guarded,
    home, jars,
    jars::{Detour, Jars, Jvm},
    ports,
    proxy::Proxy,
};

/// How long a broker may take until it answers; usually 3 to 6 s.
const START: Duration = Duration::from_secs(60);
/// How long a clean stop may take before the broker is killed.
const STOP: Duration = Duration::from_secs(20);
const ATTEMPTS: u32 = 3;

/// One broker with data of its own. Dropping it kills the broker and removes the data.
pub struct Broker {
    jars: Jars,
    jvm: Jvm,
    port: u16,
    controller: u16,
    dir: PathBuf,
    /// Also while the broker is down: it removes the data if this process dies then.
    guard: Guarded,
}

impl Broker {
    /// Starts a broker on free ports and waits until it answers. [`RealKafka::private`](crate::RealKafka::private)
    /// looks first whether this machine can.
    pub fn start_new() -> io::Result<Self> {
        attempt(|jars| Self::try_new(jars, Jvm::Brief, None))
    }

    /// As [`start_new`](Self::start_new), with a second way to it.
    pub(crate) fn start_behind_proxy() -> io::Result<(Self, Proxy)> {
        attempt(|jars| {
            let (front, [behind]) = (ports::listen()?, ports::free()?);
            let detour = Detour { behind, front: front.local_addr()?.port() };
            let broker = Self::try_new(jars, Jvm::Brief, Some(detour))?;
            Ok((broker, Proxy::start(front, behind)?))
        })
    }

    /// As [`start_new`](Self::start_new), for a program that lasts for minutes and measures.
    pub(crate) fn start_lasting() -> io::Result<Self> {
        attempt(|jars| Self::try_new(jars, Jvm::Lasting, None))
    }

    fn try_new(jars: &Jars, jvm: Jvm, detour: Option<Detour>) -> io::Result<Self> {
        let [port, controller] = ports::free()?;
        let dir = home::run_dir()?;
        let data = dir.join("data");
        fs::create_dir(&data)?;
        for file in fs::read_dir(&jars.formatted)? {
            let file = file?;
            fs::copy(file.path(), data.join(file.file_name()))?;
        }
        fs::write(dir.join("server.properties"), jars::server_properties(port, controller, detour, &data))?;
        let guard = launch(jars, jvm, &dir)?;
        let broker = Self { jars: jars.clone(), jvm, port, controller, dir, guard };
        broker.wait_ready()?;
        Ok(broker)
    }

    /// Where clients connect.
    pub fn bootstrap_servers(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Where controllers connect, and no client.
    pub fn controller(&self) -> String {
        format!("127.0.0.1:{}", self.controller)
    }

    /// The process id of the broker that runs, or ran last.
    pub fn pid(&self) -> u32 {
        self.guard.pid()
    }

    /// The directory with its data and log.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Stops it cleanly; connections end, data stays.
    pub fn stop(&mut self) -> io::Result<()> {
        self.guard.signal("TERM")?;
        if self.guard.wait_exit(STOP) { Ok(()) } else { self.kill() }
    }

    /// Kills it as a power cut would; data stays.
    pub fn kill(&mut self) -> io::Result<()> {
        self.guard.signal("KILL")?;
        if self.guard.wait_exit(STOP) { Ok(()) } else { Err(io::Error::other("the broker survived SIGKILL")) }
    }

    /// Starts it again on its old port and data, after [`stop`](Self::stop) or [`kill`](Self::kill).
    pub fn start(&mut self) -> io::Result<()> {
        // The new guard first: at each moment one of them would clean up.
        let old = std::mem::replace(&mut self.guard, launch(&self.jars, self.jvm, &self.dir)?);
        old.hand_over()?;
        self.wait_ready()
    }

    /// Makes it hang: connections stay open and nothing answers.
    pub fn suspend(&mut self) -> io::Result<()> {
        self.guard.signal("STOP")
    }

    /// Ends [`suspend`](Self::suspend).
    pub fn resume(&mut self) -> io::Result<()> {
        self.guard.signal("CONT")
    }

    /// Lets the clients of a service write and read so many bytes in a second; who takes more is answered late.
    ///
    /// # Panics
    ///
    /// If the broker refuses.
    pub fn limit_clients(&self, service: &str, bytes: u32) {
        let mut command = vec!["java".to_owned()];
        command.extend(self.jars.java_args(Jvm::Brief, "kafka.admin.ConfigCommand"));
        let limits = format!("producer_byte_rate={bytes},consumer_byte_rate={bytes}");
        let what = ["--alter", "--add-config", &limits, "--entity-type", "clients", "--entity-name", service];
        command.extend(["--bootstrap-server".to_owned(), self.bootstrap_servers()]);
        command.extend(what.map(str::to_owned));
        foreign::run(command, None);
    }

    /// KRaft opens a broker's client port only once it is caught up and may serve.
    fn wait_ready(&self) -> io::Result<()> {
        let deadline = Instant::now() + START;
        while Instant::now() < deadline {
            if self.guard.wait_exit(Duration::ZERO) {
                return Err(self.died());
            }
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(50));
        }
        Err(io::Error::other(format!("the broker did not answer within {START:?}:\n{}", self.guard.log_tail())))
    }

    fn died(&self) -> io::Error {
        let log = self.guard.log_tail();
        let kind = if log.contains("already in use") { io::ErrorKind::AddrInUse } else { io::ErrorKind::Other };
        io::Error::new(kind, format!("the broker ended at once:\n{log}"))
    }
}

fn attempt<T>(start: impl Fn(&Jars) -> io::Result<T>) -> io::Result<T> {
    let jars = Jars::get()?;
    let mut attempt = 1;
    loop {
        match start(&jars) {
            // Somebody else took a port meanwhile.
            Err(error) if attempt < ATTEMPTS && error.kind() == io::ErrorKind::AddrInUse => attempt += 1,
            result => return result,
        }
    }
}

fn launch(jars: &Jars, jvm: Jvm, dir: &Path) -> io::Result<Guarded> {
    let mut command = vec!["java".to_owned()];
    command.extend(jars.java_args(jvm, "kafka.Kafka"));
    command.push(dir.join("server.properties").display().to_string());
    Guarded::spawn(dir, &dir.join("log"), &command)
}

impl fmt::Debug for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Broker({}, pid {})", self.bootstrap_servers(), self.pid())
    }
}
