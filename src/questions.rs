//! Questions for objects of JavaScript, and their answers.

use std::cell::RefCell;

use slab::Slab;
use tokio::sync::oneshot;

use crate::{
    contract::{BusItem, Coded},
    env::Env,
};

/// A question on its way to its owner.
pub(crate) struct Question {
    owner: u32,
    text: String,
    reply: oneshot::Sender<String>,
}

/// The questions that wait for their answers, by number.
#[derive(Default)]
pub(crate) struct Questions(RefCell<Slab<oneshot::Sender<String>>>);

impl Question {
    /// A question in JSON for the owner of that number.
    pub(crate) fn new(owner: u32, text: String, reply: oneshot::Sender<String>) -> Question {
        Question { owner, text, reply }
    }

    /// Hands it to its owner.
    #[expect(clippy::cast_precision_loss, reason = "questions are counted in a slab")]
    pub(crate) fn ask(self, env: &Env, questions: &Questions) {
        let number = questions.0.borrow_mut().insert(self.reply) as f64;
        let js = env.js();
        js.scoped(|| {
            let numbers = [BusItem::Question.number(), f64::from(self.owner), number];
            let [what, owner, number] = numbers.map(|number| js.number(number));
            js.call(env.functions.hear, &[what, owner, number, js.text(&self.text)]);
        });
    }
}

impl Questions {
    /// Takes an answer.
    pub(crate) fn answer(&self, question: usize, answer: String) {
        let reply = self.0.borrow_mut().try_remove(question);
        // Whoever has asked may not wait any more.
        drop(reply.map(|reply| reply.send(answer)));
    }

    /// Nobody answers any more.
    pub(crate) fn clear(&self) {
        self.0.take();
    }
}
