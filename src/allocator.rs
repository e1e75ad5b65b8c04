//! Gives freed memory back to the operating system. After ten thousand sockets or a storm of sign-ins glibc keeps the freed
//! pages for itself, because blocks that are still in use lie above them; a small server would stay large for days.

use std::time::Duration;

/// How often the memory is looked at.
const INTERVAL: Duration = Duration::from_secs(10);
/// Memory beyond what is in use that is worth the milliseconds that giving it back takes.
const WORTHWHILE: usize = 8 * 1024 * 1024;

/// Gives freed memory back whenever much of it has been kept, without end.
pub async fn return_freed_memory() {
    // What the last time could not give back: pages that hold a block in use.
    let mut unavoidable = 0;
    let mut tick = tokio::time::interval(INTERVAL);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let Some(kept) = kept_memory() else { return };
        unavoidable = unavoidable.min(kept);
        if kept - unavoidable < WORTHWHILE {
            continue;
        }
        // Not on a thread that serves requests.
        let _ = tokio::task::spawn_blocking(trim).await;
        unavoidable = kept_memory().unwrap_or_default();
    }
}

/// Bytes of resident memory, without the program's own file, that are not in use; `None` where this is not known.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn kept_memory() -> Option<usize> {
    // Pages: all, resident, shared with files.
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let mut pages = statm.split(' ').skip(1).map_while(|field| field.parse::<usize>().ok());
    let (resident, shared) = (pages.next()?, pages.next()?);
    // SAFETY: both only read; mallinfo2 takes the allocator's own locks.
    let (page, info) = unsafe { (libc::sysconf(libc::_SC_PAGESIZE), libc::mallinfo2()) };
    let resident = resident.saturating_sub(shared).saturating_mul(usize::try_from(page).ok()?);
    Some(resident.saturating_sub(info.uordblks.saturating_add(info.hblkhd)))
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn kept_memory() -> Option<usize> {
    None
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn trim() {
    // SAFETY: it releases free pages only, under the allocator's own locks.
    unsafe {
        libc::malloc_trim(0);
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn trim() {}

#[cfg(all(test, target_os = "linux", target_env = "gnu"))]
mod tests {
    use super::*;

    #[test]
    fn freed_blocks_below_one_in_use_are_given_back() {
        // Small blocks come from the heap; the last one keeps it from shrinking.
        let mut blocks: Vec<Vec<u8>> = (0..40_000).map(|_| vec![1; 1024]).collect();
        let last = blocks.pop();
        let before = kept_memory().expect("glibc on Linux");
        drop(blocks);
        let freed = kept_memory().expect("glibc on Linux");
        assert!(freed > before + 30 * 1024 * 1024, "{before} and {freed} bytes");
        trim();
        let after = kept_memory().expect("glibc on Linux");
        assert!(after + 30 * 1024 * 1024 < freed, "{freed} and {after} bytes, {last:?}");
    }
}
