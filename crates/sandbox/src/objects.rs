//! Making, changing and removing objects: one call of a simulated service each.

use rstack_catalog::TypeSchema;
use rstack_driver::{
    CreateRequest, DeleteRequest, ErrorKind, Found, Object, Observed, Progress, UpdateRequest,
};
use rstack_model::state::Environment;
use rstack_model::{Identifier, KnownMap, PhysicalId, PropertyPath, ResourceType, Token};
use serde_json::Value as Json;

use crate::SandboxOptions;
use crate::check::{accepted, changed_create_only, named, without};
use crate::cloudfront::DISTRIBUTION;
use crate::fault_injection::FaultInjector;
use crate::id_context::IdContext;
use crate::ids::{self, Identity};
use crate::index::Facet;
use crate::inventory::{StoredObject, View, key_of};
use crate::redaction::{JsonMap, Redactor, known_map};
use crate::rules::{self, Refusal};
use crate::time::Now;
use crate::{
    arn_forms, attributes, cloudfront, mediaconnect, mediapackage, mediapackage_v2, mediatailor,
    names, parameter, s3, secret_attributes, secretsmanager,
};

/// The surroundings of a call beside the inventory.
pub(crate) struct Service<'a> {
    pub(crate) options: &'a SandboxOptions,
    pub(crate) environment: &'a Environment,
    pub(crate) fault_injector: &'a FaultInjector,
    pub(crate) now: Now,
    pub(crate) resource_type: &'a ResourceType,
    pub(crate) schema: &'a TypeSchema,
}

impl Service<'_> {
    /// The name of an operation, such as `sandbox mediapackage:CreateChannel`.
    pub(crate) fn operation(&self, verb: &str) -> String {
        let mut parts = self.resource_type.as_str().split("::").skip(1);
        let service = parts.next().unwrap_or("cloud").to_ascii_lowercase();
        format!("sandbox {service}:{verb}{}", parts.next().unwrap_or_default())
    }

    fn is_distribution(&self) -> bool {
        self.resource_type.as_str() == DISTRIBUTION
    }

    /// The object as a driver shows it.
    pub(crate) fn object(&self, stored: &StoredObject) -> Object {
        let properties = known_map(&stored.properties);
        Object {
            identifier: stored.identifier.clone(),
            physical_id: PhysicalId::from(stored.physical_id.as_str()),
            properties: without(&properties, &|path| self.schema.is_write_only(path)),
            attributes: secret_attributes::shown(self.schema, stored),
        }
    }

    /// Reads an object.
    pub(crate) fn read(&self, view: &View<'_>, identifier: &Identifier) -> Observed {
        let stored = view.get(self.resource_type, &key_of(identifier));
        stored.map_or(Observed::Absent, |stored| Observed::Present(self.object(stored)))
    }

    /// Creates an object.
    pub(crate) fn create(
        &self,
        view: &mut View<'_>,
        request: &CreateRequest,
    ) -> Result<Object, Refusal> {
        view.make_key(self.options.seed, request.token.as_str());
        let sent = names::of_new(self.schema, request);
        let mut properties = accepted(self.schema, view, &sent)?;
        let taken = |message: String| {
            let code = rules::taken_code(self.resource_type);
            Refusal::new(ErrorKind::AlreadyExists, code, message)
        };
        if let Some(id) = self.of_token(view, &request.token) {
            return Err(taken(format!("the token of the operation has been used for `{id}`")));
        }
        if let Some((_, name)) = rules::namesake(view, self.schema, &properties, None) {
            return Err(taken(rules::shared(&name, "an existing object")));
        }
        self.ready(view, &properties)?;
        let of = format!("{}/{}/{}", self.resource_type, request.stack, request.address);
        let nonce = view.nonce(&of);
        let identity = ids::identity(&self.context(&properties, &nonce));
        let key = key_of(&identity.identifier);
        if view.get(self.resource_type, &key).is_some() {
            return Err(taken(format!("an object named `{}` exists", identity.identifier)));
        }
        for (name, chosen) in &identity.chosen {
            let path = PropertyPath::root().name(name);
            if !self.schema.is_read_only(&path) && self.schema.node(&path).is_some() {
                properties.insert(name.clone(), Json::from(chosen.as_str()));
            }
        }
        let stored = StoredObject {
            identifier: identity.identifier.clone(),
            physical_id: identity.physical_id.clone(),
            token: request.token.to_string(),
            attributes: self.attributes(view, &properties, &nonce, &identity),
            secret: secretsmanager::first(self.resource_type, request, self.now),
            versions: parameter::first(self.resource_type, &properties),
            polls_left: if self.is_distribution() { self.options.deploy_polls } else { 0 },
            unseen: self.fault_injector.unseen(&nonce),
            former: Vec::new(),
            disabled: false,
            nonce,
            properties,
        };
        let mut object = self.object(&stored);
        object.attributes.extend(secret_attributes::shown_once(self.schema, &stored));
        view.insert(self.resource_type, &key, stored);
        Ok(object)
    }

    /// Changes an object.
    pub(crate) fn update(
        &self,
        view: &mut View<'_>,
        request: &UpdateRequest,
    ) -> Result<Object, Refusal> {
        let key = key_of(&request.identifier);
        let Some(mut stored) = view.get(self.resource_type, &key).cloned() else {
            let message =
                format!("there is no `{}` named `{}`", self.resource_type, request.identifier);
            return Err(Refusal::new(ErrorKind::NotFound, "ResourceNotFoundException", message));
        };
        if self.is_being_deleted(&stored) {
            self.advance_deletion(view, &key);
            let message = format!("`{}` is being deleted", request.identifier);
            return Err(Refusal::new(ErrorKind::Conflict, "InvalidState", message));
        }
        let mut properties = accepted(self.schema, view, &request.properties)?;
        if let Some(path) = changed_create_only(self.schema, &stored.properties, &properties) {
            let message = format!("`{path}` cannot be changed after creation");
            return Err(Refusal::invalid(path, "NotUpdatable", message));
        }
        for (name, value) in &stored.properties {
            if self.stays(name) && !properties.contains_key(name) {
                properties.insert(name.clone(), value.clone());
            }
        }
        if let Some((_, name)) = rules::namesake(view, self.schema, &properties, Some(&key)) {
            let code = rules::taken_code(self.resource_type);
            let message = rules::shared(&name, "another object");
            return Err(Refusal::new(ErrorKind::AlreadyExists, code, message));
        }
        self.ready(view, &properties)?;
        let mut identity = ids::identity(&self.context(&properties, &stored.nonce));
        identity.keep(&stored.physical_id, &stored.attributes);
        let changed = properties != stored.properties;
        if let Some(record) = &mut stored.secret {
            secretsmanager::next(record, &stored.properties, &properties, request, self.now);
        }
        stored.attributes = self.attributes(view, &properties, &stored.nonce, &identity);
        let former = std::mem::replace(&mut stored.properties, properties);
        parameter::changed(&mut stored, self.resource_type.as_str(), &former);
        if self.is_distribution() && (changed || stored.disabled) {
            stored.disabled = false;
            stored.deploy(former, self.options.deploy_polls);
        }
        let object = self.object(&stored);
        view.insert(self.resource_type, &key, stored);
        Ok(object)
    }

    /// Deletes an object; a distribution is disabled first, which takes its time.
    pub(crate) fn delete(
        &self,
        view: &mut View<'_>,
        request: &DeleteRequest,
    ) -> Result<Progress, Refusal> {
        let key = key_of(&request.identifier);
        let Some(stored) = view.get(self.resource_type, &key) else {
            return Ok(Progress::Done);
        };
        rules::unprotected(self.schema, &stored.properties)?;
        let id = stored.physical_id.clone();
        rules::before_delete(view, self.resource_type, &id)?;
        if self.is_distribution()
            && let Some(stored) = view.get_mut(self.resource_type, &key)
        {
            if stored.disabled {
                stored.count_poll();
            } else {
                stored.disabled = true;
                stored.polls_left = self.options.deploy_polls;
            }
            if stored.polls_left > 0 {
                return Ok(self.pending(format!("distribution {id} to be disabled")));
            }
        }
        view.remove(self.resource_type, &key);
        Ok(Progress::Done)
    }

    /// The progress of an object's deployment; each question counts as one poll.
    pub(crate) fn stabilized(&self, view: &mut View<'_>, identifier: &Identifier) -> Progress {
        let id = &key_of(identifier);
        if view.get(self.resource_type, id).is_none_or(|stored| stored.polls_left == 0) {
            return Progress::Done;
        }
        if let Some(stored) = view.get_mut(self.resource_type, id) {
            stored.count_poll();
        }
        self.pending(format!("distribution {id} to be deployed"))
    }

    /// The object that the operation of this token has created.
    pub(crate) fn made_with(&self, view: &View<'_>, token: &Token) -> Option<Object> {
        let key = self.of_token(view, token)?;
        view.get(self.resource_type, &key).map(|stored| self.object(stored))
    }

    /// Looks for what a create may have made.
    pub(crate) fn find(&self, view: &View<'_>, request: &CreateRequest) -> Found {
        if let Some(key) = self.of_token(view, &request.token)
            && let Some(stored) = view.get(self.resource_type, &key)
        {
            return Found::Ours(Box::new(self.object(stored)));
        }
        let sent: KnownMap =
            without(&names::of_new(self.schema, request), &|path| self.schema.is_read_only(path));
        let sent = Redactor { key: view.key() }.redact_map(&named(self.schema, sent));
        match rules::namesake(view, self.schema, &sent, None) {
            Some((id, _)) => Found::Ambiguous { why: format!("another operation created `{id}`") },
            None => Found::Absent,
        }
    }

    fn pending(&self, waits_for: String) -> Progress {
        Progress::Pending { waits_for, ask_again_in: self.options.ask_again_in }
    }

    fn of_token(&self, view: &View<'_>, token: &Token) -> Option<String> {
        view.having(self.resource_type, &Facet::Token, token.as_str()).into_iter().next()
    }

    /// True if a property stays as it is when an update leaves it out: one that cannot be changed,
    /// and the name.
    fn stays(&self, name: &str) -> bool {
        self.schema.is_create_only(&PropertyPath::root().name(name))
            || names::property(self.schema).as_deref() == Some(name)
    }

    /// Refuses unless everything that these properties name is there and visible.
    fn ready(&self, view: &mut View<'_>, properties: &JsonMap) -> Result<(), Refusal> {
        if let Some((resource_type, id)) = view.unseen_in(properties) {
            if let Some(unseen) = view.get_mut(&resource_type, &id) {
                unseen.unseen = unseen.unseen.saturating_sub(1);
            }
            let message = format!("`{id}` is not yet visible");
            return Err(Refusal::new(ErrorKind::DependencyNotReady, "NotYetVisible", message));
        }
        rules::before_write(view, self.resource_type, properties)
    }

    fn context<'a>(&'a self, properties: &'a JsonMap, nonce: &'a str) -> IdContext<'a> {
        IdContext {
            seed: self.options.seed,
            environment: self.environment,
            resource_type: self.resource_type,
            schema: self.schema,
            properties,
            nonce,
        }
    }

    fn attributes(
        &self,
        view: &View<'_>,
        properties: &JsonMap,
        nonce: &str,
        identity: &Identity,
    ) -> JsonMap {
        let context = self.context(properties, nonce);
        let mut out = attributes::of(&context, identity, Redactor { key: view.key() });
        cloudfront::attributes(&context, &mut out);
        arn_forms::attributes(&context, &mut out);
        s3::attributes(&context, &mut out);
        mediaconnect::attributes(&context, &mut out);
        mediapackage::attributes(&context, &mut out);
        mediapackage_v2::attributes(&context, &mut out);
        mediatailor::attributes(&context, &mut out);
        out
    }
}
