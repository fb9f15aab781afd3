//! Errors of the client and of the broker, as faults of the bus.

use lapin::{Error, ErrorKind};

use crate::bus::BusFault;

/// The broker takes no events for now.
pub(super) fn not_now(place: &str, reason: &str) -> BusFault {
    BusFault::blocked(format!("RabbitMQ at {place} takes no events for now: {reason}"))
}

/// What an error of the client means.
pub(super) fn fault(error: &Error, place: &str) -> BusFault {
    match error.kind() {
        ErrorKind::ProtocolError(error) => {
            let message = format!("RabbitMQ at {place}: {}", error.get_message());
            // No broker with these settings takes the event: it closes the channel over it.
            let is_size = message.contains("message size") || message.contains("content too large");
            if is_size { BusFault::refused(message) } else { BusFault::down(message) }
        }
        _ => BusFault::down(format!("no connection to RabbitMQ at {place}: {error}")),
    }
}
