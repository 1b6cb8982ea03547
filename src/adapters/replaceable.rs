//! A transport that can be replaced by another while the robot runs: routes.toml was changed.

use std::io::Read;
use std::sync::{Arc, PoisonError, RwLock};

use crate::ports::transport::{DotGate, Mail, Outcome, Probe, Transport};

/// Sends by the transport it holds at the moment. A mail under way ends by the one it began with.
pub struct Replaceable(RwLock<Arc<dyn Transport>>);

impl Replaceable {
    /// Begins with this transport.
    pub fn new(transport: Arc<dyn Transport>) -> Self {
        Self(RwLock::new(transport))
    }

    /// Takes another one from now on.
    pub fn replace(&self, transport: Arc<dyn Transport>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = transport;
    }

    fn current(&self) -> Arc<dyn Transport> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait::async_trait]
impl Transport for Replaceable {
    fn destination(&self) -> String {
        self.current().destination()
    }

    fn connections(&self) -> usize {
        self.current().connections()
    }

    fn size_of(&self, mail: &Mail) -> u64 {
        self.current().size_of(mail)
    }

    async fn send(
        &self,
        mail: &Mail,
        content: Box<dyn Read + Send>,
        gate: &dyn DotGate,
    ) -> Outcome {
        self.current().send(mail, content, gate).await
    }

    async fn probe(&self) -> Probe {
        self.current().probe().await
    }
}
