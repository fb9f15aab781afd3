//! Commands whose answers are all that is wanted.

use redis::{Cmd, Value, cmd};

use super::{
    commands::{self, Commands},
    fault::Fault,
    store::{Payloads, StoreState},
};

impl<P: Payloads> StoreState<P> {
    /// Sends commands about a key, or about several in its slot; returns their answers.
    pub(super) fn ask(
        &self,
        key: &[u8],
        asked: Vec<Cmd>,
    ) -> impl Future<Output = Result<Vec<Value>, Fault>> + Send + 'static + use<P> {
        let (commands, answers) = Commands::asked(key, asked);
        self.request(key, commands);
        async move { answers.await.unwrap_or_else(|_| Err(Fault::closed())) }
    }

    /// The same for commands that change nothing more if they are run twice: if their connection ends, they are sent
    /// once more.
    pub(super) fn ask_again(
        &self,
        key: &[u8],
        asked: Vec<Cmd>,
    ) -> impl Future<Output = Result<Vec<Value>, Fault>> + Send + 'static + use<P> {
        let (mut commands, answers) = Commands::asked(key, asked);
        commands.repeats = true;
        self.request(key, commands);
        async move { answers.await.unwrap_or_else(|_| Err(Fault::closed())) }
    }

    /// The same in one step. No answer is an error.
    pub(super) async fn ask_together(&self, key: &[u8], asked: Vec<Cmd>) -> Result<Vec<Value>, Fault> {
        let together = std::iter::once(cmd("MULTI")).chain(asked).chain([cmd("EXEC")]);
        let mut answers = self.ask(key, together.collect()).await?;
        let answers = answers.pop().ok_or_else(Fault::unexpected).and_then(commands::sound)?;
        let Value::Array(answers) = answers else { return Err(Fault::unexpected()) };
        answers.into_iter().map(commands::sound).collect()
    }
}
