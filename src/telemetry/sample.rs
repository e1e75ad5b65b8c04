//! Samples warnings and errors that repeat: of each place in the code, a few lines in a few seconds; the rest is counted.

use std::collections::HashMap;
use std::fmt;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tracing::callsite::Identifier;
use tracing::field::{Field, Visit};
use tracing::{Event, Level};

/// The time in which lines of one place are counted.
const WINDOW: Duration = Duration::from_secs(5);
/// Lines of one place that are shown in a window.
const MAX_WARNINGS: u32 = 3;
const MAX_ERRORS: u32 = 10;

/// The places that have logged a warning or an error; their number is that of the places in the code.
static PLACES: LazyLock<Mutex<HashMap<Identifier, Place>>> = LazyLock::new(Mutex::default);

struct Place {
    since: Instant,
    shown: u32,
    left_out: u64,
    message: String,
}

fn places() -> MutexGuard<'static, HashMap<Identifier, Place>> {
    PLACES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether an event is shown: then, how many like it were left out before it.
pub fn admit(event: &Event<'_>) -> Option<u64> {
    let max = match *event.metadata().level() {
        Level::WARN => MAX_WARNINGS,
        Level::ERROR => MAX_ERRORS,
        _ => return Some(0),
    };
    let now = Instant::now();
    let mut places = places();
    let place = places.entry(event.metadata().callsite()).or_insert_with(|| {
        let mut message = Message::default();
        event.record(&mut message);
        Place { since: now, shown: 0, left_out: 0, message: message.0 }
    });
    if now.duration_since(place.since) >= WINDOW {
        (place.since, place.shown) = (now, 0);
    }
    if place.shown >= max {
        place.left_out += 1;
        return None;
    }
    place.shown += 1;
    Some(std::mem::take(&mut place.left_out))
}

/// The messages of places whose window has ended with lines left out, and how many.
pub fn take_ended() -> Vec<(String, u64)> {
    let mut places = places();
    let ended = places.values_mut().filter(|place| place.left_out > 0 && place.since.elapsed() >= WINDOW);
    ended.map(|place| (place.message.clone(), std::mem::take(&mut place.left_out))).collect()
}

#[derive(Default)]
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}
