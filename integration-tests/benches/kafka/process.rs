//! Child processes, from their start to their answer.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdout, Command, Stdio},
};

use crate::{
    job::{Job, Measured, Work},
    machine,
};

/// What went wrong, as a sentence.
pub(crate) type Done<T = ()> = Result<T, String>;

/// A child process that waits for its start, or works.
pub(crate) struct Running {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Running {
    /// Starts it, and waits until it is ready.
    pub(crate) fn start(job: &Job) -> Done<Self> {
        let mut running = Self::spawn(job)?;
        match running.line()?.as_str() {
            "ready" => Ok(running),
            other => Err(format!("{job:?} did not get ready: {other:?}")),
        }
    }

    pub(crate) fn spawn(job: &Job) -> Done<Self> {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let text = serde_json::to_string(job).map_err(|error| error.to_string())?;
        let mut child = Command::new(program)
            .args(["child", &text])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        let out = child.stdout.take().ok_or("no output")?;
        Ok(Self { child, out: BufReader::new(out) })
    }

    fn line(&mut self) -> Done<String> {
        let mut line = String::new();
        self.out.read_line(&mut line).map_err(|error| error.to_string())?;
        Ok(line.trim().to_owned())
    }

    pub(crate) fn go(&mut self) -> Done {
        let input = self.child.stdin.as_mut().ok_or("no input")?;
        input.write_all(b"go\n").map_err(|error| error.to_string())
    }

    pub(crate) fn end(mut self) -> Done<Measured> {
        let line = self.line()?;
        self.child.wait().map_err(|error| error.to_string())?;
        serde_json::from_str(&line).map_err(|error| format!("{error}: {line:?}"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail if it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a job to its end, with nothing beside it, once the machine is at rest.
pub(crate) fn run_alone(job: &Job) -> Done<Measured> {
    // A consumer that has joined fetches at once: what it has in its queues before the clock starts must be none of it,
    // but where all of it is to be there.
    let prefetched = matches!(job.work, Work::Consume { prefetched: true, .. });
    if !prefetched {
        machine::rest();
    }
    let mut running = Running::start(job)?;
    if prefetched {
        machine::rest();
    }
    running.go()?;
    running.end()
}
