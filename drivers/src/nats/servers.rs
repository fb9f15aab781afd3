//! The servers of NATS that a bus knows of: those of its options, and the others of their cluster, as the server
//! to which it was last connected has told.

use async_nats::ServerAddr;
use parking_lot::Mutex;

use super::connect::NatsOptions;
use crate::bus::BusFault;

/// The servers that were told of.
#[derive(Default)]
pub(super) struct Told(Mutex<Vec<ServerAddr>>);

impl Told {
    /// The servers in the order in which they are tried: those of the options, at random unless that is off, then the
    /// others, which may have addresses that cannot be reached from here.
    pub(super) fn known(&self, options: &NatsOptions) -> Result<Vec<ServerAddr>, BusFault> {
        let mut known = given(options)?;
        if !options.no_randomize {
            fastrand::shuffle(&mut known);
        }
        for told in &*self.0.lock() {
            if !known.iter().any(|server| is_same(server, told)) {
                known.push(told.clone());
            }
        }
        Ok(known)
    }

    /// A server tells of all servers of its cluster. They are reached as the first of the options is.
    pub(super) fn hear(&self, options: &NatsOptions, cluster: &[String]) {
        if options.ignore_cluster_updates {
            return;
        }
        let Some(first) = given(options).ok().and_then(|given| given.into_iter().next()) else { return };
        *self.0.lock() = cluster.iter().filter_map(|told| like(&first, told)).collect();
    }
}

fn given(options: &NatsOptions) -> Result<Vec<ServerAddr>, BusFault> {
    let servers: Result<_, _> = options.servers.iter().map(|server| server.parse()).collect();
    servers.map_err(|error| BusFault::down(format!("a server of NATS: {error}")))
}

fn is_same(one: &ServerAddr, other: &ServerAddr) -> bool {
    (one.host(), one.port()) == (other.host(), other.port())
}

/// The server at `told`, reached as the other one is.
fn like(other: &ServerAddr, told: &str) -> Option<ServerAddr> {
    let told = told.parse::<ServerAddr>().ok()?;
    let port = told.port();
    let mut url = other.clone().into_inner();
    url.set_host(told.into_inner().host_str()).ok()?;
    url.set_port(Some(port)).ok()?;
    ServerAddr::from_url(url).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(servers: &[&str]) -> NatsOptions {
        NatsOptions {
            servers: servers.iter().map(|&server| server.to_owned()).collect(),
            ..NatsOptions::default()
        }
    }

    fn known(told: &Told, options: &NatsOptions) -> Vec<String> {
        let servers = told.known(options).expect("they can be read");
        servers.into_iter().map(|server| server.into_inner().to_string()).collect()
    }

    #[test]
    fn servers_of_the_cluster_follow_those_of_the_options() {
        let (told, options) = (Told::default(), options(&["tls://one:4222"]));
        told.hear(&options, &["one:4222".to_owned(), "10.0.0.2:4223".to_owned(), "[::1]:4224".to_owned()]);
        let others = ["tls://10.0.0.2:4223", "tls://[::1]:4224"];
        assert_eq!(known(&told, &options), ["tls://one:4222", others[0], others[1]]);
    }

    #[test]
    fn servers_that_are_not_told_of_any_more_are_forgotten() {
        let (told, options) = (Told::default(), options(&["one"]));
        told.hear(&options, &["two:4222".to_owned()]);
        told.hear(&options, &["three:4222".to_owned()]);
        assert_eq!(known(&told, &options), ["nats://one", "nats://three:4222"]);
    }

    #[test]
    fn servers_of_the_cluster_are_ignored_if_the_options_say_so() {
        let (told, mut options) = (Told::default(), options(&["one"]));
        options.ignore_cluster_updates = true;
        told.hear(&options, &["two:4222".to_owned()]);
        assert_eq!(known(&told, &options), ["nats://one"]);
    }
}
