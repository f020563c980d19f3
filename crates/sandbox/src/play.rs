//! A viewer: the answers to a request for a URL of the stack.
//!
//! A request goes to an edge location, which sends the custom headers of the configuration that it
//! has, and from there to one of the machines behind an origin endpoint. While a distribution is
//! deployed some edge locations still have the former configuration. Each machine asks Secrets
//! Manager once in ten minutes for the CDN authorization secret, at a time of its own, and accepts
//! the current value and the one before it as it knew them then. Path patterns, methods and caches
//! are not simulated.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rstack_model::ResourceType;
use rstack_model::value::{SecretVersion, SecretsManagerReference};
use serde_json::Value as Json;

use crate::cloudfront::{DISTRIBUTION, origins};
use crate::derive::Derivation;
use crate::inventory::{StoredObject, View};
use crate::mediapackage::ENDPOINT;
use crate::redaction::{JsonMap, Redactor, is_secret};
use crate::secretsmanager;
use crate::time::Now;

/// Source: "CDN authorization in AWS Elemental MediaPackage", AWS Elemental MediaPackage User Guide.
const HEADER: &str = "X-MediaPackage-CDNIdentifier";
const KEY: &str = "MediaPackageCDNIdentifier";
/// The time for which a machine uses the version of a secret that it has read.
///
/// Source: "Rotating the CDN header value", AWS Elemental MediaPackage User Guide.
const PICK_UP: Duration = Duration::from_secs(600);
/// The number of machines behind an endpoint.
const MACHINES: usize = 3;

/// The marks of values that were derived once: by secret and version.
#[derive(Debug, Default)]
pub(crate) struct Marks(Mutex<BTreeMap<[String; 2], Option<Json>>>);

/// The surroundings of a request: the inventory, the time, and what makes texts of secrets.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'a> {
    pub(crate) view: &'a View<'a>,
    pub(crate) marks: &'a Marks,
    pub(crate) now: Now,
    pub(crate) seed: u64,
}

/// An answer that some viewers get.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Playback {
    /// 200: it plays.
    Plays,
    /// 403: what CloudFront sends, or the missing of it, is not accepted by the endpoint.
    NotAuthorized,
    /// 403: the distribution is disabled.
    Disabled,
    /// 404: no distribution has the host, no origin has the path, or it is no URL.
    NotFound,
}

impl Playback {
    /// The HTTP status.
    pub fn status(self) -> u16 {
        match self {
            Self::Plays => 200,
            Self::NotAuthorized | Self::Disabled => 403,
            Self::NotFound => 404,
        }
    }
}

/// The answers that viewers of a URL get, each once.
pub(crate) fn play(scene: Scene<'_>, url: &str) -> Vec<Playback> {
    let mut answers = BTreeSet::new();
    match parts(url) {
        Some((host, path)) => match distribution(scene.view, host) {
            Some(distribution) => {
                if distribution.disabled {
                    answers.insert(Playback::Disabled);
                }
                // Edge locations that have not heard of it yet go on.
                if !distribution.disabled || distribution.polls_left > 0 {
                    for config in distribution.former.iter().chain([&distribution.properties]) {
                        answers.extend(through(scene, config, path));
                    }
                }
            }
            None => answers.extend(at_origin(scene, (host, path), None)),
        },
        None => {
            answers.insert(Playback::NotFound);
        }
    }
    answers.into_iter().collect()
}

/// Host and path of a URL.
fn parts(url: &str) -> Option<(&str, &str)> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    rest.find('/').and_then(|slash| rest.split_at_checked(slash))
}

fn distribution<'a>(view: &'a View<'_>, host: &str) -> Option<&'a StoredObject> {
    let mut all = view.all(&ResourceType::from(DISTRIBUTION)).map(|(_, stored)| stored);
    all.find(|stored| stored.attributes.get("DomainName").and_then(Json::as_str) == Some(host))
}

/// The answers through an edge location that has this configuration.
fn through(scene: Scene<'_>, properties: &JsonMap, path: &str) -> BTreeSet<Playback> {
    let config = properties.get("DistributionConfig");
    let enabled = config.and_then(|config| config.get("Enabled"));
    if !enabled.is_some_and(|it| *it == Json::Bool(true) || it.as_str() == Some("true")) {
        return BTreeSet::from([Playback::Disabled]);
    }
    let found = origins(properties).into_iter().find_map(|(_, origin)| {
        let host = origin.get("DomainName")?.as_str()?;
        endpoint(scene.view, host, path).map(|_| (host, origin))
    });
    match found {
        Some((host, origin)) => {
            at_origin(scene, (host, path), header(scene.view.key(), origin).as_ref())
        }
        None => BTreeSet::from([Playback::NotFound]),
    }
}

/// The mark of the value of the CDN authorization header that an origin is sent.
fn header(key: &str, origin: &Json) -> Option<Json> {
    let headers = origin.get("OriginCustomHeaders")?.as_array()?;
    let is_it = |header: &&Json| {
        let name = header.get("HeaderName").and_then(Json::as_str);
        name.is_some_and(|name| name.eq_ignore_ascii_case(HEADER))
    };
    let value = headers.iter().find(is_it)?.get("HeaderValue")?;
    if is_secret(value) {
        Some(value.clone())
    } else {
        Some(Redactor { key }.mark(value.as_str()?))
    }
}

/// The endpoint at a URL.
fn endpoint<'a>(view: &'a View<'_>, host: &str, path: &str) -> Option<&'a StoredObject> {
    let mut all = view.all(&ResourceType::from(ENDPOINT)).map(|(_, stored)| stored);
    all.find(|stored| {
        let url = stored.attributes.get("Url").and_then(Json::as_str).and_then(parts);
        url.is_some_and(|(its_host, manifest)| {
            let folder = manifest.rsplit_once('/').map_or(manifest, |(folder, _)| folder);
            its_host == host && path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
        })
    })
}

/// The answers of an endpoint's machines to a request with this header.
fn at_origin(
    scene: Scene<'_>,
    (host, path): (&str, &str),
    header: Option<&Json>,
) -> BTreeSet<Playback> {
    let Scene { view, marks, now, seed } = scene;
    let Some(endpoint) = endpoint(view, host, path) else {
        return BTreeSet::from([Playback::NotFound]);
    };
    let authorization = endpoint.properties.get("Authorization");
    let secret = authorization.and_then(|it| it.get("CdnIdentifierSecret")?.as_str());
    let Some(secret) = secret else { return BTreeSet::from([Playback::Plays]) };
    let record = secretsmanager::named(view, secret).and_then(|(_, stored)| stored.secret.as_ref());
    let (Some(header), Some(record)) = (header, record) else {
        return BTreeSet::from([Playback::NotAuthorized]);
    };
    let asked = |machine: usize| {
        let parts = [&seed.to_string(), "pick-up", &endpoint.nonce, &machine.to_string()];
        let period = usize::try_from(PICK_UP.as_millis()).unwrap_or(usize::MAX);
        let shift = u64::try_from(Derivation::new(&parts).below(period)).unwrap_or_default();
        now.since_last(PICK_UP, Duration::from_millis(shift))
    };
    let known: Vec<Vec<&str>> =
        (0..MACHINES).map(|machine| record.known(asked(machine), now)).collect();
    let versions: BTreeSet<&str> = known.iter().flatten().copied().collect();
    let is_sent = |version: &&str| marks.of(view, secret, version).as_ref() == Some(header);
    let sent: BTreeSet<&str> = versions.into_iter().filter(is_sent).collect();
    let answer = |known: &Vec<&str>| {
        let accepts = known.iter().any(|version| sent.contains(version));
        if accepts { Playback::Plays } else { Playback::NotAuthorized }
    };
    known.iter().map(answer).collect()
}

impl Marks {
    fn of(&self, view: &View<'_>, secret: &str, version: &str) -> Option<Json> {
        let mut marks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mark = marks.entry([secret.to_owned(), version.to_owned()]);
        mark.or_insert_with(|| value(view, secret, version)).clone()
    }
}

/// The mark of the value that a version of a secret has.
fn value(view: &View<'_>, secret: &str, version: &str) -> Option<Json> {
    let reference = SecretsManagerReference {
        secret_id: secret.to_owned(),
        json_key: Some(KEY.to_owned()),
        version: SecretVersion::Id(version.to_owned()),
    };
    let (text, _) = secretsmanager::resolve(view, &reference).ok()?;
    let field = rstack_driver::json_field(&text, &reference).ok()?;
    Some(Redactor { key: view.key() }.mark(field.expose()))
}
