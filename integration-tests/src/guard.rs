//! Child processes that go away with the test process, even when that is killed.

use std::{
    fs,
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        Mutex, PoisonError,
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use crate::home;

/// A command under `guard.sh`: it is killed and its directory removed when this value is dropped or this process ends.
#[derive(Debug)]
pub struct Guarded {
    guard: Child,
    /// The other end is read by the guard; its closing is the signal to clean up.
    orders: Option<ChildStdin>,
    pid: u32,
    /// Behind a lock only because the shared broker is a static.
    exited: Mutex<Receiver<()>>,
    dir: PathBuf,
    log: PathBuf,
}

impl Guarded {
    /// Starts a command that owns the directory `dir`; it writes to `log`.
    pub fn spawn(dir: &Path, log: &Path, command: &[String]) -> io::Result<Self> {
        let mut guard = Command::new("sh")
            .arg(home::sources().join("guard.sh"))
            .args([dir, log])
            .args(command)
            // Not in the group that a Ctrl-C at the terminal reaches: the guard has to outlive this process.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let orders = guard.stdin.take();
        let mut out = BufReader::new(guard.stdout.take().ok_or_else(|| io::Error::other("no stdout"))?);
        let mut line = String::new();
        out.read_line(&mut line)?;
        let pid = line.trim().parse().map_err(|_| io::Error::other("the guard did not start"))?;
        let (ended, exited) = mpsc::channel();
        thread::spawn(move || {
            let _ = out.read_to_end(&mut Vec::new());
            let _ = ended.send(());
        });
        Ok(Self { guard, orders, pid, exited: Mutex::new(exited), dir: dir.to_owned(), log: log.to_owned() })
    }

    /// The process id of the command.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Sends a signal (`TERM`, `INT`, `KILL`, `STOP`, `CONT`) to the command.
    pub fn signal(&mut self, name: &str) -> io::Result<()> {
        let orders = self.orders.as_mut().ok_or_else(|| io::Error::other("the guard is gone"))?;
        writeln!(orders, "{name}")
    }

    /// The end of what the command has written.
    pub fn log_tail(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let tail: Vec<_> = log.lines().rev().take(20).collect();
        tail.into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    /// Waits until the command has ended; `false` if it has not within `time`.
    pub fn wait_exit(&self, time: Duration) -> bool {
        let exited = self.exited.lock().unwrap_or_else(PoisonError::into_inner);
        !matches!(exited.recv_timeout(time), Err(RecvTimeoutError::Timeout))
    }

    /// Waits until the command has ended, and returns its exit code; as in a shell, 128 and more for a signal.
    pub fn exit_code(&mut self) -> io::Result<i32> {
        self.signal("wait")?;
        let said = self.guard.stderr.take().ok_or_else(|| io::Error::other("nobody is left to be asked"))?;
        let mut line = String::new();
        BufReader::new(said).read_line(&mut line)?;
        line.trim().parse().map_err(io::Error::other)
    }

    /// Ends the command, and leaves its directory to whoever takes over.
    pub fn hand_over(mut self) -> io::Result<()> {
        self.signal("keep")
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        drop(self.orders.take());
        if let Err(error) = self.guard.wait() {
            eprintln!("the guard of {} was lost: {error}", self.dir.display());
        }
    }
}
