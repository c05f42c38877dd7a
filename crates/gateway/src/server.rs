//! The listening side: one thread a core, each with its own runtime, its own listener and its own pools.
//!
//! Cores share only what is in [`App`]: atomics, snapshots, the books. A connection lives and dies on the core
//! that accepted it, so nothing of a request crosses threads.

use std::{io, net::SocketAddr, num::NonZero, sync::Arc, thread, time::Duration};

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Runtime,
    signal::unix::{Signal, SignalKind, signal},
};
use tracing::{debug, info, warn};

use crate::{app::App, app::Core, routes::Front, shutdown::Drain};

/// How many connections may wait for `accept`.
const BACKLOG: i32 = 1024;

/// Serves until told to stop, then drains. Returns when every thread has ended.
///
/// `ready` is called once with the address, when every core listens.
///
/// # Errors
/// The address cannot be bound, or a thread cannot be started.
pub fn run(app: &Arc<App>, ready: impl FnOnce(SocketAddr)) -> io::Result<()> {
    let threads = match app.config.server.threads {
        0 => thread::available_parallelism().map_or(1, NonZero::get),
        threads => threads,
    };
    let wanted = app.config.server.listen;
    is_free(wanted)?;
    let first = bind(wanted)?;
    let address = first.local_addr()?;
    let mut listeners = vec![first];
    for _ in 1..threads {
        listeners.push(bind(address)?);
    }
    let mut cores = Vec::with_capacity(threads);
    for (number, listener) in listeners.into_iter().enumerate() {
        let app = Arc::clone(app);
        let core = thread::Builder::new().name(format!("core-{number}"));
        cores.push(core.spawn(move || serve_core(&app, listener))?);
    }
    let stop = Stop::listen()?;
    ready(address);
    info!(%address, threads, "ready");
    stop.wait();
    app.drain_begins();
    for core in cores {
        match core.join() {
            Ok(Ok(())) => {}
            Ok(Err(error)) => warn!(%error, "a core ended with an error"),
            Err(_) => warn!("a core panicked"),
        }
    }
    app.books.close();
    Ok(())
}

/// SIGTERM and SIGINT, from the moment on at which it is made: before that, they just end the process.
struct Stop {
    runtime: Runtime,
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    fn listen() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let entered = runtime.enter();
        let terminate = signal(SignalKind::terminate())?;
        let interrupt = signal(SignalKind::interrupt())?;
        drop(entered);
        Ok(Self {
            runtime,
            terminate,
            interrupt,
        })
    }

    /// Blocks until either comes.
    fn wait(mut self) {
        self.runtime.block_on(async {
            tokio::select! {
                _ = self.terminate.recv() => {}
                _ = self.interrupt.recv() => {}
            }
        });
    }
}

/// Whether nobody listens there: our listeners share their port, and would share it with another weir's, too.
fn is_free(address: SocketAddr) -> io::Result<()> {
    let domain = Domain::for_address(address);
    let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    let cannot = |error: io::Error| io::Error::new(error.kind(), format!("{address}: {error}"));
    socket.bind(&address.into()).map_err(cannot)
}

/// A listener that shares its port with the other cores' listeners.
fn bind(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// One core: its runtime, its client pools, its connections.
fn serve_core(app: &Arc<App>, listener: std::net::TcpListener) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::from_std(listener)?;
        let core = Core::new(Arc::clone(app)).map_err(io::Error::other)?;
        let front = Front::new(core);
        accept(app, &listener, &front).await;
        drop(listener);
        app.drain
            .wait(Duration::from_millis(app.config.server.drain_timeout_ms))
            .await;
        Ok(())
    })
}

/// Accepts until the drain begins.
async fn accept(app: &App, listener: &TcpListener, front: &Front) {
    let drain = &app.drain;
    let mut http = http1::Builder::new();
    // Without a timer hyper ignores the header timeout without a word.
    http.timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(app.config.server.header_timeout_ms))
        .max_buf_size(64 * 1024);
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Out of file descriptors, mostly: wait for some to be freed.
                    warn!(%error, "accept failed");
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    continue;
                }
            },
            () = drain.begun() => return,
        };
        if drain.count() >= app.config.limits.connections_max {
            // Closed at once: who waits for a place in vain would rather hear it.
            warn!("a connection was refused: limits.connections_max are open");
            continue;
        }
        serve_connection(&http, stream, front.clone(), drain);
    }
}

/// Serves one connection in the background of this core.
fn serve_connection(http: &http1::Builder, stream: TcpStream, front: Front, drain: &Drain) {
    if let Err(error) = prepare(&stream) {
        debug!(%error, "a connection's options were refused");
    }
    let connection = http.serve_connection(TokioIo::new(stream), front);
    let drain = drain.clone();
    let guard = drain.guard();
    #[expect(
        clippy::disallowed_methods,
        reason = "the guard makes the drain wait for it"
    )]
    tokio::spawn(async move {
        let _guard = guard;
        tokio::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = drain.begun() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            debug!(%error, "connection ended");
        }
    });
}

/// Events go out at once; and a caller that takes nothing for a minute counts as gone, or it would keep a vendor's
/// stream and its money waiting for ever.
fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    #[cfg(target_os = "linux")]
    {
        const STALLED: Duration = Duration::from_secs(60);
        socket2::SockRef::from(stream).set_tcp_user_timeout(Some(STALLED))?;
    }
    Ok(())
}
