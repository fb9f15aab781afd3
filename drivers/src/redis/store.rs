//! The operations of a store.

use std::{
    collections::HashMap,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use lazy_layers_engine::clock::{Clock, Ttl};
use parking_lot::Mutex;
use redis::{Cmd, Value};
use tokio::{
    runtime::Handle,
    sync::{Notify, oneshot},
};

use super::{
    address::Address,
    batch::{Operation, gather},
    commands::{self, Commands},
    fault::Fault,
    names::Names,
    options::StoreOptions,
    read::Get,
    submit::{Requests, send_held},
    supervise::{Supervised, supervise},
};

/// Payloads of so many bytes and more are sealed and opened on a thread of their own.
pub(super) const LARGE: usize = 65_536;

/// Operations that wait.
pub(super) type Queue = Vec<Box<dyn Operation>>;

/// Makes payloads of packed values, and opens them again. Called on threads of the runtime.
pub trait Payloads: Send + Sync + 'static {
    /// What an opened payload is.
    type Opened: Send + 'static;
    /// The payload of a packed value.
    fn seal(&self, packed: Vec<u8>) -> Vec<u8>;
    /// What a payload holds.
    ///
    /// # Errors
    /// Why it cannot be read.
    fn open(&self, payload: Vec<u8>) -> Result<Self::Opened, String>;
}

/// A value on its way in.
#[derive(Debug)]
pub enum Payload {
    /// Packed: it is sealed on the way.
    Packed(Vec<u8>),
    /// As it is stored.
    Sealed(Vec<u8>),
}

/// A value that was found.
#[derive(Debug)]
pub struct Stored<T> {
    /// The value.
    pub value: T,
    /// What is left of its lifetime.
    pub left: Ttl,
}

/// A store in Redis. Cloning shares its connection, which ends with the last clone.
pub struct RedisStore<P> {
    pub(super) shared: Arc<Shared<P>>,
}

impl<P> Clone for RedisStore<P> {
    fn clone(&self) -> Self {
        RedisStore { shared: Arc::clone(&self.shared) }
    }
}

pub(super) struct Shared<P> {
    pub(super) names: Names,
    pub(super) options: StoreOptions,
    pub(super) payloads: Arc<P>,
    pub(super) supervised: Supervised,
    pub(super) runtime: Handle,
    pub(super) place: String,
    pub(super) requests: Requests,
    pub(super) clock: Clock,
    /// Operations on entries whose new value is still being sealed: they come after it.
    pub(super) sealing: Mutex<HashMap<Vec<u8>, Queue>>,
    pub(super) sealing_count: AtomicUsize,
    /// Told each time a value was sealed and sent.
    pub(super) sealed: Notify,
}

impl<P: Payloads> RedisStore<P> {
    /// A store at `address`. It connects in the background, and again whenever it has to.
    #[must_use]
    pub fn open(runtime: Handle, address: Address, options: StoreOptions, payloads: Arc<P>) -> RedisStore<P> {
        let clustered = matches!(address, Address::Cluster(_));
        let (names, place) = (Names::new(&options, clustered), address.to_string());
        let supervised = supervise(&runtime, address, &options);
        let requests =
            gather(&runtime, supervised.clone(), place.clone(), options.command_timeout, clustered);
        let shared = Shared {
            names,
            options,
            payloads,
            supervised,
            runtime,
            place,
            requests,
            clock: Clock::of_machine(),
            sealing: Mutex::default(),
            sealing_count: AtomicUsize::new(0),
            sealed: Notify::new(),
        };
        RedisStore { shared: Arc::new(shared) }
    }

    /// Ends the connection: operations fail from here on.
    pub fn close(&self) {
        self.shared.supervised.close();
    }

    /// Connects again after [`RedisStore::close`].
    pub fn reopen(&self) {
        self.shared.supervised.reopen();
    }

    /// How long an operation may take.
    #[must_use]
    pub fn command_timeout(&self) -> Duration {
        self.shared.options.command_timeout
    }

    /// How often a connection came about: rises when Redis can be reached again.
    #[must_use]
    pub fn connects(&self) -> u64 {
        self.shared.supervised.connects.load(Ordering::Relaxed)
    }

    /// The value of a key; with `lifetime` also what is left of its lifetime, else [`Ttl::FOREVER`].
    pub fn get(
        &self,
        key: &[u8],
        lifetime: bool,
    ) -> impl Future<Output = Result<Option<Stored<P::Opened>>, Fault>> + Send + 'static + use<P> {
        let (reply, received) = oneshot::channel();
        let entry = self.shared.names.entry(key);
        self.shared.request(
            &entry.clone(),
            Box::new(Get { shared: Arc::clone(&self.shared), entry, lifetime, reply }),
        );
        async move { received.await.unwrap_or_else(|_| Err(Fault::closed())) }
    }

    /// Stores a value for a lifetime. With `most`, entries beyond so many are removed, the oldest first.
    pub fn set(
        &self,
        key: &[u8],
        payload: Payload,
        ttl: Ttl,
        most: Option<u64>,
    ) -> impl Future<Output = Result<(), Fault>> + Send + 'static + use<P> {
        let store = self.clone();
        let entry = self.shared.names.entry(key);
        let name = entry.clone();
        let write = Box::new(move |payload: &[u8]| commands::set(&name, payload, millis(ttl)));
        let answers = self.shared.write(&entry, payload, write);
        // Sent with it: should the write fail, the index lists what is not there, as it does when an entry expires.
        let noted = self.note(&entry, most);
        async move {
            commands::next(&mut answers.await?.into_iter())?;
            store.trim(noted.await?, most).await
        }
    }

    /// Stores a value if the lock of its key is still `token`'s; false when it is not.
    pub fn set_if_owner(
        &self,
        key: &[u8],
        payload: Payload,
        ttl: Ttl,
        most: Option<u64>,
        token: &str,
    ) -> impl Future<Output = Result<bool, Fault>> + Send + 'static + use<P> {
        let store = self.clone();
        let entry = self.shared.names.entry(key);
        let (name, lock, token) = (entry.clone(), self.shared.names.lock(key), token.to_owned());
        let write = Box::new(move |payload: &[u8]| {
            commands::set_if_owner(&name, &lock, payload, &token, millis(ttl))
        });
        let answers = self.shared.write(&entry, payload, write);
        async move {
            let owned = commands::integer(&commands::next(&mut answers.await?.into_iter())?)? == 1;
            if owned {
                store.trim(store.note(&entry, most).await?, most).await?;
            }
            Ok(owned)
        }
    }

    /// Whether there is a value.
    pub fn has(&self, key: &[u8]) -> impl Future<Output = Result<bool, Fault>> + Send + 'static + use<P> {
        let entry = self.shared.names.entry(key);
        let answers = self.shared.ask(&entry, vec![commands::one("EXISTS", &entry)]);
        async move { Ok(commands::integer(&commands::next(&mut answers.await?.into_iter())?)? > 0) }
    }

    /// Takes the lock of a key. False when another holds it.
    pub fn acquire_lock(
        &self,
        key: &[u8],
        token: &str,
        ttl: Ttl,
    ) -> impl Future<Output = Result<bool, Fault>> + Send + 'static + use<P> {
        let lock = self.shared.names.lock(key);
        let answers = self.shared.ask(&lock, vec![commands::acquire(&lock, token, millis(ttl))]);
        async move { Ok(commands::next(&mut answers.await?.into_iter())? == Value::Okay) }
    }

    /// Gives the lock of a key back. False when it is not `token`'s any more.
    pub fn release_lock(
        &self,
        key: &[u8],
        token: &str,
    ) -> impl Future<Output = Result<bool, Fault>> + Send + 'static + use<P> {
        let lock = self.shared.names.lock(key);
        let answers = self.shared.ask(&lock, vec![commands::release(&lock, token)]);
        async move { Ok(commands::integer(&commands::next(&mut answers.await?.into_iter())?)? > 0) }
    }
}

/// A lifetime as `PX` takes it; 0 for one that does not end.
pub(super) fn millis(ttl: Ttl) -> u64 {
    if ttl == Ttl::FOREVER { 0 } else { ttl.0.div_ceil(1000).max(1) }
}

impl<P: Payloads> Shared<P> {
    /// Runs what takes many steps on the runtime, where timers are: callers may poll from anywhere.
    pub(super) fn apart<T, F>(
        &self,
        steps: F,
    ) -> impl Future<Output = Result<T, Fault>> + Send + 'static + use<T, F, P>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Fault>> + Send + 'static,
    {
        // What was asked for before must not come after it.
        send_held();
        let task = self.runtime.spawn(steps);
        async move { task.await.unwrap_or_else(|_| Err(Fault::closed())) }
    }

    /// Sends an operation on an entry, after what is still being sealed for it.
    pub(super) fn request(&self, entry: &[u8], operation: Box<dyn Operation>) {
        if self.sealing_count.load(Ordering::SeqCst) > 0
            && let Some(queue) = self.sealing.lock().get_mut(entry)
        {
            queue.push(operation);
            return;
        }
        self.requests.send(operation);
    }

    /// Sends commands about a key, or about several in its slot, and gives their answers.
    pub(super) fn ask(
        &self,
        key: &[u8],
        asked: Vec<Cmd>,
    ) -> impl Future<Output = Result<Vec<Value>, Fault>> + Send + 'static + use<P> {
        let (commands, answers) = Commands::asked(key, asked);
        self.request(key, commands);
        async move { answers.await.unwrap_or_else(|_| Err(Fault::closed())) }
    }
}
