//! Events that are told together: the numbers of all events in shared memory, and one text with all their texts. So a
//! burst of events takes one call and two values of JavaScript.
//!
//! ```text
//! event: request, cache, number of the event, number of fields, field …
//! field: its kind ([`line`]), and its value or the length of its text
//! ```

use lazy_layers_engine::observe::Event;

use crate::{
    contract::{crossing::Crossing, line, shared},
    crossing::push_field,
    env::Env,
    memory::Slot,
};

/// Events that wait to be told.
#[derive(Default)]
pub(crate) struct Lines {
    numbers: Vec<f64>,
    text: Vec<u8>,
    events: u32,
}

impl Lines {
    /// Takes an event. Returns false if it does not fit, or has texts that are not ASCII.
    #[expect(clippy::cast_precision_loss, reason = "a few fields")]
    pub(crate) fn take(&mut self, head: [f64; 3], event: &Event<Slot>) -> bool {
        let (start, text) = (self.numbers.len(), self.text.len());
        self.numbers.extend(head);
        self.numbers.push(0.0);
        let mut is_ascii = true;
        event.each_field(|value| {
            push_field(&value, &mut |crossing| is_ascii &= self.put(&crossing));
        });
        if !is_ascii || self.numbers.len() > shared::LINES {
            self.numbers.truncate(start);
            self.text.truncate(text);
            return false;
        }
        self.numbers[start + head.len()] = ((self.numbers.len() - start - head.len() - 1) / 2) as f64;
        self.events += 1;
        true
    }

    /// Returns false if it is not ASCII.
    #[expect(clippy::cast_precision_loss, reason = "lengths of texts")]
    fn put(&mut self, crossing: &Crossing<'_>) -> bool {
        let text = match crossing {
            Crossing::Number(number) => {
                self.numbers.extend([f64::from(line::NUMBER), *number]);
                return true;
            }
            Crossing::Nothing => {
                self.numbers.extend([f64::from(line::NOTHING), 0.0]);
                return true;
            }
            Crossing::Text(text) => text.as_bytes(),
            Crossing::Key(key) => key.as_bytes(),
        };
        self.numbers.extend([f64::from(line::TEXT), text.len() as f64]);
        self.text.extend(text);
        text.is_ascii()
    }

    /// Tells the waiting events.
    pub(crate) fn tell(&mut self, env: &Env) {
        if self.events == 0 {
            return;
        }
        let js = env.js();
        js.scoped(|| {
            for (at, number) in self.numbers.iter().enumerate() {
                env.lines.store(at, *number);
            }
            let text = js.latin1(&self.text);
            js.call(env.functions.tell, &[js.number(f64::from(self.events)), text]);
        });
        *self = Lines::default();
    }
}
