//! Questions to JavaScript about connections to Redis. JavaScript knows the present options of a client and the
//! certificates that Node.js trusts, and it runs commands on clients that their owner drives.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use lazy_layers_drivers::redis::{ConnectionOwner, CurrentLogin, Server, TrustedCertificate, address::Node};
use lazy_layers_engine::value::BoxFuture;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::oneshot;

use crate::{
    questions::{Asked, Question},
    queue::{BusQueue, Item},
};

/// Whether new connections log in as the address says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Renewal {
    /// They do.
    Never,
    /// As the options of a client say then.
    Client,
    /// As a function of the user says.
    Function,
}

/// The object of JavaScript that has made a store or a bus.
pub(crate) struct JsOwner {
    pub(crate) number: u32,
    pub(crate) renewal: Renewal,
    pub(crate) queue: Arc<BusQueue>,
}

/// The answer to a question about the login.
#[derive(Deserialize)]
struct LoginAnswer {
    login: Option<CurrentLogin>,
    /// Why there is none.
    error: Option<String>,
}

/// The answer to a question about a certificate: both parts are in Base64.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CertificateAnswer {
    certificate: String,
    public_key: String,
}

impl JsOwner {
    fn ask(&self, asked: Asked) -> BoxFuture<'static, Option<Vec<u8>>> {
        let (reply, received) = oneshot::channel();
        let question = Question::new(self.number, asked, reply);
        self.queue.push(Item::Question(question));
        Box::pin(async move { received.await.ok() })
    }
}

impl ConnectionOwner for JsOwner {
    fn login(&self, server: Server) -> BoxFuture<'_, Result<Option<CurrentLogin>, String>> {
        if self.renewal == Renewal::Never {
            return Box::pin(std::future::ready(Ok(None)));
        }
        let question = json!({ "what": "login", "sentinel": server == Server::Sentinel });
        let answer = self.ask(Asked::Fact(question.to_string()));
        let must_answer = server == Server::Data && self.has_login();
        Box::pin(async move {
            let answer = answer.await.and_then(|json| serde_json::from_slice::<LoginAnswer>(&json).ok());
            match answer {
                Some(LoginAnswer { error: Some(error), .. }) => Err(error),
                Some(LoginAnswer { login, .. }) => Ok(login),
                None if must_answer => {
                    Err("the function \"password\" gave no answer that can be used".to_owned())
                }
                None => Ok(None),
            }
        })
    }

    fn has_login(&self) -> bool {
        self.renewal == Renewal::Function
    }

    fn certificate(&self, node: &Node, server: Server) -> BoxFuture<'_, Option<TrustedCertificate>> {
        let is_sentinel = server == Server::Sentinel;
        let question =
            json!({ "what": "certificate", "sentinel": is_sentinel, "host": node.host, "port": node.port });
        let answer = self.ask(Asked::Fact(question.to_string()));
        Box::pin(async move {
            let CertificateAnswer { certificate, public_key } =
                serde_json::from_slice(&answer.await?).ok()?;
            Some(TrustedCertificate {
                certificate: STANDARD.decode(certificate).ok()?,
                public_key: STANDARD.decode(public_key).ok()?,
            })
        })
    }

    fn run(&self, commands: Vec<u8>, node: Option<usize>) -> BoxFuture<'_, Option<Vec<u8>>> {
        let answers = self.ask(Asked::Commands(commands, node));
        Box::pin(async move { answers.await.filter(|answers| !answers.is_empty()) })
    }
}
