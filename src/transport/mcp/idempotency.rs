//! Idempotency keys of tools that change something: in `_meta`, as an argument that every such tool accepts, or as the HTTP
//! header. A repeated call with the same key and arguments gets the stored answer.

use std::sync::Arc;

use http::HeaderValue;
use serde_json::{Map, Value};

use crate::app::idempotency::KeyedRequest;
use crate::transport::mcp::context::RequestContext;
use crate::transport::mcp::tools::{Access, Tool};
use crate::{Error, Result};

/// The member of `_meta`.
pub const META: &str = "callboard/idempotency-key";
const ARGUMENT: &str = "idempotency_key";

/// The call under its key, if it has one. Takes the key out of the arguments.
pub fn keyed_call(
    context: &RequestContext,
    tool: &Tool,
    arguments: &mut Map<String, Value>,
    meta: Option<Value>,
    header: Option<&HeaderValue>,
) -> Result<Option<Arc<KeyedRequest>>> {
    if tool.access == Access::Read {
        return Ok(None);
    }
    let argument = arguments.remove(ARGUMENT).filter(|value| !value.is_null());
    let key = match meta.or(argument) {
        Some(Value::String(key)) => key,
        Some(_) => return Err(Error::invalid(ARGUMENT, "must be a string")),
        None => match header.map(HeaderValue::to_str) {
            Some(key) => {
                key.map_err(|_| Error::invalid("Idempotency-Key", "must be visible ASCII characters"))?.to_owned()
            }
            None => return Ok(None),
        },
    };
    let agent = context.caller.acting_for.as_deref().unwrap_or("");
    let keyed = context.state.keyed_request(&key, &["tools/call", tool.name, agent])?;
    keyed.add_json(&Value::Object(arguments.clone()));
    Ok(Some(keyed))
}
