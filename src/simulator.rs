//! A simulated `AhaSend` sub-account API to develop, test and demo against.
//!
//! This room owns a simulated parent account ([`world`]) and an HTTP server that answers for it the way the real API
//! does, or goes wrong on demand ([`fault`]). It never calls the real API, never asks what day it is (the world carries
//! its own instant, and follows the machine's clock only at its pace), and shares no type with the code it is there to
//! test: a mistake made twice would look like agreement.

pub mod fault;
pub mod moods;
pub mod script;
pub mod settings;
pub mod world;

mod http;
#[cfg(test)]
mod tests;
mod timeline;

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::simulator::fault::Fault;
use crate::simulator::http::Shared;
use crate::simulator::settings::Settings;
use crate::simulator::world::{Effect, Event, Refused, World};

/// How long requests in flight are waited for: one that stalls on purpose would never end.
const FAREWELL: Duration = Duration::from_secs(2);

/// A running simulated API. Dropping it stops the server once the requests in flight are answered.
#[must_use = "the server stops as soon as this is dropped"]
pub struct Simulator {
    address: SocketAddr,
    shared: Arc<Shared>,
    server: JoinHandle<io::Result<()>>,
    /// Nothing is ever sent: dropping this end is what tells the server to stop.
    stop: oneshot::Sender<()>,
}

impl fmt::Debug for Simulator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Simulator").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Simulator {
    /// Serves `world` on a free loopback port to whoever presents `key`, see [`Settings::with_key`]. Call it inside a
    /// tokio runtime.
    ///
    /// # Errors
    ///
    /// Whatever binding the port gives.
    pub async fn start(world: World, key: String) -> io::Result<Self> {
        Self::serve(world, Settings::with_key(key)).await
    }

    /// Serves `world`. Call it inside a tokio runtime.
    ///
    /// # Errors
    ///
    /// Whatever binding the address gives.
    pub async fn serve(world: World, settings: Settings) -> io::Result<Self> {
        let listener = TcpListener::bind(settings.address).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::new(world, settings));
        let service = http::router(Arc::clone(&shared)).into_make_service_with_connect_info::<SocketAddr>();
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(async move {
            axum::serve(listener, service)
                .with_graceful_shutdown(async move {
                    // An error means that the sender was dropped, which is the signal.
                    let _ = stopped.await;
                })
                .await
        });
        Ok(Self { address, shared, server, stop })
    }

    /// Stops accepting requests, and waits a moment for those in flight.
    pub async fn stop(self) {
        drop(self.stop);
        // whatever is still under way then ends with the runtime
        let _ = tokio::time::timeout(FAREWELL, self.server).await;
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the API is for a client on this machine, without a trailing slash: `http://127.0.0.1:<port>`.
    pub fn base_url(&self) -> String {
        let ip = match self.address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        format!("http://{}", SocketAddr::new(ip, self.address.port()))
    }

    /// Lets something happen to the world as it is now. When time is advanced, it goes on from there.
    ///
    /// # Errors
    ///
    /// Why nothing happened.
    pub fn apply(&self, event: Event) -> Result<Effect, Refused> {
        self.shared.catch_up();
        self.shared.apply(event)
    }

    /// Looks at the world as it is now. No request changes it meanwhile.
    pub fn with_world<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        self.shared.catch_up();
        look(&self.shared.world())
    }

    /// One more fault, behind those that are there.
    pub fn add_fault(&self, fault: Fault) {
        self.shared.faults().add(fault);
    }

    /// No more faults.
    pub fn clear_faults(&self) {
        self.shared.faults().clear();
    }

    /// How many requests came to the API so far.
    pub fn requests(&self) -> u64 {
        self.shared.request_count()
    }
}
