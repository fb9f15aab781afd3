//! The connection of a store: opened, closed and renewed, and the state that it is in.

use std::{future::Future, sync::atomic::Ordering, time::Duration};

use super::{
    store::{Payloads, RedisStore, StoreState},
    submit::send_held,
};

impl<P: Payloads> RedisStore<P> {
    /// Ends the connection, unless other stores use it: operations fail from here on.
    pub fn close(&self) {
        if !self.shared.closed.swap(true, Ordering::SeqCst) {
            self.shared.guards.close();
            self.shared.supervised.leave();
        }
        self.each_tracked(RedisStore::close);
    }

    /// Connects again after [`RedisStore::close`].
    pub fn reopen(&self) {
        if self.shared.closed.swap(false, Ordering::SeqCst) {
            self.shared.supervised.enter();
        }
        self.each_tracked(RedisStore::reopen);
    }

    /// Connects anew, with the login and the database that the owner names now.
    pub fn renew(&self) {
        send_held();
        self.shared.supervised.renew();
        self.each_tracked(RedisStore::renew);
    }

    /// How long an operation may take.
    #[must_use]
    pub fn command_timeout(&self) -> Duration {
        self.shared.options.command_timeout
    }

    /// How often a connection came about: rises when Redis can be reached again.
    #[must_use]
    pub fn connects(&self) -> u64 {
        self.shared.links()
    }

    /// Whether there is a connection now.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        !self.shared.closed.load(Ordering::SeqCst) && self.shared.supervised.is_up()
    }

    /// Ends once there is a connection.
    pub fn reachable(&self) -> impl Future<Output = ()> + Send + 'static + use<P> {
        self.shared.supervised.reachable()
    }

    /// How often the server, or one of a cluster, was replaced by another or started anew.
    #[must_use]
    pub fn replacements(&self) -> u64 {
        self.shared.supervised.servers.replaced_so_far()
    }

    /// Ends once [`RedisStore::replacements`] is another number than `seen`.
    pub fn replaced(&self, seen: u64) -> impl Future<Output = ()> + Send + 'static + use<P> {
        let mut replacements = self.shared.supervised.servers.replacements();
        async move {
            if replacements.wait_for(|now| *now != seen).await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// A warning about the server for users, returned once.
    #[must_use]
    pub fn take_complaint(&self) -> Option<String> {
        let of_scripts = self.shared.scripting.take_complaint();
        of_scripts.or_else(|| self.shared.supervised.access.tracking.as_ref()?.take_complaint())
    }
}

impl<P> Drop for StoreState<P> {
    fn drop(&mut self) {
        if !*self.closed.get_mut() {
            self.supervised.leave();
        }
    }
}

impl<P: Payloads> StoreState<P> {
    /// How often it connected.
    pub(super) fn links(&self) -> u64 {
        let links = self.supervised.connects.load(Ordering::Relaxed);
        if self.supervised.is_touchy() {
            self.scripting.spare(links, &self.place);
        }
        links
    }
}
