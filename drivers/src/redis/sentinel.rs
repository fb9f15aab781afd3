//! Finds the master that sentinels name, and notices when they name another one.

use std::{future::pending, time::Duration};

use redis::{ErrorKind, RedisError, RedisResult, Value, aio::ConnectionLike, cmd};
use tokio::time::{sleep, timeout};

use super::{
    address::{Node, Sentinel, Single},
    connection::{Connection, connect_single},
    owner::{Access, Server},
};

/// How often the sentinels are asked for the master. A master that was cut off or frozen believes to be one for many
/// seconds after another has taken over: writes to it are lost, and its data are old.
const ASKED_EVERY: Duration = Duration::from_secs(1);

/// Asks the sentinels one after the other, and connects to the master that the first to answer names.
pub(super) async fn find_master(sentinel: &Sentinel, access: &Access) -> RedisResult<(Single, Connection)> {
    let mut failed = RedisError::from((ErrorKind::EmptySentinelList, "no sentinel is given"));
    for node in &sentinel.sentinels {
        match timeout(access.limit, master_of(sentinel, node, access)).await {
            Ok(Ok((master, _))) => match connect_to_master(sentinel, &master, access).await {
                Ok(connected) => return Ok(connected),
                Err(error) => failed = error,
            },
            Ok(Err(error)) => failed = error,
            Err(_) => failed = RedisError::from((ErrorKind::Io, "a sentinel did not answer in time")),
        }
    }
    Err(failed)
}

/// Ends once the sentinels name another master, and that server says itself that it is one. A lack of answers from
/// sentinels is no reason to leave a master. Never ends without sentinels.
pub(super) async fn moved(master: Option<(&Sentinel, &Node)>, access: &Access) {
    let Some((sentinel, from)) = master else { return pending().await };
    let mut asked = None;
    loop {
        sleep(ASKED_EVERY).await;
        let named = named(sentinel, &mut asked, access).await;
        if let Some(named) = named.filter(|named| named != from)
            && connect_to_master(sentinel, &named, access).await.is_ok()
        {
            return;
        }
    }
}

/// The master that is named by the sentinel that was asked before, or by the first that answers.
async fn named(sentinel: &Sentinel, asked: &mut Option<Connection>, access: &Access) -> Option<Node> {
    if let Some(mut connection) = asked.take()
        && let Ok(Ok(named)) = timeout(access.limit, ask(sentinel, &mut connection)).await
    {
        *asked = Some(connection);
        return Some(named);
    }
    for node in &sentinel.sentinels {
        if let Ok(Ok((named, connection))) = timeout(access.limit, master_of(sentinel, node, access)).await {
            *asked = Some(connection);
            return Some(named);
        }
    }
    None
}

/// The master that one sentinel names, and the connection to that sentinel.
async fn master_of(sentinel: &Sentinel, node: &Node, access: &Access) -> RedisResult<(Node, Connection)> {
    let single = Single {
        node: node.clone(),
        login: sentinel.sentinel_login.clone(),
        tls: sentinel.sentinel_tls.clone(),
        ..Single::default()
    };
    let mut connection = connect_single(&single, Server::Sentinel, access).await?;
    Ok((ask(sentinel, &mut connection).await?, connection))
}

async fn ask(sentinel: &Sentinel, connection: &mut Connection) -> RedisResult<Node> {
    let mut command = cmd("SENTINEL");
    command.arg("GET-MASTER-ADDR-BY-NAME").arg(&sentinel.name);
    let (host, port): (String, u16) =
        command.query_async::<Option<(String, u16)>>(connection).await?.ok_or_else(|| {
            RedisError::from((
                ErrorKind::MasterNameNotFoundBySentinel,
                "the sentinels know no master of that name",
            ))
        })?;
    Ok(Node { host, port })
}

/// Connects to a named master. A sentinel may still name one that was demoted, so the server itself is asked.
async fn connect_to_master(
    sentinel: &Sentinel,
    node: &Node,
    access: &Access,
) -> RedisResult<(Single, Connection)> {
    let single = Single {
        node: node.clone(),
        path: None,
        db: sentinel.db,
        login: sentinel.login.clone(),
        tls: sentinel.tls.clone(),
    };
    let mut connection = connect_single(&single, Server::Data, access).await?;
    match timeout(access.limit, is_master(&mut connection)).await {
        Ok(Ok(true)) => Ok((single, connection)),
        Ok(Err(error)) => Err(error),
        Ok(Ok(false)) => {
            Err(RedisError::from((ErrorKind::Io, "the sentinels name a server that is no master")))
        }
        Err(_) => Err(RedisError::from((ErrorKind::Io, "the master did not answer in time"))),
    }
}

/// Whether a server says that it is a master.
pub(super) async fn is_master(connection: &mut Connection) -> RedisResult<bool> {
    let role = connection.req_packed_command(&cmd("ROLE")).await?;
    Ok(matches!(role, Value::Array(role) if role.first() == Some(&Value::BulkString(b"master".to_vec()))))
}
