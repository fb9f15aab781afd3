//! The engine as its users see it: one file per behaviour.

mod bounds;
mod breaker;
mod close;
mod cluster;
mod corpus;
mod defaults;
mod fail_safe;
mod failed_writes;
mod gap;
mod get_or_set;
mod invalidation_during_load;
mod lock;
mod model;
mod negative;
mod order;
mod overtaken;
mod reads_during_load;
mod remote;
mod remote_names;
mod running_loads;
mod setup;
mod threads;
mod timeouts;
mod upkeep;
mod versioning;
