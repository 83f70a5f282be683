//! Where things live on disk.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU32, Ordering},
};

/// The sources of the broker: pom, log configuration, guard.
pub(crate) fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("kafka")
}

/// Jars are kept outside of `target`, so that a `cargo clean` costs no download.
pub(crate) fn cache() -> io::Result<PathBuf> {
    let base = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let base = base.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")));
    let base = base.ok_or_else(|| io::Error::other("neither XDG_CACHE_HOME nor HOME is set"))?;
    let dir = base.join("carom-kafka");
    fs::create_dir_all(&dir)?;
    Ok(dir)
}

/// A new directory below `target`, for one broker; its guard removes it.
pub fn run_dir() -> io::Result<PathBuf> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let dir = target().join("carom-kafka").join(format!("{}-{count}", process::id()));
    if dir.exists() {
        fs::remove_dir_all(&dir)?;
    }
    fs::create_dir_all(&dir)?;
    Ok(dir)
}

/// The build directory: two above the test binary (`target/debug/deps/suite-…`), wherever cargo was told to put it.
fn target() -> PathBuf {
    let exe = env::current_exe().unwrap_or_default();
    let found = exe.ancestors().find(|dir| dir.join("CACHEDIR.TAG").exists()).map(Path::to_owned);
    found.unwrap_or_else(env::temp_dir)
}
