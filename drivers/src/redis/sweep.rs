//! Keeps the index small where entries are on other nodes than the index, or scripts are denied.
//!
//! An entry on another node may be written at any moment between a look at it and the change of the index. So a
//! member is taken out only if it has been expired for the grace, its entry is gone, and it was not listed again.
//! Writes list their entries first, so no write of such an entry is under way, unless it takes longer than the grace.

use redis::Value;

use super::{
    commands::{self, Commands},
    fault::Fault,
    scripts::{self, Mode},
    store::{Payloads, RedisStore},
    tidy::Tally,
    write::text,
};

/// How many members are looked at together.
const STEP: usize = 100;
/// The most steps in a row.
const MOST_STEPS: usize = 100;

/// The rest of the lifetime of an entry, as `PTTL` returns it.
const GONE: i64 = -2;
const FOREVER: i64 = -1;

impl<P: Payloads> RedisStore<P> {
    /// Takes out expired members, and looks up a few whose end is not known.
    pub(super) async fn sweep(&self, tally: Tally) -> Result<(), Fault> {
        match self.shared.mode(self.shared.links(), true) {
            Mode::Scripts if self.shared.names.is_clustered() => {}
            Mode::Scripts | Mode::Transactions => return self.sweep_by_transactions().await,
            // Single commands could take a member out while its entry is written.
            Mode::Singly | Mode::Bare => return Ok(()),
        }
        if tally.listed != tally.known {
            self.adopt_apart().await?;
        }
        if tally.due > 0 {
            self.sweep_cluster().await?;
        }
        Ok(())
    }

    async fn sweep_cluster(&self) -> Result<(), Fault> {
        let grace = self.shared.grace();
        for _ in 0..MOST_STEPS {
            let asked = vec![text(grace), text(STEP as u64), self.shared.wall()];
            let due = self.shared.about_sets(&scripts::DUE, asked, None);
            let found = self.shared.ask_sets(due).await?.texts()?;
            let members: Vec<Vec<u8>> = found.chunks_exact(3).map(|due| due[0].clone()).collect();
            if members.is_empty() {
                return Ok(());
            }
            let lefts = self.lefts(&members).await?;
            let mut arguments = vec![self.shared.wall()];
            for (due, left) in found.chunks_exact(3).zip(lefts) {
                arguments.extend_from_slice(due);
                arguments.push(left.to_string().into_bytes());
            }
            let settle = self.shared.about_sets(&scripts::SETTLE, arguments, None);
            self.shared.ask_sets(settle).await?;
            if members.len() < STEP {
                return Ok(());
            }
        }
        Ok(())
    }

    /// A step of a search for members whose end is not known.
    async fn adopt_apart(&self) -> Result<(), Fault> {
        let Some((of, cursor)) = self.next_step() else { return Ok(()) };
        let step = vec![cursor, text(STEP as u64)];
        let step = self.shared.about_sets(&scripts::STRANGERS, step, None);
        let mut found = self.shared.ask_sets(step).await?.texts()?.into_iter();
        let next = found.next().ok_or_else(Fault::unexpected)?;
        let members: Vec<Vec<u8>> = found.collect();
        if !members.is_empty() {
            let now = self.shared.clock.wall_millis();
            let (index, expiry) = self.shared.names.sets();
            let mut add = commands::one("ZADD", &expiry);
            // A write that lists it meanwhile knows better.
            add.arg("NX");
            for (member, left) in members.iter().zip(self.lefts(&members).await?) {
                match left {
                    FOREVER => add.arg("+inf"),
                    // Gone: taken out when the grace is over.
                    left => add.arg(now.saturating_add(u64::try_from(left).unwrap_or(0))),
                };
                add.arg(member.as_slice());
            }
            commands::next(&mut self.shared.ask(&index, vec![add]).await?.into_iter())?;
        }
        self.step_done(of, next, 1);
        Ok(())
    }

    /// The sweep where scripts are denied.
    async fn sweep_by_transactions(&self) -> Result<(), Fault> {
        let (index, expiry) = self.shared.names.sets();
        let grace = if self.shared.names.is_clustered() { self.shared.grace() } else { 0 };
        for _ in 0..MOST_STEPS {
            let mut due = commands::one("ZRANGEBYSCORE", &expiry);
            let before = self.shared.clock.wall_millis().saturating_sub(grace);
            due.arg("(-inf").arg(before).arg("LIMIT").arg(0).arg(STEP);
            let found = commands::next(&mut self.shared.ask(&index, vec![due]).await?.into_iter())?;
            let members = commands::texts(found)?;
            let now = self.shared.clock.wall_millis();
            let lefts = self.lefts(&members).await?;
            let (mut gone, mut add) = (Vec::new(), commands::one("ZADD", &expiry));
            add.arg("XX");
            let mut lives = false;
            for (member, left) in members.iter().zip(lefts) {
                match left {
                    GONE => gone.push(member.clone()),
                    left => {
                        lives = true;
                        match u64::try_from(left) {
                            Ok(left) => add.arg(now.saturating_add(left).saturating_add(1)),
                            Err(_) => add.arg("+inf"),
                        };
                        add.arg(member.as_slice());
                    }
                }
            }
            if lives {
                commands::next(&mut self.shared.ask(&index, vec![add]).await?.into_iter())?;
            }
            if !gone.is_empty() {
                self.take_out(gone, before).await?;
            }
            if members.len() < STEP {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Takes out members whose entries are gone, and had expired before that time.
    async fn take_out(&self, members: Vec<Vec<u8>>, before: u64) -> Result<(), Fault> {
        if self.shared.names.is_clustered() {
            return self.unlist(&members, before).await;
        }
        // Entry and member in one step: an entry that was written meanwhile becomes a miss.
        let names: Vec<_> = members.into_iter().map(|member| self.shared.names.listed(member)).collect();
        self.remove(&names).await
    }

    /// Takes out members whose entries are on other nodes. The times of a member show if it was listed again
    /// since the look. Such a member is listed anew with the same times: only a pattern that comes in between
    /// does not find it.
    async fn unlist(&self, members: &[Vec<u8>], before: u64) -> Result<(), Fault> {
        let (index, expiry) = self.shared.names.sets();
        let sets = [&index, &expiry];
        let mut asked = Vec::with_capacity(2 * members.len() + 2);
        for set in sets {
            asked.extend(members.iter().map(|member| commands::of_members("ZSCORE", set, [member])));
        }
        asked.extend(sets.map(|set| commands::of_members("ZREM", set, members)));
        let times = self.shared.ask_together(&index, asked).await?;
        let mut again = Vec::new();
        for (at, member) in members.iter().enumerate() {
            let time = |set: usize| times.get(set * members.len() + at).and_then(commands::score);
            let both = [time(0), time(1)];
            if both.iter().flatten().all(|time| *time <= before as f64) {
                continue;
            }
            for (set, time) in sets.into_iter().zip(both) {
                let Some(time) = time else { continue };
                let mut add = commands::one("ZADD", set);
                // A write that has listed it since then knows better.
                add.arg("NX").arg(time).arg(member.as_slice());
                again.push(add);
            }
        }
        if !again.is_empty() {
            self.shared.ask_together(&index, again).await?;
        }
        Ok(())
    }

    /// The rest of the lifetimes of entries, by member.
    async fn lefts(&self, members: &[Vec<u8>]) -> Result<Vec<i64>, Fault> {
        let asked: Vec<_> = members
            .iter()
            .map(|member| {
                let name = self.shared.names.listed(member.clone());
                let (commands, answers) = Commands::asked(&name, vec![commands::one("PTTL", &name)]);
                self.shared.requests.send(commands);
                answers
            })
            .collect();
        let mut lefts = Vec::with_capacity(members.len());
        for answers in asked {
            let answers = answers.await.unwrap_or_else(|_| Err(Fault::closed()))?;
            lefts.push(commands::integer(&commands::next(&mut answers.into_iter())?)?);
        }
        Ok(lefts)
    }

    /// Removes the oldest live entries beyond a bound.
    pub(super) async fn trim_apart(&self, tally: Tally, most: u64) -> Result<(), Fault> {
        let (index, expiry) = self.shared.names.sets();
        let beyond = usize::try_from(tally.live().saturating_sub(most)).unwrap_or(usize::MAX);
        let mut oldest = commands::one("ZRANGE", &index);
        oldest.arg(0).arg((tally.live() - most).saturating_add(tally.over).saturating_sub(1));
        let found = commands::next(&mut self.shared.ask(&index, vec![oldest]).await?.into_iter())?;
        let members = commands::texts(found)?;
        if members.is_empty() {
            return Ok(());
        }
        let scores = members.iter().map(|member| {
            let mut score = commands::one("ZSCORE", &expiry);
            score.arg(member.as_slice());
            score
        });
        let ends = self.shared.ask(&index, scores.collect()).await?;
        let now = self.shared.clock.wall_millis();
        let is_live = |end: &Value| commands::score(end).is_none_or(|end| end > now as f64);
        let victims = members.into_iter().zip(&ends).filter(|(_, end)| is_live(end));
        let names: Vec<Vec<u8>> =
            victims.take(beyond).map(|(member, _)| self.shared.names.listed(member)).collect();
        for names in names.chunks(self.shared.options.batch_size.max(1)) {
            self.remove(names).await?;
        }
        Ok(())
    }
}
