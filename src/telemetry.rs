//! Logging: readable lines on a terminal, JSON lines otherwise. Secrets are never logged: they are in `secrecy` types,
//! the parameters of statements are omitted, and what still looks like a secret is masked. Repeated warnings are sampled.

mod json;
mod mask;
mod sample;

use std::fmt;
use std::io::IsTerminal;
use std::time::Duration;

use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{DefaultFields, Format, JsonFields, Writer};
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::fmt::{self as lines, FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

pub use self::mask::masked;

/// Modules that log the parameters of statements and the headers of requests at finer levels than these, that report the
/// database's notices, or that call a client's malformed request an error.
const LIMITED: &[&str] = &[
    "tokio_postgres=warn",
    "refinery_core=warn",
    "h2=info",
    "hyper=info",
    "actix_http=info",
    "actix_http::h1=off",
    "actix_http::h2=off",
    "actix_web=info",
    "rustls=info",
    "rmcp=warn",
    "rmcp_actix_web=info",
];

/// Starts logging to stderr. `filter` is in the syntax of `RUST_LOG`, e.g. `info,callboard=debug`. `json` defaults to
/// JSON unless stderr is a terminal.
pub fn start(filter: &str, json: Option<bool>) {
    let mut filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    for directive in LIMITED {
        if let Ok(directive) = directive.parse() {
            filter = filter.add_directive(directive);
        }
    }
    let is_terminal = std::io::stderr().is_terminal();
    let registry = tracing_subscriber::registry().with(filter);
    // A second call, in tests, keeps the first subscriber.
    let _ = if json.unwrap_or(!is_terminal) {
        let layer = lines::layer().fmt_fields(JsonFields::new()).event_format(Lines(json::JsonLines));
        registry.with(layer.with_writer(std::io::stderr)).try_init()
    } else {
        let format = lines::format().with_target(false).with_ansi(is_terminal).with_timer(LocalTime);
        let layer = lines::layer().fmt_fields(DefaultFields::new()).event_format(Lines(format));
        registry.with(layer.with_ansi(is_terminal).with_writer(std::io::stderr)).try_init()
    };
}

/// The time of a line for people: of their clock, to the second.
struct LocalTime;

impl FormatTime for LocalTime {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        write!(writer, "{}", jiff::Zoned::now().strftime("%Y-%m-%d %H:%M:%S"))
    }
}

/// Reports how many repeated lines were left out after a burst has ended; a background task.
pub async fn report_left_out() {
    loop {
        tokio::time::sleep(Duration::from_secs(10)).await;
        for (message, count) in sample::take_ended() {
            tracing::info!(count, like = message, "repeated log lines were left out");
        }
    }
}

/// A format that samples repeated warnings and errors, and masks secrets.
struct Lines<F>(F);

impl<S, N, F> FormatEvent<S, N> for Lines<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N> + Suffix,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let Some(left_out) = sample::admit(event) else { return Ok(()) };
        let mut line = String::new();
        self.0.format_event(context, Writer::new(&mut line), event)?;
        if left_out > 0 {
            let end = line.trim_end().len();
            line.truncate(end);
            F::append_left_out(&mut line, left_out);
            line.push('\n');
        }
        writer.write_str(&masked(&line))
    }
}

/// How a format states that lines like this one were left out before it.
trait Suffix {
    fn append_left_out(line: &mut String, count: u64);
}

impl<F, T> Suffix for Format<F, T> {
    fn append_left_out(line: &mut String, count: u64) {
        line.push_str(&format!(" ({count} more like this were left out)"));
    }
}

impl Suffix for json::JsonLines {
    fn append_left_out(line: &mut String, count: u64) {
        if line.pop() == Some('}') {
            line.push_str(&format!(",\"left_out\":{count}}}"));
        }
    }
}
