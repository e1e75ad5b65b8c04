//! JSON lines: one object for each event, with its fields at the top level and its span. The positions in source files
//! that libraries report are omitted.

use std::fmt;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// The format of JSON lines.
pub struct JsonLines;

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut timestamp = String::new();
        SystemTime.format_time(&mut Writer::new(&mut timestamp))?;
        let mut fields = Fields::default();
        event.record(&mut fields);
        let metadata = event.metadata();
        let target = fields.log_target.unwrap_or_else(|| metadata.target().to_owned());
        let level = metadata.level().to_string();
        write!(writer, "{{\"timestamp\":{},\"level\":{}", Value::from(timestamp), Value::from(level))?;
        for (name, value) in &fields.values {
            write!(writer, ",{}:{value}", Value::from(*name))?;
        }
        write!(writer, ",\"target\":{}", Value::from(target))?;
        let parent = event.parent().and_then(|id| context.span(id)).or_else(|| context.lookup_current());
        if let Some(span) = parent {
            let extensions = span.extensions();
            let recorded = extensions.get::<FormattedFields<N>>().map_or("", |fields| fields.as_str());
            let mut object: Map<String, Value> = serde_json::from_str(recorded).unwrap_or_default();
            object.insert("name".to_owned(), span.name().into());
            write!(writer, ",\"span\":{}", Value::from(object))?;
        }
        writeln!(writer, "}}")
    }
}

/// The fields of an event, in their order.
#[derive(Default)]
struct Fields {
    values: Vec<(&'static str, Value)>,
    /// The module that logged through the crate `log`.
    log_target: Option<String>,
}

impl Fields {
    fn add(&mut self, field: &Field, value: Value) {
        match field.name() {
            "log.target" => self.log_target = value.as_str().map(str::to_owned),
            name if name.starts_with("log.") => {}
            name => self.values.push((name, value)),
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value.into());
    }
}
