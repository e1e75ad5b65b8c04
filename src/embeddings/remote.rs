//! The provider `openai`.
use super::Settings;
use super::provider::{Fault, Provider, Urgency};
use crate::{Error, Result};
use futures_util::future::BoxFuture;

pub struct Remote {}

impl Remote {
    pub fn new(_settings: &Settings) -> Result<Self> {
        Err(Error::Setup("The embedding provider openai is not built yet.".to_owned()))
    }
    pub fn named(_settings: &Settings, _name: &str) -> Option<Self> {
        None
    }
}
impl Provider for Remote {
    fn name(&self) -> &str {
        ""
    }
    fn prepare(&self) -> BoxFuture<'_, Result<i64, Fault>> {
        Box::pin(async { Err(Fault::Loading) })
    }
    fn embed<'a>(&'a self, _texts: &'a [String], _urgency: Urgency) -> BoxFuture<'a, Result<Vec<Vec<f32>>, Fault>> {
        Box::pin(async { Err(Fault::Loading) })
    }
    fn batch(&self) -> usize {
        1
    }
}
