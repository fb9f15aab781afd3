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
    asked: Asked,
    reply: oneshot::Sender<Vec<u8>>,
}

/// The content of a question.
pub(crate) enum Asked {
    /// A question in JSON, to be answered in JSON.
    Fact(String),
    /// Commands in RESP for the client, or for that node of its cluster; their answers are an array in RESP.
    Commands(Vec<u8>, Option<usize>),
}

/// The questions that wait for their answers, by number.
#[derive(Default)]
pub(crate) struct Questions(RefCell<Slab<oneshot::Sender<Vec<u8>>>>);

impl Question {
    /// A question for the owner with that number.
    pub(crate) fn new(owner: u32, asked: Asked, reply: oneshot::Sender<Vec<u8>>) -> Question {
        Question { owner, asked, reply }
    }

    /// Hands it to its owner.
    #[expect(clippy::cast_precision_loss, reason = "questions are counted in a slab")]
    pub(crate) fn ask(self, env: &Env, questions: &Questions) {
        let number = questions.0.borrow_mut().insert(self.reply) as f64;
        let js = env.js();
        js.scoped(|| {
            let (what, asked, node) = match &self.asked {
                Asked::Fact(text) => (BusItem::Question, js.text(text), js.undefined()),
                Asked::Commands(bytes, node) => {
                    let node = node.map_or_else(|| js.undefined(), |node| js.number(node as f64));
                    (BusItem::Commands, js.bytes(bytes), node)
                }
            };
            let [what, owner, number] =
                [what.number(), f64::from(self.owner), number].map(|number| js.number(number));
            js.call(env.functions.hear, &[what, owner, number, asked, node]);
        });
    }
}

impl Questions {
    /// Takes an answer.
    pub(crate) fn answer(&self, question: usize, answer: Vec<u8>) {
        let reply = self.0.borrow_mut().try_remove(question);
        // The asker may have stopped waiting.
        drop(reply.map(|reply| reply.send(answer)));
    }

    /// Drops all questions: no answers will come.
    pub(crate) fn clear(&self) {
        self.0.take();
    }
}
