//! Credentials that expire while a run goes on: the configuration is read again, and used if it
//! brings credentials that are accepted and belong to the same account.

use std::sync::{Arc, Mutex, PoisonError};

use aws_config::{Region, SdkConfig};
use rstack_model::{AccountId, KnownMap};

use super::Client;
use crate::api::Api;
use crate::configuration::Source;
use crate::model::Service;

/// A configuration and which one it is.
#[derive(Clone, Debug)]
pub(super) struct Loaded {
    pub(super) number: u64,
    pub(super) config: Arc<SdkConfig>,
}

/// The result of reading the configuration again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Renewal {
    /// There are other credentials now, which are accepted.
    Renewed,
    /// There is nothing to be read again.
    Fixed,
    /// They do not help, for this reason.
    Useless(String),
}

/// The configuration of all clients of one account.
#[derive(Debug)]
pub(super) struct Configuration {
    source: Option<Arc<dyn Source>>,
    current: Mutex<Loaded>,
    /// The account that the run belongs to, as soon as it is known.
    account: Mutex<Option<AccountId>>,
    /// The lock of a renewal: a call that needs new credentials waits for the one that is getting
    /// them.
    renewing: tokio::sync::Mutex<()>,
}

impl Configuration {
    pub(super) fn new(config: SdkConfig, source: Option<Arc<dyn Source>>) -> Self {
        Self {
            source,
            current: Mutex::new(Loaded { number: 0, config: Arc::new(config) }),
            account: Mutex::default(),
            renewing: tokio::sync::Mutex::default(),
        }
    }

    /// The same credentials, renewed in the same way, in another Region.
    pub(super) fn in_region(&self, region: Region) -> Self {
        let config = self.current().config.to_builder().region(region).build();
        let other = Self::new(config, self.source.clone());
        self.account().inspect(|account| other.belong_to(account));
        other
    }

    pub(super) fn current(&self) -> Loaded {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn belong_to(&self, account: &AccountId) {
        *self.account.lock().unwrap_or_else(PoisonError::into_inner) = Some(account.clone());
    }

    /// The account, if it is known.
    pub(super) fn account(&self) -> Option<AccountId> {
        self.account.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Gets credentials in the place of those of the configuration with this number, which were
    /// refused. Before it is known which account the run belongs to there is nothing to go on with.
    pub(super) async fn renew(&self, number: u64) -> Renewal {
        let (Some(source), Some(account)) = (&self.source, self.account()) else {
            return Renewal::Fixed;
        };
        let _one_at_a_time = self.renewing.lock().await;
        if self.current().number != number {
            return Renewal::Renewed;
        }
        tracing::debug!("the credentials were refused; reading them again");
        // Only credentials are taken from what is read: a profile whose Region was changed meanwhile
        // does not move what the run makes.
        let region = self.current().config.region().cloned();
        let config = source.load().await.into_builder().region(region).build();
        let found = match account_of(&config).await {
            Ok(found) => found,
            Err(why) => return Renewal::Useless(why),
        };
        if found != account {
            let text = format!("they were read again, and are those of another account, {found}");
            return Renewal::Useless(text);
        }
        let loaded = Loaded { number: number + 1, config: Arc::new(config) };
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = loaded;
        Renewal::Renewed
    }
}

/// Whose credentials these are.
async fn account_of(config: &SdkConfig) -> Result<AccountId, String> {
    let useless = |error| format!("they were read again, and are refused, too: {error}");
    let sts = Client::new(Service::STS, config).map_err(useless)?;
    let answer = sts.call("GetCallerIdentity", KnownMap::new()).await.map_err(useless)?;
    let account = answer.get("Account").and_then(|account| account.as_str());
    account.map(AccountId::new).ok_or_else(|| "no account is known for them".to_owned())
}
