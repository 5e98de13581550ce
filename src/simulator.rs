//! A simulated `AhaSend` sub-account API to develop, test and demo against.
//!
//! This room owns a simulated parent account ([`world`]) and a loopback HTTP server that answers for it the way
//! the real API does. It never calls the real API, never reads a clock (the world carries its own instant), and
//! shares no type with the code it is there to test: a mistake made twice would look like agreement.

pub mod world;

mod http;
#[cfg(test)]
mod tests;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::simulator::http::Shared;
use crate::simulator::world::World;

/// A running simulated API. Dropping it stops the server once the requests in flight are answered.
#[derive(Debug)]
#[must_use = "the server stops as soon as this is dropped"]
pub struct Simulator {
    address: SocketAddr,
    /// Nothing is ever sent: dropping this end is what tells the server to stop.
    _stop: oneshot::Sender<()>,
}

impl Simulator {
    /// Serves `world` on a free loopback port to whoever presents `key`. Call it inside a tokio runtime.
    ///
    /// # Errors
    ///
    /// Whatever binding the port gives.
    pub async fn start(world: World, key: String) -> io::Result<Self> {
        // Loopback only: the key travels without TLS.
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let router = http::router(Arc::new(Shared::new(world, key)));
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(async move {
            axum::serve(listener, router)
                .with_graceful_shutdown(async move {
                    // An error means that the sender was dropped, which is the signal.
                    let _ = stopped.await;
                })
                .await
        });
        Ok(Self { address, _stop: stop })
    }

    /// Where the API is, without a trailing slash: `http://127.0.0.1:<port>`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }
}
