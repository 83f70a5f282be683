//! Starts a guarded child, prints its pid and directory, and waits to be killed. For the test that looks who is left.

use std::{error::Error, io::Write, thread};

use integration_tests::{Guarded, run_dir};

fn main() -> Result<(), Box<dyn Error>> {
    let dir = run_dir()?;
    let child = Guarded::spawn(&dir, &dir.join("log"), &["sleep".to_owned(), "600".to_owned()])?;
    println!("{}\n{}", child.pid(), dir.display());
    std::io::stdout().flush()?;
    loop {
        thread::park();
    }
}
