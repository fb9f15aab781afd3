//! Questions about connections to Redis, which JavaScript answers: it knows the client's options of now, and whom
//! Node.js trusts.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use lazy_layers_drivers::redis::{ConnectionOwner, CurrentLogin, Server, TrustedCertificate, address::Node};
use lazy_layers_engine::value::BoxFuture;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::oneshot;

use crate::{
    questions::Question,
    queue::{BusQueue, Item},
};

/// The object of JavaScript that has made a store or a bus.
pub(crate) struct JsOwner {
    pub(crate) number: u32,
    /// Whether the login may change.
    pub(crate) renews: bool,
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
    fn ask(&self, question: &serde_json::Value) -> BoxFuture<'static, Option<String>> {
        let (reply, received) = oneshot::channel();
        let question = Question::new(self.number, question.to_string(), reply);
        self.queue.push(Item::Question(question));
        Box::pin(async move { received.await.ok() })
    }
}

impl ConnectionOwner for JsOwner {
    fn login(&self, server: Server) -> BoxFuture<'_, Result<Option<CurrentLogin>, String>> {
        if !self.renews {
            return Box::pin(std::future::ready(Ok(None)));
        }
        let answer = self.ask(&json!({ "what": "login", "sentinel": server == Server::Sentinel }));
        Box::pin(async move {
            let answer = answer.await.and_then(|text| serde_json::from_str::<LoginAnswer>(&text).ok());
            match answer {
                Some(LoginAnswer { error: Some(error), .. }) => Err(error),
                Some(LoginAnswer { login, .. }) => Ok(login),
                None => Ok(None),
            }
        })
    }

    fn certificate(&self, node: &Node, server: Server) -> BoxFuture<'_, Option<TrustedCertificate>> {
        let is_sentinel = server == Server::Sentinel;
        let question =
            json!({ "what": "certificate", "sentinel": is_sentinel, "host": node.host, "port": node.port });
        let answer = self.ask(&question);
        Box::pin(async move {
            let CertificateAnswer { certificate, public_key } = serde_json::from_str(&answer.await?).ok()?;
            Some(TrustedCertificate {
                certificate: STANDARD.decode(certificate).ok()?,
                public_key: STANDARD.decode(public_key).ok()?,
            })
        })
    }
}
