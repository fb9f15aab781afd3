//! The operations of a store.

use std::{
    future::Future,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, AtomicU64, AtomicUsize},
    },
};

use lazy_layers_engine::{
    clock::{Clock, Ttl},
    codec::Metadata,
    store::Mark,
};
use parking_lot::Mutex;
use tokio::{
    runtime::Handle,
    sync::{Notify, oneshot},
};

use super::{
    acquire::Wanting,
    address::Address,
    batch::Operation,
    commands,
    counting::Counting,
    fault::Fault,
    gather::gather,
    guard::Guards,
    names::Names,
    options::StoreOptions,
    owner::{Access, ConnectionOwner},
    prepare::Preparing,
    read::Get,
    scripts::Scripting,
    submit::{Requests, send_held},
    supervise::supervise,
    supervised::Supervised,
    tidy::Search,
    write::Writing,
};

/// The size from which payloads are sealed and opened on a thread of their own.
pub(super) const LARGE: usize = 65_536;

/// Operations that wait.
pub(super) type Queue = Vec<Box<dyn Operation>>;

/// Makes payloads of packed values, and opens them again. Called on threads of the runtime.
pub trait Payloads: Send + Sync + 'static {
    /// An opened payload.
    type Opened: Send + 'static;
    /// The payload of a packed value and its metadata.
    fn seal(&self, packed: Vec<u8>, metadata: &Metadata) -> Vec<u8>;
    /// Opens a payload.
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
    /// The same with metadata.
    Described(Vec<u8>, Metadata),
    /// As it is stored.
    Sealed(Vec<u8>),
}

/// A value that was found.
#[derive(Debug)]
pub struct Stored<T> {
    /// The value.
    pub value: T,
    /// The rest of its lifetime.
    pub left: Ttl,
}

/// A store in Redis. Cloning shares its connection, which ends with the last clone.
pub struct RedisStore<P> {
    pub(super) shared: Arc<StoreState<P>>,
}

impl<P> Clone for RedisStore<P> {
    fn clone(&self) -> Self {
        RedisStore { shared: Arc::clone(&self.shared) }
    }
}

pub(super) struct StoreState<P> {
    pub(super) names: Names,
    pub(super) options: StoreOptions,
    pub(super) payloads: Arc<P>,
    pub(super) supervised: Supervised,
    pub(super) runtime: Handle,
    pub(super) place: String,
    pub(super) requests: Requests,
    /// Other stores may still use the connection.
    pub(super) closed: AtomicBool,
    pub(super) clock: Clock,
    pub(super) address: Address,
    pub(super) scripting: Scripting,
    /// Operations on entries whose write is being prepared: they come after it.
    pub(super) preparing: Mutex<Preparing>,
    pub(super) preparing_count: AtomicUsize,
    /// Notified each time a write was prepared and sent.
    pub(super) prepared: Notify,
    /// The size from which a value may have made the server end a connection.
    pub(super) suspected: AtomicUsize,
    /// One more than the connects up to the link over which `MGET` was refused; 0: it was not.
    pub(super) refuses_mget: AtomicU64,
    /// Entries that reads did not find, to be taken out of the index.
    pub(super) absent: Mutex<Vec<Vec<u8>>>,
    /// The count of marks that is about to be asked for.
    pub(super) counting: Mutex<Option<Arc<Counting>>>,
    /// The connections for conditional writes where scripts are denied.
    pub(super) guards: Guards,
    /// When the life of the marks was last renewed, in microseconds; 0: not known.
    pub(super) renewed: AtomicU64,
    /// The number of writes that did not tidy the index.
    pub(super) writes: AtomicU64,
    /// Whether the index is being tidied in the background.
    pub(super) tidying: AtomicBool,
    pub(super) search: Mutex<Search>,
    /// The locks that are about to be asked for, in a cluster by slot.
    pub(super) acquiring: Wanting,
    /// The stores of caches that read and write as this one does, each over a connection of its own.
    pub(super) tracked: Mutex<Vec<Weak<StoreState<P>>>>,
}

impl<P: Payloads> RedisStore<P> {
    /// A store at `address`. It connects in the background, and again whenever it has to.
    #[must_use]
    pub fn open(
        runtime: Handle,
        address: Address,
        options: StoreOptions,
        payloads: Arc<P>,
        owner: Option<Arc<dyn ConnectionOwner>>,
    ) -> RedisStore<P> {
        let access = Access::new(options.connect_timeout, owner).driving(&address);
        RedisStore::connected(runtime, address, options, payloads, access)
    }

    /// A store with connections that `access` describes.
    pub(super) fn connected(
        runtime: Handle,
        address: Address,
        options: StoreOptions,
        payloads: Arc<P>,
        access: Access,
    ) -> RedisStore<P> {
        let supervised = supervise(&runtime, address.clone(), &options, access);
        let (place, deadline) = (address.to_string(), options.command_timeout);
        let requests = gather(&runtime, supervised.clone(), place, deadline, address.is_cluster());
        RedisStore::of_connection(runtime, supervised, requests, address, options, payloads)
    }

    /// A store on the connection of this one, with the same time limits.
    #[must_use]
    pub fn beside(&self, options: StoreOptions, payloads: Arc<P>) -> RedisStore<P> {
        let StoreState { runtime, supervised, requests, address, .. } = &*self.shared;
        let (supervised, requests) = (supervised.clone(), requests.clone());
        RedisStore::of_connection(runtime.clone(), supervised, requests, address.clone(), options, payloads)
    }

    fn of_connection(
        runtime: Handle,
        supervised: Supervised,
        requests: Requests,
        address: Address,
        options: StoreOptions,
        payloads: Arc<P>,
    ) -> RedisStore<P> {
        supervised.enter();
        let shared = StoreState {
            names: Names::new(&options, address.is_cluster()),
            options,
            payloads,
            supervised,
            runtime,
            place: address.to_string(),
            requests,
            closed: AtomicBool::new(false),
            clock: Clock::of_machine(),
            address,
            scripting: Scripting::new(),
            preparing: Mutex::default(),
            preparing_count: AtomicUsize::new(0),
            prepared: Notify::new(),
            suspected: AtomicUsize::new(usize::MAX),
            refuses_mget: AtomicU64::new(0),
            absent: Mutex::default(),
            counting: Mutex::default(),
            guards: Guards::default(),
            renewed: AtomicU64::new(0),
            writes: AtomicU64::new(0),
            tidying: AtomicBool::new(false),
            search: Mutex::default(),
            acquiring: Mutex::default(),
            tracked: Mutex::default(),
        };
        RedisStore { shared: Arc::new(shared) }
    }

    /// The value of a key; with `lifetime` also the rest of its lifetime, else [`Ttl::FOREVER`].
    pub fn get(
        &self,
        key: &[u8],
        lifetime: bool,
    ) -> impl Future<Output = Result<Option<Stored<P::Opened>>, Fault>> + Send + 'static + use<P> {
        let (reply, received) = oneshot::channel();
        let entry = self.shared.names.entry(key);
        self.shared.request(
            &entry.clone(),
            Box::new(Get {
                shared: Arc::clone(&self.shared),
                entry,
                lifetime,
                asks: None,
                was_asked: false,
                loads: false,
                reply,
            }),
        );
        async move { received.await.map_or_else(|_| Err(Fault::closed()), |(found, _)| found) }
    }

    /// Stores a value for a lifetime. With `most`, removes entries beyond that number, the oldest first.
    pub fn set(
        &self,
        key: &[u8],
        payload: Payload,
        ttl: Ttl,
        most: Option<u64>,
    ) -> impl Future<Output = Result<(), Fault>> + Send + 'static + use<P> {
        let entry = self.shared.names.entry(key);
        let writing = Writing { entry, payload, millis: millis(ttl), most, owner: None, seen: None };
        let written = self.write(writing);
        async move { written.await.map(drop) }
    }

    /// Stores a value if `token` still holds the lock of the key `lock`; else returns false.
    pub fn set_if_owner(
        &self,
        key: &[u8],
        payload: Payload,
        ttl: Ttl,
        most: Option<u64>,
        lock: &[u8],
        token: &str,
    ) -> impl Future<Output = Result<bool, Fault>> + Send + 'static + use<P> {
        let (owner, entry) = (self.shared.names.lock(key, lock), self.shared.names.entry(key));
        let owner = Some((owner, token.to_owned()));
        self.write(Writing { entry, payload, millis: millis(ttl), most, owner, seen: None })
    }

    /// Stores the value of a load that began at `mark`, which [`RedisStore::get_marked`] returned; with an
    /// `owner`, only if the token still holds the lock of the key. Returns false when an invalidation or
    /// another owner came first.
    pub fn fill(
        &self,
        key: &[u8],
        payload: Payload,
        ttl: Ttl,
        most: Option<u64>,
        mark: Mark,
        owner: Option<(&[u8], &str)>,
    ) -> impl Future<Output = Result<bool, Fault>> + Send + 'static + use<P> {
        let names = &self.shared.names;
        let owner = owner.map(|(lock, token)| (names.lock(key, lock), token.to_owned()));
        let seen = self.shared.seen(mark);
        let written = seen.map(|seen| {
            let (entry, seen) = (names.entry(key), Some(seen));
            self.write(Writing { entry, payload, millis: millis(ttl), most, owner, seen })
        });
        async move {
            match written {
                Some(written) => written.await,
                None => Ok(false),
            }
        }
    }

    /// Whether there is a value.
    pub fn has(&self, key: &[u8]) -> impl Future<Output = Result<bool, Fault>> + Send + 'static + use<P> {
        let entry = self.shared.names.entry(key);
        let answers = self.shared.ask(&entry, vec![commands::one("EXISTS", &entry)]);
        async move { Ok(commands::integer(&commands::next(&mut answers.await?.into_iter())?)? > 0) }
    }
}

/// A lifetime as `PX` takes it; 0 for one that does not end.
pub(super) fn millis(ttl: Ttl) -> u64 {
    if ttl == Ttl::FOREVER { 0 } else { ttl.0.div_ceil(1000).max(1) }
}

impl<P: Payloads> StoreState<P> {
    /// Runs an operation of many steps on the runtime, where timers are: callers may poll from anywhere.
    pub(super) fn apart<T, F>(
        &self,
        steps: F,
    ) -> impl Future<Output = Result<T, Fault>> + Send + 'static + use<T, F, P>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Fault>> + Send + 'static,
    {
        // Earlier operations must not come after it.
        send_held();
        let task = self.runtime.spawn(steps);
        async move { task.await.unwrap_or_else(|_| Err(Fault::closed())) }
    }
}
