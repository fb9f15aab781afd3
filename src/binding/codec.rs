//! Payloads of values that users pack and unpack themselves, on the thread of JavaScript.

use std::rc::Rc;

use lazy_layers_engine::{
    codec::{self, Encoding, Limits},
    words::Word,
};

use super::arguments::{Bytes, Opened};
use crate::{
    contract::{Coded, form_bits},
    instance::Instance,
    raw::{call::Fault, js::Js},
    values::form_and_bytes,
};

/// The payload of a packed value; the transfer is 1 when it is gzipped.
pub(crate) fn seal(js: Js, instance: Rc<Instance>, bytes: Vec<u8>) -> Result<Bytes, Fault> {
    let sealed = codec::seal(&bytes);
    instance.env.transfer(f64::from(u8::from(sealed.encoding == Encoding::MsgpackGzip)));
    Ok(Bytes(js.bytes(&sealed.bytes)))
}

/// Opens a payload and returns its body as `unpack` takes it; the transfer has its form and its encoding. If the
/// payload cannot be read, returns the reason as a text.
pub(crate) fn open(
    instance: Rc<Instance>,
    payload: Vec<u8>,
    max_depth: f64,
    max_bytes: f64,
) -> Result<Opened, Fault> {
    let limits = Limits { depth: size(max_depth), inflated_bytes: size(max_bytes) };
    Ok(Opened(match instance.env.reader.with_limits(limits).open(payload) {
        Ok(opened) => {
            let encoding = opened.encoding;
            let (form, bytes) = form_and_bytes(opened.body);
            instance.env.send_shapes();
            instance.env.transfer(form.number() + f64::from(form_bits::FORMS) * f64::from(encoding.number()));
            Ok(instance.env.hand_over(&bytes))
        }
        Err(corrupt) => Err(corrupt.0),
    }))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the facade checks; saturates")]
fn size(number: f64) -> usize {
    number as usize
}
