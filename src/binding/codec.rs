//! Payloads of values that users pack and read themselves, on the thread of JavaScript.

use lazy_layers_engine::{
    codec::{self, Encoding, Limits},
    words::Word,
};

use super::current;
use crate::{
    contract::{Coded, form_bits},
    raw::call::{Args, Fault, Given},
    values::parts,
};

/// `seal(bytes)`: the payload of a packed value; the transfer is 1 when it is gzipped.
pub(super) fn seal(args: &Args) -> Result<Given, Fault> {
    let (instance, js) = (current()?, args.js());
    let sealed = codec::seal(&js.read_bytes(args.value(0))?);
    instance.transfer(f64::from(u8::from(sealed.encoding == Encoding::MsgpackGzip)));
    Ok(Given::Value(js.bytes(&sealed.bytes)))
}

/// `open(bytes, depth, inflatedBytes)`: what is to be read of a payload, as `unpack` is given it; the transfer has
/// its form and its encoding. Why it cannot be read, as a text.
pub(super) fn open(args: &Args) -> Result<Given, Fault> {
    let (instance, js) = (current()?, args.js());
    let limits = Limits { depth: size(args, 1)?, inflated_bytes: size(args, 2)? };
    Ok(match instance.reader.with_limits(limits).open(js.read_bytes(args.value(0))?) {
        Ok(opened) => {
            let encoding = opened.encoding;
            let (form, bytes) = parts(opened.body);
            instance.tell_shapes();
            instance.transfer(form.number() + f64::from(form_bits::FORMS) * f64::from(encoding.number()));
            Given::Value(instance.hand_over(&bytes))
        }
        Err(corrupt) => Given::Text(corrupt.0),
    })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the facade checks; saturates")]
fn size(args: &Args, index: usize) -> Result<usize, Fault> {
    Ok(args.number(index)? as usize)
}
