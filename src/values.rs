//! Converts JavaScript values to stored bytes and back: `msgpackr` on the JavaScript side packs and unpacks, the
//! codec of the engine does the rest.

use std::sync::Arc;

use lazy_layers_drivers::redis::Page;
use lazy_layers_engine::{
    bus::wire::RawValue,
    clock::Ttl,
    codec::{Body, Encoding, Opened},
    entry::key::Key,
    value::Failure,
};

use crate::{
    contract::{Form, form_bits},
    env::{self, Env},
    memory::slots::{Packed, ReadValue, Slot, SlotHandle, SlotTable},
    raw::js::{Js, JsValue},
};

/// The time left of an entry that has gone, as `PTTL` tells it.
const GONE_MS: f64 = -2.0;

/// The values of one cache: their table, and the adapter that packs and unpacks them.
#[derive(Clone)]
pub(crate) struct Values {
    pub(crate) adapter: u32,
    pub(crate) table: Arc<SlotTable>,
}

impl Values {
    /// Packs the value in a slot.
    pub(crate) fn pack(&self, slot: &Slot) -> Result<Packed, Failure<Slot>> {
        let Slot::Packed(once) = slot else { return self.pack_anew(slot) };
        if let Some(packed) = once.packed.get() {
            return Ok(packed.clone());
        }
        let packed = self.pack_anew(slot)?;
        Ok(once.packed.get_or_init(|| packed).clone())
    }

    fn pack_anew(&self, slot: &Slot) -> Result<Packed, Failure<Slot>> {
        let env = current()?;
        let js = env.js();
        let args = [js.number(f64::from(self.adapter)), js.number(f64::from(slot.index()))];
        let packed = js.call(env.functions.pack, &args).ok_or_else(|| message("packing a value failed"))?;
        if let Ok(bytes) = js.read_bytes(packed) {
            let sealed = env.transfer_flag() != 0.0;
            return Ok(if sealed { Packed::Payload(bytes) } else { Packed::Msgpack(bytes) });
        }
        // Not a failure of the store: its circuit stays closed.
        Err(Failure::Unreadable(Box::new(refusal(js, packed))))
    }

    /// The value of these bytes, in a slot of its own.
    pub(crate) fn unpack(&self, opened: Opened) -> Result<Slot, Failure<Slot>> {
        self.unpack_as(opened, 0).map(Slot::Held)
    }

    /// The values of bodies, read by one call of JavaScript; `None` for those that cannot be read, and none for bodies
    /// that are too large for that.
    pub(crate) fn unpack_together(&self, bodies: Vec<&Body>) -> Vec<Option<SlotHandle>> {
        let bytes: usize = bodies.iter().map(|body| body_bytes(body).len()).sum();
        let Some(env) = env::current().filter(|_| bodies.len() > 1 && bytes <= MOST_TOGETHER) else {
            return Vec::new();
        };
        // Their number and whether all are records; of each its form and its length; then all bytes, as an array.
        let mut message = Vec::with_capacity(HEAD + bodies.len() * 8 + bytes);
        let number = |number: usize| u32::try_from(number).unwrap_or(0).to_le_bytes();
        let are_records = bodies.iter().all(|body| matches!(body, Body::Records(_)));
        message.extend(number(bodies.len()));
        message.extend(number(usize::from(are_records)));
        for body in &bodies {
            message.extend(u32::from(form_of(body) as u8).to_le_bytes());
            message.extend(number(body_bytes(body).len()));
        }
        message.push(ARRAY);
        message.extend(u32::try_from(bodies.len()).unwrap_or(0).to_be_bytes());
        bodies.iter().for_each(|body| message.extend(body_bytes(body)));
        if bodies.iter().any(|body| matches!(body, Body::Records(_))) {
            env.send_shapes();
        }
        let js = env.js();
        let args = [js.number(f64::from(self.adapter)), env.hand_over(&message)];
        let answer = js.call(env.functions.unpackall, &args).and_then(|answer| js.uint32_array(answer).ok());
        let Some(answer) = answer else { return Vec::new() };
        // Of each the place of its value, plus one, and its weight. Nothing runs in JavaScript meanwhile.
        let held = |at: usize| {
            let place = answer.load(at * 2).checked_sub(1)?;
            Some(self.table.hold(place, answer.load(at * 2 + 1)))
        };
        (0..bodies.len()).map(held).collect()
    }

    fn unpack_as(&self, opened: Opened, bits: u8) -> Result<SlotHandle, Failure<Slot>> {
        let env = current()?;
        let js = env.js();
        let (form, bytes) = form_and_bytes(opened.body);
        if matches!(form, Form::Records) {
            env.send_shapes();
        }
        let adapter = js.number(f64::from(self.adapter));
        let args = [adapter, js.number(f64::from(form as u8 | bits)), env.hand_over(&bytes)];
        let slot = js.call(env.functions.unpack, &args).ok_or_else(|| message("reading a value failed"))?;
        match js.read_u32(slot) {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "weights fit 32 bits"
            )]
            Ok(index) => Ok(self.table.hold(index, env.transfer_flag() as u32)),
            Err(_) => Err(Failure::Unreadable(Box::new(refusal(js, slot)))),
        }
    }

    /// Shows the entries of a page to the visitor in a slot, one by one, then the next cursor and the size.
    pub(crate) fn show(&self, visitor: &Slot, page: Page<Opened>) -> Result<(), Failure<Slot>> {
        let env = current()?;
        let js = env.js();
        let to = [js.number(f64::from(self.adapter)), js.number(f64::from(visitor.index()))];
        for entry in page.entries {
            let opened = entry.value.and_then(Result::ok);
            let encoding = opened.as_ref().map_or("", |opened| opened.encoding.as_str());
            // An entry that cannot be read is shown without a value.
            let value = opened.and_then(|opened| self.unpack(opened).ok());
            #[expect(clippy::cast_precision_loss, reason = "sizes fit 53 bits")]
            let fields = [
                js.key(&Key::from_wtf8(&entry.key)),
                js.number(entry.left.map_or(GONE_MS, Ttl::as_millis_f64)),
                js.number(entry.stored_bytes as f64),
                js.text(encoding),
                js.number(value.as_ref().map_or(-1.0, |value| f64::from(value.index()))),
            ];
            js.call(env.functions.visit, &[&to[..], &fields[..]].concat());
        }
        #[expect(clippy::cast_precision_loss, reason = "counts fit 53 bits")]
        let end =
            [js.undefined(), js.number(page.size as f64), js.text(page.cursor.as_deref().unwrap_or(""))];
        js.call(env.functions.visit, &[&to[..], &end[..]].concat());
        Ok(())
    }
}

impl ReadValue for Values {
    fn read(&self, raw: RawValue, is_shared: bool) -> Result<SlotHandle, Failure<Slot>> {
        let payload = match raw {
            RawValue::Msgpack(bytes) => [Encoding::Msgpack.prefix(), &bytes].concat(),
            RawValue::Json(bytes) => [Encoding::Json.prefix(), &bytes].concat(),
        };
        let opened = current()?.reader.open(payload);
        let opened = opened.map_err(|corrupt| Failure::Unreadable(Box::new(Failure::Message(corrupt.0))))?;
        self.unpack_as(opened, if is_shared { form_bits::SEVERAL_KEYS } else { 0 })
    }
}

/// The bytes of a message of several values beside what there is of each.
const HEAD: usize = 13;
/// An array in `MessagePack` with a length of four bytes.
const ARRAY: u8 = 0xdd;
/// The most bytes of values that are read by one call.
const MOST_TOGETHER: usize = 1 << 20;

fn body_bytes(body: &Body) -> &[u8] {
    match body {
        Body::Null => &[],
        Body::Msgpack(bytes) | Body::Records(bytes) | Body::Json(bytes) => bytes,
    }
}

fn form_of(body: &Body) -> Form {
    match body {
        Body::Null => Form::Null,
        Body::Msgpack(_) => Form::Msgpack,
        Body::Records(_) => Form::Records,
        Body::Json(_) => Form::Json,
    }
}

/// A body in the form in which it crosses.
pub(crate) fn form_and_bytes(body: Body) -> (Form, Vec<u8>) {
    match body {
        Body::Null => (Form::Null, Vec::new()),
        Body::Msgpack(bytes) => (Form::Msgpack, bytes),
        Body::Records(bytes) => (Form::Records, bytes),
        Body::Json(bytes) => (Form::Json, bytes),
    }
}

fn current() -> Result<std::rc::Rc<Env>, Failure<Slot>> {
    env::current().ok_or_else(|| message("a value was asked for outside its thread"))
}

fn message(text: &str) -> Failure<Slot> {
    Failure::Message(text.to_owned())
}

/// The message that the facade returned instead of a value.
fn refusal(js: Js, message: JsValue) -> Failure<Slot> {
    Failure::Message(js.read_text(message).unwrap_or_else(|_| "a value could not be converted".to_owned()))
}
