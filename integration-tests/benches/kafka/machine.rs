//! What the system knows of this process and of the machine.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use nix::sys::{
    resource::{UsageWho, getrusage},
    time::TimeVal,
};

use crate::job::Measured;

fn seconds(time: TimeVal) -> f64 {
    time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6
}

/// User and system time of this process so far, in seconds; threads of librdkafka included.
fn cpu() -> f64 {
    getrusage(UsageWho::RUSAGE_SELF).map_or(0.0, |usage| seconds(usage.user_time()) + seconds(usage.system_time()))
}

/// A field of `/proc/self/status`, in KiB. Not `ru_maxrss`, which a child inherits from its parent.
fn status(field: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    line.and_then(|line| line.trim_matches([':', ' ', '\t']).split(' ').next()?.parse().ok()).unwrap_or(0)
}

/// Time and CPU since a start.
pub(crate) struct Clock {
    began: Instant,
    cpu: f64,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self { began: Instant::now(), cpu: cpu() }
    }

    pub(crate) fn stop(self, records: u64) -> Measured {
        let seconds = self.began.elapsed().as_secs_f64();
        Measured { records, seconds, cpu: cpu() - self.cpu, peak_kib: status("VmHWM"), latencies: Vec::new() }
    }
}

/// Idle and total ticks of all processors.
fn ticks() -> (u64, u64) {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let fields: Vec<u64> = stat
        .lines()
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .skip(1)
        .filter_map(|field| field.parse().ok())
        .collect();
    (fields.iter().skip(3).take(2).sum(), fields.iter().take(8).sum())
}

/// Which share of the machine does nothing from here on.
pub(crate) struct IdleShare(u64, u64);

impl IdleShare {
    pub(crate) fn start() -> Self {
        let (idle, total) = ticks();
        Self(idle, total)
    }

    pub(crate) fn share(&self) -> f64 {
        let (idle, total) = ticks();
        idle.saturating_sub(self.0) as f64 / total.saturating_sub(self.1).max(1) as f64
    }
}

/// Waits until nothing runs: a broker goes on for seconds with what it was asked for last, and compiles what it ran.
pub(crate) fn rest() {
    const LONGEST: Duration = Duration::from_secs(30);
    let deadline = Instant::now() + LONGEST;
    let mut idle = 0;
    while idle < 3 && Instant::now() < deadline {
        let share = IdleShare::start();
        thread::sleep(Duration::from_millis(300));
        idle = if share.share() > 0.95 { idle + 1 } else { 0 };
    }
}

/// CPU seconds that another process used so far; for the broker.
pub(crate) fn cpu_of(pid: u32) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: u64 = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    Some(Duration::from_millis(ticks * 10).as_secs_f64())
}

/// Processor, cores and memory, for the head of the report.
pub(crate) fn describe() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown processor");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!(
        "{cores} cores of{}, {}",
        model.trim_start_matches(['\t', ' ']).trim_start_matches(':'),
        std::env::consts::OS
    )
}
